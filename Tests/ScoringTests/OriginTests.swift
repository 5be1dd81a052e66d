import Testing

@testable import Scoring

@Suite("The way of a message without its names")
struct OriginTests {
    /// Tokens of the way that these header lines give.
    private static func all(_ lines: [String]) -> Set<String> {
        Set(TokenTests.texts(lines + ["", "text"]).filter { $0.hasPrefix("O:") }.map { String($0.dropFirst(2)) })
    }

    /// Those that say one thing.
    private static func origin(_ lines: [String]) -> Set<String> {
        all(lines).filter { !$0.contains("&") && !$0.hasPrefix("only:") && $0 != "nothing" }
    }

    private static func received(_ text: String) -> Set<String> {
        origin(["Received: \(text); Mon, 2 Nov 2026 10:00:00 +0000"])
    }

    @Test(
        "how a relay is named, by the forms of common servers",
        arguments: [
            // Postfix, sendmail
            (
                "from mx.example.com (mx.example.com [192.0.2.7])\r\n by in.example.org (Postfix)",
                ["named", "greetsByName", "relay=greeting"]
            ),
            ("from MX.example.com (mx.Example.com [192.0.2.7]) by x", ["named", "greetsByName", "relay=greeting"]),
            ("from a.example.com (b.example.com [192.0.2.7]) by x", ["named", "greetsOtherwise", "relay=greeting"]),
            (
                "from a.example.com (b.example.net [192.0.2.7] (may be forged)) by x",
                ["named", "greetsOtherwise", "relay!=greeting"]
            ),
            ("from mail.example.com (unknown [192.0.2.7]) by x", ["nameless", "greetsOtherwise"]),
            (
                "from mail.example.com (unknown [192.0.2.7])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n\tby x",
                ["nameless", "greetsOtherwise"]
            ),
            ("from [192.0.2.7] (unknown [192.0.2.7]) by x", ["nameless", "greetsByAddress", "greetsOtherwise"]),
            ("from 192.0.2.7 (host7.example.com [192.0.2.7]) by x", ["named", "greetsByAddress", "greetsOtherwise"]),
            (
                "from friend (192-0-2-7.dyn.example.com [192.0.2.7]) by x",
                ["namedByAddress", "greetsWithoutDomain", "greetsOtherwise"]
            ),
            (
                "from friend (c-002-007.example.com [192.0.2.7]) by x",
                ["namedByAddress", "greetsWithoutDomain", "greetsOtherwise"]
            ),
            ("from friend (mx7.example.com [192.0.2.7]) by x", ["named", "greetsWithoutDomain", "greetsOtherwise"]),
            (
                "from a.example.com (a.example.com [IPv6:2001:db8::7]) by x",
                ["named", "greetsByName", "relay=greeting"]
            ),
            (
                "from joe@a.example.com (root@a.example.com [192.0.2.7]) by x",
                ["named", "greetsOtherwise", "greetsWithoutDomain"]
            ),
            // Exim
            (
                "from a.example.com ([192.0.2.7] helo=mail.example.com) by x with esmtp (Exim 4.98)",
                ["named", "greetsOtherwise", "relay=greeting"]
            ),
            (
                "from [192.0.2.7] (port=3496 helo=mail.example.com) by x with esmtp (Exim 4.98)",
                ["nameless", "greetsOtherwise"]
            ),
            // qmail
            ("from unknown (HELO mail.example.com) (192.0.2.7)\r\n  by x with SMTP", ["nameless", "greetsOtherwise"]),
            (
                "from mail.example.com (HELO mail.example.com) (192.0.2.7) by x with SMTP",
                ["named", "greetsByName", "relay=greeting"]
            ),
            // Relays of one's own, and none
            ("from localhost (localhost [127.0.0.1]) by x", []),
            ("from a.example.com (a.example.com [10.1.2.3]) by x", ["relay=greeting"]),
            ("from a.example.com (a.example.com [172.16.0.9]) by x", ["relay=greeting"]),
            ("from a.example.com (a.example.com [IPv6:fd00::9]) by x", ["relay=greeting"]),
            ("from a.example.com (a.example.com [172.32.0.9]) by x", ["relay=greeting", "named", "greetsByName"]),
            ("by mx.example.com (Postfix, from userid 1000) id 4D1E0A33", []),
            ("(qmail 1234 invoked by uid 100)", []),
            // Greetings that are words of the field (attack)
            ("from by (unknown [192.0.2.7]) by x", ["nameless", "greetsWithoutDomain", "greetsOtherwise"]),
            ("from from (unknown [192.0.2.7]) by x", ["nameless", "greetsWithoutDomain", "greetsOtherwise"]),
            ("from (a.example.com [192.0.2.7]) by x", ["named"]),
            // Nonsense
            ("", []), ("from", []), ("from (", []), ("from a.example.com (((", []), ("from [", []),
            ("from ) ( [999.0.2.7] by", []),
            ("helo from by", []),
        ] as [(String, [String])])
    func traits(_ text: String, _ expected: [String]) {
        #expect(Self.received(text) == Set(expected))
    }

