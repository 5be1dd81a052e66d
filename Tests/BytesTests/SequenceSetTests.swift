import Bytes
import Testing

@Suite struct SequenceSetTests {
    /// More than there are groups; of two octets and more, some the start of others.
    private static let sequences: [[UInt8]] = [
        [0x60, 0xEA], Array("Rar!".utf8), Array("07070".utf8), Array("-lh".utf8), Array("-lz".utf8), [0x1F, 0x8B, 8],
        [0x1F, 0x9D], [0x5D, 0, 0], Array("ustar".utf8), Array("ust".utf8), [0, 0], [0xFF, 0xFE, 0xFD, 0xFC],
    ]

    private static func place(_ sequence: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        bytes.indices.first { $0 >= start && bytes[$0...].starts(with: sequence) }
    }

    /// Each at every place of blocks of 32, in octets that are like them, beside the obvious loop.
    @Test func eachIsFoundEverywhere() {
        let set = SequenceSet(Self.sequences)
        for (index, sequence) in Self.sequences.enumerated() {
            for place in 0..<100 {
                let other = Self.sequences[(index + place) % Self.sequences.count].dropLast()
                let front = (0..<place).map { other[$0 % other.count] }
                let bytes = front + sequence + [UInt8](repeating: 0x20, count: place % 3 * 40)
                for start in [0, place, place + 1] {
                    let expected = Self.sequences.map { Self.place($0, in: bytes, from: start) }
                    #expect(bytes.places(of: set, from: start) == expected, "\(sequence) at \(place)")
                    #expect(bytes.place(of: set, from: start) == expected.compactMap { $0 }.min())
                }
            }
        }
    }

    /// Each behind a content that consists of another one, which is looked for no more by then.
    @Test func repeated() {
        let set = SequenceSet(Self.sequences)
        for often in Self.sequences {
            for sequence in Self.sequences {
                let bytes = (0..<40).flatMap { _ in often } + [0x20] + sequence + often
                let expected = Self.sequences.map { Self.place($0, in: bytes, from: 0) }
                #expect(bytes.places(of: set) == expected, "\(sequence) behind \(often)")
            }
        }
    }

    /// Sequences that are cut at the end are none, nor is anything in nothing.
    @Test func endsAreKept() {
        let set = SequenceSet(Self.sequences)
        for sequence in Self.sequences where sequence.count > 3 {
            for count in 0..<sequence.count {
                let bytes = [UInt8](repeating: 0x20, count: 70) + sequence[..<count]
                let expected = Self.sequences.map { Self.place($0, in: bytes, from: 0) }
                #expect(bytes.places(of: set) == expected)
            }
        }
        #expect([].place(of: set) == nil && [0, 0].place(of: set, from: -1) == nil)
        #expect([0, 0].place(of: set, from: 2) == nil && [0, 0].place(of: set, from: 9) == nil)
        #expect([0, 0].place(of: set) == 0)
    }

    @Test func wordsAreFoundInEitherCase() {
        let words = SequenceSet(words: ["<html", "<!doctype", "<img", "$windows nt$"])
        for (text, isFound) in [
            ("<HtMl", true), ("<html", true), ("<!DOCTYPE", true), ("<iMG", true), ("$Windows NT$", true),
            ("<htm", false),
            ("<\u{8}tml", false), ("\u{1C}html", false), ("<!doc type", false), ("4windows nt4", false),
        ] {
            for place in 0..<70 {
                let bytes = [UInt8](repeating: 0x3C, count: place) + Array(text.utf8)
                #expect(bytes.place(of: words) == (isFound ? place : nil), "\(text)")
            }
        }
    }
}

extension [UInt8] {
    fileprivate func place(of set: SequenceSet, from start: Int = 0) -> Int? { set.firstPlace(in: span, from: start) }
    fileprivate func places(of set: SequenceSet, from start: Int = 0) -> [Int?] {
        set.firstPlaces(in: span, from: start)
    }
}
