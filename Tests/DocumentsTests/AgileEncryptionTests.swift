import Digests
import Documents
import Foundation
import Members
import Testing

/// Office documents in agile encryption ([MS-OFFCRYPTO] 2.3.4.10 to 2.3.4.15), written down here the other way round: what a
/// guessed password opens is believed only where it is the package that every program would open.
@Suite struct AgileEncryptionTests {
    private static let package = [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0x41, count: 5000)
    private static let well = "VelvetSweatshop"

    /// What a document is made of.
    private struct Document {
        var key = [UInt8](60..<92)
        var content = AgileEncryptionTests.package
        var rounds = 1000
        /// In front of the key encryptors.
        var front = ""
        var hasIntegrity = true
        var isIntact = true

        private static let hash = MessageDigest.sha512
        private static let salt = [UInt8](0..<16)
        private static let dataSalt = [UInt8](20..<36)

        private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

        private func encrypted(_ bytes: [UInt8], _ key: [UInt8], _ vector: [UInt8]) -> [UInt8] {
            AES.encrypt(bytes.span, key: key, .cbc(iv: Array(vector.prefix(16)))) ?? []
        }

        /// The tag of a password that gives the key.
        func encryptor(_ password: String) -> String {
            let hash = Self.hash
            let spun = hash.iterated(hash.digest(Self.salt + [UInt8](utf16: password)), rounds: rounds)
            func value(_ bytes: [UInt8], _ block: [UInt8]) -> String {
                base64(encrypted(bytes, Array(hash.digest(spun + block).prefix(32)), Self.salt))
            }
            let verifier = [UInt8](100..<116)
            return "<p:encryptedKey spinCount=\"\(rounds)\" saltSize=\"16\" keyBits=\"256\" hashAlgorithm=\"SHA512\" "
                + "saltValue=\"\(base64(Self.salt))\" encryptedVerifierHashInput=\""
                + value(verifier, [0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79])
                + "\" encryptedVerifierHashValue=\""
                + value(hash.digest(verifier), [0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E])
                + "\" encryptedKeyValue=\"" + value(key, [0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6]) + "\"/>"
        }

        private func stream() -> [UInt8] {
            var out = [UInt8](little: content.count, 8)
            for (number, start) in stride(from: 0, to: content.count, by: 4096).enumerated() {
                let part = Array(content[start..<min(start + 4096, content.count)])
                let padding = [UInt8](repeating: 0, count: (16 - part.count % 16) % 16)
                out += encrypted(part + padding, key, Self.hash.digest(Self.dataSalt + [UInt8](little: number, 4)))
            }
            return out
        }

        private func integrity(_ stream: [UInt8]) -> String {
            guard hasIntegrity else { return "" }
            let secret = [UInt8](repeating: 7, count: 64)
            var code = Self.hash.authentication(stream.span, key: secret)
            if !isIntact { code[0] ^= 1 }
            func value(_ bytes: [UInt8], _ block: [UInt8]) -> String {
                base64(encrypted(bytes, key, Self.hash.digest(Self.dataSalt + block)))
            }
            let name = value(secret, [0x5F, 0xB2, 0xAD, 0x01, 0x0C, 0xB9, 0xE1, 0xF6])
            return "<dataIntegrity encryptedHmacKey=\"\(name)\" encryptedHmacValue=\""
                + value(code, [0xA0, 0x67, 0x7F, 0x02, 0xB2, 0x2C, 0x84, 0x33]) + "\"/>"
        }