    @Test(
        "domains agree where the registered part of one is the same",
        arguments: [
            ("ann@example.com", "mx.example.com", true), ("ann@news.example.com", "out.mail.EXAMPLE.com", true),
            ("ann@example.com", "example.com.", true), ("ann@example.com", "mx.example.net", false),
            ("ann@example.com", "example.com.example.net", false), ("ann@notexample.com", "example.com", false),
            ("ann@shop.co.uk", "mx.shop.co.uk", true), ("ann@shop.co.uk", "mx.other.co.uk", false),
            ("ann@example.de", "mx.example.de", true), ("ann@web.de", "mout.web.de", true),
            ("ann@shop.com.au", "com.au", false),
        ] as [(String, String, Bool)])
    func domains(_ sender: String, _ relay: String, _ isSame: Bool) {
        let sign = isSame ? "=" : "!="
        for field in ["from", "reply-to"] {
            let name = field == "from" ? "from" : "reply"
            let origin = Self.origin([
                "\(field): Ann <\(sender)>", "Received: from x (\(relay) [192.0.2.7]) by y; date",
            ])
            #expect(origin.filter { $0.contains("relay") } == ["\(name)\(sign)relay"], "\(origin)")
            let greeted = Self.origin(["\(field): \(sender)", "Received: from \(relay) by y; date"])
            #expect(greeted.filter { $0.contains("greeting") } == ["\(name)\(sign)greeting"], "\(greeted)")
        }
    }

    @Test("one relay on the way is enough to agree with; of a place that names no domain nothing is said")
    func anyRelay() {
        let list = Self.origin([
            "Received: from list.example.net (list.example.net [192.0.2.1]) by in.example.org; date",
            "Received: from mx.example.com (mx.example.com [192.0.2.2]) by list.example.net; date",
            "From: ann@example.com", "Reply-To: list@example.net", "To: bob@example.org",
        ])
        #expect(list.isSuperset(of: ["from=relay", "reply=relay", "from!=reply", "from=greeting"]))
        #expect(Self.origin(["From: root", "Received: from localhost by here; date"]).isEmpty)
        #expect(Self.origin(["To: ann@example.com"]).isEmpty)
    }

    @Test("only the newest relay from elsewhere tells how it is named: a sender writes older fields himself")
    func forged() {
        let own = "Received: from filter (filter.example.org [10.0.0.2]) by store.example.org; date"
        let real = "Received: from friend (unknown [192.0.2.9]) by in.example.org; date"
        let forged = "Received: from mx.example.com (mx.example.com [203.0.113.77]) by relay.example.com; date"
        let traits: Set = ["nameless", "greetsWithoutDomain", "greetsOtherwise"]
        for lines in [[real], [own, real], [real, forged], [own, real, forged]] {
            let origin = Self.origin(lines)
            #expect(origin.filter { !$0.contains("=") } == traits, "\(origin)")
        }
    }

    /// A text as a set, whatever order its facts stand in.
    private static func facts(_ text: String) -> Set<String> { Set(text.split(separator: "&").map(String.init)) }

