internal import Bytes

/// Files written out in text: base64 in lines, in quotes, in pieces that a script joins, in `data:` addresses; hexadecimal
/// digits, also behind `\x` and `%`; lists of numbers (attack G1). Each long literal is decoded once, and kept when a file
/// comes out.
struct TextLiterals {
    /// Characters of base64 or hexadecimal digits, and numbers of a list, from which on a literal is looked at.
    private static let shortestText = 64
    private static let shortestList = 32
    /// Characters of a piece that continues a literal behind quotes, signs of addition and blanks. Words of prose are
    /// mostly shorter.
    private static let shortestContinuation = 8

    /// Characters of a literal from which on no words are looked for in it.
    private static let longText = 4_096

    /// What was found.
    struct Result {
        /// A file came out.
        var hasFile = false
        /// Where long literals stand, in order: there are no words in them.
        var longLiterals: [Range<Int>] = []
    }

    /// Hands on every file.
    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) -> Result {
        var result = Result()
        texts(bytes, extraction, &result)
        for bracket in [UInt8(ascii: "["), UInt8(ascii: "(")] {
            var from = 0
            while let place = bytes.firstIndex(of: bracket, from: from), !extraction.isStopped {
                let (end, list) = numbers(bytes, place + 1, limit: extraction.room)
                from = place + 1
                guard list.count >= shortestList, extraction.countItem() else { continue }
                result.hasFile = hand(list, extraction) || result.hasFile
                from = end
            }
        }
        for sign in ["\\x", "%"] as [StaticString] {
            var from = 0
            while let place = bytes.firstIndex(of: sign, from: from), !extraction.isStopped {
                let (end, octets) = escapes(bytes, place, sign)
                from = end
                guard octets.count >= shortestList, extraction.countItem() else { continue }
                result.hasFile = hand(octets, extraction) || result.hasFile
            }
        }
        return result
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
        /// Written in the alphabet for addresses, or joined by signs of addition.
        var needsCleaning = false
    }

    /// Base64 and hexadecimal digits.
    private static func texts(_ bytes: Span<UInt8>, _ extraction: Extraction, _ result: inout Result) {
        let table = CharacterClasses.table
        let classes = table.span
        var at = 0
        while let run = longRun(bytes, classes, from: at), !extraction.isStopped {
            let literal = literal(bytes, run, classes)
            at = literal.end
            guard literal.characters >= shortestText else { continue }
            guard extraction.countItem() else { return }
            if literal.characters >= longText { result.longLiterals.append(run..<literal.end) }
            // A short piece may come first; or a word of prose stand there.
            let first = before(bytes, run, classes)
            var whole = literal
            whole.needsCleaning = true
            if first < run, decode(bytes.extracting(first..<literal.end), whole, extraction) {
                result.hasFile = true
            } else if decode(bytes.extracting(run..<literal.end), literal, extraction) {
                result.hasFile = true
            }
        }
    }

    /// Where the next run of at least `Span.base64Run` characters of base64 begins: fewer are mostly words of prose.
    private static func longRun(_ bytes: Span<UInt8>, _ classes: Span<UInt8>, from start: Int) -> Int? {
        var at = start
        while let run = bytes.firstBase64Run(from: at) {
            // The search takes some signs for characters of base64.
            at = run + Span<UInt8>.base64Run
            while at > run, classes[Int(bytes[at - 1])] & CharacterClasses.base64.rawValue != 0 { at -= 1 }
            if at == run { return run }
        }
        return nil
    }

    /// Where a short piece before `run` begins, when nothing but a joint stands between.
    private static func before(_ bytes: Span<UInt8>, _ run: Int, _ classes: Span<UInt8>) -> Int {
        var at = run
        while at > 0, run - at < 64, classes[Int(bytes[at - 1])] & CharacterClasses.joint.rawValue != 0 { at -= 1 }
        let joint = at
        while at > 0, joint - at < Span<UInt8>.base64Run,
            classes[Int(bytes[at - 1])] & CharacterClasses.base64.rawValue != 0
        {
            at -= 1
        }
        return joint < run && at < joint ? at : run
    }

    private static func literal(_ bytes: Span<UInt8>, _ start: Int, _ classes: Span<UInt8>) -> Literal {
        var literal = Literal(end: start)
        var at = start
        while true {
            let piece = at
            let joint = piece - literal.end
            var all = CharacterClasses.hexadecimal.rawValue
            var any: UInt8 = 0
            while at < bytes.count {
                let kind = classes[Int(bytes[at])]
                if kind & CharacterClasses.base64.rawValue == 0 { break }
                all &= kind
                any |= kind
                at += 1
            }
            if all == 0 { literal.isHexadecimal = false }
            if any & CharacterClasses.addressAlphabet.rawValue != 0 { literal.needsCleaning = true }
            let length = at - piece
            // Words of prose are short; only the last piece of a literal may be, right behind the piece before.
            let isLast =
                at < bytes.count && bytes[at] == UInt8(ascii: "=") || joint <= 3 && literal.characters >= shortestText
            guard length >= shortestContinuation || literal.characters == 0 || isLast else { return literal }
            literal.characters += length
            literal.end = at
            while at < bytes.count, at < literal.end + 2, bytes[at] == UInt8(ascii: "=") { at += 1 }
            if at > literal.end {
                literal.end = at
                return literal
            }
            guard length >= shortestContinuation else { return literal }
            while at < bytes.count, at < literal.end + 64,
                classes[Int(bytes[at])] & CharacterClasses.joint.rawValue != 0
            {
                if bytes[at] == UInt8(ascii: "+") { literal.needsCleaning = true }
                at += 1
            }
            guard at < bytes.count, at > literal.end, classes[Int(bytes[at])] & CharacterClasses.base64.rawValue != 0
            else { return literal }
        }
    }

    private static func decode(_ text: Span<UInt8>, _ literal: Literal, _ extraction: Extraction) -> Bool {
        if literal.isHexadecimal {
            var collector = HexadecimalCollector()
            for index in 0..<text.count { collector.add(text[index]) }
            if hand(collector.finish(), extraction) { return true }
        }
        guard literal.needsCleaning else { return decodeBase64(text, extraction) }
        let plain = cleaned(text)
        return decodeBase64(plain.span, extraction)
    }

    /// In the usual alphabet, and without signs of addition between pieces.
    private static func cleaned(_ text: Span<UInt8>) -> [UInt8] {
        let table = CharacterClasses.table
        let classes = table.span
        var plain: [UInt8] = []
        plain.reserveCapacity(text.count)
        for index in 0..<text.count {
            switch text[index] {
            case UInt8(ascii: "-"): plain.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): plain.append(UInt8(ascii: "/"))
            // Not the one at the end of a line, nor of two at the start of one: no language adds with two signs.
            case UInt8(ascii: "+")
            where index > 0 && index + 1 < text.count && text[index - 1] != UInt8(ascii: "+")
                && text[index + 1] != UInt8(ascii: "+")
                && classes[Int(text[index - 1])] & classes[Int(text[index + 1])] & CharacterClasses.joint.rawValue != 0:
                continue
            case let byte: plain.append(byte)
            }
        }
        return plain
    }

    private static func decodeBase64(_ text: Span<UInt8>, _ extraction: Extraction) -> Bool {
        // The first octets tell for most literals that nothing comes of it.
        let head = EncodedText.decodeBase64(
            text.extracting(text.range(0, FileSignature.length * 2)), limit: FileSignature.length)
        guard FileSignature.isFile(head.span) || FileSignature.isMarkup(head.span) else {
            extraction.charge(head.count)
            return false
        }
        return hand(EncodedText.decodeBase64(text, limit: extraction.room), extraction)
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

    /// `\x4d\x5a`, `%4d%5a`.
    private static func escapes(
        _ bytes: Span<UInt8>, _ start: Int, _ sign: StaticString
    ) -> (end: Int, octets: [UInt8]) {
        var octets: [UInt8] = []
        var at = start
        let digits = sign.utf8CodeUnitCount
        while bytes.hasPrefix(ignoringCase: sign, from: at), at + digits + 1 < bytes.count,
            let high = hexadecimalValue(bytes[at + digits]), let low = hexadecimalValue(bytes[at + digits + 1])
        {
            octets.append(high << 4 | low)
            at += digits + 2
        }
        return (max(at, start + digits), octets)
    }
}
