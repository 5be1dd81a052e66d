internal import MailModel

/// An inspection document for people: a tree of lines. All that comes from mail was escaped when the document was made.
struct ScanTree {
    private var lines: [(depth: Int, text: String)] = []

    init(_ document: InspectionDocument, sender: MailPath) {
        var name = Escaping.text(document.file.value ?? "message", limit: 1000)
        if let number = document.mboxMessage.value { name += " (message \(number))" }
        add(0, "\(name): \(document.category)")
        if !document.messageID.isEmpty { add(1, "Message-ID: \(document.messageID)") }
        if !document.subject.isEmpty { add(1, "Subject: \(document.subject)") }
        add(1, "\(document.size) octets, sha256 \(document.sha256)")
        switch document.signatures {
        case "test-only": add(1, "signatures: test-only (real viruses are not found)")
        default: add(1, "signatures: \(document.signatures)")
        }
        addParts(document)
        list("findings", document.findings) { finding in
            let evidence = finding.evidence.isEmpty ? "" : ": \(finding.evidence)"
            let rule = finding.rule.value.map { ", \($0.table) line \($0.line)" } ?? ""
            return "\(finding.class): \(finding.name) (\(finding.scanner)\(rule))\(Self.place(finding.part))\(evidence)"
        }
        if document.bannedFurther > 0 { add(1, "\(document.bannedFurther) more files are banned") }
        list("allowed", document.allowed) { $0 }
        addTests(document)
        list("anomalies", document.anomalies) { anomaly in
            "\(anomaly.kind)\(Self.place(anomaly.part)) at octet \(anomaly.offset) (\(anomaly.class), \(anomaly.action))"
        }
        list("unchecked", document.unchecked) { item in
            "\(item.reason)\(Self.place(item.part))\(item.detail.isEmpty ? "" : ": \(item.detail)")"
        }
        list("limits hit", document.limitsHit) { $0 }
        list("disclaimers", document.disclaimers) { $0 }
        list("sanitized", document.sanitized) { $0 }
        add(1, "envelope: from <\(sender)>")
        for recipient in document.recipients {
            add(2, "<\(recipient.address)>: \(recipient.disposition)")
            add(3, recipient.reply)
        }
    }

    /// The lines, joined by line ends.
    var text: String {
        // From the last line to the first: a line is the last of its siblings when no later one is on its level.
        var later: [Bool] = []
        var out: [String] = []
        for line in lines.reversed() {
            while later.count <= line.depth { later.append(false) }
            var prefix = ""
            for level in 1..<max(1, line.depth) { prefix += later[level] ? "|  " : "   " }
            if line.depth > 0 { prefix += later[line.depth] ? "|- " : "`- " }
            out.append(prefix + line.text)
            later[line.depth] = true
            later.removeSubrange((line.depth + 1)...)
        }
        return out.reversed().joined(separator: "\n")
    }

    private mutating func add(_ depth: Int, _ text: String) {
        lines.append((depth, text))
    }

    private mutating func list<Item>(_ title: String, _ items: [Item], _ describe: (Item) -> String) {
        if items.isEmpty { return }
        add(1, title)
        for item in items { add(2, describe(item)) }
    }

    /// Tests, each with its points, what it means and what was seen; and what learnt mail says.
    private mutating func addTests(_ document: InspectionDocument) {
        list("tests: \(Self.points(document.score)) points", document.tests) { test in
            let meaning = [test.description, test.evidence].filter { !$0.isEmpty }.joined(separator: ": ")
            return "\(Self.points(test.score)) \(test.name)\(meaning.isEmpty ? "" : ": \(meaning)")"
        }
        if let bayes = document.bayes.value, let probability = bayes["probability"] {
            let tokens = bayes["tokens"].map { Int($0) } ?? 0
            let known = bayes["known_tokens"].map { Int($0) } ?? 0
            add(
                1, "learnt mail: spam is \(SpamScorer.share(probability)) probable (\(known) of \(tokens) tokens known)"
            )
        }
    }

    /// Points with up to three places.
    private static func points(_ score: Double) -> String {
        "\((score * 1000).rounded() / 1000)"
    }

    /// A part's depth is the number of dots and slashes in its path: `1`, `1.2`, `1.2.1`, `1.2.1/3`.
    private mutating func addParts(_ document: InspectionDocument) {
        if document.parts.isEmpty { return }
        add(1, "parts")
        var names: [String: String] = [:]
        for part in document.parts where names[part.path] == nil { names[part.path] = part.names.first ?? part.path }
        for index in Self.ordered(document.parts.map(\.path)) {
            let part = document.parts[index]
            var text = part.path
            let chain = Self.containers(of: part.path, names)
            if !chain.isEmpty {
                text += " " + (chain + part.names.prefix(1)).map(Self.level).joined(separator: Self.separator)
            }
            if !part.declaredType.isEmpty { text += " \(part.declaredType)" }
            if !part.detectedType.isEmpty, part.detectedType != part.declaredType {
                text += part.declaredType.isEmpty ? ", \(part.detectedType)" : " (is \(part.detectedType))"
            }
            text += ", \(part.size) octets"
            for name in chain.isEmpty ? part.names[...] : part.names.dropFirst() { text += ", \"\(name)\"" }
            if part.reading > 0 {
                text += ", in reading \(part.reading)"
                if let cause = part.cause.value { text += " because of \(cause)" }
                if part.decoding != "ordinary" { text += ", decoded \(part.decoding)" }
            }
            if part.encrypted { text += ", encrypted" }
            if part.origin == "embedded", chain.isEmpty { text += ", from embedded" }
            if !part.notes.isEmpty { text += ", " + part.notes.joined(separator: "; ") }
            let depth = min(2 + part.path.utf8.count { $0 == 0x2E || $0 == 0x2F }, (lines.last?.depth ?? 0) + 1)
            add(max(2, depth), text)
        }
    }

    /// Members come level by level; people want each behind its container.
    private static func ordered(_ paths: [String]) -> [Int] {
        var members: [Substring: [Int]] = [:]
        var tops: [Int] = []
        for (index, path) in paths.enumerated() {
            if let slash = path.lastIndex(of: "/") {
                members[path[..<slash], default: []].append(index)
            } else {
                tops.append(index)
            }
        }
        var order: [Int] = []
        var pending = Array(tops.reversed())
        while let index = pending.popLast() {
            order.append(index)
            // A path that stands twice (in two readings) has its members behind the first.
            pending += (members.removeValue(forKey: paths[index][...]) ?? []).reversed()
        }
        return order
    }

    private static let separator = " > "

    /// A name in a chain of containers: in quotation marks where it would look like several of them.
    private static func level(_ name: String) -> String {
        guard name.contains(">") || name.contains("\"") else { return name }
        return "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Names of the containers around a member, the outermost first; empty for a part of the message.
    private static func containers(of member: String, _ names: [String: String]) -> [String] {
        var chain: [String] = []
        var path = member[...]
        while let slash = path.lastIndex(of: "/") {
            path = path[..<slash]
            chain.append(names[String(path)] ?? String(path))
        }
        return chain.reversed()
    }

    private static func place(_ part: Nullable<String>) -> String {
        part.value.map { " in part \($0)" } ?? ""
    }
}
