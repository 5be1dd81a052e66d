import Bytes
import Testing

@Suite struct TextSignsTests {
    private static let octets: [UInt8: TextSigns] = [
        UInt8(ascii: "%"): .percent, UInt8(ascii: "&"): .ampersand, UInt8(ascii: "("): .parenthesis,
        UInt8(ascii: "["): .bracket, UInt8(ascii: "\\"): .backslash, UInt8(ascii: "|"): .bar,
    ]

    /// What is taken for the signs of what is no text, and has no label.
    private static let unknown = TextSigns.all.subtracting(.label).union(.foreignControl)

    /// Every octet at places of whole blocks, of the last one, and of texts that are shorter than one.
    @Test func octetsAndControls() {
        for byte in UInt8.min...UInt8.max {
            for (count, places) in [
                (1, [0]), (33, [0, 32]), (34, [0, 33]), (71, [31, 32, 69, 70]), (300, [255, 256, 299]),
            ] {
                for place in places {
                    var bytes = [UInt8](repeating: 0x61, count: count)
                    bytes[place] = byte
                    let isOfText = byte >= 0x20 || [0x09, 0x0A, 0x0C, 0x0D, 0x1B].contains(byte)
                    let expected = isOfText ? Self.octets[byte] ?? [] : Self.unknown
                    #expect(bytes.textSigns == expected, "\(byte) at \(place) of \(count)")
                    #expect(bytes.hasOnlyControlsOfText == isOfText)
                }
            }
        }
        #expect([].textSigns == [])
    }

    /// Five hyphens or more are found at every place and with every end, three or less nowhere; in what is no text as well.
    @Test func labels() {
        for hyphens in [1, 3, 5, 6] {
            for place in 0..<80 {
                for rest in [0, 1, 2, 3, 30, 31] {
                    let bytes =
                        [UInt8](repeating: 0x20, count: place) + [UInt8](repeating: UInt8(ascii: "-"), count: hyphens)
                        + [UInt8](repeating: 0x20, count: rest)
                    let label: TextSigns = hyphens < 5 ? [] : .label
                    #expect(bytes.textSigns == label, "\(hyphens) at \(place), \(rest) behind")
                    for binary in [[0] + bytes, bytes + [0], [UInt8](repeating: 0, count: 300) + bytes] {
                        #expect(binary.textSigns == Self.unknown.union(label), "\(hyphens) at \(place), \(rest) behind")
                    }
                }
            }
        }
    }

    /// All at once, and what is taken for them where nothing is known.
    @Test func together() {
        let bytes = Array("a % b & c ( d [ e \\ f | ----- g".utf8)
        #expect(bytes.textSigns == .all)
        #expect((bytes + [UInt8](repeating: 0x20, count: 500)).textSigns == .all)
        #expect((bytes + [UInt8](repeating: 0x20, count: 500) + [0]).textSigns == .all.union(.foreignControl))
    }
}

extension [UInt8] {
    fileprivate var textSigns: TextSigns { span.textSigns }
    fileprivate var hasOnlyControlsOfText: Bool { span.hasOnlyControlsOfText }
}
