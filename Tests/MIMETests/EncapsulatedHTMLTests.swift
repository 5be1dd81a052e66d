import Foundation
import MIME
import Testing

/// HTML that Outlook keeps in Rich Text.
@Suite struct EncapsulatedHTMLTests {
    private static func readings(_ text: String) -> [String] {
        EncapsulatedHTML.readings(Array(text.utf8).span).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func wrapped(_ text: String) -> String {
        "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0\\fswiss Arial;}}{\\colortbl\\red0\\green0\\blue0;}"
            + "\\uc1\\pard\\plain\\deftab360 \\f0\\fs24 \(text)}"
    }

    @Test(
        arguments: [
            ("{\\*\\htmltag64 <p>}Hello{\\*\\htmltag72 </p>}", "<p>Hello</p>"),
            ("{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 Hello\\htmlrtf\\par}\\htmlrtf0 you", "<p>Hello"),
            ("a\\par b\\tab c\r\nd\\line e", "a\nb\tcd\ne"),
            ("{\\*\\mhtmltag64 <img>}{\\*\\htmltag64 <b>}", "<b>"),
            ("{\\*\\htmltag \\'3cscri\r\npt\\'3E}", "<script>"),
            ("{\\*\\htmltag <a {\\b href}=\\\\>}", "<a href=\\>"),
            ("{\\*\\htmltag <sc{\\*\\x hidden}ript>}", "<script>"),
            ("\\u60?script\\u62\\'3e", "<script>"), ("\\uc2\\u60??p\\u-10179 ??>", "<p?>"), ("{\\uc0\\u60 p}", "<p"),
            ("{\\uc90 }\\u60?script>", "<script>"), ("\\uc2{{\\uc9 }\\uc0 }\\u60??p", "<p"),
            ("\\{\\}\\~\\_\\-\\\\", "{} -\\"), ("\\bin3 <p>a", "a"), ("\\bin99999999999999999999 a", ""),
            ("\\lquote a\\'e4\u{E4}", "?a???"), ("a}}}}b", "ab"),
        ])
    func texts(_ text: String, _ html: String) {
        let found = Self.readings(Self.wrapped(text))
        #expect(found.contains(html) || found.first?.hasPrefix(html) == true, "\(found)")
    }

    /// Tags between what is for readers of Rich Text alone are there, or not.
    @Test func twoReadings() {
        let text = "{\\*\\htmltag <p>}\\htmlrtf{\\*\\htmltag <!--}\\htmlrtf0 a\\htmlrtf{\\*\\htmltag -->}\\htmlrtf0 b"
        #expect(Self.readings(Self.wrapped(text)) == ["<p><!--a-->b", "<p>ab"])
    }

    @Test func noHTML() {
        for text in ["{\\rtf1\\ansi <script>}", "<script>", "", "{\\rtf1 \\fromtext <p>}"] {
            #expect(Self.readings(text).isEmpty)
        }
    }

    /// Any end of it, and nothing but braces.
    @Test func cutOff() {
        let text = Self.wrapped("{\\*\\htmltag64 <p\\'3e}a\\bin3 abc\\htmlrtf x\\htmlrtf0 b")
        for count in Self.wrapped("").utf8.count - 1...text.utf8.count {
            let found = Self.readings(String(text.prefix(count)))
            #expect(found.count <= 1 && found.allSatisfy { "<p>ab".hasPrefix($0) }, "\(found)")
        }
        let deep = "\\fromhtml" + String(repeating: "{", count: 100_000) + "a"
        #expect(Self.readings(deep) == ["a"])
    }
}
