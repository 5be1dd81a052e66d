/// A text of the administrator's in which `${word}` stands for a fact: in notices, digests and replies.
package struct TextTemplate: Hashable, Sendable {
    /// What may stand in `${...}`. Raw values are those of the texts.
    package enum Fact: String, Hashable, Sendable, CaseIterable {
        case id, hostname, sender, recipients, subject, reason
        case mailID = "mail_id"
        /// The messages that a digest tells of; when one of them came, and the links with which it is released.
        case messages, time, release
        case releaseAndAllow = "release_and_allow"

        /// Those of texts about one message.
        package static let ofMessages: [Fact] = [.id, .hostname, .sender, .recipients, .subject, .reason, .mailID]
        /// Those of a digest, and of one message in it.
        package static let ofDigests: [Fact] = [.hostname, .recipients, .messages]
        package static let ofDigestMessages: [Fact] = [
            .time, .sender, .subject, .reason, .mailID, .release, .releaseAndAllow,
        ]
    }

    /// A `${` without a known word and a `}` behind it.
    package struct UnknownWord: Error, Hashable, Sendable {
        package var word: String
    }

    private enum Piece: Hashable, Sendable {
        case text(String)
        case fact(Fact)
    }

    /// As it was written.
    package let source: String
    private let pieces: [Piece]

    /// Reads a text.
    /// - Parameter facts: the words that it may have.
    package init(_ source: String, facts: [Fact] = Fact.ofMessages) throws(UnknownWord) {
        self.source = source
        var pieces: [Piece] = []
        var rest = source[...]
        while let start = rest.firstRange(of: "${") {
            pieces.append(.text(String(rest[..<start.lowerBound])))
            let name = rest[start.upperBound...].prefix { $0 != "}" }
            guard let fact = Fact(rawValue: String(name)), facts.contains(fact), name.endIndex < rest.endIndex else {
                throw UnknownWord(word: String(name))
            }
            pieces.append(.fact(fact))
            rest = rest[name.endIndex...].dropFirst()
        }
        pieces.append(.text(String(rest)))
        self.pieces = pieces
    }

    /// True when the text has a place for a fact.
    package func names(_ fact: Fact) -> Bool { pieces.contains(.fact(fact)) }

    /// The text with its facts, filled in once: what stands in them is no word. A fact that is not known is nothing.
    package func filled(_ facts: [Fact: String]) -> String {
        var out = ""
        for piece in pieces {
            switch piece {
            case .text(let text): out += text
            case .fact(let fact): out += facts[fact] ?? ""
            }
        }
        return out
    }
}
