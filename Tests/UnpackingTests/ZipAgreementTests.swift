import Members
import TestSupport
import Testing

@testable import Unpacking

/// What two places of a zip archive say of the same thing (attack F5).
@Suite struct ZipAgreementTests {
    private let harmless = Array("nothing of interest to anybody\r\n".utf8)
    /// Where fields stand in a local header and in the end record.
    private static let (localFlags, localSum, localPacked, localSize) = (6, 14, 18, 22)
    private static let (endCount, endSize, endOffset, endComment) = (10, 12, 16, 20)

    private func archive() -> [UInt8] { zip([("a.txt", harmless), ("b.com", eicar)]) }

    private func changed(_ archive: [UInt8], _ place: Int, _ octets: [UInt8]) -> [UInt8] {
        var archive = archive
        archive.replaceSubrange(place..<place + octets.count, with: octets)
        return archive
    }

    private func expectAmbiguous(_ archive: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        let result = Unpacked(archive)
        #expect(result.kinds == [.ambiguous], "\(result.problems)", sourceLocation: sourceLocation)
        #expect(!result.places(of: eicar).isEmpty, sourceLocation: sourceLocation)
    }

    /// Each field of the first local header alone; the directory is right.
    @Test(arguments: [localSum, localPacked, localSize], [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF])
    func localHeaderThatLies(_ field: Int, _ value: Int) {
        let result = Unpacked(changed(archive(), field, octets(value, 4)))
        #expect(result.kinds.contains(.ambiguous), "\(result.problems)")
        #expect(!result.places(of: eicar).isEmpty)
    }

    @Test func descriptorThatIsNotThere() {
        let told = Unpacked(changed(archive(), Self.localFlags, octets(8, 2)))
        #expect(told.problems == [ContainerProblem(.note, "zip entry without the descriptor that it announces")])
        let zeros = changed(archive(), Self.localSum, octets(0, 12))
        expectAmbiguous(changed(zeros, Self.localFlags, octets(8, 2)))
    }

    /// What writers that cannot go back leave in local headers, and the forms of descriptors.
    @Test(arguments: [true, false], [4, 8]) func streamedArchives(_ hasSignature: Bool, _ width: Int) {
        for stated in [[], [Int](repeating: 0, count: 3), [0, 0xFFFF_FFFF, 0xFFFF_FFFF]] {
            for isLie in [false, true] {
                var entry = ZipWriter.Entry("b.com", eicar)
                entry.flags = 8
                let sum = Int(eicar.withChecksum) ^ (isLie ? 1 : 0)
                let descriptor =
                    (hasSignature ? [0x50, 0x4B, 7, 8] : []) + octets(sum, 4) + octets(eicar.count, width)
                    + octets(eicar.count, width)
                entry.data = eicar + descriptor
                entry.compressedSize = eicar.count
                var archive = ZipWriter(entries: [entry]).archive()
                for (index, value) in stated.enumerated() {
                    archive = changed(archive, Self.localSum + 4 * index, octets(value, 4))
                }
                let result = Unpacked(archive)
                #expect(result.kinds == (isLie && !stated.isEmpty ? [.ambiguous] : []), "\(stated)")
                #expect(result.problems.isEmpty != isLie, "\(stated) \(result.problems)")
                #expect(result.places(of: eicar) == ["1"])
            }
        }
    }

