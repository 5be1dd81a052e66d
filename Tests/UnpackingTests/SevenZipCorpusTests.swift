import Compression
import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// 7z archives of other projects: names, sizes and checksums of all members as 7-Zip lists them, which reads the header by
/// itself and need not know the method.
@Suite(.enabled(if: Corpora.isPresent && GeneratorTests.installed("7z"), "needs the corpora and 7z"))
struct SevenZipCorpusTests {
    /// What 7-Zip lists of a member with content.
    private struct Listed: Hashable {
        var name: String
        var size: Int
        var checksum: UInt32
    }

    /// Passwords that the projects tell.
    private static let passwords = ["secret", "hello", "12345678"]

    /// nil where 7-Zip does not open the archive either.
    private func listing(_ path: String) throws -> [Listed]? {
        for password in Self.passwords {
            let file = Corpora.archives.appendingPathComponent(path).path
            let result = try runTool("7z", ["l", "-slt", "-t7z", "-p" + password, file])
            guard result.status == 0 else { continue }
            var listed: [Listed] = []
            let blocks = String(decoding: result.output, as: UTF8.self).components(separatedBy: "\n\n")
            for block in blocks where !block.contains("Type = 7z") {
                var fields: [Substring: Substring] = [:]
                for line in block.split(separator: "\n") {
                    guard let equal = line.range(of: " = ") else { continue }
                    fields[line[..<equal.lowerBound]] = line[equal.upperBound...]
                }
                guard let name = fields["Path"], let size = fields["Size"].flatMap({ Int($0) }),
                    let sum = fields["CRC"].flatMap({ UInt32($0, radix: 16) })
                else { continue }
                listed.append(Listed(name: String(name), size: size, checksum: sum))
            }
            return listed
        }
        return nil
    }

    private static var archives: [String] {
        (Corpora.files("py7zr") + Corpora.files("libarchive")).filter { $0.hasSuffix(".7z") }
    }

    /// Archives that are damaged on purpose.
    private static let notRead = ["crc_corrupted.7z", "data_corrupted.7z"]

    @Test func members() throws {
        var passwords = Passwords()
        for word in Self.passwords { passwords.add(Array(word.utf8), .text) }
        var compared = 0
        for path in Self.archives {
            let file = (path as NSString).lastPathComponent
            let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20, passwords: passwords)
            // Programs with an archive in them that 7-Zip does not find either.
            guard result.types.contains("7z") else { continue }
            guard let listed = try listing(path) else {
                #expect(result.isMarked, "\(file): no program opens it")
                continue
            }
            let found = result.entries.compactMap { entry -> Listed? in
                guard !entry.path.contains("/"), let content = entry.content, !content.isEmpty else { return nil }
                return Listed(
                    name: entry.names.first ?? file.replacing(".7z", with: ""), size: content.count,
                    checksum: crc32(content.span))
            }
            guard !Self.notRead.contains(file) else {
                #expect(result.kinds == [.corrupt], "\(file): \(result.problems)")
                continue
            }
            #expect(Set(found) == Set(listed), "\(file): \(result.problems)")
            #expect(found.count == listed.count, "\(file)")
            // Several members without a name.
            let kinds: Set<ContainerProblem.Kind> = file == "github_14_multi.7z" ? [.ambiguous] : []
            #expect(result.kinds == kinds && result.limits.isEmpty, "\(file): \(result.problems)")
            compared += 1
        }
        #expect(compared >= 90)
    }

    /// A file beside the archives that one was packed from.
    @Test func contents() throws {
        let content = try Corpora.bytes("py7zr/x86.bin")
        let result = Unpacked(try Corpora.bytes("py7zr/lzma_bcj_x86.7z"), messageSize: 1 << 20)
        #expect(result.places(of: content).count == 1)
    }
}
