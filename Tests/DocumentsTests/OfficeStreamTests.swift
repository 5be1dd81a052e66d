import Digests
import Documents
import Members
import Testing

/// Streams of Word, Excel and PowerPoint documents, and their encryption.
@Suite struct OfficeStreamTests {
    // MARK: Word

    /// A FIB, the given text behind it, and the table stream's strings.
    private static func word(flags: Int = 0x0200, text: [UInt8], template: String = "Normal.dotm") -> [UInt8] {
        var stream = [UInt8](repeating: 0, count: 1_024)
        stream.replaceSubrange(0..<2, with: [0xEC, 0xA5])
        stream.replaceSubrange(10..<12, with: [UInt8](little: flags, 2))
        stream.replaceSubrange(410..<414, with: [UInt8](little: 8, 4))
        var table = [UInt8](repeating: 0, count: 8) + [0xFF, 0xFF] + [UInt8](little: 18, 2) + [0, 0]
        for string in ["", template, "title"] {
            table += [UInt8](little: string.utf16.count, 2) + [UInt8](utf16: string)
        }
        table += [UInt8](repeating: 0, count: 100)
        var writer = CompoundFileWriter()
        writer.add("WordDocument", content: stream + text)
        writer.add("1Table", content: table)
        return writer.bytes()
    }

    @Test func ddeFields() {
        let narrow = [0x13] + Array(" ddeauto c:\\cmd.exe /k x".utf8) + [0x14] + Array("shown".utf8) + [0x15]
        #expect(read(Self.word(text: narrow)).texts(.dde) == ["ddeauto c:\\cmd.exe /k x"])
        let wide = [UInt8](utf16: "\u{13}DDE \"ü\" a\u{14}\u{15}\u{13} PAGE \u{15}")
        #expect(read(Self.word(text: wide)).texts(.dde) == ["DDE \"ü\" a"])
        #expect(read(Self.word(text: Array("no DDE field".utf8))).facts.isEmpty)
    }

    @Test func templateFromElsewhere() {
        for template in ["http://t.example/a.dotm", "\\\\host.example\\share\\a.dotm"] {
            #expect(read(Self.word(text: [], template: template)).texts(.remoteTemplate) == [template])
        }
        #expect(read(Self.word(text: [], template: "C:\\Users\\a\\Normal.dotm")).facts.isEmpty)
    }

    @Test func encryptedText() {
        #expect(read(Self.word(flags: 0x0300, text: [])).has(.encrypted))
        #expect(!read(Self.word(text: [])).has(.encrypted))
    }

    // MARK: Excel

    static func record(_ id: Int, _ body: [UInt8]) -> [UInt8] {
        [UInt8](little: id, 2) + [UInt8](little: body.count, 2) + body
    }

    /// A workbook with a macro sheet and a DDE link.
    private static let workbook: [UInt8] = {
        let name = [UInt8](utf16: "Макро")
        let sheet = [UInt8](little: 0, 4) + [1, 1, 5, 1] + name
        let link = Array("cmd".utf8) + [3] + Array("/c calc".utf8)
        return record(0x0809, [0, 6, 5, 0, 0, 0, 0, 0]) + record(0x0085, sheet)
            + record(0x01AE, [1, 0] + [UInt8](little: link.count, 2) + [0] + link) + record(0x000A, [])
    }()

    @Test func macroSheetsAndLinks() {
        var writer = CompoundFileWriter()
        writer.add("Workbook", content: Self.workbook)
        let found = read(writer.bytes())
        #expect(found.texts(.macroSheet) == ["Макро"])
        #expect(found.texts(.dde) == ["cmd|/c calc"])
    }

    /// RC4 as its definition says.
    static func rc4(_ key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        var state = (0..<256).map { $0 }
        var other = 0
        for index in 0..<256 {
            other = (other + state[index] + Int(key[index % key.count])) % 256
            state.swapAt(index, other)
        }
        var (first, second) = (0, 0)
        return bytes.map { byte in
            first = (first + 1) % 256
            second = (second + state[first]) % 256
            state.swapAt(first, second)
            return byte ^ UInt8(state[(state[first] + state[second]) % 256])
        }
    }

    /// A workbook encrypted as Excel 97 does ([MS-OFFCRYPTO] 2.3.6).
    private static func encryptedWorkbook(password: String) -> [UInt8] {
        let salt = [UInt8](0..<16)
        let short = MessageDigest.md5.digest([UInt8](utf16: password)).prefix(5)
        var repeated: [UInt8] = []
        for _ in 0..<16 { repeated += short + salt }
        let base = MessageDigest.md5.digest(repeated).prefix(5)
        let key = MessageDigest.md5.digest(base + [0, 0, 0, 0])
        let verifier = [UInt8](100..<116)
        let encrypted = rc4(key, verifier + MessageDigest.md5.digest(verifier))
        let head = Array(workbook.prefix(12)) + record(0x002F, [1, 0, 1, 0, 1, 0] + salt + encrypted)
        var stream = head + workbook.dropFirst(12)
        let cipher = rc4(key, [UInt8](repeating: 0, count: stream.count))
        var at = head.count
        while at + 4 <= stream.count {
            let length = Int(stream[at + 2])
            // The position of a sheet stays readable.
            for index in at + (stream[at] == 0x85 ? 8 : 4)..<at + 4 + length { stream[index] ^= cipher[index] }
            at += 4 + length
        }
        var writer = CompoundFileWriter()
        writer.add("Workbook", content: stream)
        return writer.bytes()
    }

