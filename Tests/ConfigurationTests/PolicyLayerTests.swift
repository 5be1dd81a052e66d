import Checks
import Configuration
import MailModel
import TestSupport
import Testing

/// Banks, recipients and lists of addresses in the configuration.
@Suite struct PolicyLayerTests {
    @Test func banksAndRecipientsAreRead() throws {
        let loaded = read(
            """
            local_domains: [.example.com, "texthash:/etc/mailreeve/local"]
            recipient_tables: ["texthash:/etc/mailreeve/recipients", "pcre:/etc/mailreeve/recipients.pcre"]
            banks:
              - name: MYNETS
                clients: [10.0.0.0/8, "!192.0.2.1", "cidr:/etc/mailreeve/nets"]
                originating: yes
                levels: {kill: 12}
              - name: ROBOTS
                listeners: ["127.0.0.1:10024"]
                senders: [robot@, "<>", "!x@y"]
                authenticated: no
                lovers: [spam, banned]
            recipients:
              - match: [Friend@Example.com, "!a@b", '"q u, v"@Example.com']
                spam: discard
                allow_senders: ["regexp:/etc/mailreeve/allowed"]
                sender_points: ["a@b  -5", ". 0.5", '"q u"@b 1', "texthash:/etc/mailreeve/points"]
            """)
        #expect(loaded.problems == [])
        let settings = loaded.settings
        #expect(settings.banks.map(\.name) == ["MYNETS", "ROBOTS"])
        #expect(settings.banks[0].overlay.keys == ["originating", "levels.kill"])
        #expect(settings.banks[0].clients.tables.map(\.text) == ["cidr:/etc/mailreeve/nets"])
        #expect(settings.banks[1].authenticated == false)
        #expect(settings.recipients[0].match.elements.first == .key(Array("friend@example.com".utf8), true))
        #expect(settings.recipients[0].match.elements.last == .key(Array("q u, v@example.com".utf8), true))
        let points = settings.recipients[0].overlay.values.senderPoints.elements
        #expect(
            points.count == 4 && points[0] == .key(Array("a@b".utf8), -5) && points[2] == .key(Array("q u@b".utf8), 1))
        var policy = Settings.PolicySettings()
        settings.banks[0].overlay.apply(to: &policy)
        settings.recipients[0].overlay.apply(to: &policy)
        #expect(policy.originating && policy.levels.kill == 12 && policy.spam == .discard && policy.levels.tag2 == 6.31)
    }

    @Test(arguments: [
        ("banks: [{clients: [10.0.0.0/8]}]", "a bank needs 'name'"),
        ("recipients: [{spam: pass}]", "an entry needs 'match'"),
        ("banks: [{name: A, next_hops: ['smtp:x']}]", "unknown key 'next_hops'"),
        (
            "banks: [{name: A, virus_destinies: ['x => pass']}]",
            "unknown key 'virus_destinies'; it holds for a whole policy: policies.NAME.virus_destinies"
        ),
        ("banks: [{name: A, spma: pass}]", "unknown key 'spma'; did you mean 'spam'?"),
        ("banks: [{name: A, levels: {kil: 3}}]", "unknown key 'kil'; did you mean 'kill'?"),
        ("banks: 5", "expected a list, each element after '- ', found a single value"),
        ("banks: [{name: 'a b'}]", "'a b' is not a policy's name"),
        ("banks: [{name: A, clients: [10.0.0.1/8]}]", "has bits set after the prefix"),
        ("banks: [{name: A, clients: ['texthash:/x']}]", "clients are looked up in cidr tables only"),
        ("local_domains: ['hash:/etc/x']", "write texthash: and the file that postmap reads"),
        ("local_domains: ['texthash:x']", "names no file: write an absolute path"),
        ("local_domains: ['cidr:/x']", "a cidr table holds networks, not addresses"),
        ("local_domains: ['<a@b>']", "'<a@b>' is not an address"),
        ("local_domains: ['a@b c@d']", "'a@b c@d' is not an address"),
        ("local_domains: ['\"a b\"@c,d']", "is not an address"),
        (
            "banks: [{name: A, listeners: ['127.0.0.1:1']}]",
            "no listener has the address 127.0.0.1:1 (there is 127.0.0.1:10024): the bank would never hold by it"
        ),
        ("recipients: [{match: [], spam: pass}]", "an empty 'match' holds for nobody"),
        ("recipient_tables: ['a@b']", "is not a table such as texthash:/etc/mailreeve/recipients"),
        ("policies: {default: {sender_points: ['a@b']}}", "is not an address and its points"),
        ("policies: {default: {sender_points: ['a@b 1e3']}}", "is not an address and its points"),
        ("policies: {default: {reply_texts: {spam: ['${resaon}']}}}", "unknown word ${resaon}"),
        ("policies: {default: {reply_texts: {spam: ['${reason']}}}", "unknown word ${reason"),
        ("policies: {default: {reply_texts: {spam: [\u{E9}]}}}", "1 to 300 printable ASCII characters"),
        ("policies: {default: {reply_texts: {spam: ['']}}}", "1 to 300 printable ASCII characters"),
        ("policies: {default: {reply_texts: {spam: [a, b, c, d, e, f]}}}", "more than 5 lines"),
        ("policies: {default: {quarantine_to: {spam: loacl}}}", "did you mean 'local'?"),
        ("policies: {default: {quarantine_to: {spam: 'a b@c'}}}", "neither local nor none nor mbox:/path nor"),
        ("policies: {default: {quarantine_to: {clean: none}}}", "unknown key 'clean'"),
        ("policies: {default: {quarantine_to: {spam: 'mbox:x'}}}", "'mbox:x' needs an absolute path"),
        ("policies: {default: {quarantine_to: {spam: 'mbox:x@y'}}}", "'mbox:x@y' needs an absolute path"),
        ("policies: {default: {quarantine_to: {spam: 'bsmtp:x'}}}", "'bsmtp:x' needs an absolute path"),
        ("policies: {default: {quarantine_to: {spam: 'bsmtp:/a/'}}}", "no '/' at its end"),
        ("policies: {default: {quarantine_to: {spam: 'bsmtp:/a b'}}}", "no blanks, commas"),
        ("policies: {default: {quarantine_to: {spam: 'BSMTP:/a'}}}", "neither local nor none nor mbox:/path nor"),
        ("policies: {default: {quarantine_to: {spam: 'maildir:'}}}", "'maildir:' needs an absolute path"),
        ("policies: {default: {quarantine_to: {spam: 'mbox:/a b'}}}", "no blanks, commas"),
        ("policies: {default: {quarantine_to: {spam: 'mbox:/a,b'}}}", "no blanks, commas"),
        ("policies: {default: {quarantine_to: {spam: 'maildir:/a/'}}}", "no '/' at its end"),
        ("policies: {default: {quarantine_to: {spam: 'mbox:/a/../b'}}}", "no '.' or '..'"),
        ("policies: {default: {quarantine_to: {spam: 'maildir:/a/.'}}}", "no '.' or '..'"),
        ("policies: {default: {reply_texts: {rule: [a]}}}", "unknown key 'rule'"),
        ("policies: {default: {lovers: [spm]}}", "did you mean 'spam'?"),
    ])
    func wrongs(_ yaml: String, _ words: String) throws {
        let found = read(yaml).problems
        #expect(found.count == 1)
        #expect(try #require(found.first).message.contains(words), "\(found)")
    }

    /// Before the queue milters see no header: lists of authors can hold for nothing there.
    @Test(arguments: [
        "banks: [{name: A, authors: [a@b]}]", "recipients: [{match: [x@y], allow_authors: [a@b]}]",
        "banks: [{name: A, listeners: ['127.0.0.1:10024'], allow_authors: [a@b]}]",
        "policies: {default: {allow_authors: [a@b]}}",
    ])
    func authorsBeforeTheQueue(yaml: String) throws {
        func listeners(_ placements: String...) -> String {
            let entries = placements.enumerated().map { "{address: '127.0.0.1:\(10024 + 10 * $0)', placement: \($1)}" }
            return "\nlisteners: [\(entries.joined(separator: ", "))]\n"
        }
        let found = read(yaml + listeners("before-queue")).problems
        #expect(found.count == 1 && found[0].severity == .warning && found[0].line == 1, "\(found)")
        #expect(found.first?.message.contains("milters have seen no header") ?? false)
        #expect(read(yaml + listeners("after-queue", "before-queue")).problems == [])
    }

    @Test func placesOfCopies() throws {
        let words = "quarantine_to.spam=q@example.com quarantine_to.infected=none quarantine_to.rule=local"
        let values = try PolicyOverlay(assignments: words.split(separator: " ")).values
        #expect(values.quarantineTo == [.spam: .elsewhere(.mailbox(MailPath("q@example.com"))), .infected: .nowhere])
        #expect(values[placeFor: .rule] == .local)
        let longest = "mbox:/" + String(repeating: "x", count: 1018)
        let files = "quarantine_to.spam=\(longest) quarantine_to.banned=maildir:/var/x@y quarantine_to.rule=bsmtp:/b"
        let others = try PolicyOverlay(assignments: files.split(separator: " ")).values
        #expect(others[placeFor: .spam] == .elsewhere(.mbox(path: String(longest.dropFirst(5)))))
        #expect(others[placeFor: .rule] == .elsewhere(.bsmtp(path: "/b")))
        #expect(others[placeFor: .rule].description == "bsmtp:/b")
        #expect(others[placeFor: .banned] == .elsewhere(.maildir(path: "/var/x@y")))
        #expect(throws: ValueError.self) {
            try PolicyOverlay(assignments: ["quarantine_to.spam=\(longest)x"])
        }
    }

    @Test func linesOfReplies() throws {
        let lines = "[a, b, c, d, '\(String(repeating: "x", count: 293)) ${id}']"
        let loaded = read("recipients: [{match: [example.com], reply_texts: {bad-header: \(lines), spam: []}}]")
        #expect(loaded.problems == [])
        let overlay = try #require(loaded.settings.recipients.first?.overlay)
        #expect(overlay.values.replyTexts[.badHeader]?.count == 5 && overlay.values.replyTexts[.spam] == nil)
        #expect(overlay.keys == ["reply_texts.bad-header", "reply_texts.spam"])
        let table = try PolicyOverlay(assignments: ["reply_texts.spam=${reason},call-us"])
        #expect(table.values.replyTexts[.spam]?.map(\.source) == ["${reason}", "call-us"])
    }

    @Test func assignmentsInTables() throws {
        let overlay = try PolicyOverlay(
            assignments: "spam=discard levels.kill=12 lovers=banned,spam originating=yes".split(separator: " "))
        #expect(overlay.keys == ["spam", "levels.kill", "lovers", "originating"])
        #expect(overlay.values.lovers == [.banned, .spam])
        for wrong in ["spam", "spma=pass", "spam=drop", "levels.kill=x", "next_hops=smtp:x", "lovers=x", "=", "a=b=c"] {
            #expect(throws: ValueError.self) { try PolicyOverlay(assignments: [Substring(wrong)]) }
        }
        #expect(try PolicyOverlay(assignments: []).keys.isEmpty)
    }

    /// A value that was forgotten is none, also where a key has a value `null`.
    @Test(arguments: [
        "infected", "rule", "banned", "spam", "oversized", "authentication_results", "levels.tag3", "levels.dsn_cutoff",
        "levels.quarantine_cutoff", "levels.kill", "bad_header", "originating", "size_limit",
    ])
    func assignmentsWithoutValue(_ key: String) throws {
        let error = try #require(throws: ValueError.self) { try PolicyOverlay(assignments: ["\(key)="]) }
        #expect(error.message.hasPrefix("no value for '\(key)'; expected "), "\(error.message)")
    }

    @Test func nullIsAValue() throws {
        let overlay = try PolicyOverlay(assignments: ["spam=null", "levels.tag3=null", "lovers="])
        #expect(overlay.keys == ["spam", "levels.tag3", "lovers"])
        #expect(overlay.values.spam == nil && overlay.values.lovers == [])
    }

    @Test(arguments: [
        ("digest=no spam=pass digest=no", "'digest' stands twice"), ("spam=$ spam=pass", "'spam' stands twice"),
        ("spam=$ spam=$", "'spam' stands twice"),
        ("levels=3", "'levels' is a group of keys, such as levels.tag"),
        ("quarantine_to=none", "'quarantine_to' is a group of keys, such as quarantine_to."),
    ])
    func assignmentsThatCannotBe(_ words: String, _ fault: String) throws {
        let error = try #require(throws: ValueError.self) {
            try PolicyOverlay.check(assignments: words.split(separator: " "), mark: UInt8(ascii: "$"))
        }
        #expect(error.message.hasPrefix(fault))
    }

    @Test func networks() throws {
        let table = CIDRTable(
            text: Array(
                """
                # comment
                192.0.2.1 exact
                192.0.2.0/24   the net
                  goes on
                if 10.0.0.0/8
                !10.1.0.0/16 outside
                10.1.0.0/16 inside
                endif
                2001:db8::/32 six

                """.utf8))
        #expect(table.problems == [])
        func answer(_ address: String) throws -> String? {
            let found = table.lookup(try #require(IPAddress(address)))
            return found.map { "\($0.line) \(String(decoding: $0.value, as: UTF8.self))" }
        }
        #expect(try answer("192.0.2.1") == "2 exact")
        #expect(try answer("192.0.2.2") == "3 the net  goes on")
        #expect(try answer("10.2.3.4") == "6 outside")
        #expect(try answer("10.1.3.4") == "7 inside")
        #expect(try answer("11.1.3.4") == nil)
        #expect(try answer("2001:db8::5") == "9 six")
        #expect(try answer("::ffff:192.0.2.1") == "2 exact")
    }

    /// Each client in each table, `!` and IF of either family among them.
    @Test(.enabled(if: Postmap.path != nil, "no build/tools/postfix: make test-deps"))
    func networksAsPostmapHasThem() throws {
        let postmap = try Postmap()
        let scratch = try Scratch(.memory)
        let texts = [
            "!10.0.0.0/8 A\n", "!::/0 A\n0.0.0.0/0 B\n", "!0.0.0.0/0 A\n::/0 B\n", "!2001:db8::/32 A\n10.0.0.0/8 B\n",
            "if !10.0.0.0/8\n::/0 A\n0.0.0.0/0 B\nendif\n",
            "if !2001:db8::/32\n::/0 A\n0.0.0.0/0 B\nendif\n0.0.0.0/0 C\n",
            "if ::/0\n!2001:db8::/32 A\nendif\n!192.0.2.1 B\n",
        ]
        for text in texts {
            let table = CIDRTable(text: Array(text.utf8))
            #expect(table.problems == [])
            let path = "cidr:" + (try scratch.write("table", text))
            for client in ["10.2.2.3", "192.0.2.1", "203.0.113.9", "2001:db8::5", "2001:db9::5", "::1"] {
                let theirs = try postmap.query(client, tables: [path]).lines.first ?? ""
                let ours = table.lookup(try #require(IPAddress(client)))?.value ?? []
                #expect(String(decoding: ours, as: UTF8.self) == theirs, "\(client) in \(text)")
            }
        }
    }

    @Test(arguments: [
        ("192.0.2.1\n", 1), ("a b\n", 1), ("192.0.2.1/24 x\n", 1), ("endif\n", 1), ("# x\nif 10.0.0.0/8\n", 0),
        ("if x\nendif\n", 1), ("10.0.0.0/8 x\n10.0.0.0/33 y\n", 2),
    ])
    func wrongNetworks(_ text: String, _ line: Int) {
        #expect(CIDRTable(text: Array(text.utf8)).problems.first?.line == line)
    }
}
