import Foundation
import MIME
import MailModel
import Testing

/// HTML without scripts, forms, frames and what is loaded from elsewhere: what is found, that nothing of it is left to our tokenizer
/// and to Python's, that a second look finds nothing, and that the text stays.
@Suite struct HTMLSanitiserTests {
    private static let all = Set(HTMLHazard.allCases)

    private static func clean(_ html: [UInt8], _ hazards: Set<HTMLHazard> = all) -> [UInt8]? {
        guard let edits = HTMLSanitiser.edits(html.span, without: hazards, limit: HTMLEdit.countLimit, attributes: 200)
        else {
            return nil
        }
        return HTMLEdit.apply(edits, to: html)
    }

    private static func clean(_ html: String, _ hazards: Set<HTMLHazard> = all) -> String? {
        clean(Array(html.utf8), hazards).map { String(decoding: $0, as: UTF8.self) }
    }

    private static let nul = String(repeating: "\u{0}", count: 70)
    private static let scripts: Set<HTMLHazard> = [.scripts]
    private static let remote: Set<HTMLHazard> = [.remote]

    @Test(
        arguments: [
            // Scripts go with what they hold, to the end where there is no end tag.
            ("a<script>x</script>b", scripts, "a<!---->b"),
            ("a<ScRiPt\n/src=x>x</script >b", scripts, "a<!---->b"),
            ("a<script>x", scripts, "a<!---->"),
            ("a<script/x", scripts, "a<!---->"),
            ("<<script>x</script>script>y", scripts, "<<!---->script>y"),
            ("<scr<input>ipt>", all, "<scr<input>ipt>"),
            // Events, with and without blanks and quotes.
            ("<p onclick=x>y", scripts, "<p x-onclick=x>y"),
            ("<p/OnLoad='x'title=a>y", scripts, "<p/x-OnLoad='x'title=a>y"),
            ("<a title=\"x\"onfocus=y>z", scripts, "<a title=\"x\"x-onfocus=y>z"),
            ("<p onx=1 onx=2 on=3 only>", scripts, "<p x-onx=1 x-onx=2 on=3 x-only>"),
            ("<p title='<p onclick=x>'>", scripts, "<p title='<p onclick=x>'>"),
            // Addresses that are scripts.
            ("<a href='java&#115;cript:x'>y", scripts, "<a x-href='java&#115;cript:x'>y"),
            ("<a href=' jav\tasc\nript&colon;x'>y", scripts, "<a x-href=' jav\tasc\nript&colon;x'>y"),
            ("<a href=\"data:text/html,x\">y", scripts, "<a x-href=\"data:text/html,x\">y"),
            ("<img src=data:image/svg+xml,x>", scripts, "<img src=data:image/svg+xml,x>"),
            ("<iframe src=data:image/svg+xml,x></iframe>", scripts, "<iframe x-src=data:image/svg+xml,x></iframe>"),
            ("<a title='javascript: a book' href=http://a/>", all, "<a title='javascript: a book' href=http://a/>"),
            // Text that data binding shows as HTML.
            (
                "<xml id=I><x><c>&lt;p onclick=x&gt;</c></x></xml><p datasrc=#I DataFld=c dataformatas=html></p>",
                [.forms],
                "<xml id=I><x><c>&lt;p onclick=x&gt;</c></x></xml>"
                    + "<p x-datasrc=#I x-DataFld=c x-dataformatas=html></p>"
            ),
            // What parsers differ about.
            ("<svg><style><img src=x onerror=y></style></svg>", scripts, "<x-svg><!----></x-svg>"),
            ("<math><![CDATA[ > <a title=']]>b'></math>", scripts, "<x-math><!----> <a title=']]>b'></x-math>"),
            ("<svg/>a", scripts, "<!---->a"),
            ("<select><option>a</select>", scripts, "<x-select><option>a</x-select>"),
            ("<noscript><p title='</noscript>a'>", scripts, "<x-noscript><p title='</noscript>a'>"),
            ("a<!-- b --!>c", scripts, "a<!---->c"),
            ("a<!-->b<!--->c<!-- d -->e", scripts, "a<!---->b<!---->c<!-- d -->e"),
            ("a<!-- <b", scripts, "a<!---->"),
            ("a<!-- b", scripts, "a<!-- b"),
            ("a<p onclick=x", scripts, "a<!---->"),
            ("<title><img onerror=x></title>", scripts, "<title>&lt;img onerror=x></title>"),
            ("<title>a < b</title>", scripts, "<title>a < b</title>"),
            ("<xmp>a<b&amp;</xmp>", scripts, "<x-xmp>a&lt;b&amp;amp;</x-xmp>"),
            ("<plaintext>a<b&", scripts, "<x-plaintext>a&lt;b&amp;"),
            ("<noframes><p></noframes>a", scripts, "<!---->a"),
            ("<\u{0}script>x", scripts, "&lt;\u{0}script>x"),
            ("<scr\u{0}ipt>x</scr\u{0}ipt>", scripts, "<x-scr\u{0}ipt>x</x-scr\u{0}ipt>"),
            ("<p on\u{0}click=x>", scripts, "<p x-on\u{0}click=x>"),
            ("<!--[if mso]><b>x</b><![endif]-->", all, "<!--[if mso]><b>x</b><![endif]-->"),
            ("<!--[if !mso]><!-->a<!--<![endif]-->", all, "<!--[if !mso]><!-->a<!--<![endif]-->"),
            ("a<!--[if mso]><v:fill src='http://a/'/><![endif]-->b", remote, "a<!---->b"),
            ("<base href=x><meta http-equiv=' Refresh' content='0;url=x'>", scripts, "<!----><!---->"),
            (
                "<meta http-equiv=content-type content='text/html'>", all,
                "<meta http-equiv=content-type content='text/html'>"
            ),
            // Forms.
            (
                "<form action=x><input name=a><button formaction=y>b</button></form>", [.forms],
                "<x-form action=x><!----><x-button x-formaction=y>b</x-button></x-form>"
            ),
            ("<textarea>a<b>&amp;</textarea>c", [.forms], "<x-textarea>a&lt;b>&amp;</x-textarea>c"),
            ("<form><input>", scripts, "<form><input>"),
            // Frames.
            ("a<iframe src=x>b</iframe>c", [.frames], "a<!---->c"),
            ("<object data=x><embed src=y>z</object>", [.frames], "<x-object data=x><!---->z</x-object>"),
            ("<frameset><frame src=x></frameset>", [.frames], "<x-frameset><!----></x-frameset>"),
            // What is loaded.
            ("<img src=http://a/ alt=b>", remote, "<img x-src=http://a/ alt=b>"),
            (
                "<img src='cid:a'><img src=\"data:image/png;base64,x\">", all,
                "<img src='cid:a'><img src=\"data:image/png;base64,x\">"
            ),
            ("<img src=//a srcset='cid:a, http://b 2x'>", remote, "<img x-src=//a x-srcset='cid:a, http://b 2x'>"),
            ("<img src='&#104;ttps://a'>", remote, "<img x-src='&#104;ttps://a'>"),
            ("<table background=\\\\a\\b><video poster=x>", remote, "<table x-background=\\\\a\\b><video x-poster=x>"),
            ("<link rel=stylesheet href=x><a href=http://a/>b", remote, "<!----><a href=http://a/>b"),
            ("<img src=http://a/>", scripts, "<img src=http://a/>"),
            // Styles.
            (
                "<p style=\"display:none;background:URL( 'http://a/')\">", remote,
                "<p style=\"display:none;background:x-URL( 'http://a/')\">"
            ),
            ("<p style='background:u\\72l(http://a/)'>", remote, "<p x-style='background:u\\72l(http://a/)'>"),
            ("<p style='background:ur&#108;(http://a/)'>", remote, "<p x-style='background:ur&#108;(http://a/)'>"),
            (
                "<p style='background:url(cid:a) url(&quot;cid:b&quot;)'>", all,
                "<p style='background:url(cid:a) url(&quot;cid:b&quot;)'>"
            ),
            (
                "<style>@import 'http://a/';b{c:url(http://d/)}</style>", remote,
                "<style>@x-import 'http://a/';b{c:x-url(http://d/)}</style>"
            ),
            ("<style>@\\69mport 'http://a/';</style>x", remote, "<!---->x"),
            (
                "<style>a{b:'/*';c:url(http://d/);e:'*/'}</style>", remote,
                "<style>a{b:'/*';c:x-url(http://d/);e:'*/'}</style>"
            ),
            (
                "<p style='width:expression (x);behavior : url(y)'>", scripts,
                "<p style='width:x-expression (x);x-behavior : url(y)'>"
            ),
            ("<p style='width:expr/**/ession(x)'>", scripts, "<p x-style='width:expr/**/ession(x)'>"),
            ("<p style='scroll-behavior: smooth'>", all, "<p style='scroll-behavior: smooth'>"),
            ("<style><!-- a{b:c} --></style>", all, "<style><!-- a{b:c} --></style>"),
            ("<style><!--</style>a", all, "<!---->a"),
            (
                "<style>a</style onload=x><style onload=x>b</style>", scripts,
                "<style>a</style x-onload=x><style x-onload=x>b</style>"
            ),
            // Controls in names, however many.
            ("<p \(nul)onclick=x>", scripts, "<p x-\(nul)onclick=x>"),
            ("<scri\(nul)pt>x</scri\(nul)pt>", scripts, "<x-scri\(nul)pt>x</x-scri\(nul)pt>"),
            ("<ifr\(nul)ame src=x>", [.frames], "<x-ifr\(nul)ame src=x>"),
            ("<p\(nul)q>", scripts, "<p\(nul)q>"),
            // Internet Explorer's, and what only names how something is opened.
            (
                "<p style='filter:progid:DXImageTransform.Microsoft.AlphaImageLoader(src=\"http://a/\")'>", remote,
                "<p style='filter:x-progid:DXImageTransform.Microsoft.AlphaImageLoader(src=\"http://a/\")'>"
            ),
            ("<comment><a title='</comment><p>'>", scripts, "<x-comment><a title='</comment><p>'>"),
            ("<a href='feed:javascript:x'>", scripts, "<a x-href='feed:javascript:x'>"),
            ("<a href='view-source:feed:vbscript:x'>", scripts, "<a x-href='view-source:feed:vbscript:x'>"),
            ("<a href='feed:http://a/'>", all, "<a href='feed:http://a/'>"),
            ("<img attributionsrc=http://a/>", remote, "<img x-attributionsrc=http://a/>"),
            ("<meta http-equiv=Link content='<http://a/>; rel=preload'>", remote, "<!---->"),
            ("<meta http-equiv=x-dns-prefetch-control content=on>", remote, "<!---->"),
            ("<meta http-equiv=Link content='<http://a/>'>", scripts, "<meta http-equiv=Link content='<http://a/>'>"),
            // The text ends within the end tag of an element whose content is text.
            ("<title>a</title b=<p style=c", all, "<title>a&lt;/title b=&lt;p style=c"),
            ("<xmp>a&b</xmp c='<i>", all, "<xmp>a&b&lt;/xmp c='&lt;i>"),
            ("<style>a{}</style b='url(x", all, "<!---->"),
            // The part may be an attachment.
            ("<iframe src='&#99;id:a'></iframe>", remote, "<iframe x-src='&#99;id:a'></iframe>"),
            ("<object data=MID:a>b</object>", [.forms], "<object x-data=MID:a>b</object>"),
        ] as [(String, Set<HTMLHazard>, String)])
    func becomes(_ html: String, _ hazards: Set<HTMLHazard>, _ wanted: String) {
        let result = Self.clean(html, hazards)
        #expect(result == wanted)
        #expect(result.flatMap { Self.clean($0, hazards) } == wanted, "a second time")
        #expect(Self.clean(html, []) == html)
    }

