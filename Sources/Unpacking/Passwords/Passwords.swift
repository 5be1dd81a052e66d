/// Passwords to try on encrypted members, the most likely first.
package struct Passwords: Sendable {
    /// Where a password comes from.
    package enum Source: Hashable, Sendable {
        case text
        case subject
        case address
        case fileName
        case site
        case wellKnown

        /// For reports: `opened with a password found in the text`.
        package var words: String {
            switch self {
            case .text: "a password found in the text"
            case .subject: "a password found in the subject"
            case .address: "a password made from an address"
            case .fileName: "the name of a file"
            case .site: "a password of the site's list"
            case .wellKnown: "a well-known password"
            }
        }
    }

    /// One password.
    package struct Candidate: Hashable, Sendable {
        package var password: [UInt8]
        package var source: Source
    }

    /// Octets of the longest password that is tried.
    package static let longest = 128

    package private(set) var candidates: [Candidate] = []
    /// Passwords that are tried on one member.
    let limit: Int
    private var seen: Set<[UInt8]> = []

    /// - Parameter limit: passwords that are tried on one member.
    package init(limit: Int = 100) {
        self.limit = limit
    }

    /// Adds a candidate; one that is known, empty, too long, has a NUL, or is beyond the limit is left out.
    package mutating func add(_ password: [UInt8], _ source: Source) {
        guard candidates.count < limit, !password.isEmpty, password.count <= Self.longest, !password.contains(0),
            seen.insert(password).inserted
        else { return }
        candidates.append(Candidate(password: password, source: source))
    }
}
