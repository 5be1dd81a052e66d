import Compression
import Members
import Testing

@testable import Unpacking

/// What is handed out of RAR archives besides what libarchive reads of them.
@Suite struct RarMemberTests {
    private static let text = Array("Some text of the first member.\n".utf8)

    // MARK: Each member once

    @Test func foldersAreNoReasonToListAMemberTwice() {
        let many = (0..<800).flatMap { Rar4Writer.member("folder\\\($0).txt", Self.text) }
        let result = Unpacked(Rar4Writer.archive(many), messageSize: 1 << 20)
        #expect(!result.isMarked && result.entries.count == 800)
        #expect(result.names.first == "folder/0.txt")
    }

    /// A name in a code page, and the same in Unicode: one member with both.
    @Test func everyReadingOfAName() {
        // An upper octet, flags for four units each: as in the plain name twice, an octet below the upper octet, both octets.
        let unicode: [UInt8] = [0x04, 0b11_01_10_00, 0x00, 0x2F, 0x41, 0x04, 0x2E, 0b00_00_00_00, 0x65, 0x78, 0x65]
        let name = Array("ab??.txt".utf8) + [0] + unicode
        let result = Unpacked(
            Rar4Writer.archive(Rar4Writer.member(name, Self.text, flags: 0x200)), messageSize: 1 << 20)
        #expect(!result.isMarked && result.entries.count == 1)
        #expect(result.names == ["ab\u{42F}\u{441}.exe", "ab??.txt"])
        // In a code page only.
        let page: [UInt8] = [0x8F, 0xAC, 0x2E, 0x74, 0x78, 0x74]
        let other = Unpacked(Rar4Writer.archive(Rar4Writer.member(page, Self.text)), messageSize: 1 << 20)
        #expect(other.entries.count == 1 && other.entries[0].content == Self.text && !other.isMarked)
    }

    @Test func equalNamesAreTwoMembers() {
        let archive = Rar4Writer.archive(Rar4Writer.member("a", Self.text) + Rar4Writer.member("a", eicar))
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(result.entries.count == 2 && result.places(of: eicar) == ["2"] && !result.isMarked)
    }

    // MARK: Streams

    private static let streamName = "..\\..\\Startup\\x.lnk"

    @Test func streamsOfVersion5() {
        let stream = Rar5Writer.member(
            "STM", eicar, type: 3, flags: 0x20, extra: Rar5Writer.record(7, Array((":" + Self.streamName).utf8)))
        let archive = Rar5Writer.archive(Rar5Writer.member("letter.txt", Self.text) + stream)
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(!result.isMarked && result.places(of: eicar) == ["2"])
        #expect(result.names == ["letter.txt", "letter.txt:" + Self.streamName, Self.streamName])
    }

    @Test(arguments: [0x7A, 0x77]) func streamsOfVersion4(_ type: UInt8) {
        let stream: [UInt8]
        if type == 0x7A {
            stream = Rar4Writer.member(
                Array("STM".utf8), eicar, type: type, flags: 0x20,
                more: (":" + Self.streamName).utf16.flatMap { octets(Int($0), 2) })
        } else {
            // Of RAR 2: kind 0x105, level, size, version, method, checksum, name.
            let content = eicar
            let sum = Int(crc32(content.span))
            var body = octets(eicar.count, 4) + octets(0x105, 2) + [0] + octets(eicar.count, 4) + [20, 0x30]
            body +=
                octets(sum, 4) + octets(Self.streamName.utf8.count, 2) + Array(Self.streamName.utf8)
            stream = Rar4Writer.block(type, 0x8000, body, eicar)
        }
        let archive = Rar4Writer.archive(Rar4Writer.member("letter.txt", Self.text) + stream)
        let result = Unpacked(archive, messageSize: 1 << 20)
        #expect(!result.isMarked && result.places(of: eicar) == ["2"])
        #expect(result.names == ["letter.txt", "letter.txt:" + Self.streamName, Self.streamName])
    }

