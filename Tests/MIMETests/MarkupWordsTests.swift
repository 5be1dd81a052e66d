import Testing

@testable import MIME

@Suite struct MarkupWordsTests {
    @Test(arguments: [
        ("<title>One</title><p>Two<br>Three", "\nOne\n\nTwo\nThree"), ("<b>Tr</b><span>33</span>zz", "Tr33zz"),
        ("<td>a</td><td>b</td>", "\na\n\nb\n"), ("a<script>no</script><style>no</style>b", "a\n\n\n\nb"),
        ("<img alt='x &amp; y' src=z>", " x & y \n"), ("<INPUT value=v placeholder=p title=t>", " v  p \n"),
        ("<w:p><w:r><w:rPr><w:lang w:val=\"x\"/></w:rPr><w:t>a</w:t></w:r><w:r><w:t>b</w:t></w:r></w:p>c", "\nab\nc"),
        ("<text:p>a<text:s/>b<text:span>c</text:span></text:p>", "\na\nbc\n"), ("a<!-- no -->b &lt;", "ab <"),
        ("a<b", "a"), ("Tr<a href='http://a.example/?b&amp;c'>33</a>", "Tr33\nhttp://a.example/?b&c"),
        ("a<bdo dir=RTL>b<b>c</b></bdo>d", "a\u{202E}bc\u{202C}d"), ("a<bdo dir=ltr>b</bdo>", "ab"),
        (
            "<span style='unicode-bidi: bidi-override; direction: rtl'>a</span>b<i dir=rtl style='unicode-bidi:isolate-override'>c</i>",
            "\u{202E}a\u{202C}b\u{202E}c\u{202C}"
        ), ("<span style='direction:rtl'>a</span>", "a"),
        ("<:>a<x:>b", "<:>ab"),
    ])
    func words(_ markup: String, _ words: String) {
        let found = MarkupWords.read(Array(markup.utf8).span, limit: 1000)
        #expect(String(decoding: found, as: UTF8.self) == words)
    }

    @Test func limit() {
        let found = MarkupWords.read(Array("<p>abcdef<p>ghi".utf8).span, limit: 4)
        #expect(found == Array("\nabc".utf8))
    }

    /// Rich Text as people read it, rather than the HTML in it.
    @Test(arguments: [
        ("{\\rtf1{\\fonttbl{\\f0 Arial;}}a\\par b}", "a\nb"), ("{\\rtf1\\u1087?\\u-1793 ?}", "п\u{F8FF}"),
        ("{\\rtf1{\\*\\htmltag <p>}\\htmlrtf a\\htmlrtf0 b}", "ab"), ("{\\rtf1\\'e4\\u-10179 ?\\u-8704 ?}", "???"),
        ("{\\rtf1\\u99999999999 ?}", "\u{E7FF}"),
    ])
    func richText(_ text: String, _ words: String) {
        let bytes = Array(text.utf8)
        let isRichText = RichTextWords.isRichText(bytes.span)
        let found = RichTextWords.read(bytes.span, limit: 1000)
        let cut = RichTextWords.read(bytes.span, limit: 1)
        #expect(isRichText && String(decoding: found, as: UTF8.self) == words && cut.count <= 3)
    }
}
