import Foundation
import Members
import Testing

@testable import Unpacking

/// Encrypted RAR archives, as WinRAR and rar wrote them: samples of rarfile and libarchive.
@Suite(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
struct RarPasswordTests {
    private static func passwords(_ words: String...) -> Passwords {
        var passwords = Passwords()
        for word in words { passwords.add(Array(word.utf8), .text) }
        return passwords
    }

    static func sample(_ name: String) throws -> [UInt8] {
        let files = Corpora.files("rarfile") + Corpora.files("libarchive")
        return try Corpora.bytes(try #require(files.first { $0.hasSuffix("/" + name) }))
    }

    private static func lines(_ names: String...) -> [String] { names.map { "This is from \($0).txt" } }

    /// Sample, password, and how the content of its members begins.
    static let samples: [(file: String, password: String, contents: [String])] = [
        ("test_read_format_rar_encryption_data.rar", "12345678", ["foo", "bar"]),
        ("test_read_format_rar_encryption_header.rar", "12345678", ["foo", "bar"]),
        ("test_read_format_rar_encryption_partially.rar", "12345678", ["foo", "bar"]),
        ("test_read_format_rar4_encrypted_filenames.rar", "password", lines("a", "b", "c", "d")),
        ("test_read_format_rar4_solid_encrypted.rar", "password", lines("a", "b", "c", "d")),
        ("test_read_format_rar4_solid_encrypted_filenames.rar", "password", lines("a", "b", "c", "d")),
        ("test_read_format_rar5_encrypted_filenames.rar", "password", lines("a", "b", "c", "d")),
        ("test_read_format_rar5_solid_encrypted.rar", "password", lines("a", "b", "c", "d")),
        ("test_read_format_rar5_solid_encrypted_filenames.rar", "password", lines("a", "b", "c", "d")),
        ("rar5-psw.rar", "password", ["stest1", "stest2"]),
        ("rar5-psw-blake.rar", "password", ["stest1", "stest2"]),
        ("rar5-hpsw.rar", "password", ["stest1", "stest2"]),
    ]

    @Test(arguments: samples.indices) func opensWithTheRightPassword(_ index: Int) throws {
        let (file, password, contents) = Self.samples[index]
        let archive = try Self.sample(file)
        let result = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("wrong", password))
        #expect(result.kinds.isEmpty && result.problems.contains { $0.detail.contains("opened with") }, "\(file)")
        let files = result.entries.filter { $0.path.split(separator: "/").count == 2 }
        #expect(files.count == contents.count)
        for (entry, start) in zip(files, contents) {
            #expect(entry.flags.contains(.decrypted) && entry.content?.isEmpty == false)
            let name = entry.names.first ?? ""
            if name.hasPrefix("stest") {
                #expect(name == start + ".txt" && entry.content?.count == 2048)
            } else {
                let text = String(decoding: entry.content ?? [], as: UTF8.self)
                #expect(start.count == 3 ? name == start + ".txt" : text.hasPrefix(start), "\(file): \(name)")
            }
        }
        let closed = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("wrong"))
        #expect(closed.kinds.contains(.encrypted) && !closed.problems.contains { $0.detail.contains("opened with") })
    }

    /// Of RAR 5 the value that tells whether a password is right, the key of members and that of their checksums are counted.
    @Test(arguments: ["rar5-psw.rar", "rar5-hpsw.rar"]) func keysOfRAR5AreCounted(_ file: String) throws {
        let archive = try Self.sample(file)
        let note = ContainerProblem(.note, ContainerLimit.passwordKeys.rawValue)
        func unpacked(_ keys: Int) -> Unpacked {
            Unpacked(
                archive, limits: UnpackingLimits(containers: ContainerLimits(passwordKeys: keys)),
                passwords: Self.passwords("password"))
        }
        let closed = unpacked(1)
        #expect(closed.kinds.contains(.encrypted) && closed.problems.contains(note), "\(closed.problems)")
        let opened = unpacked(20)
        #expect(opened.kinds.isEmpty && !opened.problems.contains(note), "\(opened.problems)")
    }

    @Test(arguments: ["test_read_format_rar4_encrypted.rar", "test_read_format_rar5_encrypted.rar"])
    func membersOfOtherPasswordsStayEncrypted(_ file: String) throws {
        let archive = try Self.sample(file)
        let one = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("password"))
        #expect(one.kinds == [.encrypted] && one.names == ["a.txt", "b.txt", "c.txt", "d.txt"])
        #expect(one.entries.filter { $0.content?.starts(with: Array("This is".utf8)) == true }.count == 3)
    }

    /// Members without content are encrypted as well; nothing but encrypted names tells whether a password is right then.
    @Test func emptyMembers() throws {
        let named = Unpacked(
            try Self.sample("rar3-comment-hpsw.rar"), messageSize: 1 << 20, passwords: Self.passwords("password"))
        #expect(named.kinds.isEmpty && named.names == ["file1.txt", "file2.txt"])
        let plain = Unpacked(
            try Self.sample("rar3-comment-psw.rar"), messageSize: 1 << 20, passwords: Self.passwords("password"))
        #expect(plain.kinds == [.encrypted] && plain.names == ["file1.txt", "file2.txt"])
    }

    /// RAR 2 has an encryption of its own.
    @Test func encryptionOfRar2IsNamed() throws {
        let result = Unpacked(
            try Self.sample("rar202-comment-psw.rar"), messageSize: 1 << 20, passwords: Self.passwords("password"))
        #expect(result.problems == [ContainerProblem(.encrypted, "member of rar archive, as RAR 2 encrypts")])
        #expect(result.names == ["FILE1.TXT", "FILE2.TXT"])
    }

    /// Why a member is not read.
    @Test(arguments: [("rar15-comment.rar", "method of RAR 1.5 in rar archive")])
    func whatIsNotReadHasItsReason(_ file: String, _ reason: String) throws {
        let result = Unpacked(try Self.sample(file), messageSize: 1 << 20)
        let comment = ContainerProblem(.note, "method of a comment of rar archive")
        #expect(result.problems == [comment, ContainerProblem(.unsupported, reason)], "\(result.problems)")
    }

    /// Comments of RAR 2 stand in the header of the archive, compressed.
    @Test(arguments: ["rar202-comment-nopsw.rar", "rar202-comment-psw.rar"])
    func commentsOfRar2(_ file: String) throws {
        let archive = try Self.sample(file)
        let listing = RarListing(archive.span, .rar, while: { true })
        #expect(RarComment.read(listing, of: archive.span, .rar, memory: 1 << 22) == Array("RARcomment".utf8))
        for count in 20..<archive.count {
            let cut = Array(archive.prefix(count))
            let listing = RarListing(cut.span, .rar, while: { true })
            #expect(RarComment.read(listing, of: cut.span, .rar, memory: 1 << 22)?.count ?? 0 <= 10)
        }
    }

    @Test func archivesBeyondTheBufferStayEncrypted() throws {
        let archive = try Self.sample("rar5-psw.rar")
        for (buffer, isOpened) in [(archive.count, true), (archive.count - 1, false)] {
            let limits = UnpackingLimits(containers: ContainerLimits(buffer: buffer))
            let result = Unpacked(
                archive, limits: limits, messageSize: 1 << 20, passwords: Self.passwords("password"))
            #expect(result.kinds.isEmpty == isOpened && result.kinds.contains(.encrypted) == !isOpened)
        }
    }

    @Test(arguments: ["rar5-psw.rar", "test_read_format_rar_encryption_data.rar"])
    func keysAreCounted(_ file: String) throws {
        let archive = try Self.sample(file)
        let right = file.hasPrefix("rar5") ? "password" : "12345678"
        // The second member has a salt of its own in RAR 4.
        for keys in 0...3 {
            let limits = UnpackingLimits(containers: ContainerLimits(passwordKeys: keys))
            let result = Unpacked(
                archive, limits: limits, messageSize: 1 << 20, passwords: Self.passwords("wrong", right))
            #expect(
                result.problems.contains(ContainerProblem(.note, ContainerLimit.passwordKeys.rawValue)) == !result.kinds
                    .isEmpty)
            #expect(!result.kinds.contains(.overLimits))
            #expect(keys > 1 || result.kinds.contains(.encrypted))
        }
    }

    /// Nothing that is damaged is quiet, but where only comments, dates or padding are.
    @Test(arguments: ["rar5-hpsw.rar", "rar5-psw.rar", "test_read_format_rar4_encrypted_filenames.rar"])
    func damage(_ file: String) throws {
        let archive = try Self.sample(file)
        let keys = PasswordKeys(most: 100_000)
        let passwords = Self.passwords("password")
        for place in stride(from: 7, to: archive.count, by: max(1, archive.count / 60)) {
            var wrong = archive
            wrong[place] ^= 0x10
            let format: FileType.ArchiveFormat = file.hasPrefix("rar5") ? .rar5 : .rar
            for content in [wrong, Array(archive[..<place])] {
                let collector = MemberCollector(content)
                let isOpened = RarDecryption.read(
                    content.span, format, passwords: { passwords }, keys: keys, into: collector)
                #expect(isOpened == !collector.items.isEmpty)
                #expect(collector.items.allSatisfy { ($0.content?.count ?? 0) <= content.count })
            }
        }
    }
}
