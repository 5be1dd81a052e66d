import Compression
import Members
import Testing

@testable import Unpacking

/// Zip archives that programs read in different ways: every reading is handed out, and said.
@Suite struct ZipTests {
    private let harmless = Array("nothing of interest to anybody\r\n".utf8)

    @Test func honestArchive() {
        let result = Unpacked(zip([("a.txt", harmless), ("dir/", []), ("dir/b.com", eicar)]))
        #expect(result.types == ["zip"])
        #expect(result.entries.map(\.path) == ["1", "2", "3"])
        #expect(result.names == ["a.txt", "dir/", "dir/b.com"])
        #expect(result.places(of: eicar) == ["3"])
        #expect(result.entries[1].flags.contains(.directory))
        #expect(result.isComplete && !result.isMarked)
    }

    @Test("F1: two names for one member") func twoNamesForOneMember() {
        var entry = ZipWriter.Entry("run.exe", eicar)
        entry.centralName = "read.txt"
        let result = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(Set(result.names) == ["run.exe", "read.txt"])
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.kinds == [.ambiguous])
    }

    @Test("F2: one archive behind another", arguments: [true, false]) func concatenatedArchives(_ harmlessFirst: Bool) {
        let first = zip([("a.txt", harmless)])
        let second = zip([("b.com", eicar)])
        let result = Unpacked(harmlessFirst ? first + second : second + first)
        #expect(Set(result.names) == ["a.txt", "b.com"])
        #expect(!result.places(of: eicar).isEmpty)
        #expect(result.kinds == [.ambiguous])
    }

    @Test("F2: a member that no directory lists") func memberThatNoDirectoryLists() {
        var hidden = ZipWriter.Entry("hidden.com", eicar)
        hidden.isListed = false
        let result = Unpacked(
            ZipWriter(entries: [.init("a.txt", harmless), hidden, .init("c.txt", harmless)]).archive())
        #expect(Set(result.names) == ["a.txt", "hidden.com", "c.txt"])
        #expect(!result.places(of: eicar).isEmpty)
        #expect(result.kinds.contains(.ambiguous))
    }

    @Test func directoryCutOff() {
        let whole = zip([("a.txt", harmless), ("b.com", eicar)])
        for length in stride(from: whole.count - 1, to: 120, by: -1) {
            let result = Unpacked(Array(whole[..<length]))
            #expect(result.isMarked || length >= whole.count - 22)
            if length > 170 { #expect(!result.places(of: eicar).isEmpty) }
        }
    }

    @Test("F3: overlapping entries, quoted headers") func overlappingEntries() {
        // Many names for the same octets.
        var same = ZipWriter(entries: [.init("a", harmless), .init("b", harmless)])
        same.entries[1].offset = 0
        let result = Unpacked(same.archive())
        #expect(result.kinds == [.overLimits])
        #expect(result.entries.isEmpty && !result.isComplete)
        // Headers that are quoted within the data of the member before.
        var quoted = ZipWriter(entries: [.init("a", harmless), .init("b", harmless)])
        quoted.entries[0].compressedSize = harmless.count + 10
        #expect(Unpacked(quoted.archive()).kinds.contains(.overLimits))
    }

    @Test("F4: content in front of an archive", arguments: [true, false]) func prefix(_ counted: Bool) {
        var writer = ZipWriter(entries: [.init("b.com", eicar)], prefix: [0xFF, 0xD8, 0xFF, 0xE0] + harmless)
        writer.offsetsIncludePrefix = counted
        let result = Unpacked(writer.archive())
        #expect(result.types == ["jpg", "zip"])
        #expect(result.places(of: eicar) == ["1"])
        #expect(!result.isMarked)
    }

    @Test("F4: an archive behind another and in its comment") func contentBehindAndInTheComment() {
        var writer = ZipWriter(entries: [.init("a.txt", harmless)])
        writer.comment = zip([("b.com", eicar)])
        #expect(!Unpacked(writer.archive()).places(of: eicar).isEmpty)
        writer.comment = []
        writer.suffix = [0x52, 0x61] + harmless + zip([("b.com", eicar)])
        #expect(!Unpacked(writer.archive()).places(of: eicar).isEmpty)
    }

    @Test("F4: comments and extra fields of members", arguments: 0..<4) func remarks(_ place: Int) {
        let field = octets(0xCAFE, 2) + octets(eicar.count, 2) + eicar
        // Behind another field, in one that is longer than all of them.
        let odd = octets(0x5455, 2) + octets(5, 2) + [1, 0, 0, 0, 0] + octets(1, 2) + octets(0xFFFF, 2) + eicar
        var writer = ZipWriter(entries: [ZipWriter.Entry("a", [1, 2, 3])])
        switch place {
        case 0: writer.entries[0].comment = eicar
        case 1: writer.entries[0].extra = field
        case 2: writer.entries[0].localExtra = field
        default: writer.entries[0].localExtra = odd
        }
        let result = Unpacked(writer.archive(), messageSize: 1 << 20)
        #expect(result.places(of: eicar) == ["2"], "\(result.entries)")
        #expect(result.entries[0].content == [1, 2, 3] && !result.isMarked && !result.isComplete)
    }

    /// Fields that programs write are nothing; many comments become one member, and none is lost.
    @Test func manyRemarks() {
        var writer = ZipWriter(entries: (0..<1000).map { ZipWriter.Entry("\($0)", []) })
        for index in writer.entries.indices {
            writer.entries[index].extra = octets(0x5455, 2) + octets(5, 2) + [1, 0, 0, 0, 0]
            writer.entries[index].localExtra = octets(0xA220, 2) + octets(500, 2) + [UInt8](repeating: 0, count: 500)
        }
        #expect(Unpacked(writer.archive(), messageSize: 1 << 20).isComplete)
        for index in writer.entries.indices {
            writer.entries[index].comment = Array("a long comment of file \(index)...".utf8)
        }
        let result = Unpacked(writer.archive(), messageSize: 1 << 20)
        #expect(result.entries.count == 1000 + 64 + 1 && !result.isMarked)
        let rest = String(decoding: result.entries.last?.content ?? [], as: UTF8.self)
        #expect(rest.hasPrefix("a long comment of file 64...\n") && rest.hasSuffix("a long comment of file 999...\n"))
    }

    // MARK: Lies

    @Test("F5: a size that lies", arguments: [0, 1, 67, 69, 1 << 20]) func sizeThatLies(_ size: Int) {
        var entry = ZipWriter.Entry("b.com", eicar)
        entry.size = size
        let result = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(result.entries.contains { $0.content?.starts(with: eicar) == true })
        #expect(result.isMarked)
    }

    @Test("F5: a compressed size that lies", arguments: [0, 10, 67]) func compressedSizeThatLies(_ size: Int) {
        var entry = ZipWriter.Entry("b.com", eicar)
        entry.compressedSize = size
        let result = Unpacked(ZipWriter(entries: [entry, .init("c", harmless)]).archive())
        #expect(result.entries.contains { $0.content?.starts(with: eicar) == true })
        #expect(result.isMarked)
    }

    @Test("F5: a checksum that lies") func checksumThatLies() {
        var entry = ZipWriter.Entry("b.com", eicar)
        entry.checksum = 1
        let result = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.kinds == [.corrupt] && !result.isComplete)
    }

    @Test("F5: a flag of encryption that lies") func flagOfEncryptionThatLies() {
        var entry = ZipWriter.Entry("b.com", eicar)
        entry.flags = 1
        let result = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.kinds == [.ambiguous])
        entry.localFlags = 0
        let differing = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(!differing.places(of: eicar).isEmpty)
        #expect(differing.kinds == [.ambiguous])
        entry.checksum = 1
        entry.localFlags = 1
        let encrypted = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(encrypted.entries.map(\.flags) == [.encrypted])
        #expect(encrypted.names == ["b.com"])
        #expect(encrypted.kinds == [.encrypted])
    }

    @Test func methodThatNobodyKnows() {
        var entry = ZipWriter.Entry("b.bin", eicar)
        entry.method = 6
        let result = Unpacked(ZipWriter(entries: [entry]).archive())
        #expect(result.names == ["b.bin"])
        #expect(result.problems == [ContainerProblem(.unsupported, "zip method 6")])
    }

    @Test func emptyArchive() {
        let result = Unpacked(zip([]))
        #expect(result.types == ["zip"])
        #expect(result.entries.isEmpty && !result.isMarked)
    }

    @Test func damageAtEveryOctet() {
        let whole = zip([("a.txt", harmless), ("b.com", eicar)])
        for index in whole.indices {
            for value: UInt8 in [0, 0xFF, whole[index] ^ 1] {
                var bytes = whole
                bytes[index] = value
                // An outcome, whatever it is, and never more than the limits.
                let result = Unpacked(bytes)
                #expect(result.entries.count < 10)
            }
        }
    }
}
