import Checks
import TestSupport
import Testing

/// Links as `link_checks` sees them.
@Suite struct LinkTests {
    private static func form(_ link: String, base: String? = nil) -> String {
        let base = base.map { LinkForm.normalised(Array($0.utf8)) }
        return String(decoding: LinkForm.normalised(Array(link.utf8), base: base), as: UTF8.self)
    }

    @Test(arguments: [
        ("http://example.com/a", "http://example.com/a"), ("HTTP://EXAMPLE.com/Path", "http://example.com/Path"),
        ("hTTps:example.com", "https://example.com/"), ("http:/\\//example.com\\a\\b", "http://example.com/a/b"),
        ("\\\\example.com\\a", "http://example.com/a"), ("//Example.com/a", "http://example.com/a"),
        ("http://example.com?q=a\\b", "http://example.com/?q=a\\b"), ("http://example.com./x", "http://example.com/x"),
        ("http://example.com.:8080/x", "http://example.com:8080/x"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
        ("http://%65xample.com/%61%2Fb", "http://example.com/a/b"), ("http://e.com/%2541", "http://e.com/%2541"),
        ("http://e.com/%20%0a%00%7f", "http://e.com/%20%0A%00%7F"), ("http://e.com/100%", "http://e.com/100%"),
        ("http://e.com/%zz%4", "http://e.com/%zz%4"), ("http://e.com/%D0%BC%d0%b0", "http://e.com/\u{43C}\u{430}"),
        ("http://e.com/%D0%41%FF", "http://e.com/%D0A%FF"),
        ("http://PayPal.com@Evil.COM/", "http://PayPal.com@evil.com/"),
        ("http://a@b@Evil.com", "http://a@b@evil.com/"), ("http://M\u{DC}NCHEN.de", "http://m\u{FC}nchen.de/"),
        ("http://XN--MNCHEN-3YA.de", "http://xn--mnchen-3ya.de/"),
        ("http://\u{FF45}\u{FF56}il\u{3002}com/", "http://evil.com/"),
        ("http://ev\u{200B}il.c\u{AD}om/", "http://evil.com/"),
        ("mailto:Joe@Example.com?subject=a%20b%21", "mailto:Joe@Example.com?subject=a%20b!"),
        ("JavaScript:alert(1)", "javascript:alert(1)"), ("cid:Part1", "cid:Part1"), ("page.html", "page.html"),
        ("/a\\b", "/a\\b"), ("?q", "?q"), ("#top", ""), ("", ""), (":", ":"), ("http:", "http://"),
        ("http://", "http://"),
        ("1http://a", "1http://a"), ("http://:80", "http://:80/"), ("http://.", "http://./"),
        // Where a browser leads, whatever the eye sees.
        ("http://bank.org:80%2f@Evil.com/", "http://bank.org:80%2F@evil.com/"),
        ("http://bank.org%23@evil.com", "http://bank.org%23@evil.com/"),
        ("http://bank.org%40evil.com/", "http://bank.org%40evil.com/"),
        ("http://evil.com\\@bank.org/", "http://evil.com/@bank.org/"),
        ("http://evil.com#bank.org", "http://evil.com/#bank.org"),
        ("http://evil.com:80/", "http://evil.com/"), ("https://evil.com:0443", "https://evil.com/"),
        ("http://evil.com:/", "http://evil.com/"), ("http://evil.com:443/", "http://evil.com:443/"),
        ("ftp://e.com:21/", "ftp://e.com/"),
        ("http://e.com:99999999999999999999/", "http://e.com:99999999999999999999/"),
        ("http://0x7f.0x0.0x0.0x1/a", "http://127.0.0.1/a"), ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0177.0.0.01", "http://127.0.0.1/"), ("http://127.1:8080/", "http://127.0.0.1:8080/"),
        ("http://0X7F000001/", "http://127.0.0.1/"), ("http://1.2.3/", "http://1.2.0.3/"),
        ("http://0x", "http://0.0.0.0/"),
        ("http://256.1.1.1/", "http://256.1.1.1/"), ("http://4294967295", "http://255.255.255.255/"),
        ("http://4294967296/", "http://4294967296/"), ("http://1.2.3.4.5/", "http://1.2.3.4.5/"),
        ("http://08.1/", "http://08.1/"), ("http://1..2/", "http://1..2/"), ("http://1.2.3.4.", "http://1.2.3.4/"),
        ("http://\u{FF10}\u{FF58}7f.1/", "http://127.0.0.1/"), ("http://%31%32%37.1/", "http://127.0.0.1/"),
        ("http://\u{24D4}vil.com/", "http://evil.com/"), ("http://\u{1D41E}vil.co\u{1D5C6}/", "http://evil.com/"),
        ("http://\u{FB01}rm.com/", "http://firm.com/"), ("http://\u{212A}ey.com/", "http://key.com/"),
        // One form of a letter, of an address, of a path.
        ("http://bu\u{308}cher.com/", "http://b\u{FC}cher.com/"),
        ("http://\u{1F4A9}.Evil.com/", "http://\u{1F4A9}.evil.com/"),
        ("http://\u{437}\u{430}\u{439}.XN--MNCHEN-3YA.de/", "http://\u{437}\u{430}\u{439}.xn--mnchen-3ya.de/"),
        ("http://bu\u{308}_\u{24D4}.com/", "http://b\u{FC}_e.com/"),
        ("http://stra\u{DF}e.de/", "http://stra\u{DF}e.de/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"), ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://[2001:0db8:0:0:1:0:0:1]:81/", "http://[2001:db8::1:0:0:1]:81/"),
        ("http://[1:0:0:2:0:0:0:3]", "http://[1:0:0:2::3]/"),
        ("http://[1:0:2:3:4:5:6:7]/", "http://[1:0:2:3:4:5:6:7]/"),
        ("http://[0:0::0]/", "http://[::]/"), ("http://[1::]/", "http://[1::]/"),
        ("http://[1:2]/", "http://[1:2]/"), ("http://[::g]/", "http://[::g]/"), ("http://[]/", "http://[]/"),
        ("http://[::1/", "http://[::1/"), ("http://[", "http://[/"),
        ("http://e.com/a/./b/../c", "http://e.com/a/c"), ("http://e.com/../..", "http://e.com/"),
        ("http://e.com/a/..", "http://e.com/"), ("http://e.com/a/b/.", "http://e.com/a/b/"),
        ("http://e.com/a/%2E%2e/b", "http://e.com/b"), ("http://e.com\\a\\..\\b", "http://e.com/b"),
        ("http://e.com/a//../b", "http://e.com/a/b"), ("http://e.com/.a/...", "http://e.com/.a/..."),
        ("http://e.com/a?/../b", "http://e.com/a?/../b"), ("a/../b", "a/../b"),
    ])
    func forms(_ link: String, _ expected: String) {
        #expect(Self.form(link) == expected)
        // What was put into the form stays.
        #expect(Self.form(expected) == expected)
    }

    @Test(arguments: [
        ("page", "http://Evil.com/dir/x?y", "http://evil.com/dir/page"),
        ("/page", "http://evil.com/dir/x", "http://evil.com/page"),
        ("?q=1", "http://evil.com/dir/x?y", "http://evil.com/dir/x?q=1"),
        ("page", "http://evil.com", "http://evil.com/page"),
        ("//Other.org/a", "https://evil.com/b", "https://other.org/a"),
        ("http://c.org/", "http://evil.com/", "http://c.org/"),
        ("mailto:a@b", "http://evil.com/", "mailto:a@b"), ("page", "nonsense", "page"), ("page", "mailto:x", "page"),
        ("a", "http:", "http://a/"), ("a", "", "a"), ("\\a", "http://evil.com/b/", "http://evil.com/a"),
        ("#x", "http://e.com/", ""), ("../../../x", "http://e.com/a/b/", "http://e.com/x"),
        ("../x", "http://e.com/a/b/c", "http://e.com/a/x"), (".", "http://e.com/a/b", "http://e.com/a/"),
        // The scheme of the base, and no host behind it.
        ("http:y", "http://e.com/a/", "http://e.com/a/y"), ("HTTP:/y", "http://e.com/a/", "http://e.com/y"),
        ("http:\\y", "http://e.com/a/", "http://e.com/y"), ("http://y", "http://e.com/a/", "http://y/"),
        ("http:\\\\y", "http://e.com/a/", "http://y/"), ("http:/\\y", "http://e.com/a/", "http://y/"),
        ("https:y", "http://e.com/a/", "https://y/"), ("http:?q", "http://e.com/a/b?c", "http://e.com/a/b?q"),
        ("http:", "http://e.com/a/b?c", "http://e.com/a/b?c"), ("http:../y", "http://e.com/a/b/", "http://e.com/a/y"),
        ("http:y", "mailto:x", "http://y/"),
    ])
    func basesAreLaidUnder(_ link: String, _ base: String, _ expected: String) {
        #expect(Self.form(link, base: base) == expected)
    }

    private static func found(_ text: String) -> [String] {
        var out: [String] = []
        LinkTexts.inText(Array(text.utf8).span) {
            out.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        return out
    }

    @Test(arguments: [
        ("see http://a.com/x, and (https://b.org/y).", ["http://a.com/x", "https://b.org/y"]),
        ("<http://a.com>", ["http://a.com"]), ("\"http://a.com\"", ["http://a.com"]),
        ("www.a.com!", ["http://www.a.com"]),
        ("WWW.A.com/x", ["http://WWW.A.com/x"]), ("awww.a.com", []), ("me@www.a.com", []),
        ("http://www.a.com", ["http://www.a.com"]),
        ("http://a.com/f(x)", ["http://a.com/f(x)"]), ("(http://a.com/x)", ["http://a.com/x"]),
        ("Click:http://a.com", ["http://a.com"]), ("seeHTTP://a.com", ["HTTP://a.com"]), ("gopher://a", ["gopher://a"]),
        ("://a.com", []), ("http://", []), ("http://.", []), ("www.", []), ("http:// a", []), ("a:b ://", []),
        ("http://a.com/?u=http://b.com", ["http://a.com/?u=http://b.com"]),
        ("http://a.com\nhttp://b.com", ["http://a.com", "http://b.com"]),
        ("\u{4E2D}http://a.com/\u{4E2D}\u{6587} x", ["http://a.com/\u{4E2D}\u{6587}"]), ("", []),
    ])
    func linksInText(_ text: String, _ expected: [String]) {
        #expect(Self.found(text) == expected)
    }

    private static func taken(
        _ links: LinkTexts, _ targets: [String], base: String? = nil, text: String = ""
    ) -> [String] {
        var out: [String] = []
        links.take(
            targets.map { Array($0.utf8) }, bases: base.map { [Array($0.utf8)] } ?? [], texts: [Array(text.utf8)]
        ) {
            out.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        return out
    }

    @Test func eachLinkIsGivenOnce() {
        let links = LinkTexts(limit: 10)
        let first = Self.taken(
            links, ["http://A.com/", "HTTP://a.com/", "x"], base: "http://b.com/", text: "http://c.com http://a.com/")
        #expect(first == ["http://a.com/", "http://b.com/x", "http://c.com/"])
        #expect(Self.taken(links, ["http://c.com", "http://d.com"]) == ["http://d.com/"] && !links.hasMore)
    }

    /// What a redirector is given, and what a script opens.
    @Test(arguments: [
        ("https://r.org/url?q=http://Evil.com&sa=D", "http://evil.com/"),
        ("https://r.org/?u=http%3A%2F%2Fevil.com%2Fa%3Fb%26c", "http://evil.com/a?b"),
        ("https://r.org/https://www.r.org/http:/x", "https://www.r.org/http:/x"),
        ("https://r.org/?u=http%253A%252F%252FEvil.com%252Fa", "http://evil.com/a"),
        ("https://r.org/?u=http%25253a%25252f%25252fevil.com", "http://evil.com/"),
        ("javascript:location='http://evil.com/a'+b", "http://evil.com/a"),
        ("intent://x#Intent;scheme=http;S.browser_fallback_url=http://evil.com/;end", "http://evil.com/;end"),
    ])
    func linksWithinLinks(_ link: String, _ inner: String) {
        let taken = Self.taken(LinkTexts(limit: 10), [link])
        #expect(taken.count == 2 && taken.last == inner, "\(taken)")
    }

    @Test func noMoreThanSomeLinksWithinOne() {
        for (count, expected) in [(4, 5), (5, 5)] {
            let link = "http://r.org/" + (0..<count).map { "?http://h\($0)/&" }.joined()
            #expect(Self.taken(LinkTexts(limit: 10), [link]).count == expected)
        }
        let deep = "http://r.org/?u=http%\(String(repeating: "25", count: 5))3A//evil.com"
        #expect(Self.taken(LinkTexts(limit: 10), [deep]).count == 1)
        #expect(Self.taken(LinkTexts(limit: 10), ["http://r.org/://x", "http://r.org/?http://"]).count == 2)
    }

    /// Letters and digits of compatibility are what Python's tables of Unicode make of them.
    @Test func lettersOfCompatibility() throws {
        let program = """
            import unicodedata
            for c in range(0x80, 0x110000):
                n = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", chr(c)).casefold()).lower()
                if len(n) == 1 and n.isascii() and n.isalnum(): print("%x %s" % (c, n))
            """
        let lines = try runTool("python3", ["-c", program]).lines
        var count = 0
        for line in lines {
            let words = line.split(separator: " ")
            let code = try #require(words.first.flatMap { UInt32($0, radix: 16) }.flatMap { Unicode.Scalar($0) })
            #expect(Self.form("http://a\(Character(code))b.org") == "http://a\(words[1])b.org/", "\(line)")
            count += 1
        }
        #expect(count > 900)
    }

    @Test func limits() {
        let links = LinkTexts(limit: 3)
        let many = (1...3).map { "http://h\($0)/" }
        #expect(Self.taken(links, many) == many && !links.hasMore)
        #expect(Self.taken(links, many) == [] && !links.hasMore)
        #expect(Self.taken(links, [], text: "http://h4/") == [] && links.hasMore)
        let long = "http://a/" + String(repeating: "x", count: LinkForm.sizeLimit)
        #expect(Self.form(long).utf8.count == LinkForm.sizeLimit)
        let others = LinkTexts(limit: 3)
        #expect(Self.taken(others, [], text: "\(long) http://b/").map(\.utf8.count) == [LinkForm.sizeLimit, 9])
    }

    /// A caller that has enough gets no more.
    @Test func whoeverHasEnoughGetsNoMore() {
        let links = LinkTexts(limit: 10)
        var count = 0
        links.take([Array("http://a/".utf8), Array("http://b/".utf8)], bases: [], texts: [Array("http://c/".utf8)]) {
            _ in
            count += 1
            return false
        }
        #expect(count == 1)
    }

    /// Hostile text costs what its length is worth: none of these would end in time if it were read again and again.
    @Test func longNonsense() {
        let size = 1_000_000
        for piece in ["http://a ", ")", "(", "://", "www.", "a", ":", "http://)", "\\", "%41"] {
            let text = String(repeating: piece, count: size / piece.utf8.count)
            for link in Self.found("http://x" + text + " " + text) {
                #expect(link.utf8.count <= LinkForm.sizeLimit + 7)
            }
        }
    }
}
