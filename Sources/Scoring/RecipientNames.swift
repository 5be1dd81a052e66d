internal import Bytes

/// Whether the text names whom the message is addressed to, as the header does: senders who know somebody do. It holds for
/// senders that nobody has learnt; one who knows as much may write it himself (attack), which tells him apart no more.
struct RecipientNames: Sendable {
    /// How the text calls him.
    enum Mention: Int {
        /// By a name, among the first words.
        case recipientGreeted
        /// By a name, further on.
        case recipientNamed
        /// Not, although a name is known.
        case recipientUnnamed
    }

    /// Words of names that count, words of a greeting, and words of a text that are looked at.
    private static let limit = 8
    private static let greeting = 12
    private static let looked = 1_000
    /// Octets from which on a word is a name.
    private static let shortest = 3

    private var names: [UInt64] = []
    /// What was said of him; nil where no name is known, or no text is shown.
    private(set) var mention: Mention?

    /// Takes `To:`, its encoded words decoded: what stands in front of addresses in angle brackets (RFC 5322 section 3.4). An address
    /// in the place of a name is none.
    mutating func add(recipients text: Span<UInt8>) {
        var start = 0
        while start < text.count, names.count < Self.limit {
            let end = Self.mailboxEnd(text, from: start)
            let mailbox = text.extracting(start..<end)
            start = end + 1
            guard let bracket = mailbox.firstIndex(of: UInt8(ascii: "<")),
                mailbox.firstIndex(of: UInt8(ascii: "@")).map({ $0 > bracket }) ?? true
            else { continue }
            add(name: mailbox.extracting(0..<bracket))
        }
    }

    /// The next comma that stands in no quotation (`"Miller, Ann" <...>`), or the end.
    private static func mailboxEnd(_ text: Span<UInt8>, from start: Int) -> Int {
        var isQuoted = false
        for index in start..<text.count {
            switch text[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: return index
            default: continue
            }
        }
        return text.count
    }

    private mutating func add(name: Span<UInt8>) {
        var reader = WordReader()
        while names.count < Self.limit, let word = reader.next(in: name) {
            if word.kind == .word, word.range.count >= Self.shortest { names.append(word.hash) }
        }
    }

    /// Looks at the text that is shown.
    mutating func look(at text: Span<UInt8>) {
        guard !names.isEmpty else { return }
        var reader = WordReader()
        var count = 0
        while count < Self.looked, let word = reader.next(in: text) {
            guard word.kind == .word else { continue }
            count += 1
            guard names.contains(word.hash) else { continue }
            mention = count <= Self.greeting ? .recipientGreeted : .recipientNamed
            return
        }
        mention = count > 0 ? .recipientUnnamed : nil
    }
}
