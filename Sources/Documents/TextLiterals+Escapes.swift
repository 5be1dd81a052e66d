internal import Bytes

/// Octets that stand behind escapes, all of them or those that have to.
extension TextLiterals {
    /// `\x4d\x5a`, `\u004d\u005a`, `%4d%5a`, `%u004d%u005a`, `\115\132`.
    /// - Parameter known: where files were found.
    static func escapes(
        _ bytes: Span<UInt8>, _ signs: EscapeSigns, besides known: [Range<Int>], _ role: DocumentRole,
        _ extraction: Extraction, _ result: inout Result
    ) {
        for sign in ["\\x", "\\u00", "%", "%u00"] as [StaticString] where signs.has(sign.utf8Start[0]) {
            var from = 0
            while let place = bytes.firstIndex(of: sign, from: from), !extraction.isStopped {
                let (end, octets) = escapes(bytes, place, sign)
                from = end
                guard octets.count >= shortestList, !known.contains(where: { $0.contains(place) }),
                    extraction.countItem()
                else { continue }
                add(octets, role, extraction, &result)
            }
        }
        guard signs.has(UInt8(ascii: "\\")) else { return }
        var from = 0
        while let place = bytes.firstIndex(of: UInt8(ascii: "\\"), from: from), !extraction.isStopped {
            let (end, octets) = octalEscapes(bytes, place)
            from = end
            guard octets.count >= shortestList, !known.contains(where: { $0.contains(place) }), extraction.countItem()
            else { continue }
            add(octets, role, extraction, &result)
        }
    }

    /// Files of which only some octets are escaped: in addresses (RFC 3986 lets letters stand as they are) and in strings, as
    /// `data:x/y,MZ%90%00` and `"MZ\x90\0"` have them. Whatever it is, where a link of a page saves it.
    /// - Returns: where they stand.
    @discardableResult
    static func escapedFiles(
        _ bytes: Span<UInt8>, _ signs: EscapeSigns, ofPage isPage: Bool, _ role: DocumentRole,
        _ extraction: Extraction, _ result: inout Result
    ) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for sign in [UInt8(ascii: "%"), UInt8(ascii: "\\")] where signs.has(sign) {
            var (from, last) = (0, 0)
            while let place = bytes.firstIndex(of: sign, from: from), !extraction.isStopped {
                from = place + 1
                guard EscapedString.isEscape(bytes, place) else { continue }
                let string = EscapedString(bytes, around: place, from: last)
                last = string.range.upperBound
                from = max(from, last)
                guard string.isDelimited, string.range.count >= shortestList else { continue }
                let isLink = isPage && string.isLinkedFile
                guard isLink || mayBegin(string, bytes) else { continue }
                let head = string.octets(bytes, limit: FileSignature.length)
                guard head.count >= shortestList,
                    isLink || mayBeginFile(head.span, isShown: string.isAddress),
                    extraction.countItem()
                else { continue }
                let octets = string.octets(bytes, limit: extraction.room)
                guard hand(octets, isLink ? .literal : role, extraction, isFile: isLink) else { continue }
                found.append(string.range)
                result.hasFile = true
                if isLink { result.linksFile = true }
            }
        }
        return found
    }

    /// The first two octets are those of a file, or there are enough of them for a mark further in: links of pages have escapes,
    /// too.
    private static func mayBegin(_ string: EscapedString, _ bytes: Span<UInt8>) -> Bool {
        guard string.range.count < FileSignature.length else { return true }
        let first = string.octets(bytes, limit: 2)
        return first.count == 2 && FileSignature.mayBegin(first[0], first[1])
    }

    /// - Parameter isShown: pages have images in such addresses, which may be markup.
    private static func mayBeginFile(_ head: Span<UInt8>, isShown: Bool) -> Bool {
        FileSignature.isFile(head) || !isShown && FileSignature.isMarkup(head)
            || FileSignature.mayBeImage(head) || ProgramHeader.wanted(head) != nil
    }

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

    private static func octalEscapes(_ bytes: Span<UInt8>, _ start: Int) -> (end: Int, octets: [UInt8]) {
        var octets: [UInt8] = []
        var at = start
        while let (octet, length) = EscapedText.octal(bytes, at) {
            octets.append(octet)
            at += length
        }
        return (max(at, start + 1), octets)
    }
}
