internal import MailModel

// The kinds of values that settings have.

extension ValueType where Value == Bool {
    /// `yes` or `no`, and YAML's other words for them; only here do these words mean anything but text.
    static let flag = ValueType.scalar(
        "yes or no", expected: "yes or no",
        parse: { text throws(ValueError) in
            switch text.lowercased() {
            case "yes", "true", "on": return true
            case "no", "false", "off": return false
            default: throw ValueError("'\(shown(text))' is neither yes nor no")
            }
        },
        write: { $0 ? "yes" : "no" })
}

extension ValueType where Value == Int {
    /// A number without a unit.
    static func count(_ range: ClosedRange<Int>) -> ValueType {
        number("number", "a whole number", units: [:], range, write: { String($0) })
    }

    /// Octets: `4096`, `64 KiB`, `10M`; units are powers of 1024.
    static func size(_ range: ClosedRange<Int>) -> ValueType {
        number("size", "a size such as 64 KiB or 10M", units: sizeUnits, range, write: sizeText)
    }

    /// Seconds: `90`, `90s`, `5m`, `1h`, `1d`.
    static func duration(_ range: ClosedRange<Int>) -> ValueType {
        number("time", "a time such as 90s or 5m", units: timeUnits, range, write: durationText)
    }

    /// A file mode in octal.
    static let mode = ValueType.scalar(
        "mode, octal", expected: "a mode such as 0660",
        parse: { text throws(ValueError) in
            guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
                let mode = Int(text, radix: 8), mode <= 0o777
            else {
                throw ValueError(
                    "'\(shown(text))' is not a mode; write three octal digits, with or without a 0 before: 0660")
            }
            return mode
        },
        write: { value in
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        })

    private static func number(
        _ name: String, _ expected: String, units: [String: Int], _ range: ClosedRange<Int>,
        write: @escaping @Sendable (Int) -> String
    ) -> ValueType {
        let bounds = "\(write(range.lowerBound)) to \(write(range.upperBound))"
        return .scalar(
            "\(name), \(bounds)", expected: expected,
            parse: { text throws(ValueError) in
                guard let value = quantity(text, units: units) else {
                    throw ValueError("'\(shown(text))' is not \(expected)")
                }
                guard range.contains(value) else {
                    throw ValueError("\(shown(text)) is out of range; allowed is \(bounds)")
                }
                return value
            },
            write: write)
    }
}

extension ValueType where Value == Destiny {
    /// A destiny; the words stand once in the reference, with the policies.
    static let destiny = ValueType(name: "destiny", read: choice.read, write: choice.write)
}

extension ValueType where Value == QuarantinePlace {
    /// Where a copy is kept.
    static let quarantinePlace = ValueType.scalar(
        "local, none, an address, mbox:/path, maildir:/path or bsmtp:/path",
        expected: "local, none, mbox:/path, maildir:/path, bsmtp:/path, or an address such as quarantine@example.com",
        parse: { text throws(ValueError) in
            switch text {
            case "local": return .local
            case "none": return .nowhere
            case _ where ["mbox:", "maildir:", "bsmtp:"].contains(where: text.hasPrefix): return try copyFile(text)
            case _ where isAddress(text): return .elsewhere(.mailbox(MailPath(text)))
            default:
                throw ValueError(
                    "'\(shown(text))' is neither local nor none nor mbox:/path nor maildir:/path nor bsmtp:/path nor an "
                        + "address such as quarantine@example.com" + suggestion(for: text, among: ["local", "none"]))
            }
        },
        write: { yamlText($0.description) })
}

/// A file that copies are put into. Log lines and tables part words at blanks and commas, so a path has none.
private func copyFile(_ text: String) throws(ValueError) -> QuarantinePlace {
    let place = CopyPlace(bytes: Array(text.utf8))
    guard !place.isMailbox else { throw ValueError("'\(shown(text))' needs an absolute path") }
    guard text.utf8.count <= 1024, text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x2C }),
        !text.hasSuffix("/"), !text.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
    else {
        throw ValueError(
            "'\(shown(text))': a path has at most 1024 octets, no blanks, commas or control characters, no '.' or '..' "
                + "between slashes and no '/' at its end")
    }
    return .elsewhere(place)
}

extension ValueType where Value == [TextTemplate] {
    /// Lines of a reply.
    static let replyLines = ValueType<TextTemplate>.replyLine.list(of: "lines", allowEmpty: true, atMost: 5)
}

