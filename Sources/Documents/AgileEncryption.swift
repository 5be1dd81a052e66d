internal import Bytes
internal import Digests
internal import MIME
internal import Members

/// Section 2.3.4.10 to 2.3.4.15.
struct AgileEncryption {
    /// Octets that are encrypted with one vector.
    private static let segment = 4_096

    private let rounds: Int
    private let dataSalt: [UInt8]
    private let dataHash: MessageDigest
    private let salt: [UInt8]
    private let hash: MessageDigest
    private let keySize: Int
    private let verifier: [UInt8]
    private let verifierHash: [UInt8]
    private let encryptedKey: [UInt8]
    /// Key and value of the code over the package, both encrypted; nil where the document has none.
    private let integrity: (key: [UInt8], value: [UInt8])?

    /// - Parameter mostRounds: more of them are a way to make us work.
    init?(_ information: Span<UInt8>, mostRounds: Int) {
        guard let tags = EncryptionTags(information), let data = tags.keyData, let encryptor = tags.encryptedKey,
            let dataHash = Self.digest(data["hashAlgorithm"]), let hash = Self.digest(encryptor["hashAlgorithm"]),
            data["cipherAlgorithm"] == "AES", data["cipherChaining"] == "ChainingModeCBC",
            let rounds = Int(encryptor["spinCount"] ?? ""), (0...mostRounds).contains(rounds),
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
        integrity = tags.dataIntegrity.map { (base64($0["encryptedHmacKey"]), base64($0["encryptedHmacValue"])) }
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

    func key(_ passwords: inout PasswordTries) -> (key: [UInt8], password: Passwords.Candidate)? {
        passwords.first(
            rounds: rounds, .agileOffice,
            [UInt8(hash.size)] + (0..<4).map { UInt8(truncatingIfNeeded: rounds >> (8 * $0)) } + salt,
            make: { hash.iterated(hash.digest(salt + PasswordTries.utf16($0)), rounds: rounds) }, { key(spun: $0) })
    }

    private func key(spun: [UInt8]) -> [UInt8]? {
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

    /// The code over the whole stream is right, or there is none (section 2.3.4.14).
    func isUnchanged(_ package: Span<UInt8>, key: [UInt8]) -> Bool {
        guard let integrity else { return true }
        func decrypted(_ value: [UInt8], _ blockKey: [UInt8]) -> [UInt8] {
            let vector = Self.fitted(dataHash.digest(dataSalt + blockKey), AES.blockSize)
            return Array((AES.decrypt(value.span, key: key, .cbc(iv: vector)) ?? []).prefix(dataHash.size))
        }
        let code = dataHash.authentication(
            package, key: decrypted(integrity.key, [0x5F, 0xB2, 0xAD, 0x01, 0x0C, 0xB9, 0xE1, 0xF6]))
        return !code.isEmpty && code == decrypted(integrity.value, [0xA0, 0x67, 0x7F, 0x02, 0xB2, 0x2C, 0x84, 0x33])
    }

    /// Cut, or filled up with 0x36.
    private static func fitted(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
        bytes.count >= size ? Array(bytes.prefix(size)) : bytes + [UInt8](repeating: 0x36, count: size - bytes.count)
    }
}

/// The tags of the stream `EncryptionInfo` that say how the package is encrypted. What stands in comments, and any second one
/// of them, is there to be taken for the real one: then nothing is said of the encryption.
private struct EncryptionTags {
    let keyData: [String: String]?
    let dataIntegrity: [String: String]?
    let encryptedKey: [String: String]?

    init?(_ information: Span<UInt8>) {
        guard let text = Self.withoutComments(information.extracting(information.range(8, information.count))) else {
            return nil
        }
        var isSingle = true
        func take(_ attributes: [String: String], _ place: inout [String: String]?) {
            isSingle = isSingle && place == nil
            place = attributes
        }
        var (data, integrity, key): ([String: String]?, [String: String]?, [String: String]?)
        let bytes = text.span
        XMLTag.each(in: bytes) { tag in
            guard !tag.isClosing else { return true }
            if tag.isNamed("keyData", bytes) {
                take(tag.attributes(bytes), &data)
            } else if tag.isNamed("dataIntegrity", bytes) {
                take(tag.attributes(bytes), &integrity)
            } else if tag.isNamed("encryptedKey", bytes) {
                let attributes = tag.attributes(bytes)
                // One for a certificate has no rounds.
                if attributes["spinCount"] != nil { take(attributes, &key) }
            }
            return isSingle
        }
        guard isSingle else { return nil }
        (keyData, dataIntegrity, encryptedKey) = (data, integrity, key)
    }

    /// The text without comments; nil when it has what Office never writes: a document type, or text that is no markup.
    private static func withoutComments(_ bytes: Span<UInt8>) -> [UInt8]? {
        var text: [UInt8] = []
        var at = 0
        while let open = bytes.firstIndex(of: "<!", from: at) {
            guard bytes.hasBytes("<!--", at: open), let close = bytes.firstIndex(of: "-->", from: open + 4) else {
                return nil
            }
            bytes.extracting(at..<open).withUnsafeBufferPointer { text.append(contentsOf: $0) }
            at = close + 3
        }
        bytes.extracting(at..<bytes.count).withUnsafeBufferPointer { text.append(contentsOf: $0) }
        return text
    }
}
