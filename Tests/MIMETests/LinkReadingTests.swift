import MIME
import Testing

/// Which links a page and a text have, as browsers and mail readers find them (attack G9).
@Suite struct LinkReadingTests {
    private static func read(_ text: String, type: String = "text/html", deletesSpaces: Bool = false) -> TextContent {
        TextContent.read(
            Array(text.utf8).span, mediaType: type, charset: "", limit: 1 << 20, deletesSpaces: deletesSpaces)
    }

    private static func strings(_ texts: [[UInt8]]) -> [String] { texts.map { String(decoding: $0, as: UTF8.self) } }

    private static func targets(_ html: String) -> [String] { strings(read(html).linkPages.flatMap(\.targets)) }

    /// As Chromium asks for them, each as the whole sheet of a page.
    @Test(arguments: [
        ("a{b:url(http://e/x)}", ["http://e/x"]), ("a{b:URL( http://e/x )}", ["http://e/x"]),
        ("a{b:url('http://e/x')}", ["http://e/x"]), ("a{b:url( \"http://e/x\" )}", ["http://e/x"]),
        ("a{b:url(http://\\65 vil/x)}", ["http://evil/x"]), ("a{b:url(http://\\000065vil/x)}", ["http://evil/x"]),
        ("a{b:url(http://ev\\69l/x)}", ["http://evil/x"]), ("a{b:url(\"http://\\65\r\nvil/x\")}", ["http://evil/x"]),
        ("a{b:url(\"http://e\\\nvil/x\")}", ["http://evil/x"]), ("a{b:u\\72l(http://e/x)}", ["http://e/x"]),
        ("a{b:\\75\\72\\6c(\"http://e/x\")}", ["http://e/x"]), ("a{b:url(http://e/a\\)b)}", ["http://e/a)b"]),
        ("a{b:url(http://e/\\110000)}", ["http://e/\u{FFFD}"]), ("a{b:url(ht\ttp://e/x)}", []),
        ("a{b:url(\"ht\ttp://e/x\")}", ["http://e/x"]),
        ("@import \"http://e/x\";", ["http://e/x"]), ("@\\69mport/**/'http://e/x'", ["http://e/x"]),
        ("@IMPORT url(http://e/x) print;", ["http://e/x"]), ("@media \"http://e/x\"", []),
        ("@import url('http://e/x') layer('http://no/')", ["http://e/x"]), ("@import a 'http://e/x'", []),
        ("a{b:image-set('http://e/x' 1x, \"http://f/y\" 2x type('image/png'))}", ["http://e/x", "http://f/y"]),
        ("a{b:-webkit-image-set(url(http://e/x) 1x)}", ["http://e/x"]), ("a{b:src('http://e/x')}", ["http://e/x"]),
        // The end of the sheet ends all.
        ("a{b:url(http://e/x", ["http://e/x"]), ("a{b:url('http://e/x", ["http://e/x"]),
        // What is none.
        ("a{b:url(http://e/x y)}", []), ("a{b:url(http://e/x'y)}", []), ("a{b:url(http://(e/x)}", []),
        ("a{b:url('http://e\n/x')}", []), ("/* url(http://e/x) */", []), ("a{b:'url(http://e/x)'}", []),
        ("a{b:#url(http://e/x)}", []), ("a{b:1url(http://e/x)}", []), ("a{b:xurl(http://e/x)}", []),
        ("a{b:url(http://e/x'\\)y) url(http://f/)}", ["http://f/"]), ("a{content:'http://e/x'}", []),
        ("a{b:url()}", []), ("\\", []), ("a{b:url(\\", [""]), ("url", []), ("@", []), ("/*", []), ("'\\", []),
    ])
    func styles(_ style: String, _ expected: [String]) {
        let expected = expected.filter { !$0.isEmpty }
        #expect(Self.targets("<style>\(style)</style>").filter { !$0.isEmpty && $0 != "\u{FFFD}" } == expected)
        let attribute = style.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
        #expect(Self.targets("<p style=\"\(attribute)\">").filter { !$0.isEmpty && $0 != "\u{FFFD}" } == expected)
    }

