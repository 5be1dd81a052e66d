import Digests
import Foundation
import Members
import Testing

@testable import Unpacking

/// Archives of other projects: what they expect where they say it, and a stated outcome for every other file.
@Suite(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"), .serialized)
struct CorpusTests {
    /// Files that would hold libarchive 3.6 in a circle for ever.
    @Test(arguments: ["test_read_format_iso_rockridge_ce_loop.iso.Z", "test_read_format_xar_doublelink.xar"])
    func circles(_ name: String) throws {
        let path = try #require(Corpora.files("libarchive").first { $0.hasSuffix("/" + name) })
        let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
        #expect(result.kinds == [.corrupt])
        #expect(result.problems.contains { $0.detail.hasSuffix("that leads in a circle") })
    }

    /// Text without anything in it and such: no container, so that nothing is to be said.
    private static func isNoContainer(_ result: Unpacked) -> Bool {
        result.types.isEmpty
            || result.types.allSatisfy { name in
                FileType.all.contains { $0.name == name && !$0.opening.isReadable && $0.opening != .unsupported }
            }
    }

    @Test(arguments: ["libarchive", "py7zr", "rarfile", "yauzl", "zip-slip", "bombs", "clamav-testfiles"])
    func everyFileHasAnOutcome(_ folder: String) throws {
        let limits = UnpackingLimits(maximumQuota: 4 << 20)
        for path in Corpora.files(folder) {
            let result = Unpacked(try Corpora.bytes(path), limits: limits, messageSize: 1 << 20)
            let isTold = !result.entries.isEmpty || result.isMarked || result.isComplete || Self.isNoContainer(result)
            #expect(isTold, "\(path): \(result.types)")
        }
    }

    /// One program of 544 octets in every container (Debian's clamav-testfiles).
    @Test func oneProgramInEveryContainer() throws {
        let program = try Corpora.bytes("clamav-testfiles/clam.exe")
        var missed: [String] = []
        for path in Corpora.files("clamav-testfiles") {
            let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
            if result.places(of: program).isEmpty { missed.append((path as NSString).lastPathComponent) }
        }
        #expect(missed.sorted() == Self.notOpened)
    }

    /// The text of the licence and the program itself; packed programs and installers, which libclamav looks into; formats without a reader, which are reported as unsupported.
    private static let notOpened = [
        "COPYRIGHT.debian", "clam-aspack.exe", "clam-fsg.exe", "clam-mew.exe", "clam-nsis.exe", "clam-pespin.exe",
        "clam-petite.exe", "clam-upack.exe", "clam-upx.exe", "clam-wwpack.exe", "clam-yc.exe", "clam.ea05.exe",
        "clam.ea06.exe", "clam.exe", "clam.impl.zip", "clam.sis", "clam_IScab_ext.exe",
        "clam_IScab_int.exe", "clam_ISmsi_ext.exe", "clam_ISmsi_int.exe",
        // Nested deeper than the limit.
        "clam_cache_emax.tgz",
    ]

    /// Names in the dumps that rarfile keeps beside its archives.
    @Test func namesOfRarfile() throws {
        var compared = 0
        for path in Corpora.files("rarfile") where path.hasSuffix(".exp") {
            let dump = String(decoding: try Corpora.bytes(path), as: UTF8.self)
            guard let archive = try? Corpora.bytes(String(path.dropLast(4))) else { continue }
            let expected = Set(
                dump.split(separator: "\n").compactMap { line -> String? in
                    guard let range = line.range(of: "  name=") else { return nil }
                    let name = line[range.upperBound...]
                    return name.isEmpty ? nil : String(name.drop { $0 == "'" || $0 == "\"" })
                })
            let result = Unpacked(archive, messageSize: 1 << 20)
            let found = Set(result.names.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 })
            let missing = expected.filter { name in
                !found.contains { name.hasPrefix($0) }
            }
            if missing.isEmpty { compared += 1 } else { #expect(result.isMarked, "\(path): \(missing)") }
        }
        #expect(compared >= 30)
    }

    /// The file name is the error that a strict reader must report: we must say something too, and still hand out what is
    /// there.
    @Test func failuresOfYauzl() throws {
        for path in Corpora.files("yauzl/failure") {
            let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
            let name = (path as NSString).lastPathComponent
            #expect(
                result.isMarked || Self.readAnyway.contains { name.hasPrefix($0) } || Self.isNoContainer(result),
                "\(name)")
        }
        for path in Corpora.files("yauzl/success") {
            let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
            let name = (path as NSString).lastPathComponent
            #expect(
                !result.kinds.contains(.corrupt) && !result.kinds.contains(.overLimits) && !result.types.isEmpty,
                "\(name)")
        }
    }

    /// Errors that hide nothing: a comment's length, an extra field that is too long.
    private static let readAnyway = [
        "Invalid comment length", "extra field length exceeds", "End of central directory record signature not found",
    ]

    @Test func zipSlip() throws {
        for path in Corpora.files("zip-slip") where !path.hasSuffix("README.md") {
            let result = Unpacked(try Corpora.bytes(path))
            guard !Self.isNoContainer(result) else { continue }
            #expect(result.names.contains { $0.contains("..") }, "\(path)")
            #expect(!FileManager.default.fileExists(atPath: "/tmp/evil.txt"))
        }
    }

    @Test("F9: the bomb of 42") func theBombOf42() throws {
        let bytes = try Corpora.bytes("bombs/zod/42.zip")
        let closed = Unpacked(bytes)
        #expect(closed.entries.count == 16)
        #expect(closed.kinds == [.encrypted])
        var passwords = Passwords()
        passwords.add(Array("42".utf8), .text)
        let opened = Unpacked(bytes, passwords: passwords)
        #expect(!opened.limits.isEmpty)
        #expect(opened.entries.count <= 1500)
    }

    /// Passwords of the archives that projects made for their tests.
    @Test(arguments: [
        ("libarchive/libarchive_test/test_read_format_zip_traditional_encryption_data.zip", "12345678"),
        ("libarchive/libarchive_test/test_read_format_zip_winzip_aes128.zip", "password"),
        ("libarchive/libarchive_test/test_read_format_zip_winzip_aes256.zip", "password"),
        ("libarchive/libarchive_test/test_read_format_zip_winzip_aes256_large.zip", "password"),
        ("libarchive/libarchive_test/test_read_format_zip_winzip_aes256_stored.zip", "password"),
        ("py7zr/encrypted_1.7z", "secret"), ("rarfile/files/rar5-psw.rar", "password"),
        ("libarchive/libarchive_test/test_read_format_rar_encryption_data.rar", "12345678"),
    ])
    func passwords(_ path: String, _ password: String) throws {
        let folder = path.split(separator: "/").first.map(String.init) ?? ""
        let file = (path as NSString).lastPathComponent
        let name = try #require(Corpora.files(folder).first { $0.hasSuffix("/" + file) })
        let bytes = try Corpora.bytes(name)
        #expect(Unpacked(bytes, messageSize: 1 << 20).kinds.contains(.encrypted))
        var passwords = Passwords()
        passwords.add(Array("wrong".utf8), .text)
        passwords.add(Array(password.utf8), .subject)
        let result = Unpacked(bytes, messageSize: 1 << 20, passwords: passwords)
        #expect(!result.kinds.contains(.encrypted))
        #expect(result.entries.contains { $0.flags.contains(.decrypted) && $0.content != nil })
    }
}
