internal import Bytes

/// Streams of an Outlook message ([MS-OXMSG]): each property of variable length has its own, named by tag and type.
enum OutlookMessage {
    /// A property's stream: `__substg1.0_` and eight hexadecimal digits.
    struct Property {
        var tag: Int
        var type: Int

        init?(_ name: [UInt8]) {
            let span = name.span
            guard span.hasBytes("__substg1.0_", at: 0), span.count >= 20 else { return nil }
            var value = 0
            for index in 12..<20 {
                guard let digit = hexadecimalValue(span[index]) else { return nil }
                value = value << 4 | Int(digit)
            }
            tag = value >> 16
            type = value & 0xFFFF
        }
    }

    static let attachmentData = 0x3701
    /// PidTagAttachLongFilename, -Filename, -LongPathname, -TransportName, -Extension, PidTagDisplayName.
    static let nameTags: Set<Int> = [0x3707, 0x3704, 0x370D, 0x370C, 0x3703, 0x3001]
    /// PidTagBody, -RtfCompressed, -Html (or -BodyHtml), -TransportMessageHeaders.
    static let plainBody = 0x1000
    static let compressedRTF = 0x1009
    static let html = 0x1013
    static let headers = 0x007D

    /// A text property: type 0x1F is UTF-16, 0x1E is 8-bit.
    static func text(_ value: Span<UInt8>, _ type: Int, limit: Int = 1_024) -> [UInt8] {
        type == 0x1F ? Names.utf16(value, limit: limit) : Names.ansi(value, limit: limit)
    }
}
