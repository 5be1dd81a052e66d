import Testing

@testable import Unpacking

/// Headers of LHA archives whose code pages are taken out of use. `LHANameTests` has the names.
@Suite struct LHACodePagesTests {
    private static let (unknown, known) = (77_777, 437)
    private static let nothing: UInt8 = 0x7E

    private func extensionOf(page: Int, width: Int = 2) -> [UInt8] {
        octets(5 + width, width) + [0x46] + octets(page, 4)
    }

    private func plain(_ archive: [UInt8]) -> [UInt8]? { LHACodePages(archive.span).withoutUnknown(archive.span) }

    /// A header of level 3 with a checksum in front of other extensions, and where that checksum stands.
    private func header(_ pages: [Int], isRight: Bool = true) -> (octets: [UInt8], checksum: Int) {
        var chain = octets(7, 4) + [0, 0, 0]
        for page in pages { chain += extensionOf(page: page, width: 4) }
        chain += octets(0, 4)
        let fields =
            octets(4, 2) + Array("-lh0-".utf8) + octets(0, 4) + octets(0, 4) + octets(0, 4) + [0x20, 3, 0, 0, 0x77]
        var out = fields + octets(28 + chain.count, 4) + chain
        let sum = Self.sum(out) ^ (isRight ? 0 : 1)
        out.replaceSubrange(33..<35, with: octets(sum, 2))
        return (out, 33)
    }

    /// CRC-16 with polynomial 8005, bit by bit.
    private static func sum(_ bytes: [UInt8]) -> Int {
        bytes.reduce(0) { sum, byte in
            (0..<8).reduce(sum ^ Int(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xA001 : value >> 1 }
        }
    }

    /// In a chain over the fixed fields of level 1 the checksum may be the size of the data, and each correction uncover
    /// another header.
    @Test(arguments: Array(5...18) + Array(21...24)) func chainsOverFixedFields(_ size: Int) {
        var archive = [UInt8](repeating: 0, count: 80)
        // Data to the end.
        (archive[0], archive[10], archive[20]) = (UInt8(size), 1, 1)
        archive.replaceSubrange(size..<size + 2, with: octets(30, 2))
        archive.replaceSubrange(size + 30..<size + 37, with: extensionOf(page: Self.unknown))
        #expect((plain(archive) == nil) == (size < 21))
    }

    /// One header of many pages is summed as one.
    @Test func manyPagesOfOneHeader() throws {
        for isRight in [true, false] {
            let (header, place) = header([Int](repeating: Self.unknown, count: 62), isRight: isRight)
            let pages = LHACodePages(header.span)
            #expect(pages.headers.map(\.kinds.count) == [62] && !pages.areKnown)
            let plain = try #require(self.plain(header))
            #expect((0..<62).allSatisfy { plain[28 + 7 + 9 * $0 + 4] == Self.nothing })
            var zeroed = plain
            zeroed.replaceSubrange(place..<place + 2, with: [0, 0])
            #expect((octets(Self.sum(zeroed), 2) == Array(plain[place..<place + 2])) == isRight)
            // Nothing is left to do.
            #expect(self.plain(plain) == nil)
        }
    }

    /// Those that are known stay, in the same header and in others.
    @Test func knownPages() throws {
        #expect(plain(header([Self.known]).octets) == nil)
        let (first, second, third) = (header([Self.known, Self.unknown]), header([Self.known]), header([Self.unknown]))
        let archive = first.octets + second.octets + third.octets
        let pages = LHACodePages(archive.span)
        #expect(pages.areKnown && pages.headers.map(\.kinds.count) == [1, 1])
        let plain = try #require(self.plain(archive))
        let middle = first.octets.count..<first.octets.count + second.octets.count
        #expect(plain[28 + 7 + 4] == 0x46 && Array(plain[middle]) == second.octets)
    }
}
