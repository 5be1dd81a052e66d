import Foundation
import MIME
import Testing

/// Which of several declarations of a property counts: the last that browsers accept, the important ones first.
@Suite struct CascadeTests {
    private static let hiding = [
        "opacity:0", "opacity:0;opacity:foo", "opacity:0 !important;opacity:1", "opacity:0;opacity:1!foo",
        "opacity:0;opacity:", "opacity:0;opacity:1px", "opacity:0;opacity:1 0", "opacity:0;a:(;opacity:1;)",
        #"opacity:0;a:\;opacity:1"#, #"opacity:0;opacity:\31"#, "opacity:0;opacity:1/**/0",
        "opacity:0;a{b:c}opacity:1", "opacity:0;a:{b}opacity:1", "opacity:0;--a:{b}opacity:1",
        "a:'/*';opacity:0;b:'*/'", "opacity:0;all:foo", "all:unset;opacity:0", "opacity:1e-3", "zoom:0.01",
        "scale:0", "scale:0;scale:1 1 1 1", "scale:0;scale:", "transform:scale(0)",
        "transform:scale(0);transform:scale()", "transform:scale(0);transform:foo(1)",
        "transform:scale(0);transform:translateX(5)", "transform:scale(0);transform:scale(1 1)",
        "transform:rotate(3deg)scale(0)", "transform:matrix(0,0,0,0,0,0)", "clip-path:inset(100%)",
        "clip-path:inset(100%", "clip-path:inset(100%);clip-path:foo", "clip-path:inset(100%);clip-path:inset(",
        "display:none;display:foo", "visibility:hidden;visibility:foo", "filter:blur(0) opacity(0)",
        "filter:opacity(0);filter:foo()", "text-indent:-9999px", "text-indent:-9999px;text-indent:5 5",
        "font-size:0", "font-size:0;font-size:-1px", "font-size:0;font:bold", "font-size:0;font-size:foo",
        "font:0/0 a", "color:#fff", "color:#fff;color:#ggg", "color:#fff;color:tomatoe",
        "background:#000;background-color:foo", "background:#000;background:foo", "height:0;overflow:hidden",
        "height:0;overflow:hidden;height:-5px", "height:0;overflow:hidden;overflow:foo", "height:0;overflow:auto",
        "height:0;overflow:clip", "height:0;overflow-x:hidden", "line-height:0;overflow:hidden",
        "position:absolute;left:-9999px;left:foo", "position:absolute;clip:rect(0,0,0,0)",
        "margin-left:-900px;margin:foo", "margin-left:-900px !important;margin:0",
        "-webkit-text-fill-color:transparent;-webkit-text-fill-color:foo", "opacity:calc(0)", "OPACITY:0",
        "opacity:0;opacity:calc(1 + foo)", "opacity :0", "filter:opacity(0);filter:blur(5)",
        "overflow:hidden;height:0;max-height:none", "display:none;display:block inline",
        "width:0;overflow-x:hidden;overflow-y:foo",
    ]

    private static let showing = [
        "opacity:0;opacity:1", "opacity:0;opacity:inherit", "opacity:0;all:unset", "opacity:0;opacity:1e0", "zoom:0",
        "zoom:0;zoom:-1", "zoom:0.01;zoom:normal", "scale:0;scale:none", "transform:scale(0);transform:none",
        "transform:scale(0);transform:translateX(5px)", "transform:scale(0);-webkit-transform:none",
        "clip-path:inset(100%);clip-path:none", "clip-path:inset(100%);-webkit-clip-path:none",
        "display:none;display:block flow", "display:none;display:-webkit-box",
        "visibility:hidden;visibility:visible", "filter:opacity(0);filter:none",
        "content-visibility:hidden;content-visibility:auto", "text-indent:-9999px;text-indent:0",
        "font-size:0;font-size:12px", "font-size:0;font:12px a", "font-size:0;font-size:1em", "font:0/0a",
        "color:#fff;color:tomato", "color:transparent;color:currentcolor", "color:#fff;color:inherit",
        "background:#000;background:none", "background:#000;background-color:transparent",
        "height:0;overflow:hidden;height:auto", "height:0;overflow-x:clip", "line-height:1;overflow:hidden",
        "letter-spacing:-1em;letter-spacing:normal", "position:absolute;left:-9999px;position:static",
        "position:relative;clip:rect(0,0,0,0)", "position:absolute;clip:rect(0,0,0,0);clip:auto",
        "margin-left:-900px;margin:0", "-webkit-text-fill-color:transparent;-webkit-text-fill-color:currentcolor",
        "opacity:calc(0);opacity:calc(1)", "opacity:0;opacity:var(--x)", "opacity:0;opacity:min(1)",
        "opacity:0!important;opacity:1!important", "opacity:0;opacity:1 ! important", "opacity:0;opacity:revert",
        "font-size:0;font-size:12px !important;font-size:0",
    ]

