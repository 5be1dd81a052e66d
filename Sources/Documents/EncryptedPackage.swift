internal import Bytes
internal import Digests
internal import Members

/// The streams `EncryptionInfo` and `EncryptedPackage` of an encrypted Office document ([MS-OFFCRYPTO] 2.3.4): standard
/// and agile encryption with AES.
enum EncryptedPackage {
    /// What a password opened.
    struct Opened {
        var content: [UInt8]
        var source: Passwords.Source
        /// It is a package by its content, and unchanged where the document says by which code. Programs take the first key
        /// that they find in the document, and not all the same one.
        var isProved: Bool
    }

    /// Decrypts with the first password that fits; nil when none does or the scheme is not one of the two.
    /// - Parameter mostRounds: of agile encryption for one password.
    static func open(
        information: Span<UInt8>, package: Span<UInt8>, mostRounds: Int, _ passwords: inout PasswordTries
    ) -> Opened? {
        guard let major = information.little16(0), let minor = information.little16(2), let size = package.little64(0)
        else { return nil }
        let body = package.extracting(package.range(8, package.count))
        var opened: Opened
        if major == 4, minor == 4, let agile = AgileEncryption(information, mostRounds: mostRounds) {
            guard let hit = agile.key(&passwords) else { return nil }
            opened = Opened(
                content: agile.decrypt(body, key: hit.key), source: hit.password.source,
                isProved: agile.isUnchanged(package, key: hit.key))
        } else if minor == 2, let standard = StandardEncryption(information) {
            guard let hit = standard.key(&passwords) else { return nil }
            opened = Opened(
                content: AES.decrypt(body, key: hit.key, .ecb) ?? [], source: hit.password.source, isProved: true)
        } else {
            return nil
        }
        if opened.content.count > size { opened.content.removeLast(opened.content.count - size) }
        // A package is a zip archive (ECMA-376 part 2).
        if !opened.content.starts(with: [0x50, 0x4B, 3, 4]) { opened.isProved = false }
        return opened
    }
}

/// Section 2.3.4.5 to 2.3.4.9.
private struct StandardEncryption {
    private static let rounds = 50_000
    private let keySize: Int
    private let salt: [UInt8]
    private let verifier: [UInt8]
    private let verifierHash: [UInt8]

    init?(_ information: Span<UInt8>) {
        guard let headerSize = information.little32(8), headerSize < information.count,
            let bits = information.little32(12 + 16), [128, 192, 256].contains(bits)
        else { return nil }
        keySize = bits / 8
        let at = 12 + headerSize
        guard information.little32(at) == 16, at + 72 <= information.count else { return nil }
        salt = information.extracting(information.range(at + 4, 16)).array
        verifier = information.extracting(information.range(at + 20, 16)).array
        verifierHash = information.extracting(information.range(at + 40, 32)).array
    }

    func key(_ passwords: inout PasswordTries) -> (key: [UInt8], password: Passwords.Candidate)? {
        let hash = MessageDigest.sha1
        return passwords.first(
            rounds: Self.rounds, .standardOffice, salt,
            make: { hash.iterated(hash.digest(salt + PasswordTries.utf16($0)), rounds: Self.rounds) }, { key(spun: $0) }
        )
    }

    private func key(spun: [UInt8]) -> [UInt8]? {
        let hash = MessageDigest.sha1
        let last = hash.digest(spun + [0, 0, 0, 0])
        guard last.count == hash.size else { return nil }
        func derived(_ fill: UInt8) -> [UInt8] {
            var block = [UInt8](repeating: fill, count: 64)
            for (index, byte) in last.enumerated() { block[index] ^= byte }
            return hash.digest(block)
        }
        let key = Array((derived(0x36) + derived(0x5C)).prefix(keySize))
        guard let plain = AES.decrypt(verifier.span, key: key, .ecb),
            let expected = AES.decrypt(verifierHash.span, key: key, .ecb),
            hash.digest(plain) == Array(expected.prefix(hash.size))
        else { return nil }
        return key
    }
}
