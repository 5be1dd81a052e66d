internal import Bytes
internal import Members

/// Passwords that open documents, and the work that may go into trying them.
struct PasswordTries {
    /// Excel opens workbooks with this password without asking, so that malware is encrypted with it.
    static let officeDefault = Array("VelvetSweatshop".utf8)

    /// Tried first.
    private let wellKnown: [[UInt8]]
    private let others: PasswordSupply
    private let keys: PasswordKeys
    /// Hash rounds left.
    private var roundsLeft: Int
    /// Passwords were left that could not be tried: the rounds of the document or of the message are spent.
    private(set) var isSpent = false

    init(wellKnown: [[UInt8]], _ options: DocumentOptions) {
        self.wellKnown = wellKnown
        others = options.passwords
        keys = options.keys
        roundsLeft = options.limits.passwordRounds
    }

    /// The first candidate that `key` turns into a key. Nil when none does, or the rounds are spent.
    /// - Parameter rounds: what one try costs.
    mutating func first<Key>(rounds: Int, _ key: ([UInt8]) -> Key?) -> (key: Key, password: Passwords.Candidate)? {
        first(rounds: rounds, made: { keys, password in keys.spend(rounds: rounds) ? password : nil }, key)
    }

    /// The same where a key is made of each password, and kept for documents with the same parameters.
    /// - Parameters:
    ///   - parameters: what the key depends on beside the password.
    ///   - make: the key of a password.
    ///   - key: what the document is decrypted with by the key; nil when it is not the right one.
    mutating func first<Key>(
        rounds: Int, _ use: PasswordKeys.Use, _ parameters: [UInt8], make: ([UInt8]) -> [UInt8],
        _ key: ([UInt8]) -> Key?
    ) -> (key: Key, password: Passwords.Candidate)? {
        first(
            rounds: rounds,
            made: { keys, password in keys.key(use, parameters, password, rounds: rounds) { make(password) } }, key)
    }

    private mutating func first<Key>(
        rounds: Int, made: (PasswordKeys, [UInt8]) -> [UInt8]?, _ key: ([UInt8]) -> Key?
    ) -> (key: Key, password: Passwords.Candidate)? {
        for password in wellKnown {
            guard let made = take(rounds, password, made) else { return nil }
            if let key = key(made) { return (key, Passwords.Candidate(password: password, source: .wellKnown)) }
        }
        guard rounds <= roundsLeft else {
            isSpent = true
            return nil
        }
        // That of the document before, most often.
        let last = keys.last.map { [$0] } ?? []
        for candidate in last + others().candidates.filter({ $0.password != last.first?.password })
        where !wellKnown.contains(candidate.password) {
            guard let made = take(rounds, candidate.password, made) else { return nil }
            guard let key = key(made) else { continue }
            keys.addDocument(candidate)
            return (key, candidate)
        }
        return nil
    }

    /// What `made` gives; nil when the rounds are spent.
    private mutating func take(
        _ rounds: Int, _ password: [UInt8], _ made: (PasswordKeys, [UInt8]) -> [UInt8]?
    ) -> [UInt8]? {
        guard rounds <= roundsLeft, let made = made(keys, password) else {
            isSpent = true
            return nil
        }
        roundsLeft -= rounds
        return made
    }

    /// A password in the form that Office hashes.
    static func utf16(_ password: [UInt8]) -> [UInt8] {
        String(decoding: password, as: UTF8.self).utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
}
