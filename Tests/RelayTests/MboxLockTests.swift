import Foundation
import Glibc
import Linux
import Testing
import TestSupport

@testable import Relay

/// The locks of mbox files: other programs that have them, and what crashes leave.
@Suite struct MboxLockTests {
    private static let message = MboxTests.octets("Subject: x\r\n\r\nFrom a\r\nb\r\n")

    /// A Python program that takes a lock, says so, and ends when the file beside it goes.
    private static func holder(_ how: String, _ path: String) throws -> RunningProgram {
        let program = """
            import fcntl, os, sys, time
            path, how = sys.argv[1:]
            if how == 'fcntl':
                box = open(path, 'ab+')
                fcntl.lockf(box, fcntl.LOCK_EX)
            else:
                os.close(os.open(path + '.lock', os.O_CREAT | os.O_EXCL))
            open(path + '.held', 'w').close()
            print('held', flush=True)
            while os.path.exists(path + '.held'):
                time.sleep(0.01)
            if how != 'fcntl':
                os.unlink(path + '.lock')
            """
        let holder = try RunningProgram("/usr/bin/env", ["python3", "-c", program, path, how])
        try holder.output.wait(for: "the lock") { $0 == "held" }
        return holder
    }

    @Test(arguments: ["fcntl", "dotlock"])
    func anotherProgramHasTheLock(_ how: String) async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let copy = try MboxTests.copy(fixture, Self.message)
        _ = try await MboxTests.append(copy, path)
        let before = try Data(contentsOf: URL(filePath: path))
        let holder = try Self.holder(how, path)
        for _ in 0..<2 {
            await #expect {
                try await MboxTests.append(copy, path, wait: .milliseconds(250))
            } throws: { "\($0)" == "\(path) is locked by another program" }
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
        // Who waits gets it when the other is done.
        async let waiting = MboxTests.append(copy, path)
        unlink(path + ".held")
        #expect(try await waiting == [] && holder.wait() == 0)
        #expect(try MboxTests.read(path).count == 2)
        fixture.end()
    }

    /// Python's own writer and several of ours at the same time: all messages are there, and each is whole.
    @Test func writersAtTheSameTime() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let program = """
            import mailbox, sys, time
            for number in range(20):
                box = mailbox.mbox(sys.argv[1])
                while True:
                    try:
                        box.lock()
                        break
                    except mailbox.ExternalClashError:
                        time.sleep(0.003)
                box.add(b'Subject: theirs\\n\\nFrom them\\n')
                box.flush()
                box.unlock()
                box.close()
            """
        let theirs = try RunningProgram("/usr/bin/env", ["python3", "-c", program, path])
        let copy = try MboxTests.copy(fixture, Self.message)
        try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<20 { group.addTask { try await MboxTests.append(copy, path, wait: .seconds(60)) } }
            for try await remarks in group { #expect(remarks == []) }
        }
        #expect(theirs.wait() == 0, "\(theirs.output.lines)")
        let found = try MboxTests.read(path).map { String(decoding: $0.content, as: UTF8.self) }
        #expect(found.count { $0 == "X-Envelope-From: <x>\nSubject: x\n\nFrom a\nb\n" } == 20)
        #expect(found.count { $0 == "Subject: theirs\n\nFrom them\n" } == 20 && found.count == 40)
        #expect(try MboxTests.names(fixture) == ["box"])
        fixture.end()
    }

    /// A crash at any octet of a message: the next one follows what was there before.
    @Test func halvesAreTakenAway() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let copy = try MboxTests.copy(fixture, Self.message)
        for start in ["", "From a@b Thu Nov  5 03:04:05 2026\n\nopen", "From a@b Thu Nov  5 03:04:05 2026\n\nopen\n\n"]
        {
            try Data(start.utf8).write(to: URL(filePath: path))
            chmod(path, 0o600)
            _ = try await MboxTests.append(copy, path)
            let whole = try Data(contentsOf: URL(filePath: path))
            for length in start.utf8.count...whole.count {
                try Data(whole.prefix(length)).write(to: URL(filePath: path))
                chmod(path, 0o600)
                try Self.leaveJournal(path, start.utf8.count)
                #expect(try await MboxTests.append(copy, path) == [])
                #expect(try Data(contentsOf: URL(filePath: path)) == whole, "cut at \(length)")
            }
        }
        #expect(try MboxTests.names(fixture) == ["box"])
        fixture.end()
    }

    private static func leaveJournal(_ path: String, _ length: Int, inode: UInt? = nil) throws {
        var status = stat()
        try #require(stat(path, &status) == 0)
        let journal = """
            mailreeve-mbox 1
            \(status.st_dev):\(inode ?? UInt(status.st_ino)) \(length)
            From s@a Thu Nov  5 03:04:05 2026

            """
        try Data(journal.utf8).write(to: URL(filePath: path + ".lock"))
    }

    /// Nothing of somebody else's is ever cut off.
    @Test(arguments: [
        ("From s@a Thu Nov  5 03:04:05 2026\nhalf\n\nFrom t@b Fri Nov  6 03:04:05 2026\nSubject: theirs\n\n", true),
        ("From s@a Thu Nov  5 03:04:05 2026\nhaFrom t@b  Fri Nov  6 03:04:05 2026\nSubject: theirs\n", true),
        ("From s@a Thu Nov  5 03:04:05 2026\nhaFFrom t@b  Fri Nov  6 03:04:05 2026", true),
        ("From t@b Fri Nov  6 03:04:05 2026\nSubject: theirs\n\n", true),
        ("\n\n\nFrom s@a Thu Nov  5 03:04:05 2026\nhalf\n", true),
        ("From s@a Thu Nov  5 03:04:05 2026\nhalf From Monday on\n", false),
        ("From s@a Thu Nov  5 03:04:05 2026\n>From s@a Thu Nov  5 03:04:05\n", false),
    ])
    func othersWroteBehind(_ tail: String, isKept: Bool) async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let start = "From a@b Thu Nov  5 03:04:05 2026\n\nold\n\n"
        try Data((start + tail).utf8).write(to: URL(filePath: path))
        chmod(path, 0o600)
        try Self.leaveJournal(path, start.utf8.count)
        let remarks = try await MboxTests.append(try MboxTests.copy(fixture, Self.message), path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.hasPrefix(isKept ? start + tail : start + "From s@a Thu Nov  5 03:04:05 2026\nX-Envelope-From:"))
        #expect(remarks.count == (isKept ? 1 : 0))
        #expect(remarks.allSatisfy { $0.contains("stays at octet \(start.utf8.count): others wrote behind it") })
        #expect(
            text.hasSuffix("\n\nFrom s@a Thu Nov  5 03:04:05 2026\nX-Envelope-From: <x>\nSubject: x\n\n>From a\nb\n\n"))
        #expect(try MboxTests.names(fixture) == ["box"])
        fixture.end()
    }

    /// The journal is that of another file, of a longer one, or says nothing: nothing is cut off.
    @Test(arguments: ["inode", "shorter", "garbled", "empty words"])
    func journalsThatSayNothing(_ kind: String) async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let copy = try MboxTests.copy(fixture, Self.message)
        _ = try await MboxTests.append(copy, path)
        let before = try Data(contentsOf: URL(filePath: path))
        switch kind {
        case "inode": try Self.leaveJournal(path, 0, inode: 1)
        case "shorter": try Self.leaveJournal(path, 1_000_000)
        case "garbled":
            try Data("mailreeve-mbox 1\n1:1 -9223372036854775809\n".utf8).write(to: URL(filePath: path + ".lock"))
        default: try Data("mailreeve-mbox 1".utf8).write(to: URL(filePath: path + ".lock"))
        }
        #expect(try await MboxTests.append(copy, path) == [])
        #expect(try Data(contentsOf: URL(filePath: path)) == before + before)
        fixture.end()
    }

    /// A lock of another program that is old enough is nobody's.
    @Test func staleLocks() async throws {
        let fixture = try await ClientFixture()
        let path = fixture.directory + "/box"
        let copy = try MboxTests.copy(fixture, Self.message)
        func leave(_ age: Int) throws {
            try Data("4711".utf8).write(to: URL(filePath: path + ".lock"))
            var times = [timeval(tv_sec: time(nil) - age, tv_usec: 0), timeval(tv_sec: time(nil) - age, tv_usec: 0)]
            try #require(utimes(path + ".lock", &times) == 0)
        }
        // Half a minute for the test itself.
        try leave(MboxLock.staleSeconds - 30)
        await #expect(throws: Mbox.Failure.self) { try await MboxTests.append(copy, path, wait: .zero) }
        #expect(try MboxTests.names(fixture) == ["box", "box.lock"])
        try leave(MboxLock.staleSeconds + 1)
        #expect(try await MboxTests.append(copy, path, wait: .zero) == [])
        #expect(try MboxTests.names(fixture) == ["box"])
        fixture.end()
    }
}
