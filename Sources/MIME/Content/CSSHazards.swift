internal import Bytes
internal import MailModel

/// What styles load and run.
struct CSSHazards {
    let scripts: Bool
    let remote: Bool

    init(_ hazards: Set<HTMLHazard>) {
        (scripts, remote) = (hazards.contains(.scripts), hazards.contains(.remote))
    }

    /// Where `x-` has to be put so that nothing of it is left.
    /// - Parameters:
    ///   - style: a style sheet, or the undecoded value of a `style` attribute.
    ///   - isAttribute: references of characters count.
    /// - Returns: nil where that does not help: what is dangerous is written with escapes, references or comments.
    func places(_ style: [UInt8], isAttribute: Bool) -> [Int]? {
        guard scripts || remote, !isHarmless(style, isAttribute) else { return [] }
        let places = find(style)
        var edited: [UInt8] = []
        var position = 0
        for place in places {
            edited += style[position..<place] + [0x78, 0x2D]
            position = place
        }
        edited += style[position...]
        return isHarmless(edited, isAttribute) ? places : nil
    }

    /// Looks at it as parsers of all kinds read it: with comments and without (one that stands in a string is none).
    private func isHarmless(_ style: [UInt8], _ isAttribute: Bool) -> Bool {
        var style = isAttribute ? HTMLEntities.decoded(style.span, 0..<style.count, isAttribute: true) : style
        style.removeAll { $0 == 0 }
        guard find(style).isEmpty else { return false }
        guard style.contains(0x5C) || style.contains(0x2F) else { return true }
        return find(Array(Self.plain(style[...]))).isEmpty && find(Self.unescaped(style)).isEmpty
    }

    /// In lower case, without comments, with escapes undone: `d\69splay/**/:none` is read as browsers do.
    private static func plain(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == 0x2F, index + 1 < text.endIndex, text[index + 1] == 0x2A {
                index += 2
                while index < text.endIndex, !(text[index] == 0x2F && text[index - 1] == 0x2A) { index += 1 }
                index += 1
                continue
            }
            if byte == 0x5C, index + 1 < text.endIndex {
                index += 1
                var value: UInt32 = 0
                let start = index
                while index < text.endIndex, index - start < 6, let digit = hexadecimalValue(text[index]) {
                    value = value << 4 | UInt32(digit)
                    index += 1
                }
                if index == start {
                    out.append(asciiLower(text[index]))
                    index += 1
                } else {
                    out.append(value < 0x80 ? asciiLower(UInt8(value)) : 0x3F)
                    if index < text.endIndex, text[index] <= 0x20 { index += 1 }
                }
                continue
            }
            out.append(asciiLower(byte))
            index += 1
        }
        return out[...]
    }

    /// With escapes undone (CSS Syntax section 4.3.7); an escaped line end stands for nothing.
    private static func unescaped(_ style: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var index = 0
        while index < style.count {
            guard style[index] == 0x5C, index + 1 < style.count else {
                out.append(style[index])
                index += 1
                continue
            }
            index += 1
            let start = index
            var value: UInt32 = 0
            while index < style.count, index - start < 6, let digit = hexadecimalValue(style[index]) {
                value = value << 4 | UInt32(digit)
                index += 1
            }
            if index > start {
                out.append(value < 0x80 ? UInt8(value) : 0x3F)
                if index < style.count, style[index] <= 0x20 { index += 1 }
            } else {
                if style[index] != 0x0A, style[index] != 0x0D { out.append(style[index]) }
                index += 1
            }
        }
        return out
    }

    // MARK: Words

    private func find(_ style: [UInt8]) -> [Int] {
        let span = style.span
        var places: [Int] = []
        for index in span.indices {
            guard let place = hazard(span, index), !Self.isNeutral(span, place) else { continue }
            places.append(place)
        }
        return places
    }

    private static func isNeutral(_ style: Span<UInt8>, _ place: Int) -> Bool {
        place >= 2 && style[place - 1] == 0x2D && asciiLower(style[place - 2]) == 0x78
    }

    /// Where the name of what begins here stands.
    private func hazard(_ style: Span<UInt8>, _ index: Int) -> Int? {
        func has(_ word: StaticString) -> Bool { style.hasPrefix(ignoringCase: word, from: index) }
        func has(_ word: StaticString, before mark: UInt8) -> Bool {
            guard has(word) else { return false }
            var next = index + word.utf8CodeUnitCount
            while next < style.count, style[next] <= 0x20 { next += 1 }
            return next < style.count && style[next] == mark
        }
        switch asciiLower(style[index]) {
        // e, b, -, j, v: Internet Explorer's and Mozilla's ways to run scripts.
        case 0x65: return scripts && has("expression", before: 0x28) ? index : nil
        case 0x62: return scripts && has("behavior", before: 0x3A) && !Self.isScrolling(style, index) ? index : nil
        case 0x2D: return scripts && (has("-moz-binding") || has("-ms-behavior")) ? index : nil
        case 0x6A: return scripts && has("javascript", before: 0x3A) ? index : nil
        case 0x76: return scripts && has("vbscript", before: 0x3A) ? index : nil
        // p, u, i, s, @; Internet Explorer's filters load images by their own word.
        case 0x70: return remote && has("progid", before: 0x3A) ? index : nil
        case 0x75: return remote && has("url(") && !Self.isLocal(style, index + 4) ? index : nil
        case 0x69: return remote && (has("image-set(") || has("image(")) ? index : nil
        case 0x73: return remote && has("src(") ? index : nil
        case 0x40: return remote && has("@import") ? index + 1 : nil
        default: return nil
        }
    }

    /// `scroll-behavior` and `overscroll-behavior` are how a page moves.
    private static func isScrolling(_ style: Span<UInt8>, _ index: Int) -> Bool {
        index >= 7 && style.hasPrefix(ignoringCase: "scroll-", from: index - 7)
    }

    private static func isLocal(_ style: Span<UInt8>, _ start: Int) -> Bool {
        var index = start
        while index < style.count {
            if style[index] <= 0x20 || style[index] == 0x22 || style[index] == 0x27 {
                index += 1
            } else if style.hasPrefix(ignoringCase: "&quot;", from: index) {
                index += 6
            } else if style.hasPrefix(ignoringCase: "&#34;", from: index)
                || style.hasPrefix(ignoringCase: "&#39;", from: index)
            {
                index += 5
            } else {
                break
            }
        }
        guard index < style.count, style[index] != 0x29 else { return true }
        return HTMLAddress.isLocal(style.extracting(index..<min(style.count, index + HTMLAddress.shown)))
    }
}

