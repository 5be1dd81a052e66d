import Digests
import Dispatch
import Glibc
import Linux
import MailModel
import Stores
import Synchronization
import Testing

/// Who has got what of messages whose client was told to try again.
@Suite struct ServedRecipientsTests {
    private let directory: TemporaryDirectory
    private var place: String { directory.path + "/served" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func key(_ sender: String, _ digest: UInt8 = 1, to recipients: [String] = ["r@b", "q@b"])
        -> ServedRecipients.Key
    {
        ServedRecipients.Key(
            sender: MailPath(sender), recipients: recipients.map { MailPath($0) },
            digest: [UInt8](repeating: digest, count: 32))
    }

    private func paths(_ addresses: String...) -> Set<MailPath> { Set(addresses.map { MailPath($0) }) }

    private func place(named name: String) -> CopyPlace { CopyPlace(bytes: Array(name.utf8)) }

    @Test func rememberedOverARestartAndForgotten() throws {
        let memory = try ServedRecipients(directory: place, time: 1000)
        #expect(memory.isEmpty && memory.memory(of: key("s@a")).recipients.isEmpty)
        let now = Int(time(nil))
        try memory.remember(key("s@a"), [MailPath("r@b"), MailPath("é\u{20}=+@b")], time: now)
        try memory.remember(key("s@a"), [MailPath("q@b")], time: now)
        #expect(!memory.isEmpty)
        for other in [memory, try ServedRecipients(directory: place, time: now)] {
            #expect(other.memory(of: key("s@a")).recipients == paths("r@b", "é\u{20}=+@b", "q@b"))
            // In another order.
            #expect(other.memory(of: key("s@a", to: ["q@b", "r@b"])).recipients.count == 3)
            // Another sender, other recipients, or another content.
            #expect(other.memory(of: key("s@a", to: ["r@b"])).recipients.isEmpty)
            #expect(other.memory(of: key("s@a", to: ["r@bq@b"])).recipients.isEmpty)
            #expect(
                other.memory(of: key("t@a")).recipients.isEmpty && other.memory(of: key("s@a", 2)).recipients.isEmpty)
        }
        memory.forget(key("s@a", to: ["r@b"]))
        #expect(!memory.isEmpty)
        memory.forget(key("s@a"))
        memory.forget(key("s@a"))
        #expect(memory.isEmpty && memory.memory(of: key("s@a")).recipients.isEmpty)
        #expect(try ServedRecipients(directory: place, time: now).isEmpty)
    }

