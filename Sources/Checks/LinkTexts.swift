internal import Bytes

/// The links of one message for `link_checks`, each once. A class, so that nobody who holds it has the known links copied.
package final class LinkTexts {
    /// Links of a message that are looked up, and whether there were more.
    package let limit: Int
    package private(set) var hasMore = false
    private var known: Set<[UInt8]> = []
    private var bytes = 0

    /// Octets of all links that are kept to know them again.
    private static let bytesLimit = 33_554_432

    package init(limit: Int) {
        self.limit = limit
    }

    /// Gives the links of one part that are new, and those that stand within a link, to which it may redirect.
    /// - Parameters:
    ///   - targets: those of its HTML.
    ///   - bases: what its `<base>` says, behind those of the pages in which it stands.
    ///   - texts: what is seen of it, and scripts, in which links may stand too.
    ///   - use: returns false when no more are wanted.
    package func take(
        _ targets: [[UInt8]], bases: [[UInt8]], texts: [[UInt8]], _ use: ([UInt8]) -> Bool
    ) {
        let base = bases.reduce(nil as [UInt8]?) { LinkForm.normalised($1, base: $0) }
        // The same link many times would cost the form of each.
        var seen: Set<[UInt8]> = []
        for target in targets where !hasMore && seen.insert(target).inserted {
            guard take(target, base: base, use) else { return }
        }
        for text in texts {
            var goesOn = true
            Self.inText(text.span) { found in
                goesOn = take(found, base: nil, use) && !hasMore
                return goesOn
            }
            guard goesOn else { return }
        }
    }

    /// Returns false when no more are wanted.
    private func take(_ link: [UInt8], base: [UInt8]?, _ use: ([UInt8]) -> Bool) -> Bool {
        guard let link = new(link, base: base) else { return true }
        guard use(link) else { return false }
        for inner in Self.within(link) {
            if let inner = new(inner), !use(inner) { return false }
        }
        return true
    }

    /// Links within one link that are looked up.
    private static let innerLinks = 4

    /// Redirectors behind each other, each of which escapes what the next one is given.
    private static let redirectors = 4

    /// The links within a link in its form, each up to where a query goes on or a script ends it.
    private static func within(_ link: [UInt8]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var link = link
        for _ in 0..<redirectors where found.count < innerLinks {
            find(in: link, &found)
            let inner = LinkForm.unescapedOnce(link)
            guard inner != link else { break }
            link = inner
        }
        return found
    }

    /// Those behind the beginning of `link`.
    private static func find(in link: [UInt8], _ found: inout [[UInt8]]) {
        var from = 1
        while found.count < innerLinks, let colon = link.span.firstIndex(of: "://", from: from) {
            from = colon + 3
            let scheme = ["https", "http"].first { link[..<colon].suffix($0.utf8.count).elementsEqual($0.utf8) }
            guard let scheme, colon > scheme.utf8.count else { continue }
            let end = link[from...].firstIndex { endsLink($0) || $0 == 0x26 || $0 == 0x27 } ?? link.endIndex
            guard end > from else { continue }
            let inner = Array(link[(colon - scheme.utf8.count)..<end])
            if !found.contains(inner) { found.append(inner) }
        }
    }

    /// The form of a link in which it is looked up; nil for one that was, and for what is none.
    /// - Parameter base: as `LinkForm` made it.
    private func new(_ link: [UInt8], base: [UInt8]? = nil) -> [UInt8]? {
        let link = LinkForm.normalised(link, base: base)
        guard !link.isEmpty, !known.contains(link) else { return nil }
        guard known.count < limit, link.count <= Self.bytesLimit - bytes else {
            hasMore = true
            return nil
        }
        known.insert(link)
        bytes += link.count
        return link
    }

    /// Links that mail readers make of plain text: a scheme with `://`, or `www.` at the beginning of a word, up to a blank or
    /// `<`, `>` or `"`, without punctuation behind.
    /// - Parameters:
    ///   - text: UTF-8, as it is seen.
    ///   - use: returns false when no more are wanted.
    package static func inText(_ text: Span<UInt8>, _ use: ([UInt8]) -> Bool) {
        var index = 0
        while index < text.count {
            guard let start = beginning(in: text, from: &index) else { return }
            var end = start.range.upperBound
            while end < text.count, !endsLink(text[end]) { end += 1 }
            index = max(index, end)
            var last = end
            // A parenthesis that was opened within the link belongs to it.
            let opens = text.extracting(start.range.upperBound..<end).firstIndex(of: 0x28) != nil
            while last > start.range.upperBound, isPunctuation(text[last - 1]), !(opens && text[last - 1] == 0x29) {
                last -= 1
            }
            guard last > start.range.upperBound else { continue }
            let link = text.extracting(start.range.lowerBound..<min(last, start.range.lowerBound + LinkForm.sizeLimit))
                .array
            guard use(start.needsScheme ? Array("http://".utf8) + link : link) else { return }
        }
    }

    /// The next place where a link begins, up to its host.
    private static func beginning(
        in text: Span<UInt8>, from index: inout Int
    ) -> (range: Range<Int>, needsScheme: Bool)? {
        while index < text.count {
            let place = index
            index += 1
            switch text[place] {
            case 0x3A:
                guard text.hasBytes("://", at: place) else { continue }
                var start = place
                while start > 0, place - start < 32, isScheme(text[start - 1]) { start -= 1 }
                guard start < place else { continue }
                // Readers find the link in `seehttp://`.
                for scheme in ["https", "http", "ftp"] as [StaticString] {
                    let length = scheme.utf8CodeUnitCount
                    guard place - start >= length, text.hasPrefix(ignoringCase: scheme, from: place - length) else {
                        continue
                    }
                    start = place - length
                    break
                }
                index = place + 3
                return (start..<place + 3, false)
            case 0x57, 0x77:
                guard text.hasPrefix(ignoringCase: "www.", from: place), place == 0 || !isWord(text[place - 1]) else {
                    continue
                }
                index = place + 4
                return (place..<place + 4, true)
            default: continue
            }
        }
        return nil
    }

    private static func endsLink(_ octet: UInt8) -> Bool {
        octet <= 0x20 || octet == 0x22 || octet == 0x3C || octet == 0x3E || octet == 0x7F
    }

    private static func isPunctuation(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x21, 0x27, 0x29, 0x2C, 0x2E, 0x3A, 0x3B, 0x3F, 0x5D, 0x7D: true
        default: false
        }
    }

    private static func isScheme(_ octet: UInt8) -> Bool {
        (0x61...0x7A).contains(octet | 0x20) || (0x30...0x39).contains(octet) || octet == 0x2B || octet == 0x2D
            || octet == 0x2E
    }

    private static func isWord(_ octet: UInt8) -> Bool {
        (0x61...0x7A).contains(octet | 0x20) || (0x30...0x39).contains(octet) || octet == 0x2D || octet == 0x2E
            || octet == 0x2F || octet == 0x40 || octet == 0x5F || octet >= 0x80
    }
}
