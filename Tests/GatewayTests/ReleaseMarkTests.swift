@testable import Gateway
import Foundation
import Glibc
import Linux
import MailModel
import Stores
import Testing
import TestSupport

/// Marks of released mail, and the key behind them.
@Suite struct ReleaseMarkFieldTests {
    private static let digest = [UInt8](repeating: 7, count: 32)

    private static func key(_ directory: Scratch) throws -> ReleaseKey { try ReleaseKey(directory.path) }

    private static func value(_ mark: ReleaseMark) -> ArraySlice<UInt8> {
        mark.field.dropFirst("X-Mailreeve-Release:".utf8.count)
    }

    @Test func whatIsSignedHolds() throws {
        let directory = try Scratch(.memory)
        let key = try Self.key(directory)
        let recipients = (0..<3).map { MailPath("R\($0)@Example.org") }
        let mark = ReleaseMark(key, id: "AbCd", expiry: 1_795_240_000, digest: Self.digest, recipients: recipients)
        #expect(mark.field.suffix(2) == [0x0D, 0x0A])
        let read = try #require(ReleaseMark(value: Self.value(mark)))
        #expect(read.expiry == 1_795_240_000 && read.id == "AbCd")
        for recipient in recipients { #expect(read.holds(key, digest: Self.digest, recipient: recipient)) }
        #expect(read.holds(key, digest: Self.digest, recipient: MailPath("r0@EXAMPLE.ORG")))
        #expect(!read.holds(key, digest: Self.digest, recipient: MailPath("r9@example.org")))
        #expect(!read.holds(key, digest: Self.digest.reversed() + [1], recipient: recipients[0]))
        let elsewhere = try Scratch(.memory)
        let other = try ReleaseKey(elsewhere.path)
        #expect(!read.holds(other, digest: Self.digest, recipient: recipients[0]))
    }

    /// The key is made once, and read by all.
    @Test func theKeyStays() throws {
        let directory = try Scratch(.memory)
        let first = try Self.key(directory)
        #expect(try Self.key(directory).bytes == first.bytes && first.bytes.count == 32)
        #expect(Set(first.bytes).count > 4)
        let path = directory.path + "/release.key"
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["release.key"])
        for damaged in [Data(), Data(first.bytes.dropLast()), Data(first.bytes + [0])] {
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(throws: GatewayError.self) { try Self.key(directory) }
        }
        #expect(throws: GatewayError.self) { try ReleaseKey("/proc/none") }
    }

    @Test(arguments: [
        "", ";;", "t=;q=;h=", "t=1;q=Ab;h=00", "t=x;q=Ab;h=00000000000000000000000000000000",
        "t=1;q=../x;h=00000000000000000000000000000000", "t=1;q=Ab", "t=99999999999999999999;q=Ab;h=",
        "t=1;q=Ab;h=00000000000000000000000000000000;x", "q=Ab;t=1;h=00000000000000000000000000000000",
    ])
    func nonsense(_ text: String) {
        #expect(ReleaseMark(value: Array(text.utf8)[...]) == nil)
    }

    /// As many recipients as are signed, and one more.
    @Test(arguments: [(1000, 1000), (1001, 1000)])
    func manyRecipients(_ count: Int, _ signed: Int) throws {
        let directory = try Scratch(.memory)
        let key = try Self.key(directory)
        let recipients = (0..<count).map { MailPath("r\($0)@example.org") }
        let mark = ReleaseMark(key, id: "AbCd", expiry: 5, digest: Self.digest, recipients: recipients)
        let read = try #require(ReleaseMark(value: Self.value(mark)))
        #expect(recipients.count { read.holds(key, digest: Self.digest, recipient: $0) } == signed)
        // No MTA cuts it.
        #expect(mark.field.count < 102_400)
        #expect(mark.field.split(separator: 0x0A).allSatisfy { $0.count < 78 })
        let more = Array(Self.value(mark)) + Array(",\(String(repeating: "0", count: 32))".utf8)
        #expect(ReleaseMark(value: more[...]) == nil)
    }

    /// What stands above the field may come from MTAs only.
    @Test(arguments: [
        ("", true), ("Received: x\r\n y\r\nReturn-Path: <a@b>\r\n", true), ("DKIM-Signature: a\r\n", true),
        ("Subject: x\r\n", false), ("X-Mailreeve-Release: t=1\r\n", false), (" y\r\n", false),
        ("Received: x\r\nTo: a@b\r\n", false), ("no field\r\n", false),
    ])
    func whatStandsOnTop(_ top: String, _ isFound: Bool) throws {
        let text = top + "X-Mailreeve-Release: t=5; q=Ab;\r\n\th=00\r\nFrom: a@b\r\n\r\nbody\r\n"
        let spool = Spool(
            limits: Spool.Limits(
                directory: "", memoryPerMessage: 65_536, totalBytes: 65_536, messages: 1, freeSpace: 0))
        let facts = try HeaderFacts(of: try spool.store(Array(text.utf8)), limit: 65_536)
        let isIt = facts.releaseMark.map { String(decoding: $0.value, as: UTF8.self).contains("t=5") } ?? false
        #expect(isIt == isFound)
        if isFound {
            #expect(facts.releaseMark?.place.upperBound == text.utf8.count - "From: a@b\r\n\r\nbody\r\n".utf8.count)
        }
        // Wherever it stands it goes no further.
        #expect(!facts.forged.isEmpty)
    }
}