    /// What has a copy is no recipient, and has it for those for whom it was made.
    @Test func placesWithACopy() throws {
        let memory = try ServedRecipients(directory: place, time: 1000)
        let now = Int(time(nil))
        let (q, mbox, maildir) = (place(named: "q@b"), place(named: "mbox:/var/q é"), place(named: "maildir:/q@b"))
        try memory.remember(
            key("s@a"), [], copy: "AbCdEfGhIj12",
            copied: [q: paths("r@b"), place(named: "=@c"): paths("é =+@b", "q@b")],
            time: now)
        try memory.remember(
            key("s@a"), [MailPath("r@b")],
            copied: [place(named: "é@d"): paths("q@b"), mbox: [], maildir: paths("r@b")],
            time: now)
        try memory.remember(key("s@a"), [], copied: [q: paths("q@b")], time: now)
        for other in [memory, try ServedRecipients(directory: place, time: now)] {
            let found = other.memory(of: key("s@a"))
            #expect(found.recipients == paths("r@b") && found.copy == "AbCdEfGhIj12")
            #expect(
                found.copied == [
                    q: paths("r@b", "q@b"), place(named: "=@c"): paths("é =+@b", "q@b"),
                    place(named: "é@d"): paths("q@b"),
                    mbox: [], maildir: paths("r@b"),
                ])
            #expect(found.copied[.mbox(path: "/var/q é")] != nil && found.copied[.maildir(path: "/q@b")] != nil)
        }
    }

    /// What an older version wrote of places says nothing of recipients: nobody has a copy there.
    @Test func placesOfAnOlderVersion() throws {
        let now = Int(time(nil))
        let memory = try ServedRecipients(directory: place, time: now)
        try memory.remember(key("s@a"), [], time: now)
        let text = Array("mailreeve-served 1\nr@b\n=AbCdEfGhIj12\n==mbox:/var/q+20x\n==q@b\n".utf8)
        let digest = hexadecimal(text.withUnsafeBytes { SHA256.digest($0) })
        let name = try #require(directory.names("served").first)
        try Descriptor.open("\(place)/\(name)", O_WRONLY | O_TRUNC).write(text + Array((digest + "\n").utf8))
        let found = memory.memory(of: key("s@a"))
        #expect(found.recipients == paths("r@b") && found.copy == "AbCdEfGhIj12")
        #expect(found.copied == [.mbox(path: "/var/q x"): [], .mailbox(MailPath("q@b")): []])
    }

    @Test func oldestGoFirst() throws {
        let memory = try ServedRecipients(
            directory: place, limits: ServedRecipients.Limits(entries: 2, seconds: 100), time: 0)
        for (number, sender) in ["a", "b", "c"].enumerated() {
            try memory.remember(key(sender), [MailPath("r@b")], time: number)
        }
        #expect(memory.memory(of: key("a")).recipients.isEmpty)
        #expect(
            memory.memory(of: key("b")).recipients == paths("r@b")
                && memory.memory(of: key("c")).recipients == paths("r@b"))
        #expect(directory.names("served").count == 2)
        try memory.remember(key("d"), [MailPath("r@b")], time: 103)
        #expect(memory.memory(of: key("b")).recipients.isEmpty && memory.memory(of: key("c")).recipients.isEmpty)
        #expect(memory.memory(of: key("d")).recipients == paths("r@b"))
        #expect(directory.names("served").count == 1)
    }

    /// Two messages that are alike are remembered at one time: what stays is whole, and nothing half-written is left.
    @Test func alikeAtOneTime() throws {
        let now = Int(time(nil))
        let memory = try ServedRecipients(directory: place, time: now)
        let (all, alike) = (paths("q@b", "r@b"), key("s@a"))
        let failures = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 200) { number in
            do {
                try memory.remember(alike, number % 2 == 0 ? Array(all) : [MailPath("q@b")], time: now)
            } catch {
                failures.withLock { $0 += 1 }
            }
        }
        #expect(failures.withLock { $0 } == 0)
        let found = memory.memory(of: alike).recipients
        #expect(found.contains(MailPath("q@b")) && found.isSubset(of: all))
        #expect(directory.names("served").count == 1)
    }

    /// Entries that are too old, or were never finished, go when the directory is opened.
    @Test func leftovers() throws {
        let now = Int(time(nil))
        let memory = try ServedRecipients(directory: place, time: now)
        try memory.remember(key("a"), [MailPath("r@b")], time: now)
        let name = try #require(directory.names("served").first)
        _ = try Descriptor.open("\(place)/\(name).7.tmp", O_WRONLY | O_CREAT)
        _ = try Descriptor.open("\(place)/README", O_WRONLY | O_CREAT)
        let later = try ServedRecipients(directory: place, time: now + 7 * 86_400)
        #expect(later.isEmpty)
        #expect(directory.names("served") == ["README"])
    }

    /// Cut or changed at any octet, an entry says nothing: a duplicate is better than a recipient without mail.
    @Test func damagedEntriesSayNothing() throws {
        let now = Int(time(nil))
        let memory = try ServedRecipients(directory: place, time: now)
        try memory.remember(key("a"), [MailPath("r@b"), MailPath("s@b")], time: now)
        let path = "\(place)/\(try #require(directory.names("served").first))"
        let whole = try Descriptor.open(path, O_RDONLY).read(at: 0, count: 4096)
        for length in 0..<whole.count {
            try Descriptor.open(path, O_WRONLY | O_TRUNC).write(Array(whole[..<length]))
            #expect(memory.memory(of: key("a")).recipients.isEmpty)
        }
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 1
            try Descriptor.open(path, O_WRONLY | O_TRUNC).write(changed)
            #expect(memory.memory(of: key("a")).recipients.isEmpty)
        }
    }

    @Test func whatCannotBeWrittenIsSaid() throws {
        let now = Int(time(nil))
        let memory = try ServedRecipients(directory: place, time: now)
        #expect(rmdir(place) == 0)
        #expect(throws: SystemError.self) { try memory.remember(key("a"), [MailPath("r@b")], time: now) }
        #expect(memory.isEmpty)
        #expect(throws: SystemError.self) { _ = try ServedRecipients(directory: "/proc/none/x", time: now) }
    }
}