    private static func element(_ style: String) -> String {
        "<div style=\"\(style.replacingOccurrences(of: "\"", with: "&quot;"))\">text</div>"
    }

    @Test(arguments: hiding) func hides(_ style: String) { #expect(textIsHidden(Self.element(style))) }

    @Test(arguments: showing) func shows(_ style: String) { #expect(!textIsHidden(Self.element(style))) }

    // MARK: rules

    @Test(arguments: [
        (".x{opacity:0}", "opacity:1", false), (".x{opacity:0 !important}", "opacity:1", true),
        (".x{opacity:0 !important}", "opacity:1 !important", false), (".x{opacity:0}", "opacity:foo", true),
        (".x{opacity:0}.x{opacity:1}", "", false), (".x{opacity:0!important}.x{opacity:1}", "", true),
        (".x{height:0}", "overflow:hidden", true), (".x{height:0;overflow:hidden}", "height:auto", false),
        (".x{position:absolute}", "left:-9999px", true), (".x{transform:scale(0)}", "transform:none", false),
        (".x{opacity:0}", "opacity:1;opacity:revert-layer", true), (".x{font-size:0}", "font-size:inherit", false),
        (".x{color:#fff}", "background:#000", false), (".x{background:#000}", "background:none", false),
        // Rules in the block of a rule, and what seems to close it.
        (".x{opacity:0;a{b:c}opacity:1}", "", false), (".x{a:(};opacity:1;b:c);opacity:0}", "", true),
        (".x{opacity:0;.z{a:b}}", "", true), (".x{a:'}';opacity:0}", "", true), (".x{a:url(});opacity:0}", "", true),
        ("/*}*/.x{opacity:0}", "", true), (#".\78{opacity:0}"#, "", true), (".x/**/{opacity:0}", "", true),
    ])
    func rulesAndStyles(_ sheet: String, _ style: String, _ isHidden: Bool) {
        #expect(textIsHidden("<style>\(sheet)</style><div class=x style=\"\(style)\">text</div>") == isHidden)
    }

    /// The attribute is weaker than every declaration.
    @Test func theHiddenAttribute() {
        #expect(textIsHidden("<div hidden>text"))
        #expect(!textIsHidden("<div hidden style='display:block'>text"))
    }

    /// Words in a line have no box of their own, and cells grow.
    @Test(arguments: [
        ("transform:scale(0)", true, false), ("scale:0", true, false), ("height:0;overflow:hidden", true, false),
        ("margin-top:-9999px", true, false), ("margin-left:-9999px", true, true), ("opacity:0", true, true),
        ("zoom:1%", true, true), ("position:absolute;transform:scale(0)", true, true),
        ("display:inline-block;transform:scale(0)", true, true), ("float:left;height:0;overflow:hidden", true, true),
        ("height:0;min-height:50px;overflow:hidden", false, false),
        ("height:0;min-height:0;overflow:hidden", true, false),
        ("display:inline;transform:scale(0)", false, false),
    ])
    func boxes(_ style: String, _ hidesBlock: Bool, _ hidesWords: Bool) {
        #expect(textIsHidden("<div style='\(style)'>text</div>") == hidesBlock)
        #expect(textIsHidden("<span style='\(style)'>text</span>") == hidesWords)
    }

    @Test func cellsGrow() {
        #expect(!textIsHidden("<table><td style='height:0;width:0;overflow:hidden'>text"))
        #expect(textIsHidden("<table><td style='display:block;height:0;overflow:hidden'>text"))
        #expect(textIsHidden("<button style='transform:scale(0)'>text</button>"))
    }

    /// Attributes have references of characters.
    @Test(arguments: ["class='&#97;'", "id='b&#99;'", "class=a"])
    func referencesInNames(_ attribute: String) {
        #expect(textIsHidden("<style>.a,#bc{display:none}</style><div \(attribute)>text</div>"))
    }

    @Test func referencesInColours() {
        #expect(textIsHidden("<font color='&#35;ffffff'>text</font>"))
        #expect(textIsHidden("<body bgcolor='&#35;000000' text=black>text"))
    }

    /// Escapes and numbers at their limits: nothing traps.
    @Test func odd() {
        for style in [
            #"opacity:\39\38\37 \"#, "\\", "opacity:1e99999999999999999999", "opacity:calc(1/0*0)", "opacity:1e-999",
            "margin:calc(1e12px*1e12)", "text-indent:calc(-1px*1e12*1e12*1e12)", "font-size:99999999999e20px", "url(",
            "a:url(\\",
            "opacity:calc(\(String(repeating: "(", count: 9999))", "clip:rect(", "font:/", "font:1px/",
            "background:/,/", "a:\"",
            "\(String(repeating: "({[", count: 5000))", "color:rgb(1e30,2,3)", "transform:matrix(1e30,0,0,1e30,0,0)",
            ":;:;!;!:!",
        ] {
            _ = HTMLText.read(Array(Self.element(style).utf8).span)
            _ = HTMLText.read(Array("<style>.x{\(style)}</style>\(Self.element(style))".utf8).span)
        }
    }

    // MARK: the first line

    /// Text, of which what is in brackets is off the page.
    @Test(arguments: [
        "<p style='text-indent:-9999px'>[one]<br>two", "<p style='text-indent:-9999px'>[one]<p>two",
        "<div style='text-indent:-9999px'>[one]<div>[two]<br>three</div>four</div>five",
        "<div style='text-indent:-9999px'>[one]<i>[two]</i><br><i>three</i></div>",
        "<span style='text-indent:-9999px'>one</span> two",
        "<span style='text-indent:-9999px'>one<p>[two]<br>three</p></span>",
        "one<span style='text-indent:-9999px;display:block'>[two]</span>three",
        "<p>one <span style='text-indent:-9999px;display:inline-block'>[two]</span> three",
        "<p style='text-indent:-9999px'>[one] <span style='display:inline-block'>[two]<br>three</span> [four]",
        "<p style='text-indent:-9999px'>[one] <b style='float:left;text-indent:0'>two</b> [three]",
        "<pre style='text-indent:-9999px'>[one]\ntwo</pre>",
        "<div style='text-indent:-9999px'><p style='text-indent:0'>one",
        // 600 pixels are 100 letters or so.
        "<p style='text-indent:-600px'>[\(String(repeating: "abcd ", count: 25))] \(String(repeating: "abcd ", count: 25))",
        "<p style='text-indent:-600px;padding-left:600px'>one", "<p style='text-indent:-9999px'><img>[one]",
        "<ul style='text-indent:-9999px'><li>[one]<li>[two]<br>three</ul>",
    ])
    func indent(_ html: String) {
        var (shown, hidden) = ("", "")
        var isInBrackets = false
        var isTag = false
        for letter in html {
            switch letter {
            case "<": isTag = true
            case ">": isTag = false
            case _ where isTag || letter.isWhitespace: break
            case "[": isInBrackets = true
            case "]": isInBrackets = false
            default: if isInBrackets { hidden.append(letter) } else { shown.append(letter) }
            }
        }
        let content = HTMLText.read(Array(html.filter { $0 != "[" && $0 != "]" }.utf8).span)
        #expect(String(decoding: content.visible.filter { $0 > 0x20 }, as: UTF8.self) == shown, "\(html)")
        #expect(String(decoding: content.hidden.filter { $0 > 0x20 }, as: UTF8.self) == hidden, "\(html)")
    }

    /// What is put at the end would be indented as well.
    @Test func theEndOfIndentedText() {
        #expect(HTMLText.read(Array("<body style='text-indent:-9999px'>a<br>b".utf8).span).endsUnseen)
    }

    // MARK: a browser

    /// Draws the text in each style and counts the colours that are in the picture.
    private static let page = """
        <!DOCTYPE html><pre id=out></pre><script>
        function colours(style) { return new Promise(done => {
          const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="120"><foreignObject width="400" height="120">'
            + '<div xmlns="http://www.w3.org/1999/xhtml" style="margin:40px;color:#000;font:16px sans-serif"><div style="'
            + style.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')
            + '">TEXT</div></div></foreignObject></svg>';
          const image = new Image();
          image.onload = () => {
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [400, 120];
            const context = canvas.getContext('2d');
            context.fillStyle = '#fff';
            context.fillRect(0, 0, 400, 120);
            context.drawImage(image, 0, 0);
            const words = new Uint32Array(context.getImageData(0, 0, 400, 120).data.buffer);
            done(new Set(words).size) };
          image.src = 'data:image/svg+xml,' + encodeURIComponent(svg) }) }
        (async () => { const counts = [];
          for (const style of STYLES) counts.push(await colours(style));
          document.getElementById('out').textContent = counts.join(' ') })()
        </script>
        """

    /// Letters have many shades at their edges, a background without letters few.
    private static let fewestShades = 8

    @Test(.enabled(if: Chromium.isInstalled, "needs chromium"))
    func agreesWithChromium() throws {
        let styles = Self.hiding + Self.showing
        let list = String(decoding: try JSONEncoder().encode(styles), as: UTF8.self)
        let counts = try Chromium.numbers(Self.page.replacingOccurrences(of: "STYLES", with: list))
        try #require(counts.count == styles.count)
        for (style, count) in zip(styles, counts) {
            #expect((count <= Self.fewestShades) == Self.hiding.contains(style), "\(style): \(count) colours")
        }
    }
}
