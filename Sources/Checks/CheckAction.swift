package import MailModel

/// What a rule wants, read from its text (`header_checks(5)`, "ACTIONS").
package enum CheckAction: Hashable, Sendable {
    /// Refused; the status begins with 4 or 5.
    case reject(EnhancedStatus, [UInt8])
    case warn([UInt8])
    case info([UInt8])
    case pass([UInt8])
    case discard([UInt8])
    case hold([UInt8])
    case strip([UInt8])
    case filter([UInt8])
    case redirect([UInt8])
    case bcc([UInt8])
    case prepend([UInt8])
    case replace([UInt8])
    case ignore
    /// `DUNNO` and `OK`.
    case dunno
    /// `SCORE n NAME text`, which Postfix does not have: thousandths of a point, the test's name, text.
    case score(Int, name: String, [UInt8])
    /// There is no text. Postfix takes an empty answer for a fault of the table and puts the message off.
    case fail
    /// The text is no action; the line passes and the log says why.
    case none(warning: String)

    /// Reads the text of a rule, its groups filled in.
    /// - Parameters:
    ///   - list: where the rule stands, for `header` or `body` and the words of warnings.
    package init(_ value: [UInt8], in list: CheckList) {
        if value.isEmpty {
            self = .fail
            return
        }
        let command = value.prefix { !isBlank($0) }
        let rest = value[command.endIndex...].drop { isSpace($0) }
        let text = Array(rest)
        let map = "\(list.rawValue) map"
        func none(_ warning: String) -> CheckAction { .none(warning: warning) }
        switch Self.verb(command) {
        case "REJECT": self = Self.reject(text, map, value)
        case "WARN": self = .warn(text)
        case "INFO": self = .info(text)
        case "PASS": self = .pass(text)
        case "DISCARD": self = .discard(text)
        case "HOLD": self = .hold(text)
        case "STRIP": self = .strip(text)
        case "IGNORE": self = .ignore
        case "DUNNO", "OK": self = .dunno
        case "FILTER" where text.isEmpty: self = none("missing FILTER command argument in \(map)")
        case "FILTER" where !text.contains(0x3A):
            self = none("bad FILTER command \(text.text) in \(map) -- need transport:destination")
        case "FILTER": self = .filter(text)
        case "REDIRECT" where !text.contains(0x40):
            self = none("bad REDIRECT target \"\(text.text)\" in \(map) -- need user@domain")
        case "REDIRECT": self = .redirect(text)
        case "BCC" where !text.contains(0x40):
            self = none("bad BCC address \"\(text.text)\" in \(map) -- need user@domain")
        case "BCC": self = .bcc(text)
        case "PREPEND", "REPLACE": self = Self.edit(Self.verb(command), text, list, map)
        case "SCORE": self = Self.score(text, map)
        default: self = none("unknown command in \(map): \(value.text)")
        }
    }

    /// The word in upper case; empty when it is longer than any.
    private static func verb(_ word: ArraySlice<UInt8>) -> String {
        guard word.count <= 8 else { return "" }
        return String(decoding: word.map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 0x20 : $0 }, as: UTF8.self)
    }

    private static func reject(_ text: [UInt8], _ map: String, _ value: [UInt8]) -> CheckAction {
        if text.isEmpty { return .reject(EnhancedStatus(5, 7, 1), Array("message content rejected".utf8)) }
        guard let (status, length) = enhancedStatus(text) else { return .reject(EnhancedStatus(5, 7, 1), text) }
        let words = Array(text[length...].drop { isSpace($0) })
        // Postfix warns of a status that is no refusal, and makes it a temporary one.
        let first = status.status == 5 ? 5 : 4
        return .reject(EnhancedStatus(first, status.subject, status.detail), words)
    }

    /// A status (RFC 3463) at the start of a text, a blank or the end behind it.
    private static func enhancedStatus(_ text: [UInt8]) -> (EnhancedStatus, Int)? {
        guard let first = text.first, first == 0x32 || first == 0x34 || first == 0x35 else { return nil }
        var numbers: [Int] = []
        var index = 1
        for _ in 0..<2 {
            guard index < text.count, text[index] == 0x2E else { return nil }
            let digits = text[(index + 1)...].prefix { isDigit($0) }
            guard (1...3).contains(digits.count) else { return nil }
            numbers.append(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
            index = digits.endIndex
        }
        guard index == text.count || isSpace(text[index]) else { return nil }
        return (EnhancedStatus(Int(first - 0x30), numbers[0], numbers[1]), index)
    }

    /// What is odd about a text that is an action; nil for most.
    package static func warning(_ value: [UInt8], in list: CheckList) -> String? {
        let command = value.prefix { !isBlank($0) }
        guard verb(command) == "REJECT",
            let (status, _) = enhancedStatus(Array(value[command.endIndex...].drop { isSpace($0) })),
            status.status == 2
        else { return nil }
        return "REJECT \(status) in \(list.rawValue) map: the status of a refusal begins with 4 or 5; "
            + "4.\(status.subject).\(status.detail) is said"
    }

    /// What is to be said of a rule without text.
    package static let failWords =
        "no text behind the pattern: a message for which this fires is put off (451 4.3.0), by Postfix too; DUNNO lets it pass"

    /// Why a rule cannot change what is looked up decoded.
    package static let noEdit =
        "what is looked up here does not stand in the message as it is, so it cannot be changed: use REJECT, DISCARD, "
        + "HOLD, WARN or SCORE, or a rule in body_checks"

    private static func edit(_ verb: String, _ text: [UInt8], _ list: CheckList, _ map: String) -> CheckAction {
        if text.isEmpty { return .none(warning: "\(verb) action without text in \(map)") }
        if list.isHeader, HeaderField.nameLength(text.span) == 0 {
            return .none(
                warning: "bad \(verb) header text \"\(text.text)\" in \(map) -- need \"headername: headervalue\"")
        }
        return verb == "PREPEND" ? .prepend(text) : .replace(text)
    }

    private static func score(_ text: [UInt8], _ map: String) -> CheckAction {
        let words = text.split(maxSplits: 2, whereSeparator: { isBlank($0) })
        guard words.count >= 2, let points = thousandths(words[0]),
            words[1].count <= 100, words[1].allSatisfy({ isAlphanumeric($0) || $0 == 0x5F })
        else {
            return .none(
                warning: "bad SCORE action \"\(text.text)\" in \(map) -- need a number, a name, and perhaps text")
        }
        return .score(
            points, name: Array(words[1]).text, words.count > 2 ? Array(words[2].drop { isBlank($0) }) : [])
    }

    /// A number of points, at most three digits before and behind the dot, in thousandths.
    static func thousandths(_ word: ArraySlice<UInt8>) -> Int? {
        var digits = word
        let isNegative = digits.first == 0x2D
        if isNegative || digits.first == 0x2B { digits = digits.dropFirst() }
        let parts = digits.split(separator: 0x2E, maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole.count <= 3, whole.allSatisfy(isDigit) else { return nil }
        let fraction = parts.count > 1 ? parts[1] : []
        guard fraction.count <= 3, fraction.allSatisfy(isDigit), whole.count + fraction.count > 0 else { return nil }
        var value = 0
        for digit in whole { value = value * 10 + Int(digit - 0x30) }
        for index in 0..<3 {
            let position = fraction.startIndex + index
            value = value * 10 + (index < fraction.count ? Int(fraction[position] - 0x30) : 0)
        }
        return isNegative ? -value : value
    }

    /// No later text of the message is looked up.
    package var endsInspection: Bool {
        switch self {
        // The manual lets REDIRECT go on with the next line; the code of Postfix 2.11 to 3.12 does not.
        case .reject, .discard, .pass, .redirect, .fail: true
        default: false
        }
    }

    /// Nothing becomes of it but a line in the log.
    package var isOnlyLogged: Bool {
        switch self {
        case .warn, .info, .none: true
        default: false
        }
    }

    /// The word that cleanup(8) logs, and the text behind it; nil for what it does not log.
    package var logged: (verb: String, text: [UInt8])? {
        switch self {
        case .reject(let status, let text): ("reject", Array("\(status) ".utf8) + text)
        case .warn(let text): ("warning", text)
        case .info(let text): ("info", text)
        case .pass(let text): ("pass", text)
        case .discard(let text): ("discard", text)
        case .hold(let text): ("hold", text)
        case .strip(let text): ("strip", text)
        case .filter(let text): ("filter", text)
        case .redirect(let text): ("redirect", text)
        case .bcc(let text): ("bcc", text)
        case .prepend(let text): ("prepend", text)
        case .replace(let text): ("replace", text)
        case .score(let points, let name, let text):
            ("score", Array("\(Self.points(points)) \(name)".utf8) + (text.isEmpty ? [] : [0x20] + text))
        case .ignore, .dunno, .fail, .none: nil
        }
    }

    /// Thousandths as points: `1.5`, `-0.001`.
    package static func points(_ thousandths: Int) -> String {
        let size = thousandths.magnitude
        var fraction = String(size % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction = fraction.dropLast() }
        return (thousandths < 0 ? "-" : "") + String(size / 1000) + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
