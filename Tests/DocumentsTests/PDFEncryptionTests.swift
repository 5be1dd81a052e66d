import Digests
import Documents
import Members
import Testing

/// PDFs that open without a password, as programs encrypt them to forbid printing (attack G6), and with candidates.
@Suite struct PDFEncryptionTests {
    private static let padding: [UInt8] = [
        0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
        0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
    ]
    private static let identifier = [UInt8](1...16)
    private static let owner = [UInt8](50..<82)

    private static func password(_ text: String) -> [UInt8] { Array((Array(text.utf8) + padding).prefix(32)) }

    /// ISO 32000-2, algorithms 2 and 5, with a key of 128 bits.
    private static func keys(_ user: String) -> (key: [UInt8], check: [UInt8]) {
        var digest = MessageDigest.md5.digest(password(user) + owner + [0xFC, 0xFF, 0xFF, 0xFF] + identifier)
        for _ in 0..<50 { digest = MessageDigest.md5.digest(digest) }
        var check = MessageDigest.md5.digest(padding + identifier)
        for round in 0..<20 { check = OfficeStreamTests.rc4(digest.map { $0 ^ UInt8(round) }, check) }
        return (digest, check + [UInt8](repeating: 0, count: 16))
    }

    private static func objectKey(_ key: [UInt8], _ number: UInt8, salt: String) -> [UInt8] {
        Array(MessageDigest.md5.digest(key + [number, 0, 0, 0, 0] + Array(salt.utf8)).prefix(16))
    }

    /// An embedded file and its specification, both encrypted.
    private static func document(user: String, isAES: Bool) -> [UInt8] {
        let (key, check) = keys(user)
        func encrypted(_ bytes: [UInt8], _ number: UInt8) -> [UInt8] {
            guard isAES else { return OfficeStreamTests.rc4(objectKey(key, number, salt: ""), bytes) }
            let count = 16 - bytes.count % 16
            let plain = bytes + [UInt8](repeating: UInt8(count), count: count)
            let vector = [UInt8](200..<216)
            return vector + (AES.encrypt(plain.span, key: objectKey(key, number, salt: "sAlT"), .cbc(iv: vector)) ?? [])
        }
        func hexadecimal(_ bytes: [UInt8]) -> String { "<" + RichTextTests.hexadecimal(bytes) + ">" }
        let name = encrypted(Array("a.exe".utf8), 1)
        let data = encrypted(PDFTests.deflated(eicar), 2)
        var text = "%PDF-1.6\n1 0 obj <</F \(hexadecimal(name)) /EF <</F 2 0 R>> >> endobj\n"
        text += "3 0 obj <</Filter /Standard /P -4 /O \(hexadecimal(owner)) /U \(hexadecimal(check)) "
        text += isAES ? "/V 4 /R 4 /CF <</StdCF <</CFM /AESV2>> >> /StmF /StdCF /StrF /StdCF" : "/V 2 /R 3 /Length 128"
        text += ">> endobj\ntrailer <</Encrypt 3 0 R /ID [\(hexadecimal(identifier)) <00>]>>\n"
        text += "2 0 obj <</Type /EmbeddedFile /Filter /FlateDecode /Length \(data.count)>>\nstream\n"
        return Array(text.utf8) + data + Array("\nendstream endobj\n".utf8)
    }

    @Test(arguments: [false, true])
    func opensWithoutAPassword(isAES: Bool) {
        let found = read(Self.document(user: "", isAES: isAES))
        #expect(found.members(with: eicar).map(\.names) == [[Array("a.exe".utf8)]])
        #expect(found.problems.isEmpty)
        #expect(found.texts(.password).isEmpty)
    }

    @Test(arguments: [false, true])
    func opensWithACandidate(isAES: Bool) {
        let document = Self.document(user: "geheim", isAES: isAES)
        let closed = read(document)
        #expect(closed.has(.encrypted))
        #expect(!closed.has(eicar))
        let found = read(document, DocumentOptions(passwords: ["x", "geheim"].map { Array($0.utf8) }))
        #expect(found.has(eicar))
        #expect(found.texts(.password) == ["geheim"])
        #expect(!found.has(.encrypted))
    }
}
