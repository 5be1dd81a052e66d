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

    /// ISO 32000-2, algorithms 2 and 5, with a key of 128 bits.
    private static func keys(_ user: [UInt8]) -> (key: [UInt8], check: [UInt8]) {
        let password = Array((user + padding).prefix(32))
        var digest = MessageDigest.md5.digest(password + owner + [0xFC, 0xFF, 0xFF, 0xFF] + identifier)
        for _ in 0..<50 { digest = MessageDigest.md5.digest(digest) }
        var check = MessageDigest.md5.digest(padding + identifier)
        for round in 0..<20 { check = OfficeStreamTests.rc4(digest.map { $0 ^ UInt8(round) }, check) }
        return (digest, check + [UInt8](repeating: 0, count: 16))
    }

    private static func objectKey(_ key: [UInt8], _ number: UInt8, salt: String) -> [UInt8] {
        Array(MessageDigest.md5.digest(key + [number, 0, 0, 0, 0] + Array(salt.utf8)).prefix(16))
    }

    /// An embedded file and its specification, both encrypted.
    /// - Parameters:
    ///   - filters: crypt filters of streams, files and strings.
    ///   - own: a filter that the stream of the file names for itself.
    private static func document(
        user: String, isAES: Bool, filters: String = "/StmF /StdCF", own: String = "", octets: [UInt8]? = nil
    ) -> [UInt8] {
        let (key, check) = keys(octets ?? Array(user.utf8))
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
        text += isAES ? "/V 4 /R 4 /CF <</StdCF <</CFM /AESV2>> >> \(filters) /StrF /StdCF" : "/V 2 /R 3 /Length 128"
        text += ">> endobj\ntrailer <</Encrypt 3 0 R /ID [\(hexadecimal(identifier)) <00>]>>\n"
        text += "2 0 obj <</Type /EmbeddedFile /Filter [\(own.isEmpty ? "" : "/Crypt ")/FlateDecode] "
        text += own.isEmpty ? "" : "/DecodeParms [<</Name /\(own)>> null] "
        text += "/Length \(data.count)>>\nstream\n"
        return Array(text.utf8) + data + Array("\nendstream endobj\n%%EOF\n".utf8)
    }

    @Test(arguments: [false, true])
    func opensWithoutAPassword(isAES: Bool) {
        let found = read(Self.document(user: "", isAES: isAES))
        #expect(found.members(with: eicar).map(\.names) == [[Array("a.exe".utf8)]])
        #expect(found.problems.isEmpty)
        #expect(found.sources.isEmpty)
    }

    @Test(arguments: [false, true])
    func opensWithACandidate(isAES: Bool) {
        let document = Self.document(user: "geheim", isAES: isAES)
        let closed = read(document)
        #expect(closed.has(.encrypted))
        #expect(!closed.has(eicar))
        let found = read(document, DocumentOptions(passwords: ["x", "geheim"]))
        #expect(found.has(eicar))
        #expect(found.sources == [.text])
        #expect(!found.has(.encrypted))
    }

    /// Files have a crypt filter of their own, where streams have another or none; a stream may name one for itself.
    @Test(arguments: [
        ("/StmF /Identity /EFF /StdCF", ""), ("/EFF /StdCF", ""), ("/StmF /StdCF", "StdCF"),
        ("/StmF /Identity", "StdCF"), ("/StmF /StdCF /EFF /Identity", "StdCF"),
    ])
    func cryptFilters(_ filters: String, _ own: String) {
        let found = read(Self.document(user: "", isAES: true, filters: filters, own: own))
        #expect(found.has(eicar) && found.problems.isEmpty, "\(found.problems)")
    }

    /// Letters beyond ASCII are octets of PDFDocEncoding, of a code page, or UTF-8, by the program.
    @Test(
        arguments: [
            ("größe", [0x67, 0x72, 0xF6, 0xDF, 0x65]), ("niño€", [0x6E, 0x69, 0xF1, 0x6F, 0xA0]),
            ("niño€", [0x6E, 0x69, 0xF1, 0x6F, 0x80]), ("Šárka", [0x97, 0xE1, 0x72, 0x6B, 0x61]),
            ("Šárka", [0x8A, 0xE1, 0x72, 0x6B, 0x61]), ("größe", Array("größe".utf8)), ("пароль", Array("пароль".utf8)),
        ] as [(String, [UInt8])])
    func passwordsBeyondASCII(_ password: String, _ octets: [UInt8]) {
        for isAES in [false, true] {
            let document = Self.document(user: "", isAES: isAES, octets: octets)
            let found = read(document, DocumentOptions(passwords: ["x", password]))
            #expect(found.has(eicar) && !found.has(.encrypted), "\(found.problems)")
            #expect(read(document, DocumentOptions(passwords: ["grosse"])).has(.encrypted))
        }
    }

    /// What a password opened says so, to be judged by its content.
    @Test func filesOfAGuessAreGuessed() {
        let found = read(Self.document(user: "geheim", isAES: true), DocumentOptions(passwords: ["geheim"]))
        #expect(found.members(with: eicar).map(\.flags) == [[.embeddedFile, .decrypted, .guessed]])
        let plain = read(Self.document(user: "", isAES: true))
        #expect(plain.members(with: eicar).map(\.flags) == [.embeddedFile])
    }

    /// From revision 5 on two passwords may have two keys, of which the permissions show the right one.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func keysThatFitNoPermissions()
        throws
    {
        var document = try Corpora.bytes("pdf-pdfminer/samples/encryption/aes-256-r6.pdf")
        let options = DocumentOptions(passwords: ["usersecret"])
        #expect(!read(document, options).has(.encrypted))
        let number = try #require(document.indices.first { document[$0...].starts(with: Array("/P -".utf8)) })
        document[number + 4] = document[number + 4] == 0x31 ? 0x32 : 0x31
        let found = read(document, options)
        #expect(found.has(.encrypted) && found.sources == [.text])
    }
}