    /// Info-ZIP puts the time where the checksum would be when it encrypts and cannot go back, or is told not to.
    @Test(arguments: ["zip -P secret - a.txt | cat > out", "zip -P secret -fd out.zip a.txt; mv out.zip out"])
    func encryptedThroughAPipe(_ command: String) throws {
        guard GeneratorTests.installed("zip") else { try Test.cancel("zip is missing: make test-deps") }
        let scratch = try Scratch(.memory)
        try write(harmless, to: "\(scratch.path)/a.txt")
        let made = try runTool(
            "sh", ["-c", "cd \(scratch.path) && touch -d '2026-03-04 05:06:08' a.txt && \(command)"])
        let archive = try read("\(scratch.path)/out")
        try #require(made.status == 0 && archive[Self.localSum..<Self.localSum + 4] != [0, 0, 0, 0])
        #expect(Unpacked(archive).kinds == [.encrypted])
        var passwords = Passwords()
        passwords.add(Array("secret".utf8), .text)
        let opened = Unpacked(archive, passwords: passwords)
        #expect(opened.places(of: harmless) == ["1"] && !opened.isMarked, "\(opened.problems)")
        // Another number there, and a descriptor that lies.
        let other = changed(archive, Self.localSum, [1])
        #expect(Unpacked(other).kinds == [.encrypted, .ambiguous])
        let places = (0..<archive.count - 4).filter { archive[$0..<$0 + 4] == [0x50, 0x4B, 7, 8] }
        let descriptor = try #require(places.last)
        let lie = changed(archive, descriptor + 4, [archive[descriptor + 4] ^ 1])
        #expect(Unpacked(lie).kinds == [.encrypted, .ambiguous])
    }

    /// What is not encrypted has no time there.
    @Test func timeForAChecksum() {
        var entry = ZipWriter.Entry("b.com", eicar)
        entry.flags = 8
        entry.data = eicar + octets(Int(eicar.withChecksum), 4) + octets(eicar.count, 4) + octets(eicar.count, 4)
        entry.compressedSize = eicar.count
        var archive = ZipWriter(entries: [entry]).archive()
        archive = changed(archive, 10, octets(0x6000, 2))
        expectAmbiguous(changed(archive, Self.localSum, octets(0x6000_0000, 4)))
    }

    /// Directories of some writers announce a descriptor that they leave out.
    @Test func membersWithoutData() {
        var entry = ZipWriter.Entry("dir/", [])
        entry.flags = 8
        var empty = ZipWriter.Entry("empty", [])
        empty.flags = 8
        #expect(!Unpacked(ZipWriter(entries: [entry, empty, .init("a", harmless)]).archive()).isMarked)
    }

    /// Each field of the end record alone.
    @Test(arguments: [
        (endCount, octets(0, 2)), (endCount, octets(1, 2)), (endCount, octets(9, 2)), (endSize, octets(1, 4)),
        (endSize, octets(0, 4)), (endSize, octets(5000, 4)), (endOffset, octets(0, 4)),
        (endOffset, octets(0x7FFF_FFF0, 4)), (endOffset, octets(5, 4)),
    ])
    func endRecordThatLies(_ field: Int, _ value: [UInt8]) {
        let archive = archive()
        expectAmbiguous(changed(archive, archive.count - 22 + field, value))
    }

    /// A record of an empty archive, behind a directory that it does not know.
    @Test func endRecordOfAnEmptyArchive() {
        let archive = archive()
        expectAmbiguous(changed(archive, archive.count - 22 + 8, octets(0, 12)))
    }

    @Test func commentBeyondTheEnd() {
        let archive = archive()
        let result = Unpacked(changed(archive, archive.count - 22 + Self.endComment, octets(500, 2)))
        #expect(result.kinds == [.corrupt] && !result.places(of: eicar).isEmpty, "\(result.problems)")
    }

    /// Counts have 16 bits.
    @Test func manyMembers() {
        var limits = UnpackingLimits()
        limits.files = 70_000
        let entries = (0..<65_536).map { ZipWriter.Entry("\($0)", []) }
        let whole = ZipWriter(entries: entries).archive()
        #expect(!Unpacked(whole, limits: limits, messageSize: 1 << 22).kinds.contains(.ambiguous))
    }

    @Test func digitalSignature() {
        let archive = archive()
        let signature: [UInt8] = [0x50, 0x4B, 5, 5] + octets(8, 2) + [1, 2, 3, 4, 5, 6, 7, 8]
        let end = archive.count - 22
        let size = Int(archive[end + Self.endSize]) + signature.count
        let signed = Array(archive[..<end]) + signature + archive[end...]
        let result = Unpacked(changed(signed, signed.count - 22 + Self.endSize, octets(size, 4)))
        #expect(!result.isMarked, "\(result.problems)")
    }
}
