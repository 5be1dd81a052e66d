import Foundation
import MIME
import Testing

/// CNS 11643 in EUC-TW and ISO-2022-CN, as the C library's iconv(1) converts them.
@Suite struct TaiwaneseTests {
    private static let iconv = "/usr/bin/iconv"
    private static var isPossible: Bool {
        ContentOracle.hasPython && FileManager.default.isExecutableFile(atPath: iconv)
    }

    /// Texts of 200 characters in both charsets, as `label base64 base64-of-utf8`. EUC-TW is iconv's; ISO-2022-CN is made of
    /// its planes and rows by the rules of RFC 1922, since iconv's own lets a single shift last for several characters.
    private static let script = """
        import base64, subprocess
        def planes(text):
            done = subprocess.run(['iconv', '-c', '-f', 'UTF-8', '-t', 'EUC-TW'], input=text.encode(), capture_output=True)
            octets, index = done.stdout, 0
            while index < len(octets):
                isLong = octets[index] == 0x8E
                plane = octets[index + 1] - 0xA0 if isLong else 1
                start = index + 2 if isLong else index
                yield plane, octets[start:start + 2]
                index = start + 2
        def known(text):
            done = subprocess.run(['iconv', '-f', 'EUC-TW', '-t', 'UTF-8'], input=text, capture_output=True)
            return done.stdout
        every = list(planes(''.join(chr(code) for code in range(0x4E00, 0x9FA0))))
        every = [(plane, pair) for plane, pair in every if plane < 3]
        for start in range(0, len(every), 200):
            some = every[start:start + 200]
            euc = b''.join((b'' if plane == 1 else bytes([0x8E, 0xA0 + plane])) + pair for plane, pair in some)
            out, isOut = b'a\\x1b$)G\\x1b$*H', False
            for plane, pair in some:
                low = bytes(octet & 0x7F for octet in pair)
                if plane == 1 and not isOut: out, isOut = out + b'\\x0e', True
                out += low if plane == 1 else b'\\x1bN' + low
            text = known(euc)
            print('euc-tw', base64.b64encode(b'a' + euc + b'b').decode(), base64.b64encode(b'a' + text + b'b').decode())
            print('iso-2022-cn', base64.b64encode(out + b'\\x0fb').decode(), base64.b64encode(b'a' + text + b'b').decode())
        """

    @Test(.enabled(if: TaiwaneseTests.isPossible, "needs python3 and iconv"))
    func agreesWithIconv() throws {
        var characters: [String: Int] = [:]
        for line in try ContentOracle.lines(Self.script) {
            let fields = line.split(separator: 0x20)
            try #require(fields.count == 3)
            let label = String(decoding: fields[0], as: UTF8.self)
            var out: [UInt8] = []
            let octets = ContentOracle.base64(fields[1])
            let result = Charsets.decode(octets.span, label: Array(label.utf8), into: &out, limit: 1 << 20)
            #expect(result.replacements == 0)
            let expected = String(decoding: ContentOracle.base64(fields[2]), as: UTF8.self)
            #expect(String(decoding: out, as: UTF8.self) == expected)
            characters[label, default: 0] += expected.unicodeScalars.count
        }
        // Planes 1 and 2 have 13,051 characters, most of them in the block of CJK Unified Ideographs.
        #expect(characters["euc-tw", default: 0] > 12_000)
        #expect(characters["iso-2022-cn", default: 0] > 12_000)
    }

    @Test(arguments: [
        // Shift-out without a designation, single shift without one, and at the end; a plane that has no table.
        ("iso-2022-cn", [0x1B, 0x4E, 0x21, 0x21] as [UInt8], 1), ("iso-2022-cn", [0x41, 0x1B, 0x4E], 0),
        ("iso-2022-cn", [0x1B, 0x24, 0x29, 0x45, 0x0E, 0x21, 0x21], 1), ("euc-tw", [0x8E, 0xA3, 0xA1, 0xA1], 1),
        ("euc-tw", [0x8E, 0xA2], 2), ("euc-tw", [0xA4], 1),
    ])
    func brokenSequences(label: String, octets: [UInt8], fewest: Int) {
        var out: [UInt8] = []
        let result = Charsets.decode(octets.span, label: Array(label.utf8), into: &out, limit: 100)
        #expect(result.replacements >= fewest)
        #expect(String(validating: out, as: UTF8.self) != nil)
    }
}