    @Test func encryptedWorkbooks() {
        let found = read(Self.encryptedWorkbook(password: "VelvetSweatshop"))
        #expect(found.sources == [.wellKnown])
        #expect(found.texts(.macroSheet) == ["Макро"])
        #expect(found.texts(.dde) == ["cmd|/c calc"])
        let other = Self.encryptedWorkbook(password: "geheim")
        #expect(read(other).has(.encrypted))
        #expect(read(other).facts.isEmpty)
        #expect(read(other, DocumentOptions(passwords: ["geheim"])).texts(.dde) == ["cmd|/c calc"])
    }

    // MARK: PowerPoint

    @Test func embeddedObjects() {
        var inner = CompoundFileWriter()
        inner.add("\u{1}Ole10Native", content: packaged(eicar, name: "a.exe"))
        let object = inner.bytes()
        let deflated = [UInt8](little: object.count, 4) + PDFTests.deflated(object)
        func atom(_ head: Int, _ body: [UInt8]) -> [UInt8] {
            [UInt8](little: head, 2) + [UInt8](little: 0x1011, 2) + [UInt8](little: body.count, 4) + body
        }
        for body in [atom(0x0010, deflated), atom(0, object)] {
            // Within a container.
            let stream = [0x0F, 0, 0xE8, 3] + [UInt8](little: body.count, 4) + body
            var writer = CompoundFileWriter()
            writer.add("PowerPoint Document", content: stream)
            #expect(readAll(writer.bytes()).contains { $0.content == eicar })
            #expect(read(writer.bytes()).problems.isEmpty)
        }
    }

    // MARK: Encrypted packages

    /// Standard encryption of [MS-OFFCRYPTO] 2.3.4.5 to 2.3.4.9 with AES of 128 bits.
    static func standardEncrypted(_ package: [UInt8], password: String) -> [UInt8] {
        let salt = [UInt8](7..<23)
        let hash = MessageDigest.sha1
        let spun = hash.iterated(hash.digest(salt + [UInt8](utf16: password)), rounds: 50_000)
        let last = hash.digest(spun + [0, 0, 0, 0])
        let block = (0..<64).map { 0x36 ^ ($0 < 20 ? last[$0] : 0) }
        let key = Array(hash.digest(block).prefix(16))
        func encrypted(_ bytes: [UInt8]) -> [UInt8] {
            AES.encrypt(bytes.span, key: key, .ecb) ?? []
        }
        let verifier = [UInt8](40..<56)
        let provider = [UInt8](utf16: "Microsoft Enhanced RSA and AES Cryptographic Provider\0")
        var header = [UInt8](little: 0x24, 4) + [0, 0, 0, 0] + [UInt8](little: 0x660E, 4) + [UInt8](little: 0x8004, 4)
        header += [UInt8](little: 128, 4) + [UInt8](little: 0x18, 4) + [UInt8](repeating: 0, count: 8) + provider
        var information: [UInt8] = [3, 0, 2, 0] + [UInt8](little: 0x24, 4)
        information += [UInt8](little: header.count, 4) + header
        information += [UInt8](little: 16, 4) + salt + encrypted(verifier) + [UInt8](little: 20, 4)
        information += encrypted(hash.digest(verifier) + [UInt8](repeating: 0, count: 12))
        let padding = [UInt8](repeating: 0, count: (16 - package.count % 16) % 16)
        var writer = CompoundFileWriter()
        writer.add("EncryptionInfo", content: information)
        writer.add("EncryptedPackage", content: [UInt8](little: package.count, 8) + encrypted(package + padding))
        return writer.bytes()
    }

    @Test func standardEncryption() {
        let document = Self.standardEncrypted(eicar, password: "VelvetSweatshop")
        let found = read(document)
        #expect(found.members(with: eicar).map(\.flags) == [.decrypted])
        // It is no package.
        #expect(found.has(.encrypted))
        let package = [0x50, 0x4B, 3, 4] + eicar
        #expect(!read(Self.standardEncrypted(package, password: "VelvetSweatshop")).has(.encrypted))
        #expect(found.sources == [.wellKnown])
        let other = Self.standardEncrypted(eicar, password: "пароль")
        #expect(read(other).has(.encrypted))
        #expect(read(other, DocumentOptions(passwords: ["пароль"])).has(eicar))
    }
}
