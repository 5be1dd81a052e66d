import Checks
import Configuration
import Foundation
@testable import Gateway
import MailModel
import Policy
import Testing

/// Which settings hold for whom.
@Suite struct PolicyBookTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory(.disk)
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let path = directory.path + "/" + name
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }

    private func book(_ yaml: String) throws -> PolicyBook {
        let loaded = ConfigurationFile.parse(yaml, file: "f")
        #expect(!loaded.hasErrors)
        return try PolicyBook(loaded.settings)
    }

    private func resolve(_ book: PolicyBook, _ recipients: [String]) throws -> PolicyResolution {
        try PolicyResolution(
            book, policy: "default", .afterQueue,
            PolicyBook.Circumstances(
                listener: "127.0.0.1:10024", client: nil, sender: MailPath("s@other.example"), isAuthenticated: false),
            recipients: recipients.map { Recipient(path: MailPath($0)) })
    }

    private func resolve(
        _ book: PolicyBook, _ recipients: String..., sender: String = "s@other.example",
        client: String? = "203.0.113.9",
        authenticated: Bool = false, author: String? = nil, listener: String = "127.0.0.1:10024", viruses: [String] = []
    ) throws -> PolicyResolution {
        var mail = PolicyBook.Circumstances(
            listener: listener, client: client.flatMap { IPAddress($0) }, sender: MailPath(sender),
            isAuthenticated: authenticated, author: author.map { MailPath($0) })
        mail.viruses = viruses
        return try PolicyResolution(
            book, policy: "default", .afterQueue, mail,
            recipients: recipients.map { Recipient(path: MailPath($0)) })
    }

    private func kill(_ book: PolicyBook, _ recipient: String) throws -> Double {
        try resolve(book, recipient).groups[0].policy.levels.kill
    }

    @Test func theMostSpecificKeyCountsForEachSetting() throws {
        let book = try book(
            """
            recipients:
              - {match: [.], levels: {kill: 1, tag: 0.1}}
              - {match: [.example.com], levels: {kill: 2}}
              - {match: [sub.example.com], levels: {kill: 3}}
              - {match: [user@], levels: {kill: 4}}
              - {match: [user+ext@], levels: {kill: 5}}
              - {match: [user@sub.example.com], levels: {kill: 6}}
              - {match: [user+ext@sub.example.com], levels: {kill: 7}}
              - {match: [user+ext@sub.example.com], levels: {kill: 8, tag2: 0.2}}
              - {match: ["@.net", "!@no.net"], levels: {kill: 9}}
            """)
        #expect(try kill(book, "x@y.org") == 1)
        #expect(try kill(book, "x@a.example.com") == 2)
        #expect(try kill(book, "x@sub.example.com") == 3)
        #expect(try kill(book, "user@y.org") == 4)
        #expect(try kill(book, "user+ext@y.org") == 5)
        #expect(try kill(book, "user+other@sub.example.com") == 6)
        // Of two that are alike the first counts.
        #expect(try kill(book, "User+Ext@Sub.Example.com") == 7)
        #expect(try kill(book, "x@a.net") == 9)
        #expect(try kill(book, "x@no.net") == 1)
        let policy = try resolve(book, "user+ext@sub.example.com").groups[0].policy
        #expect(policy.levels.tag == 0.1 && policy.levels.tag2 == 0.2)
    }

    /// A worse virus beside a joke is no joke.
    @Test(
        arguments: [
            ([], "default", 6.31), (["Win.Joke.A"], "default/JOKES", 3),
            (["win.joke.a", "JOKE.B", "Hoax.1"], "default/JOKES", 3),
            (["Win.Joke.A", "Win.Trojan"], "default", 6.31), (["Joke"], "default", 6.31),
        ] as [([String], String, Double)])
    func banksOfViruses(_ viruses: [String], _ name: String, _ kill: Double) throws {
        let book = try book("banks: [{name: JOKES, viruses: [Joke., Hoax.], levels: {kill: 3}}]")
        let found = try resolve(book, "a@b.example", viruses: viruses)
        #expect(found.name == name && found.groups[0].policy.levels.kill == kill)
    }

    @Test func banksAreLaidOverInTheirOrder() throws {
        let book = try book(
            """
            policies: {default: {levels: {kill: 1}}}
            banks:
              - {name: NETS, clients: [10.0.0.0/8, "!192.0.2.1", 192.0.2.0/24], levels: {kill: 2}}
              - {name: SENDERS, senders: [.friend.example, "<>"], levels: {kill: 3}}
              - {name: AUTH, authenticated: yes, originating: yes}
              - {name: AUTHOR, authors: [.bank.example, "!news@bank.example"], banned: pass}
              - {name: DOOR, listeners: ["127.0.0.1:10026"], spam: discard}
            listeners: [{address: "127.0.0.1:10024"}, {address: "127.0.0.1:10026"}]
            recipients:
              - {match: [special@], levels: {kill: 4}}
            """)
        func name(_ resolution: PolicyResolution) -> String {
            "\(resolution.name) \(resolution.groups.map(\.policy.levels.kill))"
        }
        #expect(try name(resolve(book, "a@b")) == "default [1.0]")
        #expect(try name(resolve(book, "a@b", client: "10.1.2.3")) == "default/NETS [2.0]")
        #expect(try name(resolve(book, "a@b", client: "::ffff:10.1.2.3")) == "default/NETS [2.0]")
        #expect(try name(resolve(book, "a@b", client: "192.0.2.1")) == "default [1.0]")
        #expect(try name(resolve(book, "a@b", client: "192.0.2.2")) == "default/NETS [2.0]")
        #expect(try name(resolve(book, "a@b", client: nil)) == "default [1.0]")
        let friend = try resolve(book, "a@b", "special@b", sender: "x@mail.friend.example", client: "10.1.2.3")
        #expect(name(friend) == "default/NETS/SENDERS [3.0, 4.0]")
        #expect(try name(resolve(book, "a@b", sender: "")) == "default/SENDERS [3.0]")
        let authenticated = try resolve(book, "a@b", authenticated: true)
        #expect(authenticated.name == "default/AUTH" && authenticated.groups[0].policy.originating)
        #expect(try resolve(book, "a@b", author: "x@Bank.example").name == "default/AUTHOR")
        #expect(try resolve(book, "a@b", author: "x@mail.bank.example").name == "default/AUTHOR")
        #expect(try resolve(book, "a@b", author: "news@bank.example").name == "default")
        #expect(try resolve(book, "a@b", sender: "x@bank.example").name == "default")
        #expect(try resolve(book, "a@b", listener: "127.0.0.1:10026").groups[0].policy.spam == .discard)
    }

    @Test func recipientsAreGrouped() throws {
        let book = try book("recipients: [{match: [b.example], spam: discard}]\nlocal_domains: [.a.example, b.example]")
        let resolution = try resolve(book, "1@a.example", "2@b.example", "3@x.a.example", "4@b.example", "5@c.example")
        #expect(resolution.groups.map(\.recipients) == [[0, 2], [1, 3], [4]])
        #expect(resolution.groups.map(\.isLocal) == [true, true, false])
    }

    @Test func withoutLocalDomainsAllAreLocalButWhatWeSend() throws {
        let book = try book("banks: [{name: NETS, clients: [10.0.0.0/8], originating: yes}]")
        #expect(try resolve(book, "a@b").groups[0].isLocal)
        #expect(try !resolve(book, "a@b", client: "10.0.0.1").groups[0].isLocal)
    }

    @Test func tablesOfEveryKind() throws {
        let keys = try file(
            "keys", "user@example.com levels.kill=2 lovers=spam\n.example.com levels.kill=3 levels.tag=1\n")
        let patterns = try file("patterns", "/^robot([0-9])@/ levels.kill=4$1\n/^(bad)@/ levels.kill=$1\n")
        let nets = try file("nets", "10.1.0.0/16 no\n10.0.0.0/8 yes\n11.0.0.0/8 DUNNO\n")
        let book = try book(
            """
            recipient_tables: ["texthash:\(keys)", "pcre:\(patterns)"]
            banks: [{name: NETS, clients: ["cidr:\(nets)"]}]
            """)
        #expect(try kill(book, "user@example.com") == 2)
        #expect(try kill(book, "other@x.example.com") == 3)
        #expect(try resolve(book, "user@example.com").groups[0].policy.levels.tag == 1)
        #expect(try kill(book, "robot7@elsewhere.net") == 47)
        // The first table of the list counts.
        #expect(try kill(book, "robot7@x.example.com") == 3)
        // What is wrong for one is for him alone.
        let mixed = try resolve(book, "bad@elsewhere.net", "robot7@elsewhere.net", "bad@elsewhere.net")
        #expect(mixed.groups[0].failure?.hasPrefix("pcre:") == true && mixed.groups[0].recipients == [0, 2])
        #expect(mixed.groups[0].disposition == .tempfail && !mixed.groups[0].keepsCopy)
        #expect(mixed.groups[1].failure == nil && mixed.groups[1].policy.levels.kill == 47)
        #expect(throws: LookupTable.GaveUp.self) { _ = try mixed.group(of: 0) }
        #expect(try resolve(book, "a@b", client: "10.2.3.4").name == "default/NETS")
        for other in ["10.1.3.4", "11.1.1.1", "12.1.1.1"] {
            #expect(try resolve(book, "a@b", client: other).name == "default")
        }
    }

    /// What a pattern puts in from an address is for that address alone, also among others that the same line means.
    @Test func whatALineSaysToEach() throws {
        let patterns = try file("patterns", "/^(\\w+)-\\w+@/ spam=$1\n/^one@|^two@/ spam=discard\n")
        let book = try book("recipient_tables: ['pcre:\(patterns)']")
        for envelope in [["pass-a@x", "discard-b@x", "pass-c@x"], ["discard-b@x", "pass-a@x", "discard-d@x"]] {
            let resolution = try resolve(book, envelope)
            for (place, recipient) in zip(resolution.places, envelope) {
                #expect(
                    resolution.groups[place].policy.spam == (recipient.hasPrefix("pass") ? .pass : .discard),
                    "\(recipient)")
            }
        }
        #expect(try resolve(book, ["one@x", "two@x"]).groups.count == 1)
    }

    /// The sender chooses among the spellings of an address.
    @Test func spellingsOfAnAddress() throws {
        let keys = try file(
            "keys",
            "\"Q U\"@Bücher.example levels.kill=2\nxn--80a1acny.xn--p1ai levels.kill=3\n💩.example levels.kill=5\n")
        let book = try book(
            """
            recipient_tables: ["texthash:\(keys)"]
            recipients: [{match: [Österreich@example.com], levels: {kill: 4}}]
            local_domains: [BÜCHER.example]
            """)
        for spelling in ["\"q u\"@xn--bcher-kva.example", "\"Q\\ u\"@BÜCHER.EXAMPLE", "\"q u\"@bu\u{308}cher.example"] {
            #expect(try kill(book, spelling) == 2, "\(spelling)")
            #expect(try resolve(book, spelling).groups[0].isLocal)
        }
        for spelling in ["u@почта.рф", "u@ПОЧТА.РФ", "u@XN--80a1acny.xn--P1AI", "u@почта。рф"] {
            #expect(try kill(book, spelling) == 3, "\(spelling)")
        }
        for spelling in ["a@💩.example", "A@XN--LS8H.example", "a+b@💩。example"] {
            #expect(try kill(book, spelling) == 5, "\(spelling)")
        }
        #expect(try kill(book, "öSTERREICH@example.com") == 4)
    }

    @Test func otherDelimiters() throws {
        let yaml = "recipients: [{match: [user@example.com], levels: {kill: 2}}]\n"
        for (setting, found) in [
            ("", [true, false]), ("recipient_delimiter: '-+'\n", [true, true]),
            ("recipient_delimiter: ''\n", [false, false]),
        ] {
            let book = try book(setting + yaml)
            #expect(try ["user+x@example.com", "user-x@example.com"].map { try kill(book, $0) == 2 } == found)
        }
    }

    @Test func standings() throws {
        let points = try file("points", "friend@ -5\n.bad.example 3.5\n")
        let book = try book(
            """
            local_domains: [example.com]
            policies:
              default:
                allow_senders: [boss@example.com, .partner.example, "!x.partner.example"]
                allow_authors: [.signed.example]
                deny_senders: [.partner.example, evil@]
                sender_points: ["texthash:\(points)"]
            banks: [{name: NETS, clients: [10.0.0.0/8], originating: yes}]
            """)
        func standing(
            _ sender: String, client: String = "203.0.113.1", author: String? = nil
        ) throws -> SenderStanding {
            try resolve(book, "a@b", sender: sender, client: client, author: author).groups[0].standing
        }
        #expect(try standing("a@mail.partner.example") == SenderStanding(allowedBy: .senders))
        #expect(try standing("a@x.partner.example") == SenderStanding(isDenied: true))
        #expect(try standing("evil@any.example") == SenderStanding(isDenied: true))
        #expect(try standing("friend@any.example").points == -5)
        #expect(try standing("u@mx.bad.example").points == 3.5)
        #expect(try standing("") == SenderStanding())
        #expect(try standing("x@signed.example") == SenderStanding())
        #expect(try standing("evil@any.example", author: "x@signed.example") == SenderStanding(allowedBy: .authors))
        #expect(try standing("evil@any.example", author: "x@other.example") == SenderStanding(isDenied: true))
        // Anybody can write an address of ours; it is believed from our own nets only.
        #expect(try standing("boss@example.com") == SenderStanding())
        #expect(try standing("boss@example.com", client: "10.0.0.1") == SenderStanding(allowedBy: .senders))
    }

    /// Addresses of every syntax that SMTP lets in are looked up without a trap.
    @Test(arguments: [
        "", "postmaster", "a@b", "\"a b\"@c", "\"\"@c", "\"a@b\"@c", "\"a\\\"b\"@c", "a@[192.0.2.1]", "a@[IPv6:::1]",
        "@", "a@",
        "+@b", "a+@b", "++@b", "jürgen@bücher.example", ".@.", "a@.", "a@b..c", "a@-", "a.b.@c",
    ])
    func everySyntax(address: String) throws {
        let book = try book("recipients: [{match: [.], levels: {kill: 5}}, {match: [\"<>\"], levels: {kill: 6}}]")
        #expect(try kill(book, address) == (address.isEmpty ? 6 : 5))
    }

    /// Lists that a line of a table alone has, with addresses and with tables of their own.
    @Test func listsInTables() throws {
        let listed = try file("listed", "listed@any.example yes\n")
        let points = try file("points", "listed@any.example 3\n")
        let keys = try file(
            "keys",
            """
            author@b allow_authors=.signed.example
            allow@b allow_senders=texthash:\(listed)
            deny@b deny_senders=.x.example,texthash:\(listed)
            points@b sender_points=texthash:\(points)

            """)
        let patterns = try file("patterns", "/^pattern@(.*)$/ allow_authors=.$1\n")
        let book = try book("recipient_tables: ['texthash:\(keys)', 'pcre:\(patterns)']")
        func standing(_ recipient: String, author: String? = nil) throws -> SenderStanding {
            try resolve(book, recipient, sender: "listed@any.example", author: author).groups[0].standing
        }
        #expect(try standing("author@b", author: "a@signed.example") == SenderStanding(allowedBy: .authors))
        #expect(try standing("pattern@signed.example", author: "a@signed.example").allowedBy == .authors)
        #expect(try standing("author@b", author: "a@other.example") == SenderStanding())
        #expect(try standing("allow@b") == SenderStanding(allowedBy: .senders))
        #expect(try standing("deny@b") == SenderStanding(isDenied: true))
        #expect(try standing("points@b").points == 3)
        #expect(try standing("other@b") == SenderStanding())
        #expect(book.asksForAuthors)
        for table in ["texthash:\(keys)", "pcre:\(patterns)"] {
            #expect(try self.book("recipient_tables: ['\(table)']").asksForAuthors)
        }
        #expect(try self.book("recipient_tables: []").asksForAuthors == false)
    }

    @Test func explanationNamesEveryOrigin() throws {
        let keys = try file("keys", "user@example.com levels.tag=1\n")
        let loaded = ConfigurationFile.parse(
            """
            recipient_tables: ["texthash:\(keys)"]
            policies:
              default:
                quarantine: no
            banks:
              - name: NETS
                clients: [10.0.0.0/8]
                levels: {kill: 12}
            recipients:
              - match: [example.com]
                spam: discard
            """, file: "f")
        let lines = try PolicyExplanation(
            loaded,
            PolicyExplanation.Question(
                recipient: MailPath("user@example.com"), sender: MailPath("s@a"), client: IPAddress("10.0.0.1"),
                listener: nil, isAuthenticated: false)
        ).lines
        #expect(lines[0] == "from <s@a> to <user@example.com> by 127.0.0.1:10024, after-queue")
        #expect(lines[1] == "layers: policy default, bank NETS, texthash:\(keys), line 1, recipients[0]")
        #expect(lines.contains("levels.kill: 12  (bank NETS, f:8:20)"))
        #expect(lines.contains("levels.tag: 1  (texthash:\(keys), line 1)"))
        #expect(lines.contains("spam: discard  (recipients[0], f:11:11)"))
        #expect(lines.contains("quarantine: no  (policy default, f:4:17)"))
        #expect(lines.contains("levels.tag2: 6.31  (default)"))
        // What null stands for on this listener.
        #expect(lines.contains("infected: discard  (default)"))
        #expect(!lines.contains { $0.contains("null") })
    }
}
