internal import Bytes
internal import Compression
internal import Members

/// `editdata.mso` and its kin: a compound file with macros, deflated behind a head of 50 octets whose length Office itself
/// writes in it. The format is not published by its maker.
enum ActiveMime {
    static func matches(_ bytes: Span<UInt8>) -> Bool { bytes.hasBytes("ActiveMime", at: 0) }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        // The head's length is in it, or the usual one; anything else is searched.
        var starts = [50]
        if let stated = bytes.little32(0x1E) { starts.insert(stated + 46, at: 0) }
        for start in starts + Array(10..<256) where start < bytes.count && bytes[start] == 0x78 {
            let input = bytes.extracting(start..<bytes.count)
            var head: [UInt8] = []
            _ = Inflate.append(input, form: .zlib, to: &head, limit: 1)
            guard !head.isEmpty else { continue }
            extraction.inflatedMember(.file, input, stated: nil, "deflated data of ActiveMime")
            return
        }
        extraction.problem(.corrupt, "ActiveMime without deflated data")
    }
}
