internal import Bytes
package import MailModel

/// Cuts a peer's replies (RFC 5321 section 4.2) out of its octets, which may arrive split anywhere.
package struct ReplyReader: Sendable {
    /// Octets of one reply line; RFC 5321 section 4.5.3.1.5 says 512, some servers send more.
    package static let lineLimit = 4096
    /// Lines of one reply.
    package static let lineCountLimit = 128
    /// Characters of a reply's text that are kept.
    package static let textLimit = 450

    /// What the peer sent is no SMTP reply, or is beyond the limits.
    package struct Nonsense: Error, Hashable, Sendable {
        /// What is wrong, for the log; holds nothing from the peer.
        package var cause: String
    }

    /// A complete reply: its raw lines for EHLO, and the cleaned value for all else.
    package struct Complete: Hashable, Sendable {
        package var reply: Reply
        /// Text of each line as received, without code and line end.
        package var texts: [ArraySlice<UInt8>]
    }

    private var bytes: [UInt8] = []
    private var start = 0
    private var searched = 0
    private var code = 0
    private var texts: [ArraySlice<UInt8>] = []

    package init() {}

    /// Octets are left that belong to no complete reply.
    package var hasInput: Bool { start < bytes.count || !texts.isEmpty }

    package mutating func append(_ input: Span<UInt8>) {
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            (start, searched) = (0, 0)
        }
        input.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Forgets all input, as after STARTTLS.
    package mutating func removeAll() {
        self = ReplyReader()
    }

    /// The next complete reply; nil when more input is needed.
    package mutating func next() throws(Nonsense) -> Complete? {
        while let lf = bytes.span.firstIndex(of: 0x0A, from: max(searched, start)) {
            searched = lf + 1
            var line = bytes[start..<lf]
            start = lf + 1
            if line.last == 0x0D { line.removeLast() }
            if let complete = try take(line) { return complete }
        }
        searched = bytes.count
        guard bytes.count - start <= Self.lineLimit else { throw Nonsense(cause: "reply line too long") }
        return nil
    }

    private mutating func take(_ line: ArraySlice<UInt8>) throws(Nonsense) -> Complete? {
        guard line.count <= Self.lineLimit else { throw Nonsense(cause: "reply line too long") }
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ $0.isDigit }) else { throw Nonsense(cause: "not a reply") }
        let value = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard (200...599).contains(value) else { throw Nonsense(cause: "reply code out of range") }
        guard texts.isEmpty || value == code else { throw Nonsense(cause: "codes differ in one reply") }
        let rest = line.dropFirst(3)
        guard rest.isEmpty || rest.first == 0x20 || rest.first == 0x2D else { throw Nonsense(cause: "not a reply") }
        code = value
        // A copy: a slice would keep the whole input alive and make each append copy it.
        texts.append(ArraySlice(Array(rest.dropFirst())))
        guard texts.count <= Self.lineCountLimit else { throw Nonsense(cause: "too many reply lines") }
        if rest.first == 0x2D { return nil }
        let complete = Complete(reply: Self.reply(code, texts), texts: texts)
        texts = []
        return complete
    }

    private static func reply(_ code: Int, _ texts: [ArraySlice<UInt8>]) -> Reply {
        var enhanced: EnhancedStatus?
        var lines: [String] = []
        var room = textLimit
        for text in texts {
            var shown = text
            if let (status, rest) = status(in: text), status.status == code / 100 {
                enhanced = enhanced ?? status
                shown = rest
            }
            let clean = shown.prefix(room).map { $0 >= 0x20 && $0 < 0x7F ? $0 : 0x3F }
            room -= clean.count
            if room > 0 || !clean.isEmpty || lines.isEmpty { lines.append(String(decoding: clean, as: UTF8.self)) }
        }
        return Reply(code, enhanced, lines: lines)
    }

    /// `5.7.1 text` (RFC 2034); nil when the text begins otherwise.
    private static func status(in text: ArraySlice<UInt8>) -> (EnhancedStatus, ArraySlice<UInt8>)? {
        let end = text.firstIndex(of: 0x20) ?? text.endIndex
        let parts = text[..<end].split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var numbers: [Int] = []
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ $0.isDigit }) else { return nil }
            numbers.append(part.reduce(0) { $0 * 10 + Int($1 - 0x30) })
        }
        return (EnhancedStatus(numbers[0], numbers[1], numbers[2]), text[end...].dropFirst())
    }
}
