import Foundation
import MailModel
import Policy
import Testing

/// Texts under messages: what a file may hold, the HTML of it, and the forms in which it goes into a part.
@Suite struct DisclaimerTests {
    private static func disclaimer(_ text: String, _ html: String? = nil) throws -> Disclaimer {
        try Disclaimer(name: "a", text: Array(text.utf8), markup: html.map { Array($0.utf8) })
    }

    @Test func plainText() throws {
        let made = try Self.disclaimer("\u{FEFF}one \t\r\n>two\n From\n\nFrom ü\n\n\n")
        #expect(made.plain(isFlowed: false) == "one\r\n>two\r\n From\r\n\r\nFrom ü")
        // RFC 3676 section 4.4.
        #expect(made.plain(isFlowed: true) == "one\r\n >two\r\n  From\r\n\r\n From ü")
    }

    @Test func htmlOfThePlainText() throws {
        let made = try Self.disclaimer("a <b> & \"c\"\nsecond ü\n\n\nthird\n")
        #expect(
            String(decoding: made.html, as: UTF8.self)
                == "<p>a &lt;b&gt; &amp; \"c\"<br>\r\nsecond &#252;</p>\r\n<p>third</p>")
        let own = try Self.disclaimer("a", "<p>Grüße 😀</p>\n")
        #expect(String(decoding: own.html, as: UTF8.self) == "<p>Gr&#252;&#223;e &#128512;</p>")
    }

    private static func fault(_ text: [UInt8], _ html: [UInt8]? = nil) -> Disclaimer.Fault? {
        do throws(Disclaimer.Fault) {
            _ = try Disclaimer(name: "a", text: text, markup: html)
            return nil
        } catch {
            return error
        }
    }

    @Test func faultsHaveTheirPlace() {
        let good = Array("good\n".utf8)
        #expect(Self.fault(good) == nil && Self.fault(good, good) == nil)
        for (bad, line, word) in [
            (Array("a\nb".utf8) + [0xFF], 2, "UTF-8"), (Array("a\n\nb\u{7}".utf8), 3, "control"), ([0], 1, "control"),
            (Array("a\rb\n".utf8), 1, "control"),
        ] {
            let fault = Self.fault(bad)
            #expect(fault?.form == .plain && fault?.line == line && fault?.text.contains(word) == true)
            let inHTML = Self.fault(good, bad)
            #expect(inHTML?.form == .html && inHTML?.line == line && inHTML?.text.contains(word) == true)
        }
    }

    @Test func sizesAtTheLimitAndOneBeyond() {
        func lines(_ size: Int) -> [UInt8] { (0..<size).map { $0 % 100 == 99 ? 0x0A : 0x61 } }
        #expect(Self.fault(lines(Disclaimer.sizeLimit)) == nil)
        #expect(Self.fault(lines(Disclaimer.sizeLimit + 1))?.line == 0)
        func line(_ size: Int) -> [UInt8] { [UInt8](repeating: 0x61, count: size) }
        // In HTML made of it the line has tags around it.
        #expect(Self.fault(line(Disclaimer.lineLimit), line(Disclaimer.lineLimit)) == nil)
        #expect(Self.fault(line(Disclaimer.lineLimit + 1), line(1))?.form == .plain)
        #expect(Self.fault(line(1), line(Disclaimer.lineLimit + 1))?.form == .html)
        #expect(Self.fault(line(Disclaimer.lineLimit))?.form == .plain)
        // References are longer than what they stand for.
        #expect(Self.fault(line(1), Array(String(repeating: "ü", count: 150).utf8)) == nil)
        #expect(Self.fault(line(1), Array(String(repeating: "ü", count: 151).utf8))?.form == .html)
    }

    private static let texts: [[UInt8]] = [
        Array("\r\n--a\r\n-- \r\n-\r\n.\r\nFrom x\r\nGrüße = \t\r\nlast ".utf8),
        Array(String(repeating: "- a = ü ", count: 100).utf8), Array(UInt8.min...UInt8.max), [],
        Array(String(repeating: "-", count: 500).utf8),
    ]

    @Test(arguments: texts.indices)
    func quotedPrintable(_ index: Int) throws {
        let text = Self.texts[index]
        let encoded = AddedText.encoded(text, .quotedPrintable)
        // A decoder of its own: RFC 2045 section 6.7.
        var back: [UInt8] = []
        var place = 0
        while place < encoded.count {
            if encoded[place] != 0x3D {
                back.append(encoded[place])
                place += 1
            } else if encoded[(place + 1)...].starts(with: [0x0D, 0x0A]) {
                place += 3
            } else {
                let digits = String(decoding: encoded[(place + 1)..<(place + 3)], as: UTF8.self)
                back.append(try #require(UInt8(digits, radix: 16)))
                place += 3
            }
        }
        #expect(back == text)
        for line in String(decoding: encoded, as: UTF8.self).components(separatedBy: "\r\n") {
            #expect(line.utf8.count <= 76 && line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 })
            // Nothing that a delimiter could begin with, nothing that a gateway could cut off.
            #expect(!line.hasPrefix("-") && !line.hasSuffix(" ") && !line.hasSuffix("\t"))
        }
    }

    @Test(arguments: texts.indices)
    func plainOctets(_ index: Int) {
        let text = String(decoding: Self.texts[index], as: UTF8.self)
        for coding in [TextEnd.Coding.sevenBit, .eightBit] {
            let lines = String(decoding: AddedText.encoded(Array(text.utf8), coding), as: UTF8.self)
                .components(separatedBy: "\r\n")
            let expected = text.components(separatedBy: "\r\n").map { $0.hasPrefix("--") ? " " + $0 : $0 }
            #expect(index == 2 || lines == expected)
            #expect(!lines.contains { $0.hasPrefix("--") })
        }
    }

    @Test(arguments: texts.indices, [0, 1, 2, 3])
    func base64(_ index: Int, _ skip: Int) throws {
        let text = Self.texts[index]
        for rest in 0...(3 - skip) {
            let (head, tail) = ([UInt8](repeating: 1, count: skip), [UInt8](repeating: 2, count: rest))
            let encoded = String(decoding: AddedText.base64(text, head: head, tail: tail), as: UTF8.self)
            #expect(!encoded.contains("="))
            #expect(encoded.components(separatedBy: "\r\n").allSatisfy { $0.utf8.count <= 76 })
            let back = Array(try #require(Data(base64Encoded: encoded.replacing("\r\n", with: ""))))
            #expect(back.starts(with: head + text) && back.suffix(rest) == tail[...])
            let blanks = back.dropFirst(skip + text.count).dropLast(rest)
            #expect(blanks.count < 3 && blanks.allSatisfy { $0 == 0x20 })
        }
    }
}
