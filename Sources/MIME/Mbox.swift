internal import Bytes

/// Files that hold mail: one message, or many in the mbox form (RFC 4155, appendix A).
package enum Mbox {
    /// Which lines begin a message.
    package enum Separators: Sendable {
        /// Every `From ` line behind a blank one: nothing is hidden in a mailbox that a stranger made.
        case all
        /// Those with a date where the first one has one, as the writers of mailboxes put there: else a text is cut that has
        /// `From Monday on` behind a blank line. Every `From ` line where the first one has none.
        case likeTheFirst
    }

    /// True when the file is an mbox: its first line that is not blank begins with `From ` and more.
    package static func isMbox(_ bytes: Span<UInt8>) -> Bool {
        isSeparator(bytes, at: firstLine(bytes))
    }

    /// Where the first line that is not blank begins; an editor may have put a byte order mark before it.
    private static func firstLine(_ bytes: Span<UInt8>) -> Int {
        var line = bytes.hasBytes(byteOrderMark.span, at: 0) ? byteOrderMark.count : 0
        while line < bytes.count, isBlank(bytes, at: line) { line = lineEnd(bytes, from: line) }
        return line
    }

    /// Where the messages of an mbox lie, in their order: without their `From ` line, and without the blank line that
    /// the form puts behind each message. Empty when the file is no mbox.
    ///
    /// A `From ` line begins a message at the start of the file and after a blank line. Where separators have dates, the blank line
    /// may be missing: so it is where messages were put together with cat(1). Line ends are LF or CRLF. `Content-Length:` is not
    /// looked at: a wrong one would hide messages.
    package static func messages(in bytes: Span<UInt8>, separators: Separators) -> [Range<Int>] {
        let first = firstLine(bytes)
        guard isSeparator(bytes, at: first) else { return [] }
        let needsDate = separators == .likeTheFirst && hasDate(bytes, at: first)
        var found: [Range<Int>] = []
        var start = lineEnd(bytes, from: first)
        var line = start
        // Where the line before began, when it was blank.
        var blank: Int?
        while line < bytes.count {
            let isAsTheFirst = isSeparator(bytes, at: line) && (!needsDate || hasDate(bytes, at: line))
            if isAsTheFirst, blank != nil || needsDate {
                found.append(start..<max(start, blank ?? line))
                start = lineEnd(bytes, from: line)
                line = start
                blank = nil
                continue
            }
            blank = isBlank(bytes, at: line) ? line : nil
            line = lineEnd(bytes, from: line)
        }
        found.append(start..<max(start, blank ?? bytes.count))
        return found
    }

    /// A message as it was before it was put into an mbox: one `>` is taken off each line that has one or more of them
    /// before `From ` (the reversible form, mboxrd).
    package static func unquoted(_ message: Span<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(message.count)
        var copied = 0
        var line = 0
        while line < message.count {
            if isQuoted(message, at: line) {
                append(message, copied..<line, to: &out)
                copied = line + 1
            }
            line = lineEnd(message, from: line)
        }
        append(message, copied..<message.count, to: &out)
        return out
    }

    /// Where a message begins: behind the `From ` or `>From ` line that a local delivery put before it; `start` when there is none.
    package static func leadingLine(_ bytes: Span<UInt8>, from start: Int = 0) -> Int {
        let quoted: [UInt8] = [0x3E] + from
        guard bytes.hasBytes(from.span, at: start) || bytes.hasBytes(quoted.span, at: start) else { return start }
        return lineEnd(bytes, from: start)
    }

    /// A file whose line ends are all LF, with CRLF instead; any other file as it is. Mail on disk mostly has LF; where
    /// a single CRLF stands, bare CR and LF are meant, or an attack, and must be seen.
    package static func canonical(_ bytes: [UInt8]) -> [UInt8] {
        let crlf: [UInt8] = [0x0D, 0x0A]
        return bytes.span.firstIndex(of: crlf.span) == nil ? withCRLF(bytes) : bytes
    }

    /// A file with CRLF for every LF that has no CR before it.
    package static func withCRLF(_ bytes: [UInt8]) -> [UInt8] {
        let source = bytes.span
        var out: [UInt8] = []
        // What stands before this is in `out`, which stays empty until a line end has to be changed.
        var copied = 0
        var line = 0
        while let lf = source.firstIndex(of: 0x0A, from: line) {
            line = lf + 1
            if lf > 0, source[lf - 1] == 0x0D { continue }
            if out.isEmpty { out.reserveCapacity(bytes.count + bytes.count / 32 + 1) }
            append(source, copied..<lf, to: &out)
            out.append(0x0D)
            copied = lf
        }
        if out.isEmpty { return bytes }
        append(source, copied..<bytes.count, to: &out)
        return out
    }

    // MARK: - Lines

    static let from: [UInt8] = Array("From ".utf8)
    /// U+FEFF in UTF-8, which editors put before a text.
    package static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// `From ` and something behind it: `From ` alone is a line of text.
    static func isSeparator(_ bytes: Span<UInt8>, at line: Int) -> Bool {
        let next = line + from.count
        guard bytes.hasBytes(from.span, at: line), next < bytes.count else { return false }
        return bytes[next] != 0x0D && bytes[next] != 0x0A && bytes[next] != 0x20
    }

    private static func isQuoted(_ bytes: Span<UInt8>, at line: Int) -> Bool {
        var index = line
        while index < bytes.count, bytes[index] == 0x3E { index += 1 }
        return index > line && bytes.hasBytes(from.span, at: index)
    }

    static func isBlank(_ bytes: Span<UInt8>, at line: Int) -> Bool {
        bytes[line] == 0x0A || (bytes[line] == 0x0D && line + 1 < bytes.count && bytes[line + 1] == 0x0A)
    }

    /// Where the next line begins.
    private static func lineEnd(_ bytes: Span<UInt8>, from line: Int) -> Int {
        bytes.firstIndex(of: 0x0A, from: line).map { $0 + 1 } ?? bytes.count
    }

    private static func append(_ bytes: Span<UInt8>, _ range: Range<Int>, to out: inout [UInt8]) {
        if range.isEmpty { return }
        bytes.extracting(range).withUnsafeBufferPointer { out.append(contentsOf: $0) }
    }
}
