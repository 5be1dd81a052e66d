import Members
import TestSupport
import Testing

@testable import Unpacking

/// Archives behind octets of something else, in forms that programs write seldom and open all the same.
@Suite struct PrefixedArchiveTests {
    /// A line, an image of GIF, the head of a PDF.
    private static let fronts: [[UInt8]] = [
        [0x0A], Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x3B],
        Array("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n".utf8),
    ]

    private func expectOpened(_ archive: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        for front in Self.fronts {
            let result = Unpacked(front + archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty, "\(result.problems)", sourceLocation: sourceLocation)
        }
    }

    /// A block of RAR 4.
    private static func block(_ type: UInt8, _ flags: Int, _ body: [UInt8], sum: Int? = nil) -> [UInt8] {
        let header = [type] + octets(flags, 2) + octets(body.count + 7, 2) + body
        return octets(Int(HiddenArchiveTests.checksum(Array(header.prefix(sum ?? header.count)))) & 0xFFFF, 2) + header
    }

    /// An archive header with a comment has the checksum of its own fields (RAR 2), or of all (later programs).
    @Test(arguments: [11, nil]) func rarWithAComment(_ sum: Int?) {
        let comment = Self.block(0x75, 0, octets(5, 2) + [15, 0x30, 0, 0] + Array("hello".utf8))
        let name = Array("b.com".utf8)
        var file =
            octets(eicar.count, 4) + octets(eicar.count, 4) + [0] + octets(Int(HiddenArchiveTests.checksum(eicar)), 4)
        file += [0, 0, 0x21, 0x5A, 29, 0x30] + octets(name.count, 2) + [0x20, 0, 0, 0] + name
        var archive =
            [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x00] + Self.block(0x73, 2, [0, 0, 0, 0, 0, 0] + comment, sum: sum)
        archive += Self.block(0x74, 0x8000, file) + eicar + Self.block(0x7B, 0x4000, [])
        expectOpened(archive)
    }

    @Test func lha() { expectOpened(GeneratorTests.lha(eicar)) }

    /// A cabinet with one stored file ([MS-CAB] section 2).
    private static func cabinet(size: Int? = nil, reserved: Int = 0) -> [UInt8] {
        let name = Array("b.com".utf8) + [0]
        let data = 36 + 8 + 16 + name.count
        var out = Array("MSCF".utf8) + octets(reserved, 4) + octets(size ?? data + 8 + eicar.count, 4) + octets(0, 4)
        out += octets(44, 4) + octets(0, 4) + [3, 1, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]
        out += octets(data, 4) + [1, 0, 0, 0]
        out += octets(eicar.count, 4) + octets(0, 4) + [0, 0, 0x21, 0x5A, 0, 0, 0x20, 0] + name
        return out + octets(0, 4) + octets(eicar.count, 2) + octets(eicar.count, 2) + eicar
    }

    @Test func cabinets() {
        expectOpened(Self.cabinet())
        expectOpened(Self.cabinet(size: 5000))
        expectOpened(Self.cabinet(reserved: 0x0403_0201))
        let alone = Unpacked(Self.cabinet(reserved: 0x0403_0201))
        #expect(!alone.places(of: eicar).isEmpty && alone.types.first == "cab")
        // The letters alone are none.
        let letters = Unpacked([1, 2, 0] + Array("MSCF".utf8) + [UInt8](repeating: 0, count: 100) + eicar)
        #expect(letters.places(of: eicar).isEmpty && !letters.isMarked)
    }

    @Test(arguments: ["iso", "libarchive.iso", "bin.cpio"]) func images(_ suffix: String) throws {
        let archive = try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(eicar)
        expectOpened(archive)
        guard suffix == "bin.cpio" else { return }
        // In the other order, both headers.
        var big = archive
        for header in archive.indices where archive[header...].starts(with: [0xC7, 0x71]) {
            for place in stride(from: header, to: header + 26, by: 2) { big.swapAt(place, place + 1) }
        }
        #expect(Unpacked([0x0A] + big, messageSize: 1 << 20).entries.contains { $0.content == big })
    }

    /// A checksum that does not fit makes nothing of what it says, and an archive without members is one all the same.
    @Test func startOf7z() {
        func start(_ size: Int, sum: UInt32?) -> [UInt8] {
            let fields = octets(0, 8) + octets(size, 8) + octets(0, 4)
            return [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]
                + octets(Int(sum ?? HiddenArchiveTests.checksum(fields)), 4) + fields
        }
        #expect(!Unpacked(start(0, sum: nil)).isMarked)
        #expect(Unpacked(start(0, sum: 7)).kinds == [.corrupt])
    }

    /// Headers of cpio that libarchive goes over without a word; GNU cpio warns, or looks for the next one.
    @Test(arguments: ["newc.cpio", "odc.cpio"]) func brokenHeadersOfCPIO(_ suffix: String) throws {
        let maker = try #require(GeneratorTests.makers.first { $0.suffix == suffix })
        let gzip = try #require(GeneratorTests.makers.first { $0.suffix == "gz" }).make(eicar)
        let archive = try maker.make(gzip)
        #expect(!Unpacked(archive, messageSize: 1 << 20).isMarked)
        func expectMarked(_ archive: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(result.kinds == [.corrupt], "\(result.problems)", sourceLocation: sourceLocation)
            #expect(!result.places(of: eicar).isEmpty, "\(result.problems)", sourceLocation: sourceLocation)
        }
        for (place, octet) in [(14, 0x78), (20, 0), (26, 0x20)] as [(Int, UInt8)] {
            var broken = archive
            broken[place] = octet
            expectMarked(broken)
        }
        // In front of the second, and with a third behind it that is all right.
        let first = try maker.make(Array("words".utf8))
        let trailer = try #require(first.indices.first { first[$0...].starts(with: "TRAILER!!!".utf8) })
        let member = first.prefix(trailer - (suffix == "odc.cpio" ? 76 : 110))
        expectMarked(member + Array("JUNKJUNK".utf8) + archive)
        var broken = archive
        broken[20] = 0
        #expect(Unpacked(member + broken.prefix(300) + first, messageSize: 1 << 20).kinds == [.corrupt])
    }

    /// What has a name that nobody can read is a finding in every format.
    @Test(arguments: ["ustar.tar", "newc.cpio", "zip"], ["\u{1}\u{2}", " "]) func unreadableNames(
        _ suffix: String, _ name: String
    ) throws {
        let honest = try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(eicar, name: "qz")
        let new = Array((name + name).utf8.prefix(2))
        var archive = honest
        for place in honest.indices where honest[place...].starts(with: "qz".utf8) {
            archive.replaceSubrange(place..<place + 2, with: new)
            // The checksum of tar's header.
            guard suffix == "ustar.tar", place == 0 else { continue }
            archive.replaceSubrange(148..<156, with: "        ".utf8)
            let sum = String(archive.prefix(512).reduce(0) { $0 + Int($1) }, radix: 8)
            archive.replaceSubrange(
                148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 0x20])
        }
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.kinds == [.ambiguous], "\(result.problems)")
        #expect(!result.places(of: eicar).isEmpty)
    }
}
