import Bytes
import Testing

@Suite struct SearchTests {
    private static let text = Array("--abc--abcd".utf8)

    /// Every position of every byte, against the obvious loop.
    @Test func findsEachByteFromEachStart() {
        let bytes: [UInt8] = [0, 1, 255, 0, 10, 13, 10, 255, 0]
        for start in -2...(bytes.count + 2) {
            for byte: UInt8 in [0, 1, 2, 10, 13, 255] {
                let expected = start < 0 ? nil : bytes.indices.first { $0 >= start && bytes[$0] == byte }
                #expect(bytes.first(byte, from: start) == expected, "byte \(byte) from \(start)")
            }
        }
    }

    @Test func findsEachSequenceFromEachStart() {
        let bytes = Self.text
        let needles = [[], [0x2D], Array("--".utf8), Array("abc".utf8), Array("abcd".utf8), bytes, bytes + [0]]
        for needle in needles {
            for start in -2...(bytes.count + 2) {
                var expected: Int?
                if start >= 0, !needle.isEmpty {
                    expected = bytes.indices.first { $0 >= start && bytes[$0...].starts(with: needle) }
                }
                #expect(bytes.first(needle, from: start) == expected, "\(needle) from \(start)")
            }
        }
    }

    /// Where the rarest octet is common and two are looked for together: at every place of blocks of 64.
    @Test func findsAmongManyMisses() {
        for needle in ["bgin", "qj", "qq", "zqazqb"].map({ Array($0.utf8) }) {
            for place in 0..<140 {
                // Misses of the rarest octet, and of both.
                var bytes = [UInt8](repeating: needle[0], count: 200) + Array("qxzqazqzbgbgixq".utf8)
                if needle == Array("qq".utf8) { bytes.removeAll { $0 == needle[0] } }
                bytes += [UInt8](repeating: 0x20, count: place) + needle + [UInt8](repeating: 0x20, count: 140 - place)
                for start in [0, 1, bytes.count - 140 - needle.count] {
                    let expected = bytes.indices.first { $0 >= start && bytes[$0...].starts(with: needle) }
                    #expect(bytes.first(needle, from: start) == expected, "\(needle) at \(place) from \(start)")
                }
                #expect(Array(bytes.dropLast(141 - place)).first(needle, from: 210) == nil)
            }
        }
    }

    /// Words in both cases at every place of blocks of 64 octets, and what differs from them in one bit.
    @Test func wordsInEitherCase() {
        let words: [StaticString] = ["<hta:x", "$a$", "ab", "z", "@[`{a"]
        for word in words {
            let small = word.withUTF8Buffer { Array($0) }
            let letters = Set(UInt8(ascii: "a")...UInt8(ascii: "z"))
            let large = small.map { letters.contains($0) ? $0 & 0xDF : $0 }
            for place in [0, 1, 31, 32, 63, 64, 65, 127, 128, 139] {
                for wanted in [small, large] {
                    let blank = [UInt8](repeating: 0x20, count: 140)
                    let bytes = Array(blank[..<place]) + wanted + Array(blank[place...])
                    #expect(bytes.word(word, from: 0) == place, "\(word) at \(place)")
                    #expect(bytes.word(word, from: place) == place && bytes.word(word, from: place + 1) == nil)
                    #expect(Array(bytes[..<(place + wanted.count)]).word(word) == place)
                    #expect(Array(bytes[..<(place + wanted.count - 1)]).word(word) == nil)
                    for bit in 0..<8 where bit != 5 || !letters.contains(wanted[0] | 0x20) {
                        var other = bytes
                        other[place] ^= 1 << bit
                        #expect(other.word(word) == nil, "\(word) at \(place), bit \(bit)")
                    }
                }
            }
        }
        #expect([].word("a") == nil && [0x61].word("a", from: -1) == nil && [0x61].word("a", from: 2) == nil)
        #expect([0x61].word("") == nil)
    }