    @Test func limits() {
        let html = Array("<p onclick=x><p onclick=y>".utf8)
        #expect(HTMLSanitiser.edits(html.span, without: Self.all, limit: 2, attributes: 200)?.count == 2)
        #expect(HTMLSanitiser.edits(html.span, without: Self.all, limit: 1, attributes: 200) == nil)
        // A tag with more attributes than are looked at goes as a whole.
        let few = "<p" + String(repeating: " a", count: 199) + ">"
        #expect(Self.clean(few + "b") == few + "b")
        #expect(Self.clean("<p" + String(repeating: " a", count: 200) + ">b") == "<!---->b")
        #expect(Self.clean("<title" + String(repeating: " a", count: 200) + ">b</title>c") == "<!---->c")
        let three = Array("<p a b c>".utf8)
        #expect(HTMLSanitiser.edits(three.span, without: Self.all, limit: 1, attributes: 4) == [])
        #expect(
            HTMLSanitiser.edits(three.span, without: Self.all, limit: 1, attributes: 3) == [HTMLEdit(.comment, 0..<9)])
    }

    @Test func editsAreChecked() {
        let text = Array("a<b&c".utf8)
        #expect(HTMLEdit.apply([], to: text) == text)
        #expect(
            HTMLEdit.apply(
                [HTMLEdit(.reference, 1..<2), HTMLEdit(.prefix, 2..<2), HTMLEdit(.comment, 2..<5)], to: text)
                == Array("a&lt;x-<!---->".utf8))
        let wrong: [[HTMLEdit]] = [
            [HTMLEdit(.reference, 0..<1)], [HTMLEdit(.reference, 1..<3)], [HTMLEdit(.reference, 1..<1)],
            [HTMLEdit(.prefix, 1..<2)], [HTMLEdit(.comment, 1..<1)], [HTMLEdit(.comment, 1..<6)],
            [HTMLEdit(.prefix, 6..<6)], [HTMLEdit(.comment, 1..<3), HTMLEdit(.prefix, 2..<2)],
            [HTMLEdit(.prefix, 3..<3), HTMLEdit(.prefix, 2..<2)],
        ]
        for edits in wrong { #expect(HTMLEdit.apply(edits, to: text) == nil, "\(edits)") }
    }

    // MARK: Python

    /// Reads documents, a line of base64 each, and prints a line with what is left in each.
    private static let script = #"""
        import base64, html.parser, re, sys
        GONE = {"script", "form", "input", "button", "textarea", "select", "iframe", "frame", "frameset", "object", "embed",
            "applet", "base", "link", "svg", "math", "noscript"}
        LOADS = {"src", "srcset", "background", "poster", "data", "lowsrc", "dynsrc", "codebase", "archive"}
        def local(url): return not url or re.match(r"#|cid:|mid:|data:image/|about:blank", url, re.I)
        def style(text):
            text = re.sub(r"\\([0-9a-f]{1,6})\s?", lambda m: chr(min(int(m[1], 16), 0x10ffff)), text, flags=re.I)
            for found in re.finditer(r"(?<!x-)url\(\s*[\x22\x27]?\s*([^)]*)", text, re.I):
                if not local(found[1]): yield found[0]
            if re.search(r"(?<!x-)expression\s*\(|@import|(?<!x-)-moz-binding|(?<!x-)javascript:", text, re.I): yield text
        class Reader(html.parser.HTMLParser):
            def handle_starttag(self, tag, attributes):
                self.inside = tag
                if tag in GONE: self.left.append(tag)
                for name, value in attributes:
                    if name.startswith("x-"): continue
                    value = value or ""
                    url = re.sub(r"[\x00-\x20]", "", value)
                    if re.match("on[a-z]", name) or name == "srcdoc": self.left.append(name)
                    if name not in ("title", "alt", "value", "content", "label", "summary") and re.match("(java|vb)script:", url, re.I):
                        self.left.append(name + "=" + url[:40])
                    if name in LOADS and not local(url): self.left.append(name + "=" + url[:40])
                    if name == "style": self.left += style(value)
                    if tag == "meta" and name == "http-equiv" and value.strip().lower() == "refresh": self.left.append(value)
            def handle_endtag(self, tag): self.inside = ""
            def handle_data(self, data):
                if self.inside == "style": self.left += style(data)
        for line in sys.stdin:
            reader = Reader()
            reader.inside, reader.left = "", []
            reader.feed(base64.b64decode(line).decode("latin-1"))
            reader.close()
            print(" ".join(reader.left).encode("ascii", "replace").decode().replace("\n", " ")[:300] or "-")
        """#

    private static func left(_ documents: [[UInt8]]) throws -> [String] {
        let input = documents.map { Data($0).base64EncodedString() + "\n" }.joined()
        let lines = try ContentOracle.lines(script, input: Array(input.utf8))
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is dangerous, written in ways that filters have missed, between pieces that change how it is read.
    private static let hostile: [[UInt8]] = {
        let cores = [
            "<script>a()</script>", "<img src=x onerror=a()>", "<img src=\"x\"onerror='a()'>", "<svg onload=a()>",
            "<svg/onload=a()//", "<img src='http://t.example/p.gif'>", "<IMG SRC=`http://t.example/`>",
            "<iframe srcdoc='<script>a()</script>'></iframe>", "<form action=//e><input type=image src=//e></form>",
            "<a href='jAvAsCrIpT:a()'>b</a>", "<body background=//t.example/x>", "<link rel=stylesheet href=//t>",
            "<p style='background:url(//t)'>b</p>", "<style>b{c:url(//t)}</style>", "<embed src=//t><object data=//t>",
            "<input autofocus onfocus=a()>", "<details open ontoggle=a()>b",
            "<meta http-equiv=refresh content='0;//t'>",
            "<math><mtext><table><mglyph><style><img src=x onerror=a()>", "<video><source onerror=a() src=//t>",
        ]
        let frames = [
            ("", ""), ("<", ""), ("<!-- ", " -->"), ("<!-->", "-->"), ("<!--[if IE]>", "<![endif]-->"),
            ("<!--", "--!>"),
            ("<title>", "</title>"), ("<textarea>", ""), ("<style>", "</style>"), ("<noscript>", "</noscript>"),
            ("<template>", "</template>"), ("<xmp>", "</xmp>"), ("<plaintext>", ""), ("<a title='", "'>"),
            ("<a title=\"", ""), ("<svg><![CDATA[", "]]></svg>"), ("<?x ", "?>"), ("</ ", ">"),
            ("<select><style></select>", ""),
            ("<noembed>", "</noembed>"), ("<noscript><p title='</noscript>", "'>"), ("<p id=a\u{0}/", "/>"),
            ("<!doctype ", ">"),
            ("<p =", ">"), ("<svg><style>", ""), ("<table><title>", "</table>"), ("\u{0}<\u{0}", "\u{0}"),
            ("&lt;", "&gt;"),
        ]
        return frames.flatMap { frame in cores.map { Array((frame.0 + $0 + frame.1 + "<p>end").utf8) } }
    }()

    @Test(.enabled(if: ContentOracle.hasPython, "needs python3"))
    func nothingIsLeftToPython() throws {
        let documents = Self.hostile
        let cleaned = try documents.map { try #require(Self.clean($0)) }
        let dirty = try Self.left(documents).count { $0 != "-" }
        // The check sees what is there.
        #expect(dirty > documents.count / 2)
        let left = try Self.left(cleaned)
        try #require(left.count == cleaned.count)
        for (index, words) in left.enumerated() where words != "-" {
            Issue.record(
                "\(String(decoding: documents[index], as: UTF8.self)) -> \(String(decoding: cleaned[index], as: UTF8.self)): \(words)"
            )
        }
        for html in cleaned {
            #expect(HTMLSanitiser.edits(html.span, without: Self.all, limit: 1, attributes: 200) == [])
        }
    }

    /// Every set of hazards, cut at every octet: edits that apply, and nothing to do a second time.
    @Test func everySetAndEveryCut() {
        for bits in 1..<16 {
            let hazards = Set(HTMLHazard.allCases.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element))
            for (number, html) in Self.hostile.enumerated() where number % 7 == bits % 7 {
                for end in bits == 15 ? Array(0...html.count) : [html.count] {
                    let cut = Array(html[..<end])
                    guard let once = Self.clean(cut, hazards) else {
                        Issue.record("\(String(decoding: cut, as: UTF8.self)): edits that do not apply")
                        continue
                    }
                    if Self.clean(once, hazards) != once {
                        Issue.record(
                            "\(hazards): \(String(decoding: cut, as: UTF8.self)) -> \(String(decoding: once, as: UTF8.self))"
                        )
                    }
                }
            }
        }
    }

    /// Prints the HTML of some messages of mailboxes, a line of base64 for each part.
    private static let boxReader = #"""
        import base64, email, lzma, sys
        for path in sys.argv[1:]:
            for message in lzma.open(path).read().split(b"\nFrom ")[::15]:
                for part in email.message_from_bytes(message.split(b"\n", 1)[-1]).walk():
                    if part.get_content_type() == "text/html":
                        content = part.get_payload(decode=True) or b""
                        if 0 < len(content) < 200000: print(base64.b64encode(content).decode())
        """#

    /// HTML of the corpora: nothing left, nothing to do a second time, the same text.
    @Test(
        .enabled(if: Corpora.isPresent && ContentOracle.hasPython, "needs python3 and the corpora beside the package"))
    func mailOfTheCorpora() throws {
        let boxes = ["phishing-pot/phishing-pot", "spamassassin/spam_2", "spamassassin/hard_ham"].map {
            Corpora.root.appendingPathComponent("\($0).mbox.xz").path
        }
        let documents = try ContentOracle.lines(Self.boxReader, arguments: boxes).map(ContentOracle.base64)
        try #require(documents.count > 100)
        var cleaned: [[UInt8]] = []
        var (changed, different) = (0, 0)
        for html in documents {
            let clean = try #require(Self.clean(html))
            cleaned.append(clean)
            if clean != html { changed += 1 }
            #expect(HTMLSanitiser.edits(clean.span, without: Self.all, limit: 1, attributes: 200) == [])
            if Self.letters(clean) != Self.letters(html) { different += 1 }
        }
        let left = try Self.left(cleaned)
        for words in left where words != "-" { Issue.record("\(words)") }
        print("sanitiser: \(documents.count) documents, \(changed) changed, \(different) with another text")
        // A form or a list that hides what follows it reads in another way without its name.
        #expect(different * 100 <= documents.count)
        #expect(changed > documents.count / 2)
    }

    private static func letters(_ html: [UInt8]) -> [UInt8] {
        TextContent.read(html.span, mediaType: "text/html", charset: "", limit: 1 << 22).letters
    }
}