/// What an address in HTML leads to.
enum HTMLAddress {
    /// Octets that tell what it is.
    static let shown = 16

    /// A part of the same message, data that is an image, a place in the same text, or nothing.
    /// - Parameter address: decoded, without blanks in front.
    static func isLocal(_ address: Span<UInt8>) -> Bool {
        if address.isEmpty || address[0] == 0x23 { return true }
        let local: [StaticString] = ["cid:", "mid:", "data:image/", "about:blank"]
        return local.contains { address.hasPrefix(ignoringCase: $0, from: 0) }
    }

    /// A part of the same message, or another message.
    static func isPart(_ address: Span<UInt8>) -> Bool {
        address.hasPrefix(ignoringCase: "cid:", from: 0) || address.hasPrefix(ignoringCase: "mid:", from: 0)
    }

    /// What runs when it is opened; `isImage`: it is only ever shown as an image.
    static func isScript(_ address: Span<UInt8>, isImage: Bool) -> Bool {
        let schemes: [StaticString] = ["javascript:", "vbscript:", "livescript:", "mocha:", "jscript:"]
        var address = address
        // What only says how the rest is to be opened.
        let around: [StaticString] = ["feed:", "view-source:"]
        while let word = around.first(where: { address.hasPrefix(ignoringCase: $0, from: 0) }) {
            address = address.extracting(word.utf8CodeUnitCount..<address.count)
        }
        if schemes.contains(where: { address.hasPrefix(ignoringCase: $0, from: 0) }) { return true }
        guard address.hasPrefix(ignoringCase: "data:", from: 0) else { return false }
        guard address.hasPrefix(ignoringCase: "data:image/", from: 0) else { return true }
        return !isImage && address.hasPrefix(ignoringCase: "data:image/svg", from: 0)
    }

    /// An attribute's value as browsers take it for an address: references decoded, without blanks and controls.
    static func plain(_ html: Span<UInt8>, _ value: Range<Int>) -> [UInt8] {
        HTMLEntities.decoded(html, value, isAttribute: true).filter { $0 > 0x20 && $0 != 0x7F }
    }
}
