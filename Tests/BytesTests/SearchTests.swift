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
    fileprivate func begins(_ prefix: StaticString, from start: Int = 0) -> Bool {
        span.hasPrefix(ignoringCase: prefix, from: start)
    }
    fileprivate func holds(_ wanted: [UInt8], at start: Int) -> Bool { span.hasBytes(wanted.span, at: start) }
    fileprivate var copied: [UInt8] { span.array }
}
