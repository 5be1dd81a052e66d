/// `xtext` of RFC 3461 section 4: octets outside `!`...`~`, and `+` and `=`, are written `+HH`.
package enum Xtext {
    private static let digits: [UInt8] = Array("0123456789ABCDEF".utf8)

    /// Encodes any octets; the result holds only `!`...`~`.
    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte > 0x20, byte < 0x7F, byte != 0x2B, byte != 0x3D {
                out.append(byte)
            } else {
                out.append(0x2B)
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            }
        }
        return out
    }

    /// Decodes strictly; nil when the text is not xtext. Hexadecimal digits may have either case, as peers send both.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == 0x2B {
                guard let value = escape(in: text, at: index) else { return nil }
                out.append(value)
                index += 3
            } else {
                guard byte > 0x20, byte < 0x7F, byte != 0x3D else { return nil }
                out.append(byte)
                index += 1
            }
        }
        return out
    }

    /// Decodes every well-formed `+HH` and keeps all else: for XFORWARD, whose values were not xtext in Postfix before 2.3.
    package static func decodeWherePossible(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0x2B, let value = escape(in: text, at: index) {
                out.append(value)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    private static func escape(in text: ArraySlice<UInt8>, at index: Int) -> UInt8? {
        guard index + 2 < text.endIndex, let high = digit(text[index + 1]), let low = digit(text[index + 2]) else {
            return nil
        }
        return high << 4 | low
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
