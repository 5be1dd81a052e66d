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
            return "\(finding.class): \(finding.name) (\(finding.scanner))\(Self.place(finding.part))\(evidence)"
        }
        list("anomalies", document.anomalies) { anomaly in
            "\(anomaly.kind)\(Self.place(anomaly.part)) at octet \(anomaly.offset) (\(anomaly.class), \(anomaly.action))"
        }
        list("unchecked", document.unchecked) { item in
            "\(item.reason)\(Self.place(item.part))\(item.detail.isEmpty ? "" : ": \(item.detail)")"
        }
        list("limits hit", document.limitsHit) { $0 }
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

    /// A part's depth is the number of dots in its path: `1`, `1.2`, `1.2.1`.
    private mutating func addParts(_ document: InspectionDocument) {
        if document.parts.isEmpty { return }
        add(1, "parts")
        for part in document.parts {
            var text = "\(part.path) \(part.declaredType)"
            if !part.detectedType.isEmpty, part.detectedType != part.declaredType {
                text += " (is \(part.detectedType))"
            }
            text += ", \(part.size) octets"
            for name in part.names { text += ", \"\(name)\"" }
            if part.reading > 0 {
                text += ", in reading \(part.reading)"
                if let cause = part.cause.value { text += " because of \(cause)" }
                if part.decoding != "ordinary" { text += ", decoded \(part.decoding)" }
            }
            if part.encrypted { text += ", encrypted" }
            if part.origin != "mime" { text += ", from \(part.origin)" }
            let depth = min(2 + part.path.utf8.count { $0 == 0x2E }, (lines.last?.depth ?? 0) + 1)
            add(max(2, depth), text)
        }
    }

    private static func place(_ part: Nullable<String>) -> String {
        part.value.map { " in part \($0)" } ?? ""
    }
}
