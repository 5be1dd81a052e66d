import Configuration
import Foundation
import Linux
import MailModel
import Policy
import Stores
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
        return try digest.letters(try digest.mail(since: 0, until: Self.now))
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
        // What he has released is no news; what all have got neither.
        let links = RedeemedLinks(directory: settings.redeemedDirectory)
        try links.add(RedeemedLinks.Link(id: "Spam1", recipient: Array("s@x.example".utf8), action: "a"))
        try quarantine.markReleased("Spam1", time: 1)
        try quarantine.markReleased("Head1", time: 1)
        #expect(try letters().map { $0.items.map(\.id) } == [["Spam1"]])
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
        let letter = try #require(try digest.letters(try digest.mail(since: 0, until: Self.now)).first)
        let bytes = digest.message(letter)
        let text = String(decoding: bytes, as: UTF8.self)
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
                recipients: ["R@x.example", "s@x.example", "r@X.Example"].map { Recipient(path: MailPath($0)) },
                allowed: allowed)
            return resolution.places.map {
                let standing = resolution.groups[$0].standing
                #expect(standing.isAllowed == (standing.allowedBy == .recipient))
                return standing.isAllowed
            }
        }
        #expect(try standings("S@Y.example") == [true, false, true])
        #expect(try standings("t@y.example") == [false, false, false])
        #expect(try standings("boss@x.example") == [false, false, false])
        #expect(try standings("") == [false, false, false])
    }
}
