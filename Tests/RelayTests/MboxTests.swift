import Foundation
import Linux
import MailModel
import Testing
import TestSupport

@testable import Relay

/// Copies in mbox files and Maildirs of this host, read by Python's `mailbox`.
@Suite struct MboxTests {
    static let samples: [String] = [
        "Subject: x\r\n\r\nFrom the start\r\n>From here\r\n>>From there\r\n> From nowhere\r\nFrom: a\r\n From b\r\n",
        "Subject: no final line end\r\n\r\nend",
        "Subject: nearly\r\n\r\nFrom",
        "Subject: nearly, too\r\n\r\n>>Fro",
        "From a header Thu Nov 26 14:35:47 2026\r\nSubject: x\r\n\r\n\r\nFrom \r\n\r\n\r\n",
        "Subject: bare\r\n\r\na\rFrom b\r\nc\nFrom d\r\r\nFrom e\r",
        "Subject: caf\u{E9}\r\n\r\n\u{FF}From \u{1F600}\r\n",
        "\r\n", "", "\n", "From ", ">",
        "Subject: long\r\n\r\n" + String(repeating: "a line of text\r\nFrom\r\n", count: 30_000),
    ]

    static func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// A message as it comes out of an mbox file: LF ends, the last one there.
    static func plain(_ content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for (place, octet) in content.enumerated() {
            if octet == 0x0D, place + 1 < content.count, content[place + 1] == 0x0A { continue }
            out.append(octet)
        }
        return out.isEmpty || out.last == 0x0A ? out : out + [0x0A]
    }

    /// Messages of an mbox file in the words of Python's module, one `>` taken off quoted lines, and their `From ` lines.
    static func read(_ path: String) throws -> [(separator: String, content: [UInt8])] {
        let program = """
            import base64, mailbox, re, sys
            box = mailbox.mbox(sys.argv[1], create=False)
            for key in box.keys():
                whole = box.get_bytes(key, from_=True)
                head, _, rest = whole.partition(b'\\n')
                rest = re.sub(rb'(?m)^>(>*From )', rb'\\1', rest)
                print(base64.b64encode(head).decode(), base64.b64encode(rest).decode(), sep='|')
            """
        let result = try runTool("python3", ["-c", program, path])
        try #require(result.status == 0, "\(result)")
        return try result.lines.map { line in
            let words = line.split(separator: "|", omittingEmptySubsequences: false).map {
                Data(base64Encoded: "\($0)")
            }
            let (head, rest) = (try #require(words.first ?? nil), try #require(words.last ?? nil))
            return (String(decoding: head, as: UTF8.self), Array(rest))
        }
    }

    @Test func linesInAnyPieces() {
        for sample in Self.samples.map(Self.octets) where sample.count < 1000 {
            var whole = MboxLines()
            let expected = whole.take(sample) + whole.finish()
            for first in 0...sample.count {
                var lines = MboxLines()
                var out = lines.take(sample[..<first])
                for octet in sample[first...].prefix(3) { out += lines.take([octet]) }
                out += lines.take(sample[first...].dropFirst(3))
                #expect(out + lines.finish() == expected)
            }
        }
        var lines = MboxLines()
        let text = lines.take(Self.octets("From \r\n>From x\r\n>Fro\r\n> From y\r\nxFrom z\r\nFrom")) + lines.finish()
        #expect(text == Self.octets(">From \n>>From x\n>Fro\n> From y\nxFrom z\nFrom\n\n"))
    }

    @Test func pythonReadsWhatWasWritten() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        for (number, sample) in Self.samples.enumerated() {
            let copy = try Self.copy(fixture, Self.octets(sample), from: number == 1 ? "" : "s \(number)@example.org")
            #expect(try await Self.append(copy, path) == [])
        }
        let found = try Self.read(path)
        try #require(found.count == Self.samples.count)
        for (number, sample) in Self.samples.enumerated() {
            let sender = number == 1 ? "MAILER-DAEMON" : "s?\(number)@example.org"
            #expect(found[number].separator == "From \(sender) Thu Nov  5 03:04:05 2026")
            #expect(found[number].content == Self.octets("X-Envelope-From: <x>\n") + Self.plain(Self.octets(sample)))
        }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
        #expect(try Self.names(fixture) == ["box"])
        fixture.end()
    }