    /// The first `base` of the page itself.
    @Test(arguments: [
        "<svg><base href=http://no/></svg>", "<math><base href=http://no/></math>",
        "<svg><mi><base href=http://no/></mi></svg>", "<math><desc><base href=http://no/></desc></math>",
        "<math><annotation-xml><base href=http://no/></annotation-xml></math>",
        "<template><base href=http://no/></template>", "<title><base href=http://no/></title>", "<base target=x>",
    ])
    func basesThatAreNone(_ front: String) {
        let page = Self.read(front + "<base href=http://e/><a href=x>x</a>").linkPages
        #expect(Self.strings(page.last?.bases ?? []) == ["http://e/"])
    }

    @Test(arguments: [
        "<svg><p><base href=http://e/>", "<svg><foreignObject><base href=http://e/>",
        "<svg><desc><base href=http://e/>",
        "<math><mi><base href=http://e/>", "<math><annotation-xml encoding='Text/HTML'><base href=http://e/>",
        "<svg/><base href=http://e/>", "<svg></svg><base href=http://e/>",
    ])
    func basesBehindDrawings(_ front: String) {
        let page = Self.read(front + "<base href=http://no/><a href=x>x</a>").linkPages
        #expect(Self.strings(page.last?.bases ?? []) == ["http://e/"])
    }