extension ValueType where Value == TextTemplate {
    /// A line of a reply (RFC 5321 section 4.2: printable ASCII), with words in `${...}`.
    static let replyLine = ValueType.scalar(
        "line", expected: "a line of a reply",
        parse: { text throws(ValueError) in
            guard (1...300).contains(text.utf8.count), text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
                throw ValueError("'\(shown(text))' is no line of a reply: 1 to 300 printable ASCII characters")
            }
            do throws(TextTemplate.UnknownWord) {
                return try TextTemplate(text)
            } catch {
                let known = TextTemplate.Fact.ofMessages.map(\.rawValue)
                throw ValueError(
                    "unknown word ${\(shown(error.word))}; known are \(known.joined(separator: ", "))"
                        + suggestion(for: error.word, among: known))
            }
        },
        write: { yamlText($0.source) })
}

/// A part of the name of a virus, for which a pattern would be taken by mistake.
private func partOfName(_ part: some StringProtocol) throws(ValueError) -> String {
    guard !part.contains("\\"), !part.contains(".*"), !part.hasPrefix("^"), !part.hasSuffix("$") else {
        throw ValueError("'\(shown(String(part)))' is taken as part of a name, not as a pattern")
    }
    return String(part)
}

extension ValueType where Value == String {
    /// A part of the name of a virus.
    static let virusPart = ValueType.scalar(
        "part of a name", expected: "a part of the name of a virus such as Joke.",
        parse: { text throws(ValueError) in
            guard text.contains(where: { !$0.isWhitespace }) else { throw ValueError("a part of a name is missing") }
            return try partOfName(text)
        },
        write: yamlText)
}

extension ValueType where Value == VirusDestiny {
    /// `name => destiny`.
    static let virusDestiny = ValueType.scalar(
        "name => destiny", expected: "a part of a name and a destiny such as Joke. => pass",
        parse: { text throws(ValueError) in
            guard let arrow = text.ranges(of: " => ").last,
                text[..<arrow.lowerBound].contains(where: { !$0.isWhitespace }),
                let destiny = Destiny(rawValue: String(text[arrow.upperBound...]))
            else { throw ValueError("'\(shown(text))' is not a part of a name and a destiny such as Joke. => pass") }
            return VirusDestiny(part: try partOfName(text[..<arrow.lowerBound]), destiny: destiny)
        },
        write: { yamlText($0.description) })
}

extension ValueType where Value == Double {
    /// Points of a score: a decimal number with at most three decimals.
    static let points = ValueType.scalar(
        "points, -1000000 to 1000000", expected: "points such as 6.31",
        parse: { text throws(ValueError) in
            guard let thousandths = thousandths(text) else {
                throw ValueError("'\(shown(text))' is not points such as 6.31, with at most three decimals")
            }
            guard (-1_000_000_000...1_000_000_000).contains(thousandths) else {
                throw ValueError("\(shown(text)) is out of range; allowed is -1000000 to 1000000")
            }
            return Double(thousandths) / 1000
        },
        write: pointsText)
}

extension ValueType where Value == String {
    /// An absolute path.
    static let path = text("path", expected: "an absolute path") { $0.hasPrefix("/") }

    /// An absolute path, or the empty text.
    static func path(orEmpty meaning: String) -> ValueType {
        text("path; or \"\": \(meaning)", expected: "an absolute path or \"\"") { $0.isEmpty || $0.hasPrefix("/") }
    }

    /// A host name, or the empty text.
    static func hostName(orEmpty meaning: String) -> ValueType {
        text("host name; or \"\": \(meaning)", expected: "a host name or \"\"") { $0.isEmpty || isHostName($0) }
    }

    /// The name of a user or group, or its number.
    static let account = text("name", expected: "the name of a user or group") { isAccount($0) }

    /// `user` or `user:group`, or the empty text.
    static func owner(orEmpty meaning: String) -> ValueType {
        text("user or user:group; or \"\": \(meaning)", expected: "user, user:group or \"\"") { text in
            let names = text.split(separator: ":", omittingEmptySubsequences: false)
            return text.isEmpty || (names.count <= 2 && names.allSatisfy { isAccount($0) })
        }
    }

    /// The name of a policy.
    static let policyName = text("name of a policy", expected: policyNameForm) { isPolicyName($0) }
    /// A file in a directory of the settings, named in the same form.
    static let fileName = text(
        "name of a file", expected: "a file's name (1 to 64 letters, digits, '-' and '_')"
    ) { isFileName($0) }

    /// A short text that stands for something.
    static let name = text("text", expected: "1 to 100 octets") { (1...100).contains($0.utf8.count) }

    /// A text in front of a subject, or the empty text.
    static let tag = text("text; or \"\": none", expected: "at most 60 octets") { $0.utf8.count <= 60 }

    /// The value of a header field, or the empty text.
    static func fieldText(orEmpty meaning: String) -> ValueType {
        text("text; or \"\": \(meaning)", expected: "at most 200 octets in one line") { text in
            text.utf8.count <= 200 && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        }
    }