    /// RFC 4155 has addresses in ASCII only; Python's module gives the file up at others.
    @Test func sendersBeyondASCII() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let senders = ["\u{E9}b@ex\u{E4}mple.org", "a@b", "\u{1F600}@x", "a\u{7F}@b"]
        for sender in senders {
            _ = try await Self.append(try Self.copy(fixture, Self.octets("Subject: x\r\n\r\n"), from: sender), path)
        }
        let program = "import mailbox, sys; [print(m.get_from()) for m in mailbox.mbox(sys.argv[1], create=False)]"
        let result = try runTool("python3", ["-c", program, path])
        try #require(result.status == 0, "\(result)")
        let shown = ["??b@ex??mple.org", "a@b", "????@x", "a?@b"]
        #expect(result.lines == shown.map { "\($0) Thu Nov  5 03:04:05 2026" })
        fixture.end()
    }

    /// What another program left without a last line end stays a message of its own.
    @Test(arguments: ["", "\n", "\n\n", "\n\n\n"])
    func behindOtherPrograms(_ ending: String) async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        try Data("From a@b Thu Nov  5 03:04:05 2026\nSubject: old\n\nold\(ending)".utf8).write(to: URL(filePath: path))
        for _ in 0..<2 {
            _ = try await Self.append(try Self.copy(fixture, Self.octets("Subject: new\r\n\r\nnew\r\n")), path)
        }
        let found = try Self.read(path).map { String(decoding: $0.content, as: UTF8.self) }
        try #require(found.count == 3)
        #expect(found[0].hasPrefix("Subject: old\n\nold"))
        #expect(found[1...].allSatisfy { $0 == "X-Envelope-From: <x>\nSubject: new\n\nnew\n" })
        fixture.end()
    }

    /// A file that others could change, or that is none, takes nothing, and what is there stays as it is.
    @Test(arguments: ["link", "second name", "pipe", "directory", "group", "others", "absent directory"])
    func untrustedFiles(_ kind: String) async throws {
        let fixture = try await ClientFixture()
        let (path, other) = (fixture.directory + "/box", fixture.directory + "/other")
        try Data("kept\n".utf8).write(to: URL(filePath: other))
        chmod(other, 0o600)
        switch kind {
        case "link": symlink(other, path)
        case "second name": link(other, path)
        case "pipe": mkfifo(path, 0o600)
        case "directory": mkdir(path, 0o700)
        case "absent directory": break
        default:
            try Data("kept\n".utf8).write(to: URL(filePath: path))
            chmod(path, kind == "group" ? 0o620 : 0o602)
        }
        let target = kind == "absent directory" ? fixture.directory + "/none/box" : path
        let copy = try Self.copy(fixture, Self.octets("Subject: x\r\n\r\n"))
        await #expect(throws: Mbox.Failure.self) { try await Self.append(copy, target) }
        #expect(try Data(contentsOf: URL(filePath: other)) == Data("kept\n".utf8))
        if kind == "group" { #expect(try Data(contentsOf: URL(filePath: path)) == Data("kept\n".utf8)) }
        fixture.end()
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func aFullDisk() async throws {
        let fixture = try await ClientFixture()
        let disk = try SmallDisk(megabytes: 4)
        let path = disk.path + "/box"
        let small = try Self.copy(fixture, Self.octets("Subject: small\r\n\r\n"))
        _ = try await Self.append(small, path)
        let before = try Data(contentsOf: URL(filePath: path))
        let large = try Self.copy(fixture, [UInt8](repeating: 0x61, count: 6_000_000))
        for _ in 0..<2 {
            await #expect(throws: Mbox.Failure.self) { try await Self.append(large, path) }
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
        try disk.fill()
        await #expect(throws: Mbox.Failure.self) { try await Self.append(small, path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        try disk.clear()
        _ = try await Self.append(small, path)
        #expect(try Self.read(path).count == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["box"])
        fixture.end()
    }

    @Test func copiesInAMaildir() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/M"
        let files = CopyFiles(hostname: "gate.example", disk: diskThreads)
        let content = Self.octets("Subject: x\r\n\r\nFrom \r\n\u{FF}end")
        for _ in 0..<2 { try await files.store(try Self.copy(fixture, content, from: "s@a"), inMaildir: path) }
        let stored = try FileManager.default.contentsOfDirectory(atPath: path + "/new")
        #expect(stored.count == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/tmp").isEmpty)
        for name in stored {
            let octets = try Array(Data(contentsOf: URL(filePath: "\(path)/new/\(name)")))
            #expect(octets == Self.octets("Return-Path: <s@a>\r\nX-Envelope-From: <x>\r\n") + content)
        }
        let copy = try Self.copy(fixture, content)
        await #expect(throws: SystemError.self) { try await files.store(copy, inMaildir: "/dev/null/M") }
        fixture.end()
    }

    static func copy(_ fixture: ClientFixture, _ content: [UInt8], from sender: String = "s@a") throws -> FiledCopy {
        let body = try fixture.message(content, prefix: "X-Envelope-From: <x>\r\n").body
        return FiledCopy(reversePath: MailPath(sender), time: 1_793_847_845, body: body)
    }

    static func append(
        _ copy: FiledCopy, _ path: String, wait: Duration = .seconds(20)
    ) async throws -> [String] {
        try await CopyFiles(hostname: "gate.example", disk: diskThreads).append(copy, toMbox: path, until: .now + wait)
    }

    /// What is in the directory beside the spool.
    static func names(_ fixture: ClientFixture) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.directory).filter { $0.hasPrefix("box") }.sorted()
    }
}
