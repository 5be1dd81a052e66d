import Foundation
import MIME
import Testing

/// Text that looks other than what is around it, by what browsers say of elements themselves, by old attributes and by what a value is
/// measured from: a spam in it is read by everybody, and must not count as hidden (attack).
@Suite struct OwnLooksTests {
    private static let typed = "<!DOCTYPE html>"
    private static let oldType = "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.0 Transitional//EN'>"
    private static let looseType =
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\" \"http://www.w3.org/TR/html4/loose.dtd\">"

    /// The text is `text`, in the element that is called `t`.
    private static let shown = [
        // Tables.
        "<div style='font-size:0'><table><tr><td id=t>text</table>",
        "<div style='color:white'><table><tr><td id=t>text</table>",
        "<font color=white><table><tr><td id=t>text</table>",
        "<div style='text-indent:-9999px'><table><tr><td id=t>text</table>",
        typed + "<div style='text-indent:-9999px'><table><tr><td id=t>text</table>",
        oldType + "<div style='font-size:0'><table><tr><td id=t>text</table>",
        "<!-- a --><div style='line-height:0;overflow:hidden'><table><tr><td id=t>text</table>",
        "<body text=black><div style='color:#fff'><table><tr><td><table><tr><td id=t>text</table></table>",
        // Sizes.
        "<div style='font-size:0'><font size=3 id=t>text</font>",
        typed + "<div style='font-size:0'><font size=' +0' id=t>text</font>",
        "<font style='font-size:0'><font size=-9 id=t>text</font></font>",
        typed + "<div style='font-size:0'><p style='font-size:1rem' id=t>text",
        "<html style='font-size:900px'><body style='font-size:12px'><p style='font-size:.02rem' id=t>text",
        "<div style='font-size:900px'><p style='font-size:.02em' id=t>text",
        "<div style='font-size:900px'><p style='font-size:2%' id=t>text",
        // Colours of attributes.
        "<font color='rgb(255,255,255)' id=t>text</font>", "<font color='hsl(0,0%,100%)' id=t>text</font>",
        "<font color=window id=t>text</font>", "<font color=canvas id=t>text</font>",
        "<font color='#ffffff00' id=t>text</font>", "<font color=transparent id=t>text</font>",
        "<font color='#fff;' id=t>text</font>", "<font color='&#1;ffffff' id=t>text</font>",
        "<body text='rgb(255,255,255)'><p id=t>text", "<body bgcolor='rgb(0,0,0)'><p style='color:#000' id=t>text",
        "<div bgcolor=black id=t>text</div>", "<span bgcolor=black id=t>text</span>",
        // Drawings and formulas.
        "<div style='color:white'><svg><text y=15 id=t>text</text></svg>",
        "<div style='font-size:0'><svg><text y=15 font-size=20 id=t>text</text></svg>",
        "<div style='visibility:hidden'><svg><text y=15 visibility=visible id=t>text</text></svg>",
        "<div style='letter-spacing:-1em'><svg><text y=15 letter-spacing=0 id=t>text</text></svg>",
        "<svg><text y=15 style='-webkit-text-fill-color:#fff' id=t>text</text></svg>",
        "<div style='letter-spacing:-1em'><math><mtext id=t>text</mtext></math>",
        "<div style='color:white'><math mathcolor=black><mtext id=t>text</mtext></math>",
        "<div style='font-size:0'><math><mtext mathsize=20px id=t>text</mtext></math>",
        // Boxes above the page.
        "<div style='color:white'><dialog open id=t>text</dialog>",
        "<div style='height:0;overflow:hidden'><dialog open id=t>text</dialog></div>",
        "<div style='color:white'><div popover style='display:block' id=t>text</div>",
        // Lines of no height in a box that grows.
        typed + "<div style='line-height:0;overflow:hidden'><p style='line-height:20px' id=t>text",
        typed + "<div style='line-height:0;overflow:hidden'><p style='padding:20px' id=t>text",
        // Values that are none, and some that are.
        "<p style='font:0/1 a,' id=t>text", "<p style='font:0 a,,b' id=t>text", "<p style='font:0 inherit' id=t>text",
        "<p style='font:0 a 5' id=t>text", "<p style='font:0 &quot;a&quot; b' id=t>text",
        "<p style='font-size:0;font:oblique 10deg 20px a' id=t>text",
        "<div style='font-size:0'><p style='font:-webkit-control' id=t>text",
        "<style>@namespace 'x';.a{display:none}</style><p class=a id=t>text",
        "<style>@namespace url(x);.a{display:none}</style><p class=a id=t>text",
        // Dark pages.
        "<html style='color-scheme:dark'><body style='color:#fff'><p id=t>text",
        "<style>html{color-scheme:only dark}</style><body style='color:#fff'><p id=t>text",
        "<head><meta name=Color-Scheme content=dark></head><body style='color:#fff'><p id=t>text",
    ]