    /// Characters each of which separates a mailbox from its extension, or the empty text.
    static let delimiters = text(
        "1 to 8 of the characters !#$%&'*+-./=?^_~; or \"\": there are no extensions",
        expected: "1 to 8 of the characters !#$%&'*+-./=?^_~, or \"\""
    ) { $0.utf8.count <= 8 && $0.utf8.allSatisfy(Array("!#$%&'*+-./=?^_~".utf8).contains) }

    /// An extension of an address, or the empty text.
    static let addressExtension = text(
        "letters, digits, '-', '_' and '.'; or \"\": none", expected: "letters, digits, '-', '_' and '.'"
    ) { $0.utf8.count <= 30 && $0.utf8.allSatisfy { isNameOctet($0) || $0 == 0x2E } }

    /// An address with a domain.
    static let address = text("address", expected: "an address such as archive@example.com") { isAddress($0) }

    /// An address with a domain, or the empty text.
    static func address(orEmpty meaning: String) -> ValueType {
        text("address; or \"\": \(meaning)", expected: "an address such as virusalert@example.com") {
            $0.isEmpty || isAddress($0)
        }
    }

    /// A password for archives: what one record of the link can hold.
    static let password = text("password", expected: "1 to 128 octets without NUL") {
        (1...128).contains($0.utf8.count) && !$0.utf8.contains(0)
    }

    /// The name of a scanner.
    static let scannerName = text("name", expected: "a name (1 to 64 letters, digits, '-' and '_')") {
        isPolicyName($0)
    }

    /// Any text: an argument of a program, a pattern.
    static let argument = text("text", expected: "a text of at most 4096 octets without NUL") {
        $0.utf8.count <= 4096 && !$0.utf8.contains(0)
    }

    /// One of some words.
    static func word(of words: [String]) -> ValueType {
        text("one of " + words.joined(separator: ", "), expected: oneOf(words), words: words) { words.contains($0) }
    }

    private static func text(
        _ name: String, expected: String, words: [String] = [], accept: @escaping @Sendable (String) -> Bool
    ) -> ValueType {
        .scalar(
            name, expected: expected,
            parse: { text throws(ValueError) in
                guard accept(text) else {
                    throw ValueError("'\(shown(text))' is not \(expected)\(suggestion(for: text, among: words))")
                }
                return text
            },
            write: { yamlText($0) })
    }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of the cases of an enumeration.
    static var choice: ValueType {
        let words = Value.allCases.map { $0.rawValue }
        return .scalar(
            "one of " + words.joined(separator: ", "), expected: oneOf(words),
            parse: { text throws(ValueError) in
                guard let value = Value(rawValue: text) else {
                    throw ValueError("'\(shown(text))' is not \(oneOf(words))\(suggestion(for: text, among: words))")
                }
                return value
            },
            write: { $0.rawValue })
    }
}

extension ValueType where Value == ListenAddress {
    /// Where a listener waits.
    static let listenAddress = ValueType.scalar(
        "address", expected: "an address such as 127.0.0.1:10024",
        parse: { text throws(ValueError) in try ListenAddress(parsing: text) }, write: { yamlText($0.description) })
}

extension ValueType where Value == NextHopAddress {
    /// Where mail goes.
    static let nextHop = ValueType.scalar(
        "next hop", expected: "a next hop such as smtp:[127.0.0.1]:10025",
        parse: { text throws(ValueError) in try NextHopAddress(parsing: text) }, write: { yamlText($0.description) })
}

extension ValueType where Value == CIDR {
    /// A network.
    static let network = ValueType.scalar(
        "network", expected: "a network such as 192.0.2.0/24",
        parse: { text throws(ValueError) in try CIDR(parsing: text) }, write: { yamlText($0.description) })
}

/// What `isPolicyName` accepts.
let policyNameForm = "a policy's name (1 to 64 letters, digits, '-' and '_')"

/// Names of policies are parts of keys in `config explain`, so they have no dots.
func isPolicyName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isNameOctet($0) }
}

/// True for what a setting can name in a directory of texts: 1 to 64 letters, digits, `-` and `_`, so no path.
package func isFileName(_ text: String) -> Bool { isPolicyName(text) }

private func isAddress(_ text: String) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && text.utf8.count <= 320
        && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x3C && $0 != 0x3E && $0 != 0x22 && $0 < 0x7F }
}

private func isAccount(_ text: some StringProtocol) -> Bool {
    (1...32).contains(text.utf8.count) && !text.hasPrefix("-") && text.utf8.allSatisfy { isNameOctet($0) || $0 == 0x2E }
}

func oneOf(_ words: [String]) -> String {
    "one of " + words.joined(separator: ", ")
}
