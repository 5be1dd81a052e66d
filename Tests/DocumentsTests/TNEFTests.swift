import Documents
import Members
import TestSupport
import Testing

/// TNEF, what Outlook wraps attachments in.
@Suite struct TNEFTests {
    static func attribute(_ level: UInt8, _ tag: Int, _ value: [UInt8]) -> [UInt8] {
        let sum = value.reduce(0) { ($0 + Int($1)) & 0xFFFF }
        return [level] + [UInt8](little: tag, 4) + [UInt8](little: value.count, 4) + value + [UInt8](little: sum, 2)
    }

    static func property(_ tag: Int, _ value: [UInt8]) -> [UInt8] {
        [UInt8](little: tag, 4) + [UInt8](little: 1, 4) + [UInt8](little: value.count, 4) + value
            + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    static func tnef(_ attributes: [[UInt8]]) -> [UInt8] {
        [0x78, 0x9F, 0x3E, 0x22, 1, 0] + attributes.flatMap { $0 }
    }

    static func attachment(_ content: [UInt8]) -> [[UInt8]] {
        let properties =
            [UInt8](little: 2, 4) + property(0x3707_001F, [UInt8](utf16: "довгий.exe\0"))
            + property(0x3704_001E, Array("LONG~1.EXE\0".utf8))
        return [
            attribute(2, 0x0006_9002, [UInt8](repeating: 0, count: 14)),
            attribute(2, 0x0001_8010, Array("title.txt\0".utf8)), attribute(2, 0x0006_800F, content),
            attribute(2, 0x0006_9005, properties),
        ]
    }

    @Test func tnefAttachmentWithAllNames() {
        let found = read(Self.tnef(Self.attachment(eicar)))
        let names = found.members(with: eicar).first?.names.map { String(decoding: $0, as: UTF8.self) }
        #expect(names == ["title.txt", "довгий.exe", "LONG~1.EXE"])
        #expect(found.problems.isEmpty)
    }

    /// PidTagAttachTransportName, and PidTagAttachExtension where no other name has it.
    @Test(arguments: [
        (0x370C, "b.bat", ["a.txt", "b.bat"]), (0x3703, ".bat", ["a.txt", ".bat"]), (0x3703, ".TXT", ["a.txt"]),
    ])
    func furtherNames(_ tag: Int, _ name: String, _ expected: [String]) {
        let property = [UInt8](little: 1, 4) + Self.property(tag << 16 | 0x1F, [UInt8](utf16: name + "\0"))
        let found = read(
            Self.tnef([
                Self.attribute(2, 0x0006_9002, [UInt8](repeating: 0, count: 14)),
                Self.attribute(2, 0x0001_8010, Array("a.txt\0".utf8)), Self.attribute(2, 0x0006_800F, eicar),
                Self.attribute(2, 0x0006_9005, property),
            ]))
        let names = found.members(with: eicar).first?.names.map { String(decoding: $0, as: UTF8.self) }
        #expect(names == expected && found.problems.isEmpty)
    }

    @Test func tnefWithinTNEF() {
        let inner = Self.tnef(Self.attachment(eicar))
        let object = [UInt8](little: 1, 4) + Self.property(0x3701_000D, [UInt8](repeating: 7, count: 16) + inner)
        let outer = Self.tnef([
            Self.attribute(2, 0x0006_9002, [UInt8](repeating: 0, count: 14)), Self.attribute(2, 0x0006_9005, object),
        ])
        #expect(read(outer).has(inner))
        #expect(readAll(outer).contains { $0.content == eicar })
    }

    @Test func tnefTexts() {
        let html = Array("<html><script>1</script>".utf8)
        // Compressed RTF that is marked as plain.
        let text = Array("{\\rtf1 text}".utf8)
        let rtf =
            [UInt8](little: text.count + 12, 4) + [UInt8](little: text.count, 4) + Array("MELA".utf8)
            + [UInt8](little: 0, 4) + text
        let properties =
            [UInt8](little: 2, 4) + Self.property(0x1013_0102, html) + Self.property(0x1009_0102, rtf)
        let found = read(Self.tnef([Self.attribute(1, 0x0006_9003, properties)]))
        #expect(found.members(with: html).map(\.role) == ["message body"])
        #expect(found.members(with: text).map(\.role) == ["message body"])
    }

    @Test func tnefThatIsCutOff() {
        let whole = Self.tnef(Self.attachment(eicar))
        #expect(read(Array(whole.dropLast(10))).has(.corrupt))
    }
}