    private static let hidden = [
        typed + "<div style='font-size:0'><table><tr><td id=t>text</table>",
        typed + "<div style='color:white'><table><tr><td id=t>text</table>",
        looseType + "<div style='font-size:0'><table><tr><td id=t>text</table>",
        "<!DOCTYPE html SYSTEM 'about:legacy-compat'><div style='color:#fff'><table><tr><td id=t>text</table>",
        "<body text=white><table><tr><td id=t>text</table>",
        "<body style='color:#fff'><table><tr><td id=t>text</table>",
        "<table style='font-size:0'><tr><td id=t>text</table>", "<table><tr><td style='color:#fff' id=t>text</table>",
        "<table style='text-indent:-9999px'><tr><td id=t>text</table>",
        "<div style='visibility:hidden'><table><tr><td id=t>text</table>",
        "<div style='display:none'><table><tr><td id=t>text</table>",
        "<div style='font-size:0'><font size=x id=t>text</font>",
        "<div style='font-size:0'><basefont size=3><p id=t>text",
        "<div style='font-size:0'><p style='font-size:2em' id=t>text", "<p style='font-size:0rem' id=t>text",
        "<font color='white ' id=t>text</font>", "<font color='&#10;#FFF' id=t>text</font>",
        "<font color='ffffff' id=t>text</font>", "<font color='ff ff ff' id=t>text</font>",
        "<font color='#ffffffffffff' id=t>text</font>", "<font color='#ff0ff0ff0' id=t>text</font>",
        "<body bgcolor='#000' text=black id=t>text", "<table bgcolor=black><tr><td id=t>text</table>",
        "<div style='color:white'><math><mtext id=t>text</mtext></math>",
        "<div style='font-size:0'><svg><text y=15 id=t>text</text></svg>",
        "<div style='visibility:hidden'><svg><text y=15 id=t>text</text></svg>",
        "<div style='color:#fff'><svg><foreignObject width=99 height=50><p id=t>text</p></foreignObject></svg>",
        "<dialog open style='color:#fff' id=t>text</dialog>",
        "<p style='font:0 &quot;a&quot;,&quot;b c&quot;,d e' id=t>text", "<p style='font:0 -a' id=t>text",
        "<style>@namespace x 'x';.a{display:none}</style><p class=a id=t>text",
        "<style>.a{display:none}</style><style>@namespace 'x';</style><p class=a id=t>text",
        "<html style='color-scheme:light dark'><body style='color:#fff'><p id=t>text",
        "<div style='color-scheme:dark'><p style='color:#fff' id=t>text",
        "<style>body{color-scheme:dark}</style><p style='color:#fff' id=t>text",
        "<meta name=color-scheme content='light dark'><p style='color:#fff' id=t>text",
        "<meta name=description content=dark><p style='color:#fff' id=t>text",
    ]

    @Test(arguments: shown) func shows(_ html: String) { #expect(!textIsHidden(html)) }

    @Test(arguments: hidden) func hides(_ html: String) { #expect(textIsHidden(html)) }

    /// In pages without a type browsers give a table the colour of the page, other readers that of what is around: it is known where
    /// these are one.
    @Test func coloursOfTables() {
        #expect(textIsHidden("<body text=white><div><table><td>text"))
        #expect(!textIsHidden("<body text=white><div style='color:#000'><table><td>text"))
        #expect(!textIsHidden("<div><body text=white><table><td>text"))
    }

    /// A page in an attribute has a type of its own, that of new pages.
    @Test func pagesInAttributes() {
        #expect(
            HTMLText.read(Array("<iframe srcdoc=\"<p style='font-size:1'>text\">".utf8).span).visible
                == Array("text".utf8))
        let table = "<iframe srcdoc=\"<p style='color:#fff'><table><td>text\">"
        #expect(HTMLText.read(Array(table.utf8).span).visible == Array("text".utf8))
        let block = "<iframe srcdoc=\"<div style='color:#fff'><table><td>text\">"
        #expect(HTMLText.read(Array(block.utf8).span).hidden == Array("text".utf8))
    }

    // MARK: a browser

    /// Writes each page into a frame of its own and asks how the text is drawn.
    private static let page = """
        <!DOCTYPE html><pre id=out></pre><script>
        function shows(html) {
          const frame = document.body.appendChild(document.createElement('iframe'));
          const page = frame.contentDocument;
          page.open(); page.write(html); page.close();
          const text = page.getElementById('t'), view = frame.contentWindow, style = view.getComputedStyle(text);
          const rgb = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
          page.documentElement.style.outlineColor = 'Canvas';
          let back = rgb(view.getComputedStyle(page.documentElement).outlineColor), outer = text, isCut = false;
          const fixed = style.position != 'static';
          for (; outer; outer = outer.parentElement) {
            const own = view.getComputedStyle(outer), paint = rgb(own.backgroundColor);
            if (own.display == 'none') return 0;
            if (!fixed && own.overflow == 'hidden' && outer.tagName == 'DIV' && outer.clientHeight < 3) isCut = true;
            if (paint[3] !== 0) { back = paint; break }
          }
          const inDrawing = text.ownerSVGElement != null;
          const front = rgb(inDrawing ? style.fill : style.webkitTextFillColor);
          const differs = front[3] !== 0 && front.some((value, place) => place < 3 && Math.abs(value - back[place]) > 8);
          return differs && !isCut && parseFloat(style.fontSize) > 2.7 && style.visibility == 'visible'
            && (inDrawing || parseFloat(style.textIndent) > -100)
            && !(parseFloat(style.letterSpacing) < -5) ? 1 : 0 }
        document.getElementById('out').textContent = PAGES.map(shows).join(' ')
        </script>
        """

    @Test(.enabled(if: Chromium.isInstalled, "needs chromium"))
    func agreesWithChromium() throws {
        let pages = Self.shown + Self.hidden
        let list = String(decoding: try JSONEncoder().encode(pages), as: UTF8.self)
            .replacingOccurrences(of: "</", with: "<\\/")
        let answers = try Chromium.numbers(Self.page.replacingOccurrences(of: "PAGES", with: list))
        try #require(answers.count == pages.count)
        for (page, answer) in zip(pages, answers) {
            #expect((answer == 1) == Self.shown.contains(page), "\(page)")
        }
    }
}
