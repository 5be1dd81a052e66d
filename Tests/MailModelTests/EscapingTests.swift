import MailModel
import Testing
import TestSupport

@Suite struct EscapingTests {
    /// Must never be shown as it is: controls, what changes the direction or joins letters, what shows nothing. Written
    /// down by ranges, not by the properties that the code asks.
    private static let dangerous: [ClosedRange<UInt32>] = [
        0x00...0x1F, 0x7F...0xA0, 0xAD...0xAD, 0x034F...0x034F, 0x061C...0x061C, 0x115F...0x1160, 0x1680...0x1680,
        0x17B4...0x17B5, 0x180B...0x180F, 0x2000...0x200F, 0x2028...0x202F, 0x205F...0x206F, 0x2800...0x2800,
        0x3000...0x3000, 0x3164...0x3164, 0xE000...0xF8FF, 0xFDD0...0xFDEF, 0xFE00...0xFE0F, 0xFEFF...0xFEFF,
        0xFFA0...0xFFA0, 0xFFF0...0xFFFB, 0xFFFE...0xFFFF, 0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0x10FFFF,
    ]

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        dangerous.contains { $0.contains(scalar.value) }
    }

    /// And what is shown instead can be read back: two texts never look alike.
    @Test func noScalarOfAllUnicodeIsShownWhenItMustNotBe() {
        var wrong: [UInt32] = []
        var ranges = Self.dangerous[...]
        for value in UInt32(0)...0x10FFFF {
            while let first = ranges.first, first.upperBound < value { ranges.removeFirst() }
            guard let scalar = Unicode.Scalar(value) else { continue }
            let mustEscape = ranges.first?.contains(value) ?? false
            let shown = Escaping.text(String(scalar).utf8)
            if shown == String(scalar), !mustEscape { continue }
            let isPlain = shown.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
            if !isPlain || Self.plain(shown) != Array(String(scalar).utf8) { wrong.append(value) }
        }
        #expect(wrong == [])
    }

    /// Octets that are no text are escaped once, alone and behind text that was escaped before.
    @Test func octetsInText() {
        for octet in UInt8(0x80)...0xFF {
            let text = RawOctets.text([0x61, octet])
            let shown = Escaping.text([octet])
            #expect(text.unicodeScalars.count == 2)
            #expect(text.unicodeScalars.last.flatMap(RawOctets.octet) == octet)
            #expect(Escaping.text(text) == "a" + shown && RawOctets.spelled(text) == "a" + shown)
            #expect(Escaping.reason(Escaping.text(text) + text) == "a" + shown + "a" + shown)
        }
        #expect(RawOctets.text(UInt8(0)..<0x80) == String(decoding: UInt8(0)..<0x80, as: UTF8.self))
        #expect(RawOctets.spelled("\u{10FE7F}\u{10FF00}\\é") == "\u{10FE7F}\u{10FF00}\\é")
        // What comes as octets is what it is.
        #expect(Escaping.text("\u{10FEE9}".utf8) == "\\u{10FEE9}")
        #expect(Escaping.reason("C:\\\\x\u{1B}\u{202E}") == "C:\\\\x\\x1B\\u{202E}")
    }

    @Test func everyByteAloneAndInPairsIsSafeAndReadable() {
        for first in UInt8.min...UInt8.max {
            #expect(Self.plain(Escaping.text([first])) == [first])
            for second in UInt8.min...UInt8.max {
                let shown = Escaping.text([first, second])
                if Self.plain(shown) != [first, second] || shown.unicodeScalars.contains(where: Self.isDangerous) {
                    Issue.record("\(first) \(second): \(shown)")
                }
            }
        }
    }

    @Test(arguments: [
        ([0xC0, 0xAF], #"\xC0\xAF"#), ([0xC1, 0xBF], #"\xC1\xBF"#), ([0xE0, 0x80, 0x80], #"\xE0\x80\x80"#),
        ([0xED, 0xA0, 0x80], #"\xED\xA0\x80"#), ([0xF0, 0x8F, 0xBF, 0xBF], #"\xF0\x8F\xBF\xBF"#),
        ([0xF4, 0x90, 0x80, 0x80], #"\xF4\x90\x80\x80"#), ([0xF5, 0x80, 0x80, 0x80], #"\xF5\x80\x80\x80"#),
        ([0xC3], #"\xC3"#), ([0xE2, 0x82], #"\xE2\x82"#), ([0xC3, 0x41], #"\xC3A"#), ([0x80, 0xFF], #"\x80\xFF"#),
        ([0xC3, 0xA9], "é"), ([0xE2, 0x82, 0xAC], "€"), ([0xF0, 0x9F, 0x98, 0x80], "😀"),
        ([0xC2, 0x85], #"\u{85}"#), ([0xE2, 0x80, 0xAE], #"\u{202E}"#), ([0x5C, 0x78], #"\\x"#),
        ([0x1B, 0x5B, 0x32, 0x4A], #"\x1B[2J"#), ([0x0D, 0x0A], #"\x0D\x0A"#), ([0x00], #"\x00"#),
    ])
    func knownForms(bytes: [UInt8], shown: String) {
        #expect(Escaping.text(bytes) == shown)
        // A fragment in front or behind changes nothing of it.
        #expect(Escaping.text([0x61] + bytes + [0x62]) == "a\(shown)b")
    }

    @Test func randomBytesAreSafeAndReadable() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                [0x61, 0xC3, 0xA9, 0xE2, 0x80, 0xAE, 0xF0, 0x9F, 0x5C, 0x0A, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            let shown = Escaping.text(bytes)
            if Self.plain(shown) != bytes || shown.unicodeScalars.contains(where: Self.isDangerous) {
                Issue.record("\(bytes): \(shown)")
            }
        }
    }

    @Test(arguments: ["a", "é", "€", "😀"])
    func theCutIsAtTheLimitAndOneAbove(letter: String) {
        for limit in [0, 1, 2, 10, 200] {
            let exact = String(repeating: letter, count: limit)
            #expect(Escaping.text(exact, limit: limit) == exact)
            #expect(Escaping.text(exact + letter, limit: limit) == exact + "...")
            #expect(Escaping.text(exact + String(repeating: letter, count: 5000), limit: limit) == exact + "...")
        }
    }

    /// An escape is never cut in half, so the cut cannot make another one of it.
    @Test func escapesAreCutAsAWhole() {
        let controls = [UInt8](repeating: 0x1B, count: 11)
        #expect(Escaping.text(controls, limit: 10) == String(repeating: #"\x1B"#, count: 10) + "...")
        let broken = [UInt8](repeating: 0xF0, count: 41)
        #expect(Escaping.text(broken, limit: 10) == String(repeating: #"\xF0"#, count: 10) + "...")
        let bidi = Array(String(repeating: "\u{202E}", count: 3).utf8)
        #expect(Escaping.text(bidi, limit: 2) == #"\u{202E}\u{202E}..."#)
    }

    @Test func anyCollectionIsTaken() {
        let bytes = Array("--hello--".utf8)
        #expect(Escaping.text(bytes[2..<7]) == "hello")
        #expect(Escaping.text(bytes[2..<7], limit: 4) == "hell...")
        #expect(Escaping.text("") == "")
    }

    @Test func pathsAreShownEscaped() {
        #expect(MailPath("a\"\r\nb\"@x").description == #"a"\x0D\x0Ab"@x"#)
        #expect(MailPath.null.description == "")
    }

    /// What the text stands for; nil when it is not well-formed.
    private static func plain(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                out += Array(String(Character(scalar)).utf8)
                continue
            }
            switch rest.popFirst() {
            case "\\": out.append(0x5C)
            case "x":
                let digits = String(String.UnicodeScalarView(rest.prefix(2)))
                guard let value = UInt8(digits, radix: 16), digits.count == 2 else { return nil }
                out.append(value)
                rest = rest.dropFirst(2)
            case "u":
                guard rest.popFirst() == "{", let end = rest.firstIndex(of: "}"),
                    let value = UInt32(String(String.UnicodeScalarView(rest[..<end])), radix: 16),
                    let decoded = Unicode.Scalar(value)
                else { return nil }
                out += Array(String(Character(decoded)).utf8)
                rest = rest[(end + 1)...]
            default: return nil
            }
        }
        return out
    }
}
