import Glibc
import Linux
import MailModel
import Stores
import Testing
import TestSupport

/// What digests remember, whatever instant they end at.
@Suite struct DigestMemoryTests {
    private static let mail = [
        DigestMemory.Mail(id: "Old1", time: 1000), DigestMemory.Mail(id: "New1", time: 9_000),
        DigestMemory.Mail(id: "New2", time: 10_000),
    ]
    private static let recipients = [MailPath("a@x"), MailPath("\"b c\"@x"), MailPath("é@x")]

    @Test func aDigestFromBeginningToEnd() throws {
        let directory = try TemporaryDirectory()
        let memory = try DigestMemory(directory: directory.path + "/d")
        #expect(try memory.told() == nil && memory.unfinished() == nil)
        let run = try memory.begin(until: 10_001, Self.mail, after: nil)
        for recipient in Self.recipients.prefix(2) { try run.append(recipient) }
        // As the next process finds it.
        let found = try #require(try memory.unfinished())
        #expect(found.until == 10_001 && found.mail == Self.mail && found.done == Set(Self.recipients.prefix(2)))
        try found.append(Self.recipients[2])
        #expect(try memory.unfinished()?.done == Set(Self.recipients))
        try memory.end(found, owing: [], next: nil)
        #expect(try memory.unfinished() == nil)
        // What is older than the overlap is not searched for again.
        let told = try #require(try memory.told())
        #expect(
            told == found.told(owing: [], next: nil) && told.until == 10_001 && told.mail.map(\.id) == ["New1", "New2"])
        // Nor is what the next one has told of forgotten before it is as old.
        let next = try memory.begin(until: 12_700, [DigestMemory.Mail(id: "New3", time: 12_000)], after: told)
        #expect(try memory.unfinished()?.told(owing: [], next: nil) == next.told(owing: [], next: nil))
        try memory.end(next, owing: [], next: nil)
        #expect(try memory.told()?.mail.map(\.id) == ["New2", "New3"])
        var status = stat()
        #expect(stat(directory.path + "/d", &status) == 0 && status.st_mode & 0o077 == 0)
    }

    /// Nobody is left out, whatever a crash leaves of the last line.
    @Test func everyTruncationOfARun() throws {
        let directory = try TemporaryDirectory()
        let memory = try DigestMemory(directory: directory.path)
        let run = try memory.begin(until: 10_001, Self.mail, after: nil)
        let begun = try directory.read("running").count
        for recipient in Self.recipients { try run.append(recipient) }
        let whole = try directory.read("running")
        for length in begun...whole.count {
            try directory.write("running", Array(whole[..<length]))
            let lines = whole[..<length].filter { $0 == 0x0A }.count - Self.mail.count - 1
            let found = try #require(try memory.unfinished())
            #expect(found.mail == Self.mail && found.done == Set(Self.recipients.prefix(lines)), "\(length) octets")
            // The next line stands on its own.
            try found.append(MailPath("next@x"))
            let after = try #require(try memory.unfinished()).done
            #expect(after == Set(Self.recipients.prefix(lines) + [MailPath("next@x")]), "\(length) octets")
        }
    }

    /// Who could not be told is owed his mail, by one digest after the other, whatever instant they end at.
    @Test func whatIsOwed() throws {
        let directory = try TemporaryDirectory()
        let memory = try DigestMemory(directory: directory.path)
        let owed =
            Self.recipients.map { DigestMemory.Owed(mail: Self.mail[0], mailbox: $0) }
            + [DigestMemory.Owed(mail: Self.mail[1])]
        try memory.end(try memory.begin(until: 10_001, Self.mail, after: nil), owing: owed, next: nil)
        let told = try #require(try memory.told())
        // However old it is.
        #expect(told.owed == owed && told.mail.map(\.id) == ["New1", "New2"])
        let next = try memory.begin(until: 20_000, [], after: told)
        #expect(next.owed == owed && next.mail == [])
        try next.append(Self.recipients[0])
        let found = try #require(try memory.unfinished())
        #expect(found.owed == owed && found.mail == [] && found.done == [Self.recipients[0]])
        try memory.end(found, owing: [owed[3]], next: nil)
        #expect(try memory.told()?.owed == [owed[3]])
        for nonsense in [
            "owed", "owed ../x 1", "owed Aa", "owed Aa x", "owed Aa 1 +ZZ", "owed Aa 1 a b", "owed Aa x b",
        ] {
            try directory.write("told", Array("until 5\n\(nonsense)\n".utf8))
            let told = try memory.told()
            #expect(told?.until == 5 && told?.owed == [], "\(nonsense)")
        }
    }

    /// The one with whom the next digest begins is known to it from its beginning to its end.
    @Test func whoIsNext() throws {
        let directory = try TemporaryDirectory()
        let memory = try DigestMemory(directory: directory.path)
        for next in Self.recipients {
            try memory.end(try memory.begin(until: 10_001, [], after: nil), owing: [], next: next)
            let told = try #require(try memory.told())
            #expect(told.next == next)
            #expect(try memory.begin(until: 10_002, [], after: told).first == next)
            let found = try #require(try memory.unfinished())
            #expect(found.first == next)
            try memory.end(found, owing: [], next: nil)
            #expect(try memory.told()?.next == nil)
        }
        for nonsense in ["next", "next ", "next +ZZ"] {
            try directory.write("told", Array("until 5\n\(nonsense)\n".utf8))
            #expect(try memory.told()?.next.map { $0.bytes.isEmpty } ?? true, "\(nonsense)")
        }
    }

    /// What would be too long to be read again is not written: the digest before stays what it was.
    @Test func moreThanIsRead() throws {
        let directory = try TemporaryDirectory()
        let memory = try DigestMemory(directory: directory.path, sizeLimit: 100)
        let run = try memory.begin(until: 10_001, [], after: nil)
        // 12 octets for the time, 11 and a mailbox for what is owed.
        let owed = [77, 78].map { length in
            DigestMemory.Owed(
                mail: DigestMemory.Mail(id: "Aa", time: 1), mailbox: MailPath(String(repeating: "a", count: length)))
        }
        let error = #expect(throws: SystemError.self) { try memory.end(run, owing: [owed[1]], next: nil) }
        #expect(error?.code == EFBIG)
        #expect(try memory.told() == nil && memory.unfinished()?.until == 10_001)
        try memory.end(run, owing: [owed[0]], next: nil)
        #expect(try directory.read("told").count == 100 && memory.told()?.owed == [owed[0]])
    }

    /// Killed between its last two steps a digest has ended.
    @Test func theEndIsOneStep() throws {
        let directory = try TemporaryDirectory()
        let memory = try DigestMemory(directory: directory.path)
        let run = try memory.begin(until: 10_001, Self.mail, after: nil)
        let begun = try directory.read("running")
        try memory.end(run, owing: [], next: nil)
        try directory.write("running", begun)
        #expect(try memory.unfinished() == nil && memory.told()?.until == 10_001)
        // The next one begins all the same.
        _ = try memory.begin(until: 20_000, [], after: nil)
        #expect(try memory.unfinished()?.until == 20_000)
        for nonsense in ["", "x", "until\n", "until x\n", "until 1 2\n"] {
            try directory.write("running", Array(nonsense.utf8))
            try directory.write("told", Array(nonsense.utf8))
            #expect(try memory.unfinished() == nil && memory.told() == nil, "\(nonsense)")
        }
        try directory.write("told", Array("until 5\nmail ../x 1\nmail Aa\nmail Bb x\nmail Cc 1\n".utf8))
        #expect(try memory.told()?.mail.map(\.id) == ["Cc"])
    }

    @Test func oneAtATime() throws {
        let directory = try TemporaryDirectory()
        let first = try DigestMemory(directory: directory.path)
        let error = #expect(throws: SystemError.self) { try DigestMemory(directory: directory.path) }
        #expect(error?.code == EWOULDBLOCK)
        #expect(try first.told() == nil)
    }

    @Test func linksAreRedeemedOnce() throws {
        let directory = try TemporaryDirectory()
        let links = RedeemedLinks(directory: directory.path + "/a/b")
        func link(_ id: String = "Aa", _ recipient: String = "r@x", _ action: String = "r") -> RedeemedLinks.Link {
            RedeemedLinks.Link(id: id, recipient: Array(recipient.utf8), action: action)
        }
        try links.forget(before: .max)
        #expect(!links.contains(link()))
        try links.add([link()])
        try links.add([link()])
        #expect(links.contains(link()))
        for other in [link("Ab"), link("Aa", "s@x"), link("Aa", "r@x", "a")] { #expect(!links.contains(other)) }
        let now = Int(time(nil))
        try links.forget(before: now - 10)
        #expect(links.contains(link()))
        try links.forget(before: now + 10)
        #expect(!links.contains(link()))
    }

    @Test func allowedSenders() throws {
        let directory = try TemporaryDirectory()
        let allowed = try AllowedSenders(directory: directory.path + "/d")
        let (recipient, sender) = (Array("r@x".utf8), Array("\"a\n b\"@y".utf8))
        #expect(allowed.isEmpty && !allowed.allows(recipient: recipient, sender: sender))
        #expect(try allowed.add(recipient: recipient, sender: sender, limit: 2))
        #expect(try allowed.add(recipient: recipient, sender: sender, limit: 1))
        #expect(try allowed.add(recipient: recipient, sender: Array("c@y".utf8), limit: 2))
        // At the limit and one above; others have their own.
        #expect(try !allowed.add(recipient: recipient, sender: Array("d@y".utf8), limit: 2))
        #expect(try allowed.add(recipient: Array("s@x".utf8), sender: Array("d@y".utf8), limit: 2))
        let again = try AllowedSenders(directory: directory.path + "/d")
        for one in [allowed, again] {
            #expect(one.allows(recipient: recipient, sender: sender) && !one.isEmpty)
            #expect(!one.allows(recipient: sender, sender: recipient))
            #expect(!one.allows(recipient: recipient, sender: Array("d@y".utf8)))
        }
        // An administrator takes one out; nonsense allows nobody.
        try directory.write("d/allowed_senders", Array("r@x c@y\nr@x\n+ZZ a@b\nr@x e@y f@y\n\n".utf8))
        try again.read()
        #expect(again.allows(recipient: recipient, sender: Array("c@y".utf8)))
        #expect(!again.allows(recipient: recipient, sender: sender))
        #expect(!again.allows(recipient: recipient, sender: Array("e@y".utf8)))
    }

    /// Those who add at the same time lose nobody.
    @Test func sendersAddedSideBySide() async throws {
        let directory = try TemporaryDirectory()
        let allowed = try AllowedSenders(directory: directory.path)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                group.addTask {
                    _ = try? allowed.add(recipient: Array("r@x".utf8), sender: Array("\(number)@y".utf8), limit: 100)
                }
            }
        }
        let again = try AllowedSenders(directory: directory.path)
        for number in 0..<40 { #expect(again.allows(recipient: Array("r@x".utf8), sender: Array("\(number)@y".utf8))) }
    }
}
