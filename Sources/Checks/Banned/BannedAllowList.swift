package import MailModel

/// What is let through although a rule bans it: for one sender and one recipient, one file by its digest, until a day, with
/// somebody who answers for it and a reason. One entry a line, in columns with blanks between them:
/// `SENDER RECIPIENT SHA256 UNTIL OWNER REASON...`.
package struct BannedAllowList: Sendable {
    /// One entry.
    package struct Entry: Hashable, Sendable {
        package var sender: AddressPattern
        package var recipient: AddressPattern
        /// 32 octets: the file, or a container around it.
        package var digest: [UInt8]
        /// Unix time at which it ends: the end of its last day, UTC.
        package var end: Int
        package var owner: String
        package var reason: String
        package var place: SourcePlace
    }

    /// Whose mail an entry is for.
    package enum AddressPattern: Hashable, Sendable {
        /// `*`
        case any
        /// `@example.com`, in lower case
        case domain([UInt8])
        /// `user@example.com`, or `<>` for the null sender
        case address(MailPath)

        /// Compared without case of ASCII letters, as everywhere where a policy names an address.
        func matches(_ path: MailPath) -> Bool {
            switch self {
            case .any: return true
            case .domain(let domain):
                guard let at = path.bytes.lastIndex(of: 0x40) else { return false }
                return path.bytes[(at + 1)...].map(lowercase) == domain
            case .address(let address):
                return path.bytes.map(lowercase) == address.bytes.map(lowercase)
            }
        }
    }

    package private(set) var entries: [Entry] = []
    /// What is wrong with the file.
    package private(set) var problems: [BannedProblem] = []
    private static let mostEntries = 100_000

    /// Nothing is let through.
    package init() {}

    /// Reads a file.
    package init(_ source: BannedRules.Source) {
        var number = 0
        for line in source.text.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            guard let first = line.firstIndex(where: { !isSpace($0) }), line[first] != 0x23 else { continue }
            do throws(BannedProblem) {
                entries.append(
                    try Self.entry(line, SourcePlace(file: source.name, line: number, column: 1)))
            } catch {
                if problems.count < BannedRules.Limits.problems { problems.append(error) }
            }
            guard entries.count <= Self.mostEntries else {
                problems.append(
                    BannedProblem(
                        place: SourcePlace(file: source.name, line: number, column: 1),
                        text: "more than \(Self.mostEntries) entries"))
                return
            }
        }
    }

    /// The entry that lets a file through.
    /// - Parameters:
    ///   - digests: of the file and the containers around it.
    ///   - now: Unix time.
    package func entry(sender: MailPath, recipient: MailPath, digests: [[UInt8]], now: Int) -> Entry? {
        entries.first { entry in
            now < entry.end && digests.contains(entry.digest) && entry.sender.matches(sender)
                && entry.recipient.matches(recipient)
        }
    }

    /// Entries that let nothing through any more.
    /// - Parameter now: Unix time.
    package func expired(now: Int) -> [BannedProblem] {
        entries.filter { $0.end <= now }.map { entry in
            BannedProblem(place: entry.place, text: "the last day of this entry is over, it lets nothing through")
        }
    }

    /// Digests of all entries: a message without any of these files need not be looked at.
    package var digests: Set<[UInt8]> { Set(entries.map(\.digest)) }

    // MARK: One line

    private static func entry(_ line: ArraySlice<UInt8>, _ start: SourcePlace) throws(BannedProblem) -> Entry {
        var rest = line
        func place() -> SourcePlace {
            SourcePlace(file: start.file, line: start.line, column: rest.startIndex - line.startIndex + 1)
        }
        func word(_ what: String) throws(BannedProblem) -> ArraySlice<UInt8> {
            rest = rest.drop { isSpace($0) }
            let word = rest.prefix { !isSpace($0) }
            guard !word.isEmpty else { throw BannedProblem(place: place(), text: "\(what) is missing") }
            rest = rest[word.endIndex...]
            return word
        }
        func wrong(_ word: ArraySlice<UInt8>, _ text: String) -> BannedProblem {
            BannedProblem(
                place: SourcePlace(
                    file: start.file, line: start.line, column: word.startIndex - line.startIndex + 1), text: text)
        }
        func address(_ what: String) throws(BannedProblem) -> AddressPattern {
            let text = try word(what)
            if text.elementsEqual([0x2A]) { return .any }
            if text.elementsEqual([0x3C, 0x3E]) { return .address(.null) }
            // Text in brackets would be an address that no envelope has.
            guard let at = text.lastIndex(of: 0x40), at + 1 < text.endIndex, text.first != 0x3C, text.last != 0x3E
            else {
                throw wrong(text, "\(what) is user@domain, @domain, <> or *")
            }
            return at == text.startIndex
                ? .domain(text[(at + 1)...].map(lowercase)) : .address(MailPath(bytes: Array(text)))
        }
        let sender = try address("the sender")
        let recipient = try address("the recipient")
        let digits = try word("the SHA-256 digest")
        guard let digest = HexDigest.bytes(Array(digits)) else {
            throw wrong(digits, "a SHA-256 digest has 64 hexadecimal digits")
        }
        let day = try word("the last day")
        guard let end = endOfDay(Array(day)) else { throw wrong(day, "the last day is a date such as 2027-03-31") }
        let owner = Array(try word("who answers for it")).text
        rest = rest.drop { isSpace($0) }
        let reason = Array(rest).trimmedAtEnd.text
        guard !reason.isEmpty else { throw BannedProblem(place: place(), text: "the reason is missing") }
        return Entry(
            sender: sender, recipient: recipient, digest: digest, end: end, owner: owner, reason: reason, place: start)
    }

    /// Unix time of the end of a day written as ISO 8601 has it; nil when there is no such day.
    private static func endOfDay(_ text: [UInt8]) -> Int? {
        let parts = text.split(separator: 0x2D, omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], parts.allSatisfy({ $0.allSatisfy(isDigit) }) else { return nil }
        let numbers = parts.map { $0.reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard year >= 1970, (1...12).contains(month), (1...lengths[month - 1]).contains(day) else { return nil }
        let before = year - 1
        let days =
            365 * (year - 1970) + (before / 4 - before / 100 + before / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400)
            + lengths[..<(month - 1)].reduce(0, +) + day
        return days * 86_400
    }
}

/// A letter of ASCII in lower case.
private func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }
