import Configuration
import Foundation
import Linux
import MailModel
import Policy
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Who is told of what by a digest, in which words, and what its links are worth.
@Suite struct QuarantineDigestTests {
    private let directory: TemporaryDirectory
    private let quarantine: IndexedQuarantine
    private var settings: Settings
    private static let now = 1_795_240_000

    init() throws {
        directory = try TemporaryDirectory(.disk)
        settings = try Self.settings("", directory.path)
        quarantine = try settings.openQuarantine { _ in }
    }

    private static func settings(_ yaml: String, _ directory: String) throws -> Settings {
        let loaded = ConfigurationFile.parse(
            """
            local_domains: [x.example]
            digests: {release_address: "release+it@x.example"}
            notices: {directory: \(Programs.package)/packaging/notices}
            state_directory: \(directory)
            policies: {default: {spam: quarantine, banned: quarantine, bad_header: quarantine, digest: yes}}

            """ + yaml, file: "f")
        #expect(loaded.problems == [])
        return loaded.settings
    }

    private func put(
        _ id: String, _ category: Category = .spam, to recipients: [String] = ["r@x.example"], time: Int = now - 60,
        subject: String = "about money", sender: String = "s@y.example", report: String = "{}"
    ) throws {
        let file = try Descriptor.memory("test")
        try file.write([0x61])
        var entry = Quarantine.Entry(
            id: id, time: time, category: category, reason: "id=1-1 - \(category.rawValue)",
            envelope: Envelope(
                reversePath: MailPath(sender), recipients: recipients.map { Recipient(path: MailPath($0)) }),
            subject: subject, size: 1)
        entry.policy = "default"
        try quarantine.put(entry, message: file, report: Array(report.utf8))
    }

    private func digest(_ settings: Settings? = nil) throws -> QuarantineDigest {
        try QuarantineDigest(settings ?? self.settings, quarantine, time: Self.now) { Issue.record("\($0)") }
    }

    private func letters(_ settings: Settings? = nil) throws -> [QuarantineDigest.Letter] {
        let digest = try digest(settings)
        return try digest.letters(try digest.mail(since: 0, until: Self.now)).letters
    }

    @Test func whoIsToldOfWhat() throws {
        try put("Spam1", to: ["r@x.example", "S@X.example", "foreign@z.example"])
        try put("Head1", .badHeader, to: ["s@x.example"], time: Self.now - 30)
        try put("Bann1", .banned)
        try put("Infe1", .infected)
        try put("Unch1", .unchecked)
        try put("Viru1", report: #"{"findings":[{"class":"virus","name":"Eicar"}]}"#)
        try put("Late1", time: Self.now)
        let found = try letters()
        #expect(found.map(\.recipient) == [MailPath("r@x.example"), MailPath("s@x.example")])
        #expect(found.map { $0.items.map(\.id) } == [["Spam1"], ["Head1", "Spam1"]])
        // By the settings of each.
        let chosen = try Self.settings(
            """
            recipients:
              - {match: [s@x.example], digest: no}
              - {match: [r@x.example], digest_categories: [banned]}
            """, directory.path)
        #expect(try letters(chosen).map { $0.items.map(\.id) } == [["Bann1"]])
        let passed = try Self.settings("recipients: [{match: [x.example], lovers: [spam]}]", directory.path)
        #expect(try letters(passed).map { $0.items.map(\.id) } == [["Head1"]])
        // What he has released is no news; that somebody else has it changes nothing for him.
        let links = RedeemedLinks(directory: settings.redeemedDirectory)
        try links.add([RedeemedLinks.Link(id: "Spam1", recipient: Array("s@x.example".utf8), action: "a")])
        try links.add([RedeemedLinks.Link(id: "Head1", recipient: Array("s@x.example".utf8), action: "r")])
        try quarantine.markReleased("Spam1", time: 1)
        #expect(try letters().map { $0.items.map(\.id) } == [["Spam1"]])
    }

    /// Whatever a sender writes behind the delimiter, one mailbox has one letter, in which a message stands once.
    @Test func extensionsAreOneMailbox() throws {
        for number in 0..<30 { try put("Many\(number)", to: ["R+\(number)@x.example"], time: Self.now - 100 + number) }
        try put("Both1", to: ["r+a@x.example", "r@x.example", #""Q r+x"@x.example"#, "s+@x.example", "+s@x.example"])
        let found = try letters()
        // In the order of their letters: "+s", "q r", "r", "s".
        let recipients = ["+s@x.example", #""Q r"@x.example"#, "r@x.example", "s@x.example"]
        #expect(found.map(\.recipient) == recipients.map { MailPath($0) })
        let items = try #require(found.dropFirst(2).first).items
        #expect(items.map(\.id) == ["Both1"] + (0..<30).reversed().map { "Many\($0)" })
        // Each link is for the address that the message was sent to.
        let key = try ReleaseKey(directory.path)
        let text = String(decoding: try digest().message(found[2]), as: UTF8.self)
        let tokens = text.matches(of: #/=(mailreeve\.r\.[A-Za-z0-9.]+)>/#).compactMap { DigestToken(in: String($0.1)) }
        #expect(tokens.count == 31)
        for token in tokens {
            let address = token.id == "Both1" ? "r+a@x.example" : "r+\(token.id.dropFirst(4))@x.example"
            #expect(token.holds(key, recipient: Array(address.utf8)), "\(token)")
        }
        // One that was released by one address is no news to the mailbox.
        let links = RedeemedLinks(directory: settings.redeemedDirectory)
        try links.add([RedeemedLinks.Link(id: "Both1", recipient: Array("r@x.example".utf8), action: "r")])
        #expect(try letters().map(\.items.count) == [1, 1, 30, 1])
        // Where nothing is an extension each address is one.
        var whole = settings
        whole.recipientDelimiter = ""
        #expect(try letters(whole).count == 34)
    }

    /// Who is owed mail is told of it, and nobody else; what cannot be read now holds up nothing.
    @Test func whatIsOwed() throws {
        try put("Owed1", to: ["r@x.example", "s+x@x.example"], time: Self.now - 9000)
        try put("News1", to: ["r@x.example"])
        let (old, news) = (
            DigestMemory.Mail(id: "Owed1", time: Self.now - 9000), DigestMemory.Mail(id: "News1", time: Self.now - 60)
        )
        let digest = try digest()
        func found(_ mail: [DigestMemory.Mail], _ owed: DigestMemory.Owed...) throws -> [[String]] {
            let found = try digest.letters(mail, owed: owed)
            #expect(found.unread == [])
            return found.letters.map { [$0.recipient.description] + $0.items.map(\.id) }
        }
        let mine = DigestMemory.Owed(mail: old, mailbox: MailPath("s@x.example"))
        #expect(try found([news], mine) == [["r@x.example", "News1"], ["s@x.example", "Owed1"]])
        #expect(try found([], DigestMemory.Owed(mail: old)) == [["r@x.example", "Owed1"], ["s@x.example", "Owed1"]])
        #expect(try found([], DigestMemory.Owed(mail: old, mailbox: MailPath("nobody@x.example"))) == [])
        try quarantine.remove("Owed1")
        #expect(try found([news], mine) == [["r@x.example", "News1"]])
    }

    /// A message whose key is not set waits for it, and no other with it.
    @Test func aKeyThatIsNotSet() throws {
        let key = directory.path + "/key"
        try Data((0..<32).map { _ in UInt8.random(in: 0...255) }).write(to: URL(fileURLWithPath: key))
        #expect(chmod(key, 0o600) == 0)
        let keys = try QuarantineKeys(writing: key, reading: [])
        let sealed = Quarantine(directory: settings.quarantineDirectory, keys: keys)
        let file = try Descriptor.memory("test")
        try file.write([0x61])
        for id in ["Lock1", "Lock2"] {
            var entry = Quarantine.Entry(
                id: id, time: Self.now - 90, category: .spam, reason: "r",
                envelope: Envelope(reversePath: .null, recipients: [Recipient(path: MailPath("r@x.example"))]), size: 1)
            entry.policy = "default"
            let kept = try sealed.put(entry, message: file, report: Array("{}".utf8))
            try quarantine.index.insert([QuarantineRow(kept, node: quarantine.index.node)])
        }
        try put("Open1")
        let said = Mutex<[String]>([])
        let digest = try QuarantineDigest(settings, quarantine, time: Self.now) { line in
            said.withLock { $0.append(line) }
        }
        let mail = try digest.mail(since: 0, until: Self.now)
        let found = try digest.letters(mail)
        #expect(found.letters.map { $0.items.map(\.id) } == [["Open1"]])
        #expect(found.unread.map(\.mail.id).sorted() == ["Lock1", "Lock2"])
        #expect(found.unread.allSatisfy { $0.mailbox == nil })
        let name = try #require(try sealed.keyName("Lock1"))
        #expect(
            said.withLock { $0 } == [
                "digest: 2 messages wait: they are encrypted with key \(name), which is not set"
            ])
        // Who was owed it before is owed it still.
        let owed = DigestMemory.Owed(mail: found.unread[0].mail, mailbox: MailPath("r@x.example"))
        #expect(try digest.letters([], owed: [owed]).unread == [owed])
        // With the key they are told of.
        let opened = IndexedQuarantine(files: sealed, index: quarantine.index) { Issue.record("\($0)") }
        let later = try QuarantineDigest(settings, opened, time: Self.now) { Issue.record("\($0)") }
        let letters = try later.letters([], owed: found.unread)
        #expect(letters.letters.map { $0.items.map(\.id).sorted() } == [["Lock1", "Lock2"]] && letters.unread == [])
    }

    /// In every language, with hostile texts, in lines that mail can carry.
    @Test(arguments: [
        ("de", "  Freigeben: <"), ("en", "  Release: <"), ("es", "  Liberar: <"), ("fr", "  Libérer : <"),
        ("ru", "  Получить: <"),
    ])
    func languages(_ language: String, _ word: String) throws {
        let subject = "\u{202E}évil\r\nBcc: x ${release} \u{1B}[2J " + String(repeating: "\u{10FFFF}", count: 300)
        try put("Spam1", subject: subject, sender: "\"a\u{202E} <b>\"@y.example")
        try put("Null1", time: Self.now - 90, sender: "")
        let settings = try Self.settings(
            "recipients: [{match: [r@x.example], notice_language: \(language)}]", directory.path)
        let digest = try digest(settings)
        let letter = try #require(try digest.letters(try digest.mail(since: 0, until: Self.now)).letters.first)
        let bytes = digest.message(letter)
        #expect(bytes.allSatisfy { $0 < 0x80 })
        let text = ScriptedNextHop.Delivery.notice(bytes)
        #expect(text.contains("\r\nAuto-Submitted: auto-generated\r\n") && text.contains("\r\nTo: r@x.example\r\n"))
        #expect(text.components(separatedBy: word + "mailto:release%2Bit@x.example?subject=mailreeve.r.").count == 3)
        // Nobody is allowed for the null sender.
        #expect(text.components(separatedBy: "?subject=mailreeve.a.").count == 2)
        #expect(text.contains("\\u{202E}évil\\x0D\\x0ABcc: x ${release} \\x1B[2J ") && text.contains("..."))
        #expect(!text.contains("\u{202E}") && !text.contains("\u{1B}") && !text.contains("\r\nBcc"))
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 999 } && lines.dropLast().allSatisfy { $0.last == 0x0D })
        #expect(!text.contains("${") || text.components(separatedBy: "${").count == 2)
    }

    @Test func aThousandEntries() throws {
        for number in 0..<1001 { try put("Id\(number)", time: Self.now - 2000 + number) }
        var settings = settings
        #expect(settings.digests.messages == 1000)
        let letter = try #require(try letters().first)
        #expect(letter.items.count == 1000 && letter.further == 1 && letter.items.first?.id == "Id1000")
        let text = String(decoding: try digest().message(letter), as: UTF8.self)
        #expect(text.hasSuffix("\r\n\r\n... (1)\r\n") && text.components(separatedBy: "mailreeve.r.").count == 1001)
        settings.digests.messages = 1001
        #expect(try letters(settings).first?.further == 0)
    }

    /// A token holds for what it was made for, and for nothing else.
    @Test func tokens() throws {
        let key = try ReleaseKey(directory.path)
        let recipient = Array("r@x.example".utf8)
        let token = DigestToken(key, .release, id: "AbCdEf", place: 3, recipient: recipient, expiry: 1_795_240_000)
        let text = token.text
        #expect(text.hasPrefix("mailreeve.r.AbCdEf.3.1795240000."))
        for around in ["\(text)", "Re: \(text)", "x \(text) y", "\(text).more", "AW: <\(text)>"] {
            #expect(DigestToken(in: around) == token)
            #expect(DigestToken(in: around)?.holds(key, recipient: recipient) == true)
        }
        #expect(!token.holds(key, recipient: Array("s@x.example".utf8)))
        let other = try TemporaryDirectory(.disk)
        #expect(!token.holds(try ReleaseKey(other.path), recipient: recipient))
        // Every octet counts.
        var read = 0
        for index in text.utf8.indices {
            for octet in ["0", "9", "a", "r", "Z", ".", "-", " "] where text[index...].first.map(String.init) != octet {
                let forged = text[..<index] + octet + text[text.index(after: index)...]
                guard let found = DigestToken(in: String(forged)) else { continue }
                read += 1
                #expect(!found.holds(key, recipient: recipient), "\(forged)")
            }
        }
        #expect(read > 100)
        for end in text.indices { #expect(DigestToken(in: String(text[..<end])) == nil) }
        for nonsense in [
            "", "mailreeve.", "mailreeve.x.Ab.0.1.\(String(repeating: "0", count: 32))",
            "mailreeve.r.../x.0.1.\(String(repeating: "0", count: 32))",
            "mailreeve.r.Ab.-1.1.\(String(repeating: "0", count: 32))",
            "mailreeve.r.Ab.99999999999999999999.1.\(String(repeating: "0", count: 32))",
            "mailreeve.r.Ab.0.1.\(String(repeating: "é", count: 16))",
            "mailreeve." + String(repeating: "a.", count: 500),
        ] { #expect(DigestToken(in: nonsense) == nil, "\(nonsense)") }
    }

    /// A digest without the address for its links is refused, with its place.
    @Test(arguments: [
        ("policies: {default: {digest: yes}}", 21), ("banks: [{name: A, digest: yes}]", 19),
        ("recipients: [{match: [a@b], digest: yes}]", 29),
    ])
    func withoutAnAddress(_ yaml: String, _ column: Int) {
        let problems = ConfigurationFile.parse(yaml, file: "f").problems.map(\.description)
        #expect(problems.count == 1 && problems[0].hasPrefix("f:1:"), "\(problems)")
        #expect(problems[0].hasSuffix(": error: digest: yes needs digests.release_address"), "\(problems)")
    }

    /// The sender whom a recipient has allowed is no spammer to him, and to nobody else; one of our own is not believed.
    @Test func allowedByTheRecipient() throws {
        let allowed = try AllowedSenders(directory: settings.digestDirectory)
        for sender in ["s@y.example", "boss@x.example"] {
            _ = try allowed.add(recipient: Array("r@x.example".utf8), sender: Array(sender.utf8), limit: 9)
        }
        let book = try PolicyBook(settings)
        func standings(_ sender: String) throws -> [Bool] {
            let mail = PolicyBook.Circumstances(
                listener: "", client: nil, sender: MailPath(sender), isAuthenticated: false)
            let resolution = try PolicyResolution(
                book, policy: "default", .afterQueue, mail,
                recipients: ["R@x.example", "s@x.example", "r@X.Example", "r+x@x.example", #""R+y z"@x.example"#].map {
                    Recipient(path: MailPath($0))
                },
                allowed: allowed)
            return resolution.places.map {
                let standing = resolution.groups[$0].standing
                #expect(standing.isAllowed == (standing.allowedBy == .recipient))
                return standing.isAllowed
            }
        }
        #expect(try standings("S@Y.example") == [true, false, true, true, true])
        for sender in ["t@y.example", "boss@x.example", ""] {
            #expect(try standings(sender) == [false, false, false, false, false])
        }
        // As lines were written before, by an address with its extension.
        _ = try allowed.add(recipient: Array("r+x@x.example".utf8), sender: Array("o@y.example".utf8), limit: 9)
        #expect(try standings("o@y.example") == [false, false, false, true, false])
    }
}