    /// In a drawing nothing is raw: what looks so hides no page behind it. What Chromium shows of each is `x`.
    @Test(arguments: [
        "<svg><style/></svg>", "<svg><script/></svg>", "<svg><title/></svg>", "<svg><style></svg>", "<svg><style><p>",
        "<svg><textarea/></svg>", "<svg><iframe></svg>", "<math><style/></math>",
        "<svg><script>1</script></svg>", "<svg><title>t</title></svg>",
        "<svg><style>a{b:url(&#104;ttp://s/)}</style></svg>",
    ])
    func rawTextInDrawings(_ front: String) throws {
        let content = try #require(Self.read(front + "<a href='http://e/'>x</a>").html)
        #expect(Self.strings([content.visible]) == ["x"])
        #expect(Self.strings([content.hidden]) == [""])
        #expect(
            Self.strings(content.links.map(\.target)) == (front.contains("url") ? ["http://s/"] : []) + ["http://e/"])
        let styled = Self.read(front + "<style>i{display:none}</style><i>y</i>z").html
        #expect(styled?.visible == Array("z".utf8))
    }

    @Test func animatedLinks() {
        #expect(Self.targets("<svg><a><set attributeName='href' to='http://e/'/></a></svg>") == ["http://e/"])
        #expect(
            Self.targets("<svg><a><animate attributename=' xlink:HREF' from='http://a/' values='http://b/; http://c/'>")
                == ["http://a/", "http://b/", "http://c/"])
        #expect(Self.targets("<svg><animate attributeName='x' to='http://e/' values='1;2'/></svg>") == [])
        #expect(Self.targets("<font to='http://e/'>") == [])
    }

    // MARK: Pages in attributes

    @Test func pagesInAttributes() throws {
        let html = """
            <base href="http://a/b/"><a href="x">out</a><iframe srcdoc="&lt;base href='/c/'>
            <a href='y'>in</a><b hidden>unseen</b><img alt=picture src=z><script>go('http://s/')</script>
            <iframe srcdoc='&lt;a href=&quot;http://d/&quot;>deep&lt;/a>'></iframe><p">fallback</iframe>after
            """
        let read = Self.read(html)
        let content = try #require(read.html)
        #expect(Self.strings([content.visible]) == ["out\nin\ndeep\nafter"])
        #expect(Self.strings([content.hidden]) == ["unseen\nfallback"])
        #expect(Self.strings([content.imageTexts]) == ["picture\n\n"])
        #expect(Self.strings([read.script]).first?.contains("http://s/") == true)
        #expect(content.notes.contains(.hasScript) && !content.notes.contains(.endsInMarkup))
        #expect(
            read.linkPages.map { Self.strings($0.targets) + Self.strings($0.bases) } == [
                ["x", "http://a/b/"], ["y", "z", "http://d/", "http://a/b/", "/c/"],
            ])
        #expect(content.links.allSatisfy { !$0.isHidden })
        // A frame that is not seen.
        let unseen = try #require(
            Self.read("<p style='display:none'><iframe srcdoc='<a href=http://e/>x</a>'></iframe></p>y").html)
        #expect(Self.strings([unseen.visible, unseen.hidden]) == ["y", "x"])
        #expect(unseen.links.map(\.isHidden) == [true])
        // Only frames have one.
        #expect(Self.targets("<p srcdoc='<a href=http://e/>x</a>'>") == [])
    }

    @Test func pagesInAttributesAreBounded() throws {
        func nested(_ depth: Int) -> String {
            guard depth > 0 else { return "<a href=http://e/>x</a>" }
            let inner = nested(depth - 1).replacing("&", with: "&amp;").replacing("'", with: "&#39;")
            return "<iframe srcdoc='\(inner)'></iframe>"
        }
        let limit = HTMLLimits().frames
        let last = Self.read(nested(limit))
        #expect(last.linkPages.count == 1 && !last.limitReached)
        let more = Self.read(nested(limit + 1))
        #expect(more.linkPages.isEmpty && more.limitReached)
        var limits = HTMLLimits()
        limits.links = 3
        let many = "<a href=a>1</a><iframe srcdoc='\(String(repeating: "<a href=b>2</a>", count: 3))'></iframe>"
        let content = HTMLText.read(Array(many.utf8).span, limits: limits)
        #expect(content.links.count == 3 && content.notes.contains(.limitReached))
    }

    // MARK: Texts

    /// RFC 3676: the blank of a soft line end is not there, lines of one depth go on, a stuffed blank is none.
    @Test(arguments: [
        ("go http://ev \r\nil/x now\r\n", "go http://evil/x now\n"), ("> a \n> b\n", "ab\n"), ("> a \nb\n", "a\nb\n"),
        (" >a \n  b\n", ">a b\n"), ("-- \nname \n", "-- \nname"), ("> -- \n> x", "-- \nx\n"), (" \n \nx", "\n\nx\n"),
        ("a \n", "a"), ("", ""), ("a", "a\n"), (">", "\n"), ("a  \nb", "a b\n"),
    ])
    func linesThatFlow(_ text: String, _ expected: String) {
        let read = Self.read(text, type: "text/plain", deletesSpaces: true)
        #expect(Self.strings([read.flowed]) == [expected])
        #expect(Self.strings([read.text]) == [text])
        #expect(Self.read(text, type: "text/plain").flowed.isEmpty)
    }

    @Test(arguments: [
        ("text/plain; format=flowed; delsp=yes", true), ("text/plain; DelSp=\"YES\"; Format=Flowed", true),
        ("text/plain; format=flowed", false), ("text/plain; delsp=yes", false),
        ("text/plain; format=flowed; delsp=no", false),
    ])
    func typeOfLinesThatFlow(_ type: String, _ expected: Bool) {
        let tree = MIMEReader.read(Array("Content-Type: \(type)\r\n\r\nx\r\n".utf8).span)
        #expect(tree.parts.map(\.deletesSpaces) == [expected])
    }

    @Test func calendarsInOtherNotations() {
        func isXML(_ text: String) -> Bool { CalendarNotation.isXML(Array(text.utf8).span) }
        func isJSON(_ text: String) -> Bool { CalendarNotation.isJSON(Array(text.utf8).span) }
        #expect(isXML("\u{FEFF}\n<?xml version='1.0'?><icalendar xmlns='urn:ietf:params:xml:ns:icalendar-2.0'>"))
        #expect(isXML("<vcards xmlns=\"urn:ietf:params:xml:ns:vcard-4.0\"/>") && !isXML("<icalendar/>"))
        #expect(!isXML("urn:ietf:params:xml:ns:vcard-4.0") && !isXML("") && !isXML(" "))
        #expect(isJSON(" [ \"vcard\", []]") && isJSON("[[\"VCALENDAR\"") && isJSON("[\n[\"vcard\",["))
        #expect(!isJSON("[\"x\", \"vcard\"]") && !isJSON("\"vcard\"") && !isJSON("[") && !isJSON("[\"") && !isJSON(""))
        func unescaped(_ text: String) -> String {
            String(decoding: CalendarNotation.unescaped(Array(text.utf8).span), as: UTF8.self)
        }
        #expect(unescaped("http:\\/\\/\\u0065vil\\n\\\"\\\\") == "http://evil\n\"\\")
        #expect(unescaped("\\uD83D\\u12\\") == "\u{FFFD}\u{12}\\")
    }
}