    /// Compressed as WinRAR would: the data of a member of a sample.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func compressedStreamsOfVersion5() throws {
        let path = try #require(
            Corpora.files("libarchive").first { $0.hasSuffix("/test_read_format_rar5_compressed.rar") })
        let sample = try Corpora.bytes(path)
        let content = try #require(Unpacked(sample, messageSize: 1 << 20).entries.first?.content)
        let entry = try #require(RarListing(sample.span, .rar5, while: { true }).entries.first)
        let data = Array(sample[entry.data])
        for (isDamaged, kinds) in [(false, []), (true, [ContainerProblem.Kind.corrupt])] {
            var packed = data
            if isDamaged { packed[packed.count / 2] ^= 0x55 }
            let stream = Rar5Writer.member(
                "STM", packed, type: 3, size: content.count, sum: crc32(content.span), method: entry.compression,
                extra: Rar5Writer.record(7, Array(":s".utf8)))
            let archive = Rar5Writer.archive(Rar5Writer.member("letter.txt", Self.text) + stream)
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(result.kinds == Set(kinds) && result.places(of: content).isEmpty == isDamaged)
        }
    }

    // MARK: Sizes, ends

    @Test(arguments: [0, 1, 100_000]) func sizesThatLie(_ size: Int) {
        let five = Rar5Writer.archive(Rar5Writer.member("a", Self.text, size: size))
        let four = Rar4Writer.archive(Rar4Writer.member(Array("a".utf8), Self.text, size: size), flags: 8)
        for archive in [five, four] { #expect(Unpacked(archive, messageSize: 1 << 20).kinds == [.corrupt]) }
    }

    @Test func anArchiveOfVersion5HasAnEnd() {
        let archive = Rar5Writer.archive(Rar5Writer.member("a", Self.text))
        #expect(!Unpacked(archive).isMarked)
        for count in Rar5Writer.mark.count + 1..<archive.count {
            #expect(Unpacked(Array(archive[..<count])).kinds == [.corrupt], "\(count)")
        }
    }

    // MARK: Volumes

    @Test func volumesAreNotDamaged() {
        let four = Rar4Writer.member(Array("a".utf8), Self.text, flags: 2, size: 5000, sum: 7)
        let middle = Rar4Writer.member(Array("a".utf8), Self.text, flags: 3, size: 5000, sum: 7)
        let five = Rar5Writer.member("a", Self.text, size: 5000, sum: 7, flags: 0x10)
        let main5 = Rar5Writer.block([1, 0, 1])
        let archives = [
            Rar4Writer.archive(four, flags: 0x101), Rar4Writer.archive(middle, flags: 1),
            Rar5Writer.mark + main5 + five + Rar5Writer.block([5, 0, 1]),
        ]
        for archive in archives {
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(result.kinds == [.unsupported] && result.names == ["a"])
        }
        // A part of a file in what says that it is whole.
        for archive in [Rar4Writer.archive(four), Rar5Writer.archive(five)] {
            #expect(Unpacked(archive, messageSize: 1 << 20).isMarked)
        }
    }

    // MARK: Versions

    /// Whatever version and method a member states: it is opened, or the outcome says why not.
    @Test(arguments: [0, 10, 13, 14, 15, 16, 20, 26, 28, 29, 36, 37, 50, 255] as [UInt8]) func everyVersion(
        _ version: UInt8
    ) {
        for front in [[], Array("GIF89a".utf8) + (6..<300).map { UInt8($0 % 199 + 1) }] {
            for method: UInt8 in [0, 0x30, 0x31, 0x33, 0x35, 0x36] {
                let member = Rar4Writer.member(Array("b.com".utf8), eicar, version: version, method: method)
                let result = Unpacked(front + Rar4Writer.archive(member), messageSize: 1 << 20)
                let isOpened = !result.places(of: eicar).isEmpty
                #expect(isOpened != result.isMarked, "method \(method): \(result.problems)")
                #expect(isOpened == (method == 0x30), "method \(method)")
                #expect(result.names == ["b.com"] && result.kinds.isSubset(of: [.corrupt, .unsupported]))
                if !isOpened, version < 20 { #expect(result.kinds == [.unsupported], "\(result.problems)") }
            }
        }
    }
}
