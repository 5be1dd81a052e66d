import Foundation
import TestSupport
import Testing

/// Copies that a program gets from Postfix by pipe(8), set up with the blocks of docs/POSTFIX.md.
@Suite(.enabled(if: PostfixInstance.isPossible, PostfixInstance.missing))
struct ProgramCopyTests {
    /// A block of the page with names of this test's in place of those that stand there.
    private static func block(_ first: String, _ names: [(String, String)]) throws -> String {
        try names.reduce(try Documents.block(first, of: "POSTFIX.md")) { text, name in
            try #require(text.contains(name.0), "\(name.0) in the block that begins with \(first)")
            return text.replacingOccurrences(of: name.0, with: name.1)
        }
    }

    @Test func aProgramGetsTheCopy() async throws {
        try await Lanes.run {
            let copies = try Scratch(.disk)
            let table = ("/etc/postfix/transport", copies.path + "/transport")
            let kept = ("/var/spool/copies", copies.path + "/kept")
            let program = ("/usr/local/bin/keep-copy", copies.path + "/keep-copy")
            var options = PostfixInstance.Options()
            options.main = [try Self.block("# main.cf", [table])]
            options.services = [try Self.block("# master.cf", [program, ("user=copies", "user=nobody")])]
            let chain = try Chain(.afterQueueLMTP, options) {
                $0.policies["default"]?["quarantine_to"] = "{infected: infected@quarantine.invalid}"
            }
            try copies.write("transport", try Self.block("# /etc/postfix/transport", []))
            let indexed = try chain.postfix.command("postmap", table.1)
            try #require(indexed.status == 0, "\(indexed)")

            let sample = try Samples.sample("eicar-attached") + Array(".\r\n..\r\nFrom here\r\n\u{FC}\r\n \r\n".utf8)
            var mail = Mail(to: ["rcpt@example.net"], content: sample)
            mail.parameters = "BODY=8BITMIME"
            // A program that is broken loses nothing.
            try copies.write("keep-copy", "#!/bin/sh\nexit 1\n", mode: 0o755)
            #expect(try send(mail, to: chain.postfix.port).code == 250)
            let copy = "to=<infected@quarantine.invalid>, relay=mailreeve-copy"
            try chain.postfix.awaitLog(copy, "status=SOFTBOUNCE (Command died with status 1")
            // Nor does one that has no place: it says 75.
            try copies.write("keep-copy", try Self.block("#!/bin/sh", [kept]), mode: 0o755)
            try chain.postfix.command("postqueue", "-f")
            try chain.postfix.awaitLog(copy, "status=deferred (temporary failure")
            #expect(try chain.postfix.command("postqueue", "-p").text.contains("infected@quarantine.invalid"))

            let place = try copies.directory("kept", mode: 0o777)
            try chain.postfix.command("postqueue", "-f")
            try chain.postfix.awaitLog(copy, "status=sent (delivered via mailreeve-copy service)")
            let names = try FileManager.default.contentsOfDirectory(atPath: place)
            #expect(names.count == 1 && names[0].hasSuffix(".eml"), "\(names)")
            let octets = Array(try Data(contentsOf: URL(filePath: "\(place)/\(names[0])")))
            let original = Samples.stored(sample)
            #expect(difference(octets.suffix(original.count), original) == nil)
            let header = TracedMail.header(octets)
            #expect(header[0].hasPrefix("Received: from ") && header.contains("X-Envelope-To: <rcpt@example.net>"))
            try chain.awaitLine(") Blocked INFECTED ", ",infected@quarantine.invalid, ")
            try chain.postfix.awaitEmptyQueue()
            #expect(chain.gateway.quarantined.isEmpty && chain.postfix.mailboxes.entries.isEmpty)
        }
    }
}
