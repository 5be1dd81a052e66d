internal import Bytes

/// Text in the format `flowed` whose soft line ends leave no blank (RFC 3676 with `delsp`), as readers show it: a link or a word that
/// is cut by one is whole to them.
enum FlowedText {
    /// The lines put together, without marks of quoting.
    static func joined(_ text: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var softDepth: Int?
        var start = 0
        while start < text.count {
            let next = text.firstIndex(of: 0x0A, from: start).map { $0 + 1 } ?? text.count
            var end = next
            while end > start, text[end - 1] == 0x0A || text[end - 1] == 0x0D { end -= 1 }
            var at = start
            while at < end, text[at] == UInt8(ascii: ">") { at += 1 }
            let depth = at - start
            // The first blank was put there (section 4.4).
            if at < end, text[at] == 0x20 { at += 1 }
            if let softDepth, softDepth != depth { out.append(0x0A) }
            let line = text.extracting(at..<end)
            let isSignature = line.count == 3 && line.hasBytes("-- ", at: 0)
            let isSoft = line.count > 0 && line[line.count - 1] == 0x20 && !isSignature
            out += line.extracting(0..<(isSoft ? line.count - 1 : line.count)).array
            if !isSoft { out.append(0x0A) }
            softDepth = isSoft ? depth : nil
            start = next
        }
        return out
    }
}
