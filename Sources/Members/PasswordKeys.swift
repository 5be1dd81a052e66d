/// Keys that were made of passwords for one message. Each takes some hundredths of a second, and archives of one program need
/// the same ones.
package final class PasswordKeys {
    /// What keys are made for: the same octets mean another key for each.
    package enum Use: Hashable, Sendable {
        case sevenZip
        case rar4
        case rar5
        case agileOffice
        case standardOffice
        case pdf
    }

    private struct Name: Hashable {
        var use: Use
        var parameters: [UInt8]
        var password: [UInt8]
    }

    /// Hash rounds of an Office document that count as one key: Office writes as many, and they take as long as the keys of
    /// archives.
    package static let rounds = 100_000

    /// Keys that are made for one message. As many passwords may be in vain where keys cost nothing more: for the folders of a 7z
    /// archive.
    package let most: Int
    private var made: [Name: [UInt8]] = [:]
    private var roundsLeft: Int
    private var misses = 0
    /// The password that opened an AES entry of a zip archive, or a document, last: most often that of the next as well.
    package private(set) var last: Passwords.Candidate?

    /// - Parameter most: keys that are made for one message.
    package init(most: Int) {
        self.most = most
        roundsLeft = most * Self.rounds
    }

    /// What a password gives under some parameters; nil when too many were made.
    /// - Parameter rounds: what it costs: `PasswordKeys.rounds` for one key.
    package func key(
        _ use: Use, _ parameters: [UInt8], _ password: [UInt8], rounds: Int = PasswordKeys.rounds,
        make: () -> [UInt8]
    ) -> [UInt8]? {
        let name = Name(use: use, parameters: parameters, password: password)
        if let key = made[name] { return key }
        guard spend(rounds: rounds) else { return nil }
        let key = make()
        made[name] = key
        return key
    }

    /// Takes rounds from those of the message, for what is kept nowhere; false when they are spent.
    package func spend(rounds: Int) -> Bool {
        guard rounds <= roundsLeft else { return false }
        roundsLeft -= rounds
        return true
    }

    /// A password opened a document.
    package func addDocument(_ candidate: Passwords.Candidate) { last = candidate }

    /// Another password may be tried on an AES entry of a zip archive. Their keys are of a salt for each entry, and kept
    /// nowhere; so many may be in vain.
    package var mayTryZip: Bool { misses < most }

    /// A password was tried on an AES entry of a zip archive.
    package func addZip(_ candidate: Passwords.Candidate, isRight: Bool) {
        if isRight { last = candidate } else { misses += 1 }
    }
}
