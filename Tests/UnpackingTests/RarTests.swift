import Members
import Testing

@testable import Unpacking

/// Headers of RAR archives that lie about sizes and names.
@Suite struct RarTests {
    private static let mark5: [UInt8] = [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x01, 0x00]

    /// An integer of variable length, in exactly so many octets.
    private func variable(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(value >> ($0 * 7) & 0x7F) | ($0 < count - 1 ? 0x80 : 0) }
    }

    /// Sizes of data that end at and around the largest integer: nothing is computed beyond it.
    @Test(arguments: 0..<40) func dataUpToTheLargestInteger(_ distance: Int) {
        let header = [0, 0, 0, 0] + variable(11, 1) + variable(3, 1) + variable(2, 1) + variable(Int.max - distance, 9)
        for tail in [0, 3, 8, 50] {
            let archive = Self.mark5 + header + [UInt8](repeating: 0, count: tail)
            let listing = RarListing(archive.span, .rar5, while: { true })
            #expect(listing.entries.isEmpty && listing.end == nil)
            #expect(Unpacked(archive).isMarked)
        }
    }

    /// A header of a file in RAR 5 whose name claims to be so long.
    private func header5(_ claimed: Int, _ name: String = "") -> [UInt8] {
        let fields: [[UInt8]] = [
            variable(2, 1), variable(0, 1), variable(0, 1), variable(0, 1), variable(0, 1), variable(0, 1),
            variable(0, 1), variable(claimed, 4), Array(name.utf8),
        ]
        let body = fields.reduce([], +)
        return [0, 0, 0, 0] + variable(body.count, 2) + body
    }

    private func header4(_ claimed: Int, _ name: String = "") -> [UInt8] {
        var header: [UInt8] = [0, 0, 0x74] + octets(0, 2) + octets(32 + name.utf8.count, 2)
        header += [UInt8](repeating: 0, count: 18) + [0x33] + octets(claimed, 2) + octets(0, 4)
        return header + Array(name.utf8)
    }

    @Test func namesEndWithTheirHeader() {
        let five = Self.mark5 + (0..<500).flatMap { _ in header5(200_000_000, "name") }
        let listing5 = RarListing(five.span, .rar5, while: { true })
        #expect(listing5.entries.count == 500)
        #expect(listing5.entries.allSatisfy { $0.names == [Array("name".utf8)] })
        let four: [UInt8] =
            [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x00] + (0..<500).flatMap { _ in header4(65_535, "name") }
        let listing4 = RarListing(four.span, .rar, while: { true })
        #expect(listing4.entries.count == 500)
        #expect(listing4.entries.allSatisfy { $0.names == [Array("name".utf8)] })
    }

    @Test func theNumberOfHeadersIsBounded() {
        let one = header5(4, "name")
        let most = Self.mark5 + (0..<RarListing.most - 1).flatMap { _ in one }
        #expect(!RarListing(most.span, .rar5, while: { true }).limitReached)
        let listing = RarListing((most + one + one).span, .rar5, while: { true })
        #expect(listing.limitReached && listing.entries.count == RarListing.most)
    }

    @Test func allNamesTogetherAreBounded() {
        let name = String(repeating: "n", count: 16_000)
        let one = header5(name.utf8.count, name)
        let most = RarListing.nameOctets / name.utf8.count
        let fits = Self.mark5 + (0..<most).flatMap { _ in one }
        #expect(!RarListing(fits.span, .rar5, while: { true }).limitReached)
        let listing = RarListing((fits + one).span, .rar5, while: { true })
        #expect(listing.limitReached && listing.entries.count == most)
    }

    @Test func theClockIsAsked() {
        let archive = Self.mark5 + (0..<100).flatMap { _ in header5(4, "name") }
        var left = 10
        let listing = RarListing(archive.span, .rar5) {
            left -= 1
            return left >= 0
        }
        #expect(listing.entries.count == 10)
    }
}
