import Compression
import Digests
import Foundation
import Members
import Testing

@testable import Unpacking

/// Members of the RAR archives of rarfile and libarchive: exactly those that are expected, each once, with their content.
@Suite(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
struct RarCorpusTests {
    /// A member as a dump has it.
    struct Expected {
        var name: String
        var size = 0
        /// Checksum of the content; nil where it is BLAKE2sp, depends on a password, or is that of a part.
        var checksum: UInt32?
        var hash: String?
        var isDirectory: Bool { name.hasSuffix("/") }
    }

    /// The members that rarfile lists in a dump of its tests.
    private static func members(_ dump: String) -> [Expected] {
        var members: [Expected] = []
        for line in dump.split(separator: "\n") {
            func field(_ name: String) -> String? {
                line.range(of: name + "=").map { String(line[$0.upperBound...].prefix { $0 != " " && $0 != "," }) }
            }
            if line.hasPrefix("FILE:") || line.hasPrefix("R5_FILE:") { members.append(Expected(name: "")) }
            guard var last = members.popLast() else { continue }
            if let text = field(" dec"), let number = Int(text) { last.size = number }
            if let text = field("  crc")?.dropFirst(2), let number = UInt32(text, radix: 16) { last.checksum = number }
            if let text = field("  blake2sp") { last.hash = text }
            if line.hasPrefix("  name=") {
                last.name = String(line.dropFirst("  name=".count))
                if last.name.hasPrefix("'") { last.name = String(last.name.dropFirst().dropLast()) }
            }
            if line.contains("TWEAKED") { (last.checksum, last.hash) = (nil, nil) }
            members.append(last)
        }
        return members
    }

    /// Archives of which not all can be read, with what is said.
    private static let marked: [String: Set<ContainerProblem.Kind>] = [
        // Compression of RAR 1.5.
        "rar15-comment.rar": [.unsupported], "rar15-comment-lock.rar": [.unsupported],
        // Members without content, which no password can be told to be right for; the encryption of RAR 2.
        "rar3-comment-psw.rar": [.encrypted],
        "rar202-comment-psw.rar": [.encrypted],
        // Volumes.
        "rar3-old.rar": [.unsupported], "rar3-vols.part1.rar": [.unsupported], "rar3-vols.part2.rar": [.unsupported],
        "rar3-vols.part3.rar": [.unsupported], "rar5-vols.part1.rar": [.unsupported],
        "rar5-vols.part2.rar": [.unsupported], "rar5-vols.part3.rar": [.unsupported],
    ]

    private static let rarfile = Corpora.files("rarfile").filter { $0.hasSuffix(".rar.exp") }

    @Test(arguments: rarfile) func rarfileHasTheSameMembers(_ path: String) throws {
        let archive = String(path.dropLast(4))
        let file = (archive as NSString).lastPathComponent
        var passwords = Passwords()
        passwords.add(Array("password".utf8), .text)
        let result = Unpacked(try Corpora.bytes(archive), messageSize: 1 << 20, passwords: passwords)
        #expect(result.kinds == Self.marked[file] ?? [], "\(result.problems)")
        let expected = Self.members(String(decoding: try Corpora.bytes(path), as: UTF8.self))
        // An archive without its encryption is a member of it.
        let isInner = result.entries.contains { $0.flags.contains(.decrypted) }
        let found = result.entries.filter { $0.path.split(separator: "/").count == (isInner ? 2 : 1) }
            .filter { !$0.flags.contains(.slack) }
        let names = found.map { Self.bare($0.names.first ?? "") }
        let isVolume = Self.marked[file] == [.unsupported] && !file.hasPrefix("rar15")
        // A dump of a volume has the members of all of them, and one of versions the last.
        if !isVolume, !file.contains("versions") {
            #expect(names.sorted() == expected.map { Self.bare($0.name) }.sorted(), "\(file)")
        } else {
            #expect(names.contains { $0 == expected.first?.name ?? $0 }, "\(file)")
        }
        for member in expected where !member.isDirectory && !isVolume {
            let entries = found.filter { Self.bare($0.names.first ?? "") == Self.bare(member.name) }
            // Versions of a file have one name; links and what stays closed have no content.
            let contents = entries.compactMap(\.content)
            if let sum = member.checksum, sum != 0, !contents.isEmpty {
                #expect(
                    contents.contains { $0.count == member.size && crc32($0.span) == sum }, "\(file): \(member.name)")
            }
            if let hash = member.hash, !contents.isEmpty {
                #expect(contents.contains { Self.hash($0) == hash }, "\(file): \(member.name)")
            }
        }
    }

    private static func bare(_ name: String) -> String { name.hasSuffix("/") ? String(name.dropLast()) : name }

    private static func hash(_ content: [UInt8]) -> String {
        var digest = BLAKE2sp()
        digest.update(content.span)
        return hexadecimal(digest.finish())
    }

    /// Programs in an archive are not run, and their data is not kept: this one states a gigabyte of it in 125 octets.
    @Test func programsTakeNoMemory() throws {
        let result = Unpacked(
            try Corpora.bytes("libarchive/libarchive_test/test_read_format_rar_unbound_staticdata.rar"),
            messageSize: 1 << 20)
        #expect(result.names == ["poc_b76.txt"] && result.kinds == [.corrupt], "\(result.problems)")
    }

    /// A service whose data goes on behind the end of the file, and an archive of which nothing else is there.
    @Test func dataThatIsNotThere() throws {
        let huge = try Corpora.bytes("libarchive/libarchive_test/test_read_format_rar_newsub_huge.rar")
        #expect(Unpacked(huge, messageSize: 1 << 20).kinds == [.corrupt])
        let empty = try Corpora.bytes("libarchive/libarchive_test/test_read_format_rar.rar").prefix(20)
        #expect(Unpacked(Array(empty), messageSize: 1 << 20).kinds == [.corrupt])
    }

    /// What the first volume has of a member is looked at.
    @Test func beginningOfASplitMember() throws {
        let result = Unpacked(try Corpora.bytes("rarfile/rar3-vols.part1.rar"), messageSize: 1 << 20)
        #expect(result.entries.contains { $0.content?.isEmpty == false }, "\(result.problems)")
        #expect(result.kinds == [.unsupported])
    }

    /// libarchive's own tests: names of the samples that are sound, as those check them.
    private static let libarchive: [(file: String, names: [String])] = [
        (
            "test_read_format_rar.rar",
            ["test.txt", "testlink", "testdir/test.txt", "testdir", "testemptydir"]
        ),
        (
            "test_read_format_rar_compress_normal.rar",
            [
                "LibarchiveAddingTest.html", "testdir/LibarchiveAddingTest.html", "testlink", "testdir/test.txt",
                "testdir", "testemptydir",
            ]
        ),
        (
            "test_read_format_rar_compress_best.rar",
            [
                "LibarchiveAddingTest.html", "testdir/LibarchiveAddingTest.html", "testlink", "testdir/test.txt",
                "testdir", "testemptydir",
            ]
        ),
        (
            "test_read_format_rar_unicode.rar",
            [
                "表だよ/新しいフォルダ/新規テキスト ドキュメント.txt", "表だよ/漢字長いファイル名long-filename-in-漢字.txt",
                "表だよ/新しいフォルダ", "表だよ", "abcdefghijklmnopqrsテスト.txt", "表だよ/ファイル",
            ]
        ),
        (
            "test_read_format_rar_windows.rar",
            ["test.txt", "testdir/test.txt", "testdir", "testemptydir", "testshortcut.lnk"]
        ),
    ]

    @Test(arguments: libarchive.indices) func libarchiveHasTheSameMembers(_ index: Int) throws {
        let (file, names) = Self.libarchive[index]
        let path = try #require(Corpora.files("libarchive").first { $0.hasSuffix("/" + file) })
        let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
        #expect(!result.isMarked, "\(result.problems)")
        let found = result.entries.filter { !$0.path.contains("/") }
        #expect(found.map { Self.bare($0.names.first ?? "") }.sorted() == names.sorted(), "\(file)")
    }

    /// Samples that are broken on purpose.
    private static let broken = [
        "test_read_format_rar3_lowdist_reset.rar", "test_read_format_rar_ppmd_use_after_free.rar",
        "test_read_format_rar_ppmd_use_after_free2.rar", "test_read_format_rar_symlink_huge.rar",
        "test_read_format_rar_unbound_staticdata.rar", "test_read_format_rar_overflow.rar",
        "test_read_format_rar_invalid1.rar",
        // The first of several pieces.
        "test_read_large_splitted_rar_aa",
    ]

    /// What libarchive reads as well: LZ, PPMd, both, and filters, by the own reader of solid members.
    @Test func everyMemberOfVersion4IsDecoded() throws {
        var count = 0
        for path in Corpora.files("libarchive") + Corpora.files("rarfile") {
            let archive = try Corpora.bytes(path)
            let file = (path as NSString).lastPathComponent
            guard archive.starts(with: Rar4Writer.mark), !Self.broken.contains(file) else { continue }
            var decoder = Rar3Data(mostMemory: 1 << 28)
            for entry in RarListing(archive.span, .rar, while: { true }).entries
            where entry.version >= 29 && !entry.isStored && !entry.isEncrypted && !entry.isSplit && !entry.isDirectory {
                var sum: UInt32 = 0
                let end = decoder.decode(
                    archive.span.extracting(entry.data), size: entry.size ?? 0, isSolid: entry.isSolid
                ) { piece in
                    sum = crc32(piece, seed: sum)
                    return true
                }
                #expect(end == .complete && sum == entry.checksum, "\(file): \(entry.names), \(end)")
                count += 1
            }
        }
        #expect(count >= 20)
    }
}