    @Test("facts count by themselves, each two together, and all of them as those that there are")
    func together() {
        let one = "Received: from [10.1.2.3] (mx.example.com [10.1.2.3]) by x; date"
        #expect(Self.all([one, "From: ann@example.com"]) == ["from=relay", "only:from=relay"])
        let local = "Received: from a.example.com (mx.example.com [10.1.2.3]) by x; date"
        // In whatever order the fields stand.
        for lines in [[local, "From: ann@example.com"], ["From: ann@example.com", local]] {
            let all = Self.all(lines)
            let pairs = all.filter { $0.contains("&") && !$0.hasPrefix("only:") }
            #expect(
                Set(pairs.map(Self.facts)) == [
                    ["from=relay", "from=greeting"], ["from=relay", "relay=greeting"],
                    ["from=greeting", "relay=greeting"],
                ])
            let whole = all.filter { $0.hasPrefix("only:") }.map { Self.facts(String($0.dropFirst(5))) }
            #expect(whole == [["from=relay", "from=greeting", "relay=greeting"]])
            #expect(all.count == 7)
        }
        #expect(Self.all([]) == ["nothing", "only:nothing"])
        // As many as there can be find room.
        let most = Self.all([
            "Received: from friend (a.example.com [192.0.2.7]) by x; date",
            "Received: from mx.example.net (b.example.com [192.0.2.8]) by x; date", "From: ann@example.com",
            "Reply-To: ann@example.com", "To: Bob <bob@example.org>",
        ])
        let single = most.count { !$0.contains("&") && !$0.hasPrefix("only:") }
        #expect(single == 10 && most.count == 10 + 45 + 1)
    }

    @Test("what is together is made of the facts: a store needs them alone, and nobody can send others")
    func made() {
        var extractor = TokenExtractor(keepsTexts: true)
        let message = [
            "From: a@example.com", "Received: from a.example.com (a.example.com [192.0.2.7]) by x; date", "", "text",
        ]
        let set = extractor.tokens(of: Array(message.joined(separator: "\r\n").utf8).span)
        #expect(!set.tokens.contains { TokenClass(of: $0) == .together })
        let features = Features(tokens: set.tokens)
        let facts = features.taken.filter { Features.tokenClass($0) == .origin }
        let together = features.keys.filter { Features.tokenClass($0) == .together }
        #expect(facts.count > 3 && together.count == facts.count * (facts.count - 1) / 2 + 1)
        #expect(features.keys == Array(features.taken) + together && features.keys == features.keys.sorted())
        // Each has its text.
        let named = Set(set.texts.keys.map { $0 >> Features.cutBits })
        #expect(together.allSatisfy(named.contains))
        #expect(Features(keys: Array(features.taken)) == features)
        #expect(Features(keys: features.keys) == features)
        let forged = TokenKey(TokenClass.together.rawValue) << 36 | 7
        #expect(Features(keys: (features.keys + [forged]).sorted()) == features)
        #expect(Features(keys: [forged]).keys.isEmpty && Features(keys: []).keys.isEmpty)
        // Thousands of facts, from a worker that was taken over.
        let many = Features(keys: (0..<8000).map { TokenKey(TokenClass.origin.rawValue) << 36 | $0 })
        #expect(many.keys.count <= 8000 + FactsTogether.most && many.keys.count <= Features.limit)
        // The view of relays has length 1 with all of them.
        let squares = features.keys.reduce(0.0) { sum, key in
            guard let tokenClass = Features.tokenClass(key), tokenClass.view == .relays else { return sum }
            let value = Double(features.values[Int(tokenClass.rawValue)])
            return sum + value * value
        }
        #expect(abs(squares - 1) < 1e-5)
    }

    @Test("each message has its own way")
    func apart() {
        var extractor = TokenExtractor(keepsTexts: true)
        let first = [
            "From: a@example.com", "Received: from a.example.com (a.example.com [192.0.2.7]) by x; date", "", "text",
        ]
        _ = extractor.tokens(of: Array(first.joined(separator: "\r\n").utf8).span)
        let second = extractor.tokens(of: Array("From: a@example.net\r\n\r\ntext".utf8).span)
        #expect(Set(second.texts.values.filter { $0.hasPrefix("O:") }) == ["O:nothing", "O:only:nothing"])
    }

    @Test("cut off anywhere, and very long: no more than the places allow")
    func badInput() {
        let field = "from [192.0.2.7] (helo=a.example.com [IPv6:2001:db8::1] (HELO b.example.net) (192.0.2.8)) by x"
        for end in 0...field.utf8.count { _ = Self.received(String(field.prefix(end))) }
        let names = (0..<500).map { "h\($0).example\($0).com" }.joined(separator: " ")
        let many = Self.origin(["Received: from x (\(names) [192.0.2.7]) by y; date", "From: a@example.com"])
        #expect(many.contains("from!=relay"))
        let digits = String(repeating: "9", count: 3000)
        #expect(Self.received("from \(digits) (\(digits).example.com [\(digits).1.2.3]) by x") == [])
    }
}
