internal import Bytes

/// Files written out in text: base64 in lines, in quotes, in pieces that a script joins, in `data:` addresses; hexadecimal
/// digits; lists of numbers (attack G1). Each long literal is decoded once, and kept when a file comes out.
struct TextLiterals {
    /// Characters of base64 or hexadecimal digits, and numbers of a list, from which on a literal is looked at.
    private static let shortestText = 64
    private static let shortestList = 32
    /// Characters of a piece that continues a literal behind quotes, signs of addition and blanks.
    private static let shortestPiece = 8

    /// Hands on every file. True when there was one.
    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) -> Bool {
        var found = false
        var at = 0
        while at < bytes.count, !extraction.isStopped {
            let byte = bytes[at]
            if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "(") {
                let (end, list) = numbers(bytes, at + 1, limit: extraction.room)
                if list.count >= shortestList {
                    guard extraction.countItem() else { break }
                    found = hand(list, extraction) || found
                    at = end
                    continue
                }
                at += 1
            } else if isBase64(byte) {
                let literal = literal(bytes, at)
                if literal.characters >= shortestText {
                    guard extraction.countItem() else { break }
                    found = decode(bytes.extracting(at..<literal.end), literal, extraction) || found
                }
                at = literal.end
            } else if byte == UInt8(ascii: "\\"), bytes.has("\\x", at: at) {
                let (end, octets) = escapes(bytes, at)
                if octets.count >= shortestList {
                    guard extraction.countItem() else { break }
                    found = hand(octets, extraction) || found
                }
                at = end
            } else {
                at += 1
            }
        }
        return found
    }

    private static func hand(_ content: [UInt8], _ extraction: Extraction) -> Bool {
        extraction.charge(content.count)
        guard FileSignature.isFile(content.span) || FileSignature.isMarkup(content.span) else { return false }
        extraction.member(.literal, content.span)
        return true
    }

    // MARK: Base64 and hexadecimal

    private struct Literal {
        var end: Int
        var characters = 0
        var isHexadecimal = true
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x2D, 0x5F: true
        default: false
        }
    }

    /// What may stand between two pieces of one literal: blanks, quotes, signs of addition, commas, line ends written out.
    private static func isJoint(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x09...0x0D, 0x20, 0x22, 0x27, 0x2B, 0x2C, 0x5C, 0x60: true
        default: false
        }
    }

    private static func literal(_ bytes: Span<UInt8>, _ start: Int) -> Literal {
        var literal = Literal(end: start)
        var at = start
        while true {
            let piece = at
            let joint = piece - literal.end
            while at < bytes.count, isBase64(bytes[at]) {
                if hexadecimalValue(bytes[at]) == nil { literal.isHexadecimal = false }
                at += 1
            }
            let length = at - piece
            // Words of prose are short; only the last piece of a literal may be, right behind the piece before.
            let isLast =
                at < bytes.count && bytes[at] == UInt8(ascii: "=") || joint <= 3 && literal.characters >= shortestText
            guard length >= shortestPiece || literal.characters == 0 || isLast else { return literal }
            literal.characters += length
            literal.end = at
            while at < bytes.count, at < literal.end + 2, bytes[at] == UInt8(ascii: "=") { at += 1 }
            if at > literal.end {
                literal.end = at
                return literal
            }
            guard length >= shortestPiece else { return literal }
            while at < bytes.count, at < literal.end + 64, isJoint(bytes[at]) { at += 1 }
            guard at < bytes.count, at > literal.end, isBase64(bytes[at]) else { return literal }
        }
    }

    private static func decode(_ text: Span<UInt8>, _ literal: Literal, _ extraction: Extraction) -> Bool {
        var plain: [UInt8] = []
        plain.reserveCapacity(literal.characters)
        for index in 0..<text.count {
            switch text[index] {
            // The alphabet for addresses (RFC 4648 section 5).
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            // A sign of addition between two pieces, not one at the end of a line.
            case UInt8(ascii: "+")
            where index > 0 && index + 1 < text.count && isJoint(text[index - 1]) && isJoint(text[index + 1]):
                continue
            case let byte where isBase64(byte): plain.append(byte)
            default: continue
            }
        }
        if literal.isHexadecimal {
            var collector = HexadecimalCollector()
            for digit in plain { collector.add(digit) }
            if hand(collector.finish(), extraction) { return true }
        }
        // Scripts leave out the padding.
        while plain.count % 4 != 0 { plain.append(UInt8(ascii: "=")) }
        // The first group tells for most literals that nothing comes of it.
        let head = EncodedText.decodeBase64(
            Array(plain.prefix(FileSignature.length * 2)).span, limit: FileSignature.length)
        guard FileSignature.isFile(head.span) || FileSignature.isMarkup(head.span) else {
            extraction.charge(head.count)
            return false
        }
        let content = EncodedText.decodeBase64(plain.span, limit: extraction.room)
        return hand(content, extraction)
    }

    // MARK: Lists

    /// Numbers from -128 to 255 with commas between them, decimal or hexadecimal; gives the place behind.
    private static func numbers(_ bytes: Span<UInt8>, _ start: Int, limit: Int) -> (end: Int, list: [UInt8]) {
        var list: [UInt8] = []
        var at = start
        func skipBlanks() {
            while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
        }
        while list.count < limit {
            skipBlanks()
            let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
            if isNegative { at += 1 }
            let isHexadecimal = bytes.hasPrefix(ignoringCase: "0x", from: at)
            if isHexadecimal { at += 2 }
            var value = 0
            let digits = at
            while at < bytes.count, at - digits < 4, let digit = hexadecimalValue(bytes[at]),
                isHexadecimal || digit < 10
            {
                value = value * (isHexadecimal ? 16 : 10) + Int(digit)
                at += 1
            }
            guard at > digits, value <= 255 else { return (at, list) }
            list.append(UInt8(truncatingIfNeeded: isNegative ? -value : value))
            skipBlanks()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else { return (at, list) }
            at += 1
        }
        return (at, list)
    }

    /// `\x4d\x5a`.
    private static func escapes(_ bytes: Span<UInt8>, _ start: Int) -> (end: Int, octets: [UInt8]) {
        var octets: [UInt8] = []
        var at = start
        while bytes.has("\\x", at: at), at + 3 < bytes.count, let high = hexadecimalValue(bytes[at + 2]),
            let low = hexadecimalValue(bytes[at + 3])
        {
            octets.append(high << 4 | low)
            at += 4
        }
        return (max(at, start + 2), octets)
    }
}
