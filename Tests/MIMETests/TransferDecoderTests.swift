import Foundation
import MIME
import Testing

@Suite struct TransferDecoderTests {
    private func decode(_ text: String, _ encoding: TransferEncoding, limit: Int = 1 << 20) -> (String, DecodeResult) {
        var out: [UInt8] = Array("kept ".utf8)
        let result = TransferDecoder.decode(Array(text.utf8).span, encoding: encoding, into: &out, limit: limit)
        let all = String(decoding: out, as: UTF8.self)
        #expect(all.hasPrefix("kept "))
        return (String(all.dropFirst(5)), result)
    }

    @Test(
        arguments: [
            ("", "", []), ("QUJD", "ABC", []), ("QUI=", "AB", []), ("QQ==", "A", []),
            ("QUJ\r\nDREVG", "ABCDEF", .splitGroup),
            ("Q U J D\t\r\n", "ABC", []), ("Q.UJ#D", "ABC", .junk), ("Q.U-J_D", "ABC", [.junk, .urlCharacters]),
            ("QQ==QUJD", "AABC", .dataAfterPadding),
            ("QQ==\nQQ==", "AA", .dataAfterPadding), ("QUJDQQ", "ABCA", .missingPadding), ("QUJDQ", "ABC", .truncated),
            ("QUJD=", "ABC", .extraPadding), ("QUI==", "AB", .extraPadding), ("QQ===", "A", .extraPadding),
            ("Q===", "", [.truncated, .extraPadding]), ("====", "", .extraPadding),
        ] as [(String, String, DecodeResult.Notes)])
    func base64(text: String, expected: String, notes: DecodeResult.Notes) {
        let (out, result) = decode(text, .base64)
        #expect(out == expected)
        #expect(result.notes == notes && !result.limitReached)
    }

    @Test func base64AgreesWithFoundationAtEveryWidth() {
        var random = Random(state: 1)
        for width in 1..<90 {
            let data = (0..<random.below(400)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let plain = Array(Data(data).base64EncodedString().utf8)
            var wrapped: [UInt8] = []
            for (index, byte) in plain.enumerated() {
                if index % width == 0, index > 0 { wrapped += width % 2 == 0 ? [0x0D, 0x0A] : [0x0A] }
                wrapped.append(byte)
            }
            var out: [UInt8] = []
            let result = TransferDecoder.decode(wrapped.span, encoding: .base64, into: &out, limit: data.count)
            #expect(out == data)
            #expect(result.notes.isSubset(of: .splitGroup) && !result.limitReached)
            if width % 4 == 0 { #expect(result.notes.isEmpty) }
        }
    }

    @Test(arguments: TransferEncoding.allCases)
    func limitIsExact(encoding: TransferEncoding) {
        let text: String
        switch encoding {
        case .base64: text = "QUJDREU="
        case .quotedPrintable: text = "A=42C=44E"
        case .uuencode: text = "begin 644 x\n%04)#1$4\nend\n"
        default: text = "ABCDE"
        }
        #expect(decode(text, encoding, limit: 5).0 == "ABCDE")
        #expect(!decode(text, encoding, limit: 5).1.limitReached)
        for limit in 0..<5 {
            #expect(decode(text, encoding, limit: limit).1.limitReached)
            #expect("ABCDE".hasPrefix(decode(text, encoding, limit: limit).0))
            #expect(decode(text, encoding, limit: limit).0.count <= limit)
        }
        #expect(decode(text, encoding, limit: -1).1.limitReached)
    }

    @Test(arguments: [
        ("a=3Db", "a=b", false), ("a=3db", "a=b", false), ("soft=\r\nbreak", "softbreak", false),
        ("soft= \t\r\nbreak", "softbreak", false), ("soft=\nbreak", "softbreak", false), ("end=", "end", false),
        ("end=  ", "end", false), ("a=XYb", "a=XYb", true), ("a=4", "a=4", true), ("a==3Db", "a==b", true),
        ("a=\rb", "a=\rb", true), ("blank \r\nkept", "blank \r\nkept", false),
    ])
    func quotedPrintable(text: String, expected: String, isBad: Bool) {
        let (out, result) = decode(text, .quotedPrintable)
        #expect(out == expected)
        #expect(result.notes.contains(.badEscape) == isBad && (isBad || result.notes.isEmpty))
    }

    /// What is wrong with an escape decides which other readings there are.
    @Test(
        arguments: [
            ("a=XYb", .badEscape), ("a=0x41", [.badEscape, .hexPrefix, .halfEscape, .splitEscape]),
            ("a=x41", [.badEscape, .hexPrefix]), ("a=4", [.badEscape, .halfEscape, .splitEscape]),
            ("a= 41", [.badEscape, .splitEscape]), ("a\u{1}b\tc\r\n", .foreignOctets),
            ("\u{7F}=3D", .foreignOctets), ("=41=42=43=44=45=46=47=48", .needlessEscapes),
            ("=41=42=43=44=45=46=47=3D", []),
        ] as [(String, DecodeResult.Notes)])
    func oddQuotedPrintable(text: String, notes: DecodeResult.Notes) {
        #expect(decode(text, .quotedPrintable).1.notes == notes)
    }

    @Test func uuencode() {
        let block = "begin 644 a.txt\r\n#04)#\r\n`\r\nend\r\n"
        #expect(decode("junk\r\n" + block, .uuencode).0 == "ABC")
        #expect(decode(block + "between\n" + block, .uuencode).0 == "ABCABC")
        #expect(decode("no block", .uuencode).1.notes == .missingBegin)
        #expect(decode("begin 644 a\n#04)#\n", .uuencode).1.notes == .missingEnd)
        #expect(decode("begin 644 a\n&04)#\nend\n", .uuencode).1.notes == .truncated)
        #expect(decode("begin 644 a\n#04~#\nend\n", .uuencode).1.notes == .junk)
        // Blanks that a gateway cut from the end of a line stand for zeros.
        #expect(decode("begin 644 a\n#04\nend\n", .uuencode).0.utf8.first == 0x41)
    }
}
