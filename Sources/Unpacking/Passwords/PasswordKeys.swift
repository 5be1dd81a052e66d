internal import Members

/// Keys that were made of passwords for one message. Each takes some hundredths of a second, and archives of one program need
/// the same ones.
final class PasswordKeys {
    /// Keys that are made for one message. As many passwords may be in vain where keys cost nothing more: for the folders of a 7z
    /// archive.
    let most: Int
    private var made: [[UInt8]: [UInt8]] = [:]
    private var misses = 0
    /// The password that opened an AES entry of a zip archive last: most often that of the next as well.
    private(set) var lastForZip: Passwords.Candidate?

    /// - Parameter most: keys that are made for one message.
    init(most: Int) {
        self.most = most
    }

    /// What a password gives under the parameters that `name` stands for; nil when too many were made.
    func key(_ name: [UInt8], _ password: [UInt8], make: () -> [UInt8]) -> [UInt8]? {
        let name = name + [0] + password
        if let key = made[name] { return key }
        guard made.count < most else { return nil }
        let key = make()
        made[name] = key
        return key
    }

    /// Another password may be tried on an AES entry of a zip archive. Their keys are of a salt for each entry, and kept
    /// nowhere; so many may be in vain.
    var mayTryZip: Bool { misses < most }

    /// A password was tried on an AES entry of a zip archive.
    func addZip(_ candidate: Passwords.Candidate, isRight: Bool) {
        if isRight { lastForZip = candidate } else { misses += 1 }
    }
}
