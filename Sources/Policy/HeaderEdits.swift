package import MailModel

/// The header fields that are put on top of a message that is passed on, and those of ours that are taken out first.
package enum HeaderEdits {
    /// Fields that only we write: one that comes in from outside is removed, since readers trust it (attack B3).
    package static let ownNames: [StaticString] = [
        "X-Virus-Scanned", quarantineField, "X-Mailreeve-Alert", "X-Mailreeve-Unchecked", "X-Mailreeve-Hold",
        "X-Mailreeve-Release", "X-Mailreeve-Category", "MIME-Ambiguity-Results",
    ]

    /// The field that names the copy of a message.
    package static let quarantineField: StaticString = "X-Quarantine-ID"

    /// The field with the mark of a release (docs/QUARANTINE.md).
    package static let releaseMark: StaticString = "X-Mailreeve-Release"

    /// Fields of amavis whose names we take over where `field_names` is `amavis`.
    package static let amavisNames: [StaticString] = [
        "X-Amavis-Alert", "X-Amavis-Hold", "X-Amavis-Category", "X-Amavis-Modified",
    ]

    /// What a `Received:` field of ours has behind the name of the host.
    package static let ownTrace = Array(" (mailreeve) with ".utf8)

    /// What the `Received:` field says.
    package struct Trace: Sendable {
        package var hostname: String
        package var id: String
        package var client: ClientFacts
        package var smtputf8: Bool
        /// The only recipient; nil when there are several, so that none learns of the others.
        package var recipient: MailPath?
        /// Unix time.
        package var time: Int

        package init(
            hostname: String, id: String, client: ClientFacts, smtputf8: Bool, recipient: MailPath?, time: Int
        ) {
            self.hostname = hostname
            self.id = id
            self.client = client
            self.smtputf8 = smtputf8
            self.recipient = recipient
            self.time = time
        }
    }

    /// A `Received:` field (RFC 5321 section 4.4), folded, with CRLF.
    package static func received(_ trace: Trace) -> String {
        let client = trace.client
        let helo = client.helo.isEmpty ? "unknown" : word(client.helo)
        let with: String
        switch client.transmission {
        case .smtp: with = "SMTP"
        case .esmtp: with = (trace.smtputf8 ? "UTF8SMTP" : "ESMTP") + (client.secured ? "S" : "")
        case .lmtp: with = (trace.smtputf8 ? "UTF8LMTP" : "LMTP") + (client.secured ? "S" : "")
        }
        let address: String
        if client.address == "unix" {
            address = "unix socket"
        } else {
            address = client.address.contains(":") ? "[IPv6:\(client.address)]" : "[\(client.address)]"
        }
        var out = "Received: from \(helo) (\(address))\r\n"
        out += "\tby \(trace.hostname)\(String(decoding: ownTrace, as: UTF8.self))\(with) id \(trace.id)"
        if let recipient = trace.recipient, recipient.isASCII, recipient.bytes.count < 200 {
            out += "\r\n\tfor <\(String(decoding: recipient.bytes, as: UTF8.self))>"
        }
        out += "; \(DateText.rfc5322(trace.time))\r\n"
        return out
    }

    /// `X-Virus-Scanned:`; the caller adds it only when it is true.
    /// - Parameter text: the site's own words; empty for the engine and the age of its signatures.
    package static func virusScanned(hostname: String, engine: String, text: String = "") -> String {
        let words = text.isEmpty ? "mailreeve (\(engine)) at \(hostname)" : HeaderText.encoded(text)
        return "X-Virus-Scanned: \(words)\r\n"
    }

    /// `X-Mailreeve-Category:` with who judged, in the way of Authentication-Results, and the message's weightiest category, or
    /// amavis's field and words.
    package static func category(_ verdict: Verdict, hostname: String, names: MarkingPolicy.FieldNames) -> String {
        guard names == .amavis else {
            return "X-Mailreeve-Category: \(hostname); category=\(verdict.category.rawValue)\r\n"
        }
        let word =
            switch verdict.category {
            case .infected: "Virus"
            case .banned: "Banned"
            case .unchecked: "Unchecked"
            case .spam: "Spam"
            case .spammy: "Spammy"
            case .badHeader: "BadHdr"
            case .oversized: "Oversized"
            case .rule: "CatchAll"
            case .clean: "Clean"
            }
        return "X-Amavis-Category: \(hostname); category=\(word)\r\n"
    }

    /// amavis's field on mail whose body is not as it came; empty under our own names.
    /// - Parameter way: what was done: `defanged`, `stripped`, `sanitized`, `disclaimer`.
    package static func modified(_ way: String, hostname: String, names: MarkingPolicy.FieldNames) -> String {
        names == .amavis ? "X-Amavis-Modified: Mail body modified (\(way)) by \(hostname)\r\n" : ""
    }

    /// `X-Mailreeve-Unchecked:` with the reasons, and the scanners that failed; what a policy does not look for is not checked
    /// either. Empty when all was.
    package static func unchecked(_ verdict: Verdict) -> String {
        var reasons: [String] = []
        func add(_ reason: String) { if !reasons.contains(reason) { reasons.append(reason) } }
        for item in verdict.unchecked.prefix(Verdict.namesKept * 10) {
            let scanner = Escaping.text(item.scanner, limit: 40).filter {
                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
            }
            add(item.reason.rawValue + (scanner.isEmpty ? "" : " (\(scanner))"))
        }
        // An allowed sender's mail was looked at, and is no spam.
        for category in Category.allCases where verdict.skipped.contains(category) && category != .spammy {
            if category != .spam || !verdict.standing.isAllowed { add("bypassed (\(category.rawValue))") }
        }
        return reasons.isEmpty ? "" : "X-Mailreeve-Unchecked: \(reasons.joined(separator: ", "))\r\n"
    }

    /// `X-Quarantine-ID:` on mail of which a copy is kept.
    package static func quarantineID(_ id: String) -> String { "\(quarantineField): <\(id)>\r\n" }

    /// `X-Mailreeve-Alert:` on infected mail, on mail with what is banned, and on mail with a faulty header block, that a policy
    /// lets pass; empty for other mail, and silent about what the policy does not look for.
    package static func alert(_ verdict: Verdict, names: MarkingPolicy.FieldNames = .mailreeve) -> String {
        let field = names == .amavis ? "X-Amavis-Alert" : "X-Mailreeve-Alert"
        var out = ""
        func isMeant(_ category: Category) -> Bool { !verdict.skipped.contains(category) }
        if !verdict.virusNames.isEmpty, isMeant(.infected) {
            out += alert(field, "INFECTED, message contains: ", verdict.shownVirusNames)
        }
        if !verdict.banned.isEmpty, isMeant(.banned) {
            out += alert(field, "BANNED, message contains: ", verdict.bannedTexts)
        }
        if !verdict.badHeaders.isEmpty, isMeant(.badHeader) {
            out += alert(field, "BAD HEADER SECTION, ", verdict.badHeaders.map(\.detail))
        }
        return out
    }

    /// Each detail stands on a line of its own: none may make one line too long. In ASCII, or our field would itself be what
    /// RFC 5322 forbids.
    private static func alert(_ field: String, _ words: String, _ details: [String]) -> String {
        let lines = details.map { detail in
            let shown = Escaping.text(detail, limit: 150).unicodeScalars.map { $0.isASCII ? $0 : "?" }
            return String(String.UnicodeScalarView(shown))
        }
        return "\(field): \(words)\(lines.joined(separator: ",\r\n\t"))\r\n"
    }

    /// `MIME-Ambiguity-Results:`: what readers may disagree on, for filters and people behind this host, in the way of
    /// Authentication-Results (RFC 8601): who judged, the weightiest class, the kinds of it, the number of readings.
    package static func ambiguityResults(hostname: String, anomalies: [Anomaly], readings: Int) -> String {
        var out = "MIME-Ambiguity-Results: \(hostname);\r\n\tambiguity="
        let classes = anomalies.map(\.kind.anomalyClass)
        guard let worst = AnomalyClass.allCases.last(where: classes.contains) else { return out + "none\r\n" }
        out += "\(worst.rawValue); readings=\(readings)"
        var seen: Set<AnomalyKind> = []
        for anomaly in anomalies where anomaly.kind.anomalyClass == worst && seen.insert(anomaly.kind).inserted {
            out += ";\r\n\tkind=\(anomaly.kind.rawValue)"
        }
        return out + "\r\n"
    }

    /// `X-Mailreeve-Hold:` on mail that a rule wants held by the MTA behind.
    package static func hold(_ text: String, names: MarkingPolicy.FieldNames = .mailreeve) -> String {
        let words = Escaping.text(text, limit: 200)
        return
            "\(names == .amavis ? "X-Amavis-Hold" : "X-Mailreeve-Hold"): \(words.isEmpty ? "held by a rule" : words)\r\n"
    }

    /// amavis's field on mail that was not unpacked to its end; empty for other mail and under our own names, where
    /// `X-Mailreeve-Unchecked` says it.
    package static func amavisHold(_ verdict: Verdict, names: MarkingPolicy.FieldNames) -> String {
        guard names == .amavis, verdict.unchecked.contains(where: { $0.reason == .overLimits }) else { return "" }
        return hold("over-limits", names: names)
    }

    /// A HELO name as one word: everything that could end the word, a comment or the line is replaced.
    private static func word(_ bytes: [UInt8]) -> String {
        let safe = bytes.prefix(255).map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F: byte
            default: 0x3F
            }
        }
        return String(decoding: safe, as: UTF8.self)
    }
}
