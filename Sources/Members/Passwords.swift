/// Finds the passwords of a message. Asked when the first encrypted member is met, and not before: it reads all texts that may tell one.
package typealias PasswordSupply = () -> Passwords

/// Passwords to try on encrypted members, the most likely first.
package struct Passwords: Sendable {
    /// Where a password comes from.
    package enum Source: Hashable, Sendable, CaseIterable {
        case text
        case subject
        case address
        case fileName
        case archiveText
        case site
        case wellKnown

        /// For reports: `opened with a password found in the text`.
        package var words: String {
            switch self {
            case .text: "a password found in the text"
            case .subject: "a password found in the subject"
            case .address: "a password made from an address"
            case .fileName: "the name of a file"
            case .archiveText: "a password found in a text beside it"
            case .site: "a password of the site's list"
            case .wellKnown: "a well-known password"
            }
        }
    }

    /// One password, in UTF-8 but where a code page of another made octets of it.
    package struct Candidate: Hashable, Sendable {
        package var password: [UInt8]
        package var source: Source

        package init(password: [UInt8], source: Source) {
            self.password = password
            self.source = source
        }
    }

    /// Octets of the longest password that is tried.
    package static let longest = 128

    package private(set) var candidates: [Candidate] = []
    /// Passwords that are tried on one member.
    package let limit: Int
    private var seen: Set<[UInt8]> = []

    /// - Parameter limit: passwords that are tried on one member.
    package init(limit: Int = 100) {
        self.limit = limit
    }

    /// The candidates of `others` first, then these.
    package func preceded(by others: [Candidate]) -> Passwords {
        var all = Passwords(limit: limit + others.count)
        for candidate in others + candidates { all.add(candidate.password, candidate.source) }
        return all
    }

    /// Adds a candidate; one that is known, empty, too long, has a NUL, or is beyond the limit is left out.
    package mutating func add(_ password: [UInt8], _ source: Source) {
        guard candidates.count < limit, !password.isEmpty, password.count <= Self.longest, !password.contains(0),
            seen.insert(password).inserted
        else { return }
        candidates.append(Candidate(password: password, source: source))
    }
}

extension MemberSink {
    /// Notes that a guessed password opened the container or a member: where it comes from, never the password itself.
    package func report(openedWith source: Passwords.Source) {
        report(.note, "opened with \(source.words)")
    }
}
