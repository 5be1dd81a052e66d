/// The file that variants hide, and ways to encode it.
enum HiddenFile {
    /// As long as the EICAR test file, with characters that give `+` and `/` in base64 and escapes in quoted-printable.
    static let text = "X5?>the=file/that>>nobody??may+miss~~in=any{reading}of_this.message!"
    static let bytes = Array(text.utf8)

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Base64 without line ends.
    static func base64(_ bytes: [UInt8] = bytes, padding: String = "=") -> String {
        var out = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let three = bytes[start..<min(start + 3, bytes.count)]
            var value = 0
            for byte in three { value = value << 8 | Int(byte) }
            value <<= 8 * (3 - three.count)
            for index in 0...3 {
                if index <= three.count {
                    out.unicodeScalars.append(Unicode.Scalar(alphabet[value >> (18 - 6 * index) & 63]))
                } else {
                    out += padding
                }
            }
        }
        return out
    }

    /// Pieces of at most `length` characters.
    static func pieces(_ text: String, _ length: Int) -> [String] {
        let all = Array(text)
        return stride(from: 0, to: all.count, by: length).map { String(all[$0..<min($0 + length, all.count)]) }
    }

    /// The escape of each octet, upper case unless told otherwise.
    static func escapes(upperCase: Bool = true) -> [String] {
        bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: upperCase)
            return (byte < 16 ? "=0" : "=") + digits
        }
    }

    /// Escapes of eight octets to a line, without line ends.
    static var escapedLines: [String] {
        let all = escapes()
        return stride(from: 0, to: all.count, by: 8).map { all[$0..<min($0 + 8, all.count)].joined() }
    }

    /// uuencoded lines.
    static func uuencoded(zero: Character = "`") -> [String] {
        stride(from: 0, to: bytes.count, by: 45).map { start in
            let line = Array(bytes[start..<min(start + 45, bytes.count)])
            var out = String(UnicodeScalar(UInt8(0x20 + line.count)))
            for group in stride(from: 0, to: line.count, by: 3) {
                var value = 0
                for place in 0..<3 { value = value << 8 | Int(group + place < line.count ? line[group + place] : 0) }
                for place in 0..<4 {
                    let six = UInt8(value >> (18 - 6 * place) & 63)
                    out.append(six == 0 ? zero : Character(UnicodeScalar(0x20 + six)))
                }
            }
            return out
        }
    }

    /// The one yEnc line, as octets.
    static var yEncoded: [UInt8] {
        bytes.flatMap { byte -> [UInt8] in
            let shifted = byte &+ 42
            return [0x00, 0x0A, 0x0D, 0x3D].contains(shifted) ? [0x3D, shifted &+ 64] : [shifted]
        }
    }

    /// BinHex 4.0 text with its colons; nothing in the file needs the run-length encoding.
    static var binHex: String {
        func checksum(_ bytes: [UInt8]) -> [UInt8] {
            var crc: UInt16 = 0
            for byte in bytes {
                crc ^= UInt16(byte) << 8
                for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1 }
            }
            return [UInt8(crc >> 8), UInt8(crc & 255)]
        }
        var head: [UInt8] = [5] + Array("a.exe".utf8) + [0] + Array("TEXTttxt".utf8) + [0, 0]
        head += [0, 0, 0, UInt8(bytes.count), 0, 0, 0, 0]
        let stream = head + checksum(head) + bytes + checksum(bytes) + [0, 0]
        let letters = Array("!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr")
        var out = ":"
        var bits = 0
        var count = 0
        for byte in stream {
            bits = bits << 8 | Int(byte)
            count += 8
            while count >= 6 {
                count -= 6
                out.append(letters[bits >> count & 63])
            }
            bits &= 63
        }
        if count > 0 { out.append(letters[bits << (6 - count) & 63]) }
        return out + ":"
    }
}
