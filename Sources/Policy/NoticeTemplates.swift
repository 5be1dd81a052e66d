/// The texts of notices in one language, as a file has them: `[dsn]`, `[relayed]`, `[recipient]` and `[admin]`, each with a subject in its
/// first line and a text behind an empty one. `[relayed]` may be missing: then it is English. `${word}` stands for a fact; lines that begin with `#` in front of the first section are
/// remarks.
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
    }

    /// What may stand in `${...}`.
    package enum Fact: String, Hashable, Sendable, CaseIterable {
        case id, hostname, sender, recipients, subject, reason
        case mailID = "mail_id"
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

    private var subjects: [Kind: String] = [:]
    private var texts: [Kind: String] = [:]

    /// Octets of a file at most.
    package static let sizeLimit = 65_536

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
                try Self.check(line, number)
                lines[kind, default: []].append(String(line))
            } else if !line.isEmpty, !line.hasPrefix("#") {
                throw Fault(line: number, text: "text before the first section")
            }
        }
        for kind in Kind.allCases {
            if kind == .relayed, lines[kind] == nil { continue }
            guard var found = lines[kind], let subject = found.first, !subject.isEmpty else {
                throw Fault(line: 0, text: "[\(kind.rawValue)] has no subject")
            }
            found.removeFirst()
            while found.first == "" { found.removeFirst() }
            while found.last == "" { found.removeLast() }
            subjects[kind] = subject
            texts[kind] = found.joined(separator: "\n") + "\n"
        }
    }

    private static func check(_ line: Substring, _ number: Int) throws(Fault) {
        var rest = line
        while let start = rest.firstRange(of: "${") {
            let name = rest[start.upperBound...].prefix { $0 != "}" }
            guard Fact(rawValue: String(name)) != nil, name.endIndex < rest.endIndex else {
                throw Fault(line: number, text: "unknown word ${\(name)}")
            }
            rest = rest[name.endIndex...]
        }
        if line.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\t" || $0.value == 0x7F }) {
            throw Fault(line: number, text: "a control character")
        }
    }

    private static let fallback = try? NoticeTemplates(english)

    /// A notice. The facts are filled in once: what stands in them is no word.
    package func notice(_ kind: Kind, _ facts: [Fact: String]) -> Notice {
        if subjects[kind] == nil, let fallback = Self.fallback, fallback != self { return fallback.notice(kind, facts) }
        func filled(_ template: String) -> String {
            var out = ""
            var rest = template[...]
            while let start = rest.firstRange(of: "${") {
                out += rest[..<start.lowerBound]
                let name = rest[start.upperBound...].prefix { $0 != "}" }
                out += Fact(rawValue: String(name)).flatMap { facts[$0] } ?? ""
                rest = rest[name.endIndex...].dropFirst()
            }
            return out + rest
        }
        let subject = filled(subjects[kind] ?? "").unicodeScalars.map { $0 == "\n" ? " " : $0 }
        return Notice(subject: String(String.UnicodeScalarView(subject)), text: filled(texts[kind] ?? ""))
    }
}