        func bytes(_ password: String) -> [UInt8] {
            let stream = stream()
            let text =
                "<?xml version=\"1.0\"?><encryption><keyData saltSize=\"16\" hashAlgorithm=\"SHA512\" "
                + "cipherAlgorithm=\"AES\" cipherChaining=\"ChainingModeCBC\" saltValue=\"\(base64(Self.dataSalt))\"/>"
                + integrity(stream) + "\(front)<keyEncryptors><keyEncryptor>\(encryptor(password))"
                + "</keyEncryptor></keyEncryptors></encryption>"
            var writer = CompoundFileWriter()
            writer.add("EncryptionInfo", content: [4, 0, 4, 0, 0x40, 0, 0, 0] + Array(text.utf8))
            writer.add("EncryptedPackage", content: stream)
            return writer.bytes()
        }
    }

    @Test func opensWithAPassword() {
        let found = read(Document().bytes("geheim"), DocumentOptions(passwords: ["x", "geheim"]))
        #expect(found.has(Self.package) && !found.has(.encrypted) && !found.has(.corrupt), "\(found.problems)")
        #expect(found.sources == [.text])
        #expect(read(Document().bytes("geheim")).has(.encrypted))
        var plain = Document()
        plain.hasIntegrity = false
        #expect(!read(plain.bytes(Self.well)).has(.encrypted))
    }

    /// The key of a well-known password where a program that reads XML sees none, or a second one.
    @Test(arguments: ["<!-- ? -->", "<!-- > -- ? -->", "?", "<![CDATA[?]]>"])
    func decoys(_ place: String) {
        var decoy = Document()
        decoy.key = [UInt8](1...32)
        var document = Document()
        document.front = place.replacing("?", with: decoy.encryptor(Self.well))
        let found = read(document.bytes("geheim"))
        #expect(found.has(.encrypted) && found.sources.isEmpty, "\(found.problems)")
    }

    /// A key that opens noise, and a document that is not the one the code was made of.
    @Test func whatIsNoPackageStaysEncrypted() {
        var document = Document()
        document.content = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 >> 3) }
        #expect(read(document.bytes(Self.well)).has(.encrypted))
        document = Document()
        document.isIntact = false
        let found = read(document.bytes(Self.well))
        #expect(found.has(.encrypted) && found.has(Self.package))
    }

    /// Rounds are counted for the whole message; a key that was made is kept, and what opened one document is tried first on the
    /// next.
    @Test func roundsOfTheMessage() {
        let note = ContainerProblem(.note, ContainerLimit.passwordKeys.rawValue)
        var document = Document()
        func found(_ rounds: Int, _ options: DocumentOptions) -> Collector {
            document.rounds = rounds
            return read(document.bytes("geheim"), options)
        }
        var options = DocumentOptions(passwords: ["x", "y"])
        options.keys = PasswordKeys(most: 2)
        // Three candidates, twice: the second time nothing is made.
        for _ in 0..<2 {
            let first = found(50_000, options)
            #expect(first.has(.encrypted) && !first.problems.contains(note), "\(first.problems)")
        }
        let second = found(49_999, options)
        #expect(second.has(.encrypted) && second.problems.contains(note), "\(second.problems)")

        options = DocumentOptions(passwords: ["x", "y", "geheim"])
        options.keys = PasswordKeys(most: 2)
        for rounds in [40_000, 10_000, 9_999] {
            let opened = found(rounds, options)
            #expect(!opened.has(.encrypted) && !opened.problems.contains(note), "\(rounds)")
        }
        let last = found(1_000, options)
        #expect(last.has(.encrypted) && last.problems.contains(note), "\(last.problems)")
    }

    /// As many rounds as are done, and one more.
    @Test func rounds() {
        var document = Document()
        var options = DocumentOptions()
        options.limits.passwordRounds = document.rounds
        #expect(!read(document.bytes(Self.well), options).has(.encrypted))
        document.rounds += 1
        #expect(read(document.bytes(Self.well), options).has(.encrypted))
        options = DocumentOptions()
        options.limits.agileRounds = document.rounds
        #expect(!read(document.bytes(Self.well), options).has(.encrypted))
        options.limits.agileRounds -= 1
        #expect(read(document.bytes(Self.well), options).has(.encrypted))
    }
}
