import Checks
import Testing

/// Links as `link_checks` sees them.
@Suite struct LinkTests {
    private static func form(_ link: String, base: String? = nil) -> String {
        let base = base.map { LinkForm.normalised(Array($0.utf8)) }
        return String(decoding: LinkForm.normalised(Array(link.utf8), base: base), as: UTF8.self)
    }

    @Test(arguments: [
        ("http://example.com/a", "http://example.com/a"), ("HTTP://EXAMPLE.com/Path", "http://example.com/Path"),
        ("hTTps:example.com", "https://example.com"), ("http:/\\//example.com\\a\\b", "http://example.com/a/b"),
        ("\\\\example.com\\a", "http://example.com/a"), ("//Example.com/a", "http://example.com/a"),
        ("http://example.com?q=a\\b", "http://example.com?q=a\\b"), ("http://example.com./x", "http://example.com/x"),
        ("http://example.com.:8080/x", "http://example.com:8080/x"),
        ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]:80/"),
        ("http://%65xample.com/%61%2Fb", "http://example.com/a/b"), ("http://e.com/%2541", "http://e.com/%2541"),
        ("http://e.com/%20%0a%00%7f", "http://e.com/%20%0A%00%7F"), ("http://e.com/100%", "http://e.com/100%"),
        ("http://e.com/%zz%4", "http://e.com/%zz%4"), ("http://e.com/%D0%BC%d0%b0", "http://e.com/\u{43C}\u{430}"),
        ("http://e.com/%D0%41%FF", "http://e.com/%D0A%FF"),
        ("http://PayPal.com@Evil.COM/", "http://PayPal.com@evil.com/"),
        ("http://a@b@Evil.com", "http://a@b@evil.com"), ("http://M\u{DC}NCHEN.de", "http://m\u{FC}nchen.de"),
        ("http://XN--MNCHEN-3YA.de", "http://xn--mnchen-3ya.de"),
        ("http://\u{FF45}\u{FF56}il\u{3002}com/", "http://evil.com/"),
        ("http://ev\u{200B}il.c\u{AD}om/", "http://evil.com/"),
        ("mailto:Joe@Example.com?subject=a%20b%21", "mailto:Joe@Example.com?subject=a%20b!"),
        ("JavaScript:alert(1)", "javascript:alert(1)"), ("cid:Part1", "cid:Part1"), ("page.html", "page.html"),
        ("/a\\b", "/a\\b"), ("?q", "?q"), ("#top", ""), ("", ""), (":", ":"), ("http:", "http://"),
        ("http://", "http://"),
        ("1http://a", "1http://a"), ("http://:80", "http://:80"), ("http://.", "http://."),
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
        ("a", "http:", "http://a"), ("a", "", "a"), ("\\a", "http://evil.com/b/", "http://evil.com/a"),
        ("#x", "http://e.com/", ""),
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
        links.take(targets.map { Array($0.utf8) }, base: base.map { Array($0.utf8) }, text: Array(text.utf8).span) {
            out.append(String(decoding: $0, as: UTF8.self))
            return true
        }
        return out
    }

    @Test func eachLinkIsGivenOnce() {
        let links = LinkTexts(limit: 10)
        let first = Self.taken(
            links, ["http://A.com/", "HTTP://a.com/", "x"], base: "http://b.com/", text: "http://c.com http://a.com/")
        #expect(first == ["http://a.com/", "http://b.com/x", "http://c.com"])
        #expect(Self.taken(links, ["http://c.com", "http://d.com"]) == ["http://d.com"] && !links.hasMore)
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
        links.take([Array("http://a/".utf8), Array("http://b/".utf8)], base: nil, text: Array("http://c/".utf8).span) {
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
