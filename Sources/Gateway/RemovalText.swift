internal import MailModel
internal import Policy

/// The small text in place of a banned part: what stood there, why it is gone, what went with it, and where it is kept.
/// A line stays below 79 characters; no line begins like a delimiter.
enum RemovalText {
    /// What is the same for all parts of a message.
    struct Words: Sendable {
        var hostname: String
        var quarantineID: String
    }

    /// Files of each kind that are told of.
    private static let shown = 10

    /// The text without a line end at its end.
    /// - Parameters:
    ///   - part: index of the part that is replaced.
    ///   - banned: what is banned in it.
    ///   - all: what is banned in the message.
    static func lines(
        _ part: Int, _ banned: [BannedContent], of all: [BannedContent], _ report: Report, _ words: Words
    ) -> String {
        var lines = ["What stood here was removed by \(ascii(words.hostname, 60)):", ""]
        // People look for the file that they were sent, whatever was found in it.
        if !banned.contains(where: { $0.part == part }) {
            let carrier = report.parts[part]
            lines.append("  " + ascii(BannedContent.attributes(of: carrier, names: carrier.names), 74))
            lines += names(carrier.names)
            lines += ["", "for what is in it:", ""]
        }
        for content in banned.prefix(shown) {
            lines.append("  " + ascii(content.attributes, 74))
            lines += names(content.names)
            if !content.reason.isEmpty { lines.append("  reason: " + ascii(content.reason, 66)) }
        }
        if banned.count > shown { lines.append("  and \(banned.count - shown) more") }
        let others = bystanders(part, all, report)
        if !others.isEmpty {
            lines += ["", "With it went:", ""]
            for other in others.prefix(shown) { lines.append("  " + asciiEnd(label(report.parts[other]), 74)) }
            if others.count > shown { lines.append("  and \(others.count - shown) more") }
        }
        lines += [
            "", "The message as it came is kept in the quarantine there, under the number", "",
            "  " + words.quarantineID,
            "", "The postmaster can release it: mailreeve quarantine release \(words.quarantineID)",
        ]
        return lines.joined(separator: "\r\n")
    }

    /// The end of a name is what it was removed for.
    private static func names(_ names: [String]) -> [String] {
        names.prefix(BannedContent.namesShown).map { "  name: " + asciiEnd($0, 68) }
    }

    private static func label(_ part: PartDescription) -> String {
        part.names.first ?? (part.declaredType.isEmpty ? "part \(part.path)" : part.declaredType)
    }

    // MARK: What went with it

    /// Files in the part that are not banned, and hold nothing that is. Of a container without anything banned in it the
    /// container is told.
    private static func bystanders(_ part: Int, _ all: [BannedContent], _ report: Report) -> [Int] {
        var guilty: Set<Int> = [part]
        for content in all {
            let chain = chain(content.part, report)
            if chain.contains(part) { guilty.formUnion(chain.prefix { $0 != part }) }
        }
        return report.parts.indices.filter { index in
            guard let container = report.parts[index].container, guilty.contains(container) else { return false }
            return !guilty.contains(index) && report.parts[index].origin != .embedded
        }
    }

    /// A part and the containers around it.
    private static func chain(_ part: Int, _ report: Report) -> [Int] {
        var out = [part]
        while let container = report.parts[out[out.count - 1]].container { out.append(container) }
        return out
    }

    // MARK: Letters

    private static func asciiEnd(_ text: String, _ limit: Int) -> String {
        let shown = ascii(String(text.suffix(limit)), limit * 10)
        return text.count <= limit && shown.count <= limit ? shown : "..." + shown.suffix(limit - 3)
    }

    private static func ascii(_ text: String, _ limit: Int) -> String {
        let shown = Escaping.text(text, limit: limit).unicodeScalars.prefix(limit).map { $0.isASCII ? $0 : "?" }
        return String(String.UnicodeScalarView(shown))
    }
}