    /// Runs of every length around 16 at every place of blocks of 64 octets, against the obvious loop.
    @Test func runsOfBase64() {
        let length = Span<UInt8>.base64Run
        #expect(length == 16)
        for run in [1, 15, 16, 17, 40] {
            for place in 0..<150 {
                for tail in [0, 1, 30] {
                    let bytes =
                        [UInt8](repeating: 0x20, count: place) + [UInt8](repeating: 0x41, count: run)
                        + [UInt8](repeating: 0x3C, count: tail)
                    #expect(bytes.base64Run(from: 0) == (run >= length ? place : nil), "\(run) at \(place)")
                    #expect(bytes.base64Run(from: place + 1) == (run > length ? place + 1 : nil))
                }
            }
        }
        #expect([].base64Run(from: 0) == nil && [0x41].base64Run(from: -1) == nil && [0x41].base64Run(from: 2) == nil)
    }

    /// A run behind words that nearly are one, at every place of blocks of 64 octets, and with any end.
    @Test func runsAmongLongWords() {
        for word in 11...15 {
            for place in 0..<70 {
                let words = Array((String(repeating: String(repeating: "a", count: word) + " ", count: 6)).utf8)
                let bytes = [UInt8](repeating: 0x20, count: place) + words
                #expect(bytes.base64Run(from: 0) == nil)
                let run = bytes + [UInt8](repeating: 0x61, count: 16) + words.prefix(word * 2)
                #expect(run.base64Run(from: 0) == bytes.count, "behind words of \(word) at \(place)")
                #expect(run.base64Run(from: place + 3) == bytes.count)
            }
        }
    }

    /// Every octet alone, in a whole block and in the rest of one.
    @Test func octetsOfRunsAndControls() {
        let text: Set<UInt8> = [0x09, 0x0A, 0x0C, 0x0D, 0x1B]
        for byte in UInt8.min...UInt8.max {
            let isInRun = (0x2B...0x7A).contains(byte) && !(0x3A...0x40).contains(byte)
            let isOfText = byte >= 0x20 || text.contains(byte)
            for place in [0, 7, 15, 16, 31, 63, 64, 70] {
                var bytes = [UInt8](repeating: 0x61, count: 71)
                bytes[place] = byte
                #expect(bytes.hasOnlyControlsOfText == isOfText, "\(byte) at \(place)")
                let expected = isInRun || place >= 16 ? 0 : place + 1
                #expect(bytes.base64Run(from: 0) == expected, "\(byte) at \(place)")
            }
        }
        #expect([UInt8]().hasOnlyControlsOfText)
    }

    /// Tags of every length at every place of blocks of 64 octets.
    @Test func longTags() {
        let tags: [(tag: String, isLong: Bool)] = [
            ("<>", false), ("<a>", false), ("</a>", false), ("<w:t>", false), ("</w:t>", false), ("<abc>", false),
            ("</abc>", false), ("<abcd>", true), ("</abcd>", true), ("<a b>", false), ("<a b=>", true),
            ("<Path>", true), ("<a b='c'>", true),
            ("<a", true), ("</", true), ("<", true), ("<br/>", false),
        ]
        for (tag, isLong) in tags {
            for place in 0..<130 {
                let text = Array((String(repeating: "x", count: place) + tag).utf8)
                let whole = text + [UInt8](repeating: 0x20, count: 140)
                #expect(whole.longTag(from: 0) == (isLong ? place : nil), "\(tag) at \(place)")
                #expect(whole.longTag(from: place + 1) == nil)
                // Of the last five octets nothing is known of what would stand behind: each counts.
                #expect(text.longTag(from: 0) == (isLong || tag.utf8.count <= 5 ? place : nil), "\(tag) at \(place)")
            }
        }
        #expect([].longTag(from: 0) == nil && [0x3C].longTag(from: -1) == nil && [0x3C].longTag(from: 1) == nil)
    }

    /// Tags at every place of blocks of 64 octets and at the end, beside the obvious loop.
    @Test func lettersOfTags() {
        for tag in ["<html", "<H", "<!d", "</a", "<"].map({ Array($0.utf8) }) {
            for place in 0..<200 {
                let front = (0..<place).map { UInt8(ascii: $0 % 7 == 0 ? "<" : "x") }
                for text in [front + tag, front + tag + [UInt8](repeating: 0x20, count: 140)] {
                    var letters: UInt32 = 0
                    for at in text.indices.dropLast() where text[at] == 0x3C {
                        letters |= 1 << UInt32(text[at + 1] & 0x1F)
                    }
                    #expect(text.tagLetters == letters, "\(tag) at \(place)")
                }
            }
        }
        #expect([].tagLetters == 0)
    }

