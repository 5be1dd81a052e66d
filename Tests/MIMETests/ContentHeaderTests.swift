import Foundation
import MIME
import MailModel
import Testing

/// The faults of header blocks that are known by number.
@Suite struct ContentHeaderTests {
    private static func defects(_ text: String, utf8: Bool = false) -> [HeaderDefect] {
        defects(Array(text.utf8), utf8: utf8)
    }

    private static func defects(_ bytes: [UInt8], utf8: Bool = false, limit: Int = 64) -> [HeaderDefect] {
        HeaderSyntax.defects(of: bytes.span, isSMTPUTF8: utf8, defectLimit: limit)
    }

    private static func minors(_ text: String, utf8: Bool = false) -> [Int] {
        defects(text, utf8: utf8).map(\.kind.minor)
    }

    private static let good = "Date: x\r\nFrom: a@b\r\n"

    @Test func eachKind() {
        #expect(Self.minors(Self.good + "\r\nbody \0\r\n") == [])
        #expect(Self.minors(Self.good + "Content-Type: text\r\n\r\n") == [1])
        #expect(Self.minors(Self.good + "Content-Transfer-Encoding: base 64, x\r\n\r\n") == [])
        #expect(Self.minors(Self.good + "Content-Transfer-Encoding: base64, x\r\n\r\n") == [1])
        #expect(Self.minors(Self.good + "Subject: é\r\n\r\n") == [2])
        #expect(Self.minors(Self.good + "Subject: é\r\n\r\n", utf8: true) == [])
        #expect(
            Self.defects(Array((Self.good + "Subject: ").utf8) + [0xE9, 0x0D, 0x0A, 0x0D, 0x0A], utf8: true).map(\.kind)
                == [.nonEncodedOctets])
        #expect(Self.minors(Self.good + "Subject: a\0b\r\n\r\n") == [3])
        #expect(Self.minors(Self.good + "Subject: a\rb\r\n\r\n") == [3])
        #expect(Self.minors(Self.good + "Subject: a\r\n \t\r\n b\r\n\r\n") == [4])
        #expect(Self.minors(Self.good + "Subject: a\r\n \r\n\r\n") == [4])
        #expect(Self.minors(Self.good + "no field\r\n\r\n") == [6])
        #expect(Self.minors(" x\r\n" + Self.good + "\r\n") == [6])
        #expect(Self.minors("From a@b Mon\r\n" + Self.good + "\r\n") == [6])
        #expect(Self.minors("Date: x\r\n\r\nFrom: a@b\r\n") == [7])
        #expect(Self.minors("") == [7, 7])
        #expect(Self.minors(Self.good + "Subject: a\r\nSUBJECT: b\r\n\r\n") == [8])
        #expect(Self.minors(Self.good + "From: a\r\n\r\n") == [8])
        #expect(Self.minors(Self.good + "Content-X: a\r\nContent-x: b\r\n\r\n") == [8])
        #expect(Self.minors(Self.good + "Received: a\r\nReceived: b\r\n\r\n") == [])
    }

    @Test func lineLength() {
        for ending in ["\r\n", "\n"] {
            let head = "Date: x\(ending)From: a\(ending)"
            #expect(Self.minors(head + "X: " + String(repeating: "y", count: 995) + ending + ending) == [])
            #expect(Self.minors(head + "X: " + String(repeating: "y", count: 996) + ending + ending) == [5])
            #expect(Self.minors(head + "X: y\(ending) " + String(repeating: "y", count: 998) + ending + ending) == [5])
        }
    }

    @Test func detailAndOffset() {
        let found = Self.defects(Self.good + "Subject: \u{1B}\0\r\nfrom: x\r\nevil\u{1B}line\r\n")
        #expect(found.map(\.detail) == ["subject: NUL", "from: again", "evil\\x1Bline: is no field"])
        #expect(found.map(\.offset) == [30, 33, 42])
        let many = Self.good + String(repeating: "To: x\r\n", count: 100)
        #expect(Self.defects(Array(many.utf8), limit: 98).count == 98)
        #expect(Self.defects(Array(many.utf8), limit: 99).count == 99)
        #expect(Self.defects(Array(many.utf8), limit: 100).count == 99)
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func samplesOfAmavis() throws {
        for (file, minors) in [
            ("badh", [4, 2, 5]), ("nonspam", []), ("spam", []), ("virus-simple", [7]), ("spam-GTUBE-junk", []),
        ] as [(String, Set<Int>)] {
            let mail = try ContentOracle.sample("mime/amavis/sample-\(file).txt")
            #expect(Set(Self.defects(mail).map(\.kind.minor)) == minors, "\(file) \(Self.defects(mail))")
        }
    }

    @Test func anyDamageIsSurvived() {
        let sample = Array(
            (Self.good + "Subject: é\r\n \r\n b\r\nContent-Type: text/plain; x=\"y\"\r\nTo: a\r\nTo: b\r\n\r\nx").utf8)
        var random = Random(state: 12)
        for length in 0...sample.count { _ = Self.defects(Array(sample.prefix(length))) }
        for _ in 0..<5000 {
            let mail = damaged(sample, &random)
            #expect(Self.defects(mail).allSatisfy { $0.offset >= 0 && $0.offset <= mail.count })
            _ = HeaderSyntax.defects(of: mail.span, isSMTPUTF8: true, headerLimit: random.below(mail.count + 2))
        }
    }
}
