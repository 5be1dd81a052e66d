import Foundation
import Linux
import MailModel
import TestSupport
import Testing

@testable import Relay

/// Copies in batch SMTP files.
@Suite struct BatchDirectoryTests {
    private static let files = CopyFiles(hostname: "gate.example", disk: diskThreads)
    private static let prefix = "X-Quarantine-ID: <x>\r\n"

    private static func copy(
        _ fixture: ClientFixture, _ content: [UInt8] = Array("Subject: x\r\n\r\nx\r\n".utf8)
    ) throws -> OutgoingMessage {
        try fixture.message(content, to: ["b@example.org", "c@example.org"], prefix: prefix)
    }

    private static func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    /// What a crash left goes, what is whole or another's stays.
    @Test func unfinishedFiles() throws {
        let scratch = try Scratch(.memory)
        let path = try scratch.directory("B", mode: 0o700)
        let others = ["Ab12.bsmtp", "Ab12-2.bsmtp", "notes.tmp", "Ab12.xyz.tmp", "a.b.1f.tmp", "A b.1f.tmp", ".1f.tmp"]
        for name in others + ["Ab12.1f.tmp", "Ab12.ffffffffffffffff.tmp"] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }
        try CopyFiles.removeUnfinished(in: [
            .bsmtp(path: "\(scratch.path)/absent"), .mbox(path: "\(path)/x"), .bsmtp(path: path),
        ])
        #expect(try Self.names(path) == others.sorted())
    }

    /// Python takes the message out of the file again, as RFC 5321 says what a server does.
    @Test func everyOctetIsThere() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/B"
        let dots = ["..\r\n.", ".\r\n.\r\n", "a\r\n.b\r\n..c\r\n...\r\n", "\n.\n.\r\n", "a\r.b\r\n"]
        let samples = (MboxTests.samples + dots).map(MboxTests.octets)
        for (number, sample) in samples.enumerated() {
            try await Self.files.store(try Self.copy(fixture, sample), id: "id\(number)", inBatches: path)
        }
        #expect(try Self.names(path) == samples.indices.map { "id\($0).bsmtp" }.sorted())
        let program = """
            import re, sys
            for name in sys.argv[1:]:
                batch = open(name, 'rb').read()
                head, rest = batch.split(b'\\r\\nDATA\\r\\n', 1)
                print(head.hex(), end='|')
                message, end = rest[:rest.index(b'\\r\\n.\\r\\n') + 2], rest[rest.index(b'\\r\\n.\\r\\n') + 5:]
                print(re.sub(rb'(\\A|\\r\\n)\\.', rb'\\1', message).hex(), end.hex(), sep='|')
            """
        let result = try runTool("python3", ["-c", program] + samples.indices.map { "\(path)/id\($0).bsmtp" })
        try #require(result.status == 0 && result.lines.count == samples.count, "\(result)")
        func hex(_ octets: [UInt8]) -> String {
            octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        for (sample, line) in zip(samples, result.lines) {
            let message = MboxTests.octets(Self.prefix) + sample
            let envelope = """
                EHLO gate.example\r
                MAIL FROM:<a@example.org> SIZE=\(message.count)\r
                RCPT TO:<b@example.org>\r
                RCPT TO:<c@example.org>
                """
            let whole = message.suffix(2) == [0x0D, 0x0A] ? message : message + [0x0D, 0x0A]
            let expected = [MboxTests.octets(envelope), whole, MboxTests.octets("QUIT\r\n")].map(hex)
            #expect(line == expected.joined(separator: "|"), "\(sample.prefix(80))")
        }
        var status = stat()
        #expect(stat("\(path)/id0.bsmtp", &status) == 0 && status.st_mode & 0o7777 == 0o600)
        #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o700)
        fixture.end()
    }

    /// Nothing that is there is written over, and nothing is left of what failed. What an earlier try of the message has left, whole or not,
    /// is in nobody's way.
    @Test func placesThatAreTaken() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/B"
        let (copy, files) = (try Self.copy(fixture), Self.files)
        try await files.store(copy, id: "one", inBatches: path)
        let before = try Data(contentsOf: URL(filePath: "\(path)/one.bsmtp"))
        for name in ["one.bsmtp.tmp", "one.tmp", "one-3.bsmtp"] { symlink("/etc/passwd", "\(path)/\(name)") }
        let other = try Self.copy(fixture, Array("Subject: y\r\n\r\ny\r\n".utf8))
        for _ in 0..<2 { try await files.store(other, id: "one", inBatches: path) }
        await #expect(throws: SystemError.self) { try await files.store(copy, id: "x", inBatches: "\(path)/one.bsmtp") }
        await #expect(throws: SystemError.self) { try await files.store(copy, id: "x", inBatches: "\(path)/no/B") }
        #expect(try Data(contentsOf: URL(filePath: "\(path)/one.bsmtp")) == before)
        for name in ["one-2", "one-4"] {
            let text = try String(contentsOfFile: "\(path)/\(name).bsmtp", encoding: .utf8)
            #expect(text.hasSuffix("\r\nSubject: y\r\n\r\ny\r\n.\r\nQUIT\r\n"), "\(text)")
        }
        #expect(
            try Self.names(path) == [
                "one-2.bsmtp", "one-3.bsmtp", "one-4.bsmtp", "one.bsmtp", "one.bsmtp.tmp", "one.tmp",
            ])
        fixture.end()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func aFullDisk() async throws {
        let fixture = try await ClientFixture()
        let disk = try SmallDisk(megabytes: 4)
        let (path, files) = (disk.path + "/B", Self.files)
        let large = try Self.copy(fixture, [UInt8](repeating: 0x61, count: 6_000_000))
        await #expect(throws: SystemError.self) { try await files.store(large, id: "large", inBatches: path) }
        #expect(try Self.names(path).isEmpty)
        try await files.store(try Self.copy(fixture), id: "small", inBatches: path)
        #expect(try Self.names(path) == ["small.bsmtp"])
        fixture.end()
    }
}
