internal import MailModel

/// The fields that tell mail readers of the spam score, in amavis's and SpamAssassin's form.
package enum SpamFields {
    /// Fields that are ours to write: those that come in are taken out, since readers trust them (attack B3).
    package static let names: [StaticString] = [
        "X-Spam-Flag", "X-Spam-Score", "X-Spam-Level", "X-Spam-Status", "X-Spam-Report", "X-Spam-Checker-Version",
        "X-Spam-Tests",
    ]

    /// Tests that a field names at most; a report is ours, but its length is not.
    private static let testsShown = 100
    /// Stars of `X-Spam-Level` at most.
    private static let longestLevel = 64

    /// `X-Spam-Flag`, `X-Spam-Score`, `X-Spam-Level` and `X-Spam-Status`, and `X-Spam-Report` where it is asked for; empty below
    /// `levels.tag` and where spam was not looked for.
    package static func text(
        _ verdict: Verdict, _ levels: SpamLevels, addsReport: Bool, autolearning: AutolearningStatus
    ) -> String {
        let score = verdict.shownScore
        guard !verdict.skipped.contains(.spam) || verdict.standing.isAllowed, score.isFinite,
            SpamLevels.reaches(score, levels.tag)
        else { return "" }
        let isSpam = verdict.categories.contains(.spam) || verdict.categories.contains(.spammy)
        var out = "X-Spam-Flag: \(isSpam ? "YES" : "NO")\r\nX-Spam-Score: \(decimals(score))\r\n"
        let stars = Int(min(max(score, 0), Double(longestLevel)))
        out += "X-Spam-Level: \(String(repeating: "*", count: stars))\r\n"
        out += status(verdict, levels, isSpam: isSpam, autolearning)
        if addsReport, SpamLevels.reaches(score, levels.tag2) { out += report(verdict) }
        return out
    }

    /// `Yes, score=7.1 tagged_above=2 required=6.31 tests=[A=1, B=6.1] autolearn=no`, folded after commas.
    private static func status(
        _ verdict: Verdict, _ levels: SpamLevels, isSpam: Bool, _ autolearning: AutolearningStatus
    ) -> String {
        var words = "X-Spam-Status: \(isSpam ? "Yes" : "No"), score=\(decimals(verdict.shownScore))"
        words += "\r\n\ttagged_above=\(decimals(levels.tag)) required=\(decimals(levels.tag2))"
        if verdict.standing.isDenied { words += " BLACKLISTED" }
        if verdict.standing.isAllowed { words += " WHITELISTED" }
        let tests = verdict.tests.prefix(testsShown).map { "\(name($0))=\(decimals($0.score))" }
        words += "\r\n\ttests=[\(tests.joined(separator: ",\r\n\t"))] autolearn=\(autolearning.rawValue)"
        return words + "\r\n"
    }

    /// Characters of one piece of what was seen, pieces of one test, and characters of a line before the next piece begins another.
    private static let pieceSize = 200
    private static let piecesShown = 4

    /// Points, name, what it means, and what was seen: a line for each test, more where that is long, such as the words for spam and
    /// those for ham that a Bayes test goes by.
    private static func report(_ verdict: Verdict) -> String {
        var out = "X-Spam-Report:\r\n"
        for test in verdict.tests.prefix(testsShown) {
            out += "\t* \(decimals(test.score)) \(name(test))"
            var length = 0
            let seen = test.evidence.split(separator: "; ").prefix(piecesShown).map(String.init)
            for (place, piece) in ([test.meaning] + seen).enumerated() where !piece.isEmpty {
                let text = ascii(Escaping.text(piece, limit: pieceSize))
                let isNext = length > 0 && length + text.utf8.count > pieceSize
                out += isNext ? "\r\n\t*      " : (length == 0 ? " " : place == 1 ? ": " : "; ")
                out += text
                length = isNext ? text.utf8.count : length + text.utf8.count
            }
            out += "\r\n"
        }
        return out
    }

    /// A test's name as one word.
    private static func name(_ test: ScoredTest) -> String {
        let safe = test.name.utf8.prefix(60).map { octet -> UInt8 in
            switch octet {
            case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x2D: octet
            default: 0x5F
            }
        }
        return String(decoding: safe, as: UTF8.self)
    }

    private static func ascii(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isASCII ? $0 : "?" }))
    }

    /// At most three decimals, as many as are needed.
    package static func decimals(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return value > 0 ? "999999" : "-999999" }
        let thousandths = Int((value * 1000).rounded())
        var digits = String(thousandths.magnitude % 1000 + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        let whole = (thousandths < 0 ? "-" : "") + String(thousandths.magnitude / 1000)
        return digits.isEmpty ? whole : "\(whole).\(digits)"
    }
}