    @Test func emptyBytesHoldNothing() {
        let empty: [UInt8] = []
        #expect(empty.first(0, from: 0) == nil)
        #expect(empty.first([0], from: 0) == nil)
        #expect(empty.first(empty, from: 0) == nil)
        #expect(empty.begins(""))
        #expect(!empty.begins("a"))
        #expect(empty.holds(empty, at: 0))
        #expect(empty.copied == [])
    }

    @Test func prefixesAreComparedWithoutCaseWithinBounds() {
        let bytes = Array("xContent-TYPE:".utf8)
        #expect(bytes.begins("content-type", from: 1))
        #expect(bytes.begins("CONTENT-type:", from: 1))
        #expect(!bytes.begins("content-type: ", from: 1), "reaches past the end")
        #expect(!bytes.begins("content-type", from: 0))
        #expect(!bytes.begins("x", from: -1))
        #expect(!bytes.begins("x", from: 100))
        #expect(bytes.begins("", from: bytes.count))
    }

    @Test func bytesStandExactlyAtAPlace() {
        let bytes = Self.text
        for start in -2...(bytes.count + 2) {
            for length in 0...4 {
                guard start >= 0, start + length <= bytes.count else {
                    #expect(!bytes.holds([UInt8](repeating: 0x2D, count: length), at: start))
                    continue
                }
                let wanted = Array(bytes[start..<(start + length)])
                #expect(bytes.holds(wanted, at: start))
                guard length > 0 else { continue }
                var other = wanted
                other[length - 1] ^= 0x20
                #expect(!bytes.holds(other, at: start))
            }
        }
    }

    /// Only A to Z change; above all `@`, `[` and bytes outside ASCII stay.
    @Test func lowerCaseIsASCIIOnly() {
        for byte in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(asciiLower(byte) == (isCapital ? byte + 32 : byte))
        }
        #expect(equalIgnoringCase(Array("X-Virus-scanned".utf8), "x-VIRUS-Scanned"))
        #expect(!equalIgnoringCase(Array("X-Virus-scanned".utf8), "X-Virus-scanne"))
        #expect(!equalIgnoringCase(Array("@".utf8), "`"))
        #expect(!equalIgnoringCase([0xC9], "é"))
        #expect(equalIgnoringCase([UInt8](), ""))
    }

    @Test func slicesAreComparedByContent() {
        let bytes = Array("..QUIT..".utf8)
        #expect(equalIgnoringCase(bytes[2..<6], "quit"))
    }
}

/// `#expect` cannot look into a `Span`.
extension [UInt8] {
    fileprivate func first(_ byte: UInt8, from start: Int) -> Int? { span.firstIndex(of: byte, from: start) }
    fileprivate func first(_ needle: [UInt8], from start: Int) -> Int? { span.firstIndex(of: needle.span, from: start) }
    fileprivate func word(_ word: StaticString, from start: Int = 0) -> Int? {
        span.firstIndex(ignoringCase: word, from: start)
    }
    fileprivate func begins(_ prefix: StaticString, from start: Int = 0) -> Bool {
        span.hasPrefix(ignoringCase: prefix, from: start)
    }
    fileprivate func holds(_ wanted: [UInt8], at start: Int) -> Bool { span.hasBytes(wanted.span, at: start) }
    fileprivate var copied: [UInt8] { span.array }
    fileprivate func base64Run(from start: Int) -> Int? { span.firstBase64Run(from: start) }
    fileprivate var tagLetters: UInt32 { span.tagLetters }
    fileprivate func longTag(from start: Int) -> Int? { span.firstLongTag(from: start) }
    fileprivate var hasOnlyControlsOfText: Bool { span.hasOnlyControlsOfText }
}
