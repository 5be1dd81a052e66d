internal import Bytes
internal import Digests
internal import MIME

/// The streams `EncryptionInfo` and `EncryptedPackage` of an encrypted Office document ([MS-OFFCRYPTO] 2.3.4): standard
/// and agile encryption with AES.
enum EncryptedPackage {
    /// Decrypts with the first password that fits; nil when none does or the scheme is not one of the two.
    static func open(
        information: Span<UInt8>, package: Span<UInt8>, _ options: DocumentOptions
    ) -> (content: [UInt8], password: [UInt8])? {
        guard let major = information.little16(0), let minor = information.little16(2), let size = package.little64(0)
        else { return nil }
        let body = package.extracting(package.range(8, package.count))
        var passwords = Passwords(wellKnown: [Passwords.officeDefault], options)
        var content: [UInt8] = []
        var used: [UInt8] = []
        if major == 4, minor == 4, let agile = AgileEncryption(information) {
            guard let hit = passwords.first(rounds: agile.rounds, { agile.key($0) }) else { return nil }
            content = agile.decrypt(body, key: hit.key)
            used = hit.password
        } else if minor == 2, let standard = StandardEncryption(information) {
            guard let hit = passwords.first(rounds: StandardEncryption.rounds, { standard.key($0) }) else { return nil }
            content = AES.decrypt(body, key: hit.key, .ecb) ?? []
            used = hit.password
        } else {
            return nil
        }
        if content.count > size { content.removeLast(content.count - size) }
        return (content, used)
    }
}

/// Section 2.3.4.5 to 2.3.4.9.
private struct StandardEncryption {
    static let rounds = 50_000
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

    func key(_ password: [UInt8]) -> [UInt8]? {
        let hash = MessageDigest.sha1
        let spun = hash.iterated(hash.digest(salt + Passwords.utf16(password)), rounds: Self.rounds)
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

/// Section 2.3.4.10 to 2.3.4.15.
private struct AgileEncryption {
    /// Rounds beyond this are a way to make us work: Office writes 100,000.
    private static let mostRounds = 1_000_000
    /// Octets that are encrypted with one vector.
    private static let segment = 4_096

    let rounds: Int
    private let dataSalt: [UInt8]
    private let dataHash: MessageDigest
    private let salt: [UInt8]
    private let hash: MessageDigest
    private let keySize: Int
    private let verifier: [UInt8]
    private let verifierHash: [UInt8]
    private let encryptedKey: [UInt8]

    init?(_ information: Span<UInt8>) {
        guard let data = XMLTag.attributes("keyData", in: information),
            let encryptor = XMLTag.attributes("encryptedKey", in: information),
            let dataHash = Self.digest(data["hashAlgorithm"]), let hash = Self.digest(encryptor["hashAlgorithm"]),
            data["cipherAlgorithm"] == "AES", data["cipherChaining"] == "ChainingModeCBC",
            let rounds = Int(encryptor["spinCount"] ?? ""), (0...Self.mostRounds).contains(rounds),
            let bits = Int(encryptor["keyBits"] ?? ""), [128, 192, 256].contains(bits)
        else { return nil }
        func base64(_ text: String?) -> [UInt8] {
            EncodedText.decodeBase64(Array((text ?? "").utf8).span, limit: 4_096)
        }
        self.rounds = rounds
        self.dataHash = dataHash
        self.hash = hash
        keySize = bits / 8
        dataSalt = base64(data["saltValue"])
        salt = base64(encryptor["saltValue"])
        verifier = base64(encryptor["encryptedVerifierHashInput"])
        verifierHash = base64(encryptor["encryptedVerifierHashValue"])
        encryptedKey = base64(encryptor["encryptedKeyValue"])
    }

    private static func digest(_ name: String?) -> MessageDigest? {
        switch name {
        case "SHA1", "SHA-1": .sha1
        case "SHA256", "SHA-256": .sha256
        case "SHA384", "SHA-384": .sha384
        case "SHA512", "SHA-512": .sha512
        default: nil
        }
    }

    func key(_ password: [UInt8]) -> [UInt8]? {
        let spun = hash.iterated(hash.digest(salt + Passwords.utf16(password)), rounds: rounds)
        let vector = Self.fitted(salt, AES.blockSize)
        func decrypted(_ value: [UInt8], _ blockKey: [UInt8]) -> [UInt8]? {
            AES.decrypt(value.span, key: Self.fitted(hash.digest(spun + blockKey), keySize), .cbc(iv: vector))
        }
        guard let plain = decrypted(verifier, [0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79]),
            let expected = decrypted(verifierHash, [0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E]),
            !plain.isEmpty, hash.digest(plain) == Array(expected.prefix(hash.size)),
            let key = decrypted(encryptedKey, [0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6])
        else { return nil }
        return Self.fitted(key, keySize)
    }

    func decrypt(_ bytes: Span<UInt8>, key: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var number: UInt32 = 0
        while out.count < bytes.count {
            let part = bytes.range(out.count, Self.segment)
            let counter = (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
            let vector = Self.fitted(dataHash.digest(dataSalt + counter), AES.blockSize)
            guard let plain = AES.decrypt(bytes.extracting(part), key: key, .cbc(iv: vector)), !plain.isEmpty else {
                break
            }
            out += plain
            number += 1
        }
        return out
    }

    /// Cut, or filled up with 0x36.
    private static func fitted(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        bytes.count >= size ? Array(bytes.prefix(size)) : bytes + [UInt8](repeating: 0x36, count: size - bytes.count)
    }
}
