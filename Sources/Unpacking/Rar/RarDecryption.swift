internal import Bytes
internal import Members

/// Gives back a RAR archive without its encryption, as a member of it, which is read as any other.
/// Members that no password opens stay in it as they are.
enum RarDecryption {
    private static let what = "decrypted archive"

    /// Returns false, with nothing handed out, when nothing is encrypted or no password opened anything.
    /// - Parameter keys: of all archives of the message.
    static func read(
        _ content: Span<UInt8>, _ format: FileType.ArchiveFormat, passwords: @escaping PasswordSupply,
        keys: PasswordKeys,
        into sink: any MemberSink
    ) -> Bool {
        // All of it is in memory.
        guard content.count <= sink.limits.buffer else { return false }
        let plain: RarPlainArchive?
        if format == .rar5 {
            var reader = Rar5Decryption(RarPasswords(passwords, keys, sink))
            plain = reader.read(content)
        } else {
            var reader = Rar4Decryption(RarPasswords(passwords, keys, sink))
            plain = reader.read(content)
        }
        guard let plain, let source = plain.source else { return false }
        sink.report(openedWith: source)
        if plain.isDamaged { sink.report(.corrupt, "damaged \(format.words)") }
        // RAR 5 has a value that programs want a password to fit; RAR 4 has the checksum of the content alone.
        let flags: MemberFlags = format == .rar5 ? .decrypted : [.decrypted, .guessedMembers]
        guard sink.add(Member(flags: flags, role: what), content: plain.bytes), let end = plain.end else {
            return true
        }
        if sink.mayGoOn() { ArchiveEnd.addRest(of: content, from: end, format.words, into: sink) }
        return true
    }
}

/// An archive as it is without encryption.
struct RarPlainArchive {
    var bytes: [UInt8]
    /// Where the encrypted archive ends; nil when its end was not met.
    var end: Int?
    /// Where the password came from that opened something; nil when nothing was opened.
    var source: Passwords.Source?
    /// Something was opened, and something behind it makes no sense, or is not what its checksum says.
    var isDamaged = false

    /// Octets of a header up to where the encryption has whole blocks.
    static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
}

/// The passwords of a message, tried on one archive.
struct RarPasswords {
    let sink: any MemberSink
    private let passwords: PasswordSupply
    private let keys: PasswordKeys
    /// The one that was right last: archives have one most often.
    private(set) var right: Passwords.Candidate?
    /// All were tried in vain: other members have the same password most often, and trying takes long.
    private var isTried = false

    init(_ passwords: @escaping PasswordSupply, _ keys: PasswordKeys, _ sink: any MemberSink) {
        self.passwords = passwords
        self.keys = keys
        self.sink = sink
    }

    /// The key of a password; nil when too many were made.
    func derived(
        _ use: PasswordKeys.Use, _ name: [UInt8], _ password: [UInt8], rounds: Int, make: ([UInt8]) -> [UInt8]
    ) -> [UInt8]? {
        if let key = keys.key(use, name, password, rounds: rounds, make: { make(password) }) { return key }
        sink.report(.note, ContainerLimit.passwordKeys.rawValue)
        return nil
    }

    /// The key of the first password that is right; nil when none is.
    /// - Parameters:
    ///   - use: what the keys are for.
    ///   - name: of the parameters that the key depends on.
    ///   - rounds: what a key costs.
    ///   - make: the key of a password.
    ///   - isRight: tells by the key and the password.
    mutating func key(
        _ use: PasswordKeys.Use, _ name: [UInt8], rounds: Int = PasswordKeys.rounds, make: ([UInt8]) -> [UInt8],
        isRight: ([UInt8], [UInt8]) -> Bool
    ) -> (key: [UInt8], password: Passwords.Candidate)? {
        let known = right.map { [$0] } ?? []
        for candidate in known + (isTried ? [] : passwords().candidates.filter { $0 != right }) {
            guard sink.mayGoOn() else { return nil }
            guard let key = derived(use, name, candidate.password, rounds: rounds, make: make) else { return nil }
            guard isRight(key, candidate.password) else { continue }
            right = candidate
            return (key, candidate)
        }
        isTried = true
        return nil
    }
}
