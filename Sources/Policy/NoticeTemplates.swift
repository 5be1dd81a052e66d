package import MailModel

/// The texts of notices in one language, as a file has them: `[dsn]`, `[relayed]`, `[recipient]`, `[admin]` and `[digest]`, each with a
/// subject in its first line and a text behind an empty one, and `[digest-message]`, a text for each message of a digest. `[relayed]`,
/// these two and `[release-refused]` may be missing: then they are English. `${word}` stands for a fact; lines that begin with `#` in front of the first
/// section are remarks.
package struct NoticeTemplates: Hashable, Sendable {
    /// Who a notice is for.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The sender of mail that was not delivered.
        case dsn
        /// The sender of mail that was passed on, who wants to know.
        case relayed
        /// A recipient of mail that was kept back.
        case recipient
        /// An administrator.
        case admin
        /// A recipient of mail that was kept back since the last one.
        case digest
        /// What a digest says of one message.
        case digestMessage = "digest-message"
        /// A recipient who released a message that his next hop refuses.
        case releaseRefused = "release-refused"

        /// Files of a time before it was there need not have it.
        fileprivate var mayBeMissing: Bool {
            switch self {
            case .dsn, .recipient, .admin: false
            case .relayed, .digest, .digestMessage, .releaseRefused: true
            }
        }

        fileprivate var facts: [TextTemplate.Fact] {
            switch self {
            case .dsn, .relayed, .recipient, .admin, .releaseRefused: TextTemplate.Fact.ofMessages
            case .digest: TextTemplate.Fact.ofDigests
            case .digestMessage: TextTemplate.Fact.ofDigestMessages
            }
        }
    }

    /// What is wrong with a file.
    package struct Fault: Error, Hashable, Sendable {
        /// From 1; 0 for the file as a whole.
        package var line: Int
        package var text: String

        package init(line: Int, text: String) {
            self.line = line
            self.text = text
        }
    }

    /// A notice with its facts filled in.
    package struct Notice: Hashable, Sendable {
        package var subject: String
        package var text: String

        package init(subject: String, text: String) {
            self.subject = subject
            self.text = text
        }
    }

    private var subjects: [Kind: TextTemplate] = [:]
    private var texts: [Kind: TextTemplate] = [:]
    /// The lines of `[digest-message]`; none where it is missing.
    private var messageLines: [TextTemplate] = []

    /// Octets of a file at most.
    package static let sizeLimit = 65_536

    /// The first line that is neither empty nor a remark is the name of a section, known or not: other files, such as a README,
    /// are no texts of notices.
    package static func isTemplate(_ bytes: [UInt8]) -> Bool {
        let lines = bytes.split { $0 == 0x0A || $0 == 0x0D }
        return lines.first { $0.first != UInt8(ascii: "#") }?.first == UInt8(ascii: "[")
    }

    /// Reads a file, which is UTF-8.
    package init(_ bytes: [UInt8]) throws(Fault) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }
            throw Fault(line: (wrong ?? 0) + 1, text: "not UTF-8")
        }
        try self.init(text)
    }

    /// Reads the text of a file.
    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.sizeLimit else {
            throw Fault(line: 0, text: "larger than \(Self.sizeLimit) octets")
        }
        var kind: Kind?
        var lines: [Kind: [String]] = [:]
        // Lines may end as on Windows.
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        for (index, line) in parts.enumerated() {
            let number = index + 1
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = String(line.dropFirst().dropLast())
                guard let found = Kind(rawValue: name) else {
                    throw Fault(line: number, text: "unknown section [\(name)]")
                }
                guard lines[found] == nil else {
                    throw Fault(line: number, text: "[\(name)] stands here a second time")
                }
                kind = found
                lines[found] = []
            } else if let kind {
                try Self.check(line, number, kind)
                lines[kind, default: []].append(String(line))
            } else if !line.isEmpty, !line.hasPrefix("#") {
                throw Fault(line: number, text: "text before the first section")
            }
        }
        for kind in Kind.allCases {
            if kind.mayBeMissing, lines[kind] == nil { continue }
            if kind == .digestMessage {
                messageLines = try Self.messageLines(lines[kind] ?? [])
                continue
            }
            guard var found = lines[kind], let subject = found.first, !subject.isEmpty else {
                throw Fault(line: 0, text: "[\(kind.rawValue)] has no subject")
            }
            found.removeFirst()
            while found.first == "" { found.removeFirst() }
            while found.last == "" { found.removeLast() }
            subjects[kind] = try Self.template(subject, 0, kind)
            texts[kind] = try Self.template(found.joined(separator: "\n") + "\n", 0, kind)
        }
    }

    private static func messageLines(_ lines: [String]) throws(Fault) -> [TextTemplate] {
        var out: [TextTemplate] = []
        for line in lines where !line.isEmpty { out.append(try template(line, 0, .digestMessage)) }
        guard out.contains(where: { $0.names(.release) }) else {
            throw Fault(line: 0, text: "[digest-message] has no ${release}")
        }
        return out
    }

    private static func check(_ line: Substring, _ number: Int, _ kind: Kind) throws(Fault) {
        _ = try template(String(line), number, kind)
        if line.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }) {
            throw Fault(line: number, text: "a control character")
        }
    }

    private static func template(_ text: String, _ line: Int, _ kind: Kind) throws(Fault) -> TextTemplate {
        do throws(TextTemplate.UnknownWord) {
            return try TextTemplate(text, facts: kind.facts)
        } catch {
            throw Fault(line: line, text: "unknown word ${\(error.word)}")
        }
    }

    private static let fallback = try? NoticeTemplates(english)

    /// A notice.
    package func notice(_ kind: Kind, _ facts: [TextTemplate.Fact: String]) -> Notice {
        guard let subject = subjects[kind], let text = texts[kind] else {
            guard let fallback = Self.fallback, fallback != self else { return Notice(subject: "", text: "") }
            return fallback.notice(kind, facts)
        }
        let line = subject.filled(facts).unicodeScalars.map { $0 == "\n" ? " " : $0 }
        return Notice(subject: String(String.UnicodeScalarView(line)), text: text.filled(facts))
    }

    /// What a digest says of one message. A line with a fact that is not there is left out.
    package func digestMessage(_ facts: [TextTemplate.Fact: String]) -> String {
        guard !messageLines.isEmpty else {
            guard let fallback = Self.fallback, fallback != self else { return "" }
            return fallback.digestMessage(facts)
        }
        let missing = TextTemplate.Fact.ofDigestMessages.filter { facts[$0] == nil }
        let lines = messageLines.filter { line in !missing.contains(where: line.names) }
        return lines.map { $0.filled(facts) + "\n" }.joined()
    }
}
