internal import Bytes
internal import Members

/// Passwords that open documents, and the work that may go into trying them.
struct PasswordTries {
    /// Excel opens workbooks with this password without asking, so that malware is encrypted with it.
    static let officeDefault = Array("VelvetSweatshop".utf8)

    /// Tried first.
    private let wellKnown: [[UInt8]]
    private let others: PasswordSupply
    /// Hash rounds left.
    private var roundsLeft: Int

    init(wellKnown: [[UInt8]], _ options: DocumentOptions) {
        self.wellKnown = wellKnown
        others = options.passwords
        roundsLeft = options.limits.passwordRounds
    }

    /// The first candidate that `key` turns into a key. Nil when none does, or the rounds are spent.
    /// - Parameter rounds: what one try costs.
    mutating func first<Key>(rounds: Int, _ key: ([UInt8]) -> Key?) -> (key: Key, password: Passwords.Candidate)? {
        let first = wellKnown.map { Passwords.Candidate(password: $0, source: .wellKnown) }
        if let hit = self.first(first, rounds: rounds, key) { return hit }
        guard rounds <= roundsLeft else { return nil }
        return self.first(others().candidates.filter { !wellKnown.contains($0.password) }, rounds: rounds, key)
    }

    private mutating func first<Key>(
        _ candidates: [Passwords.Candidate], rounds: Int, _ key: ([UInt8]) -> Key?
    ) -> (key: Key, password: Passwords.Candidate)? {
        for candidate in candidates {
            guard rounds <= roundsLeft else { return nil }
            roundsLeft -= rounds
            if let key = key(candidate.password) { return (key, candidate) }
        }
        return nil
    }

    /// A password in the form that Office hashes.
    static func utf16(_ password: [UInt8]) -> [UInt8] {
        String(decoding: password, as: UTF8.self).utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
}
