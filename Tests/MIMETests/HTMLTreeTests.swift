import MIME
import Testing

/// Which element text stands in, and which elements end a line: as browsers build the tree.
@Suite struct HTMLTreeTests {
    private static func visible(_ html: String) -> String {
        String(decoding: HTMLText.read(Array(html.utf8).span).visible, as: UTF8.self)
    }

    private static let gone = "style='display:none'"

    /// As Chromium builds the tree of each.
    private static let alsoShown = [
        "<select \(gone)><option>x<input>text",
        "<select \(gone)><option>x<select>text",
        "<b \(gone)>x<p>y</b>text</p>",
        "<i \(gone)>x<div>y</i>text</div>",
        "<a \(gone)>x<p>y<a>text</a>",
        "<a \(gone)>x<div>y</a>text</div>",
        "<nobr \(gone)>x<p>y<nobr>text",
        "<form \(gone)>x<form>y</form>text",
        "<form \(gone)><div>x</form>y</div>text",
        "<li \(gone)><p>x<li>text",
        "<li \(gone)><div>x<li>text",
        "<dl><dt \(gone)><p>x<dd>text",
        "<dl><dt \(gone)><div>x<dd>text",
        "<h1 \(gone)>x</h2>text",
        "<h1 \(gone)>x<b>y</h2>text",
        "<table \(gone)><table><td>text</table>",
        "<table \(gone)><tr><table><td>text</table>",
        "<table><caption \(gone)>x<tr><td>text</table>",
        "<table><caption \(gone)>x<td>text</table>",
        "<table><caption \(gone)>x<tbody><td>text</table>",
        "<table><caption \(gone)>x<caption>text</table>",
        "<table><colgroup \(gone)><tr><td>text</table>",
        "<table><colgroup \(gone)><col><caption>text</table>",
        "<table><td \(gone)>x<caption>text</table>",
        "<table><td \(gone)>x<colgroup>text</table>",
        "<table><td \(gone)>x<col>text</table>",
        "<table \(gone)><colgroup>text</table>",
        "<html><head \(gone)>text",
        "<html><head \(gone)><div>text</div>",
        "<html><head \(gone)><title>a</title><body>text",
        "<body><head \(gone)>text",
        "<colgroup \(gone)>text",
        "<body style=\"display:block\"><body \(gone)>text",
        "<svg \(gone)><p>text",
        "<svg \(gone)><g><div>text",
        "<math \(gone)><p>text",
        "<svg \(gone)><font color=red>text",
        "<svg \(gone)/>text",
        "<math \(gone)/>text",
        "<svg><g \(gone)/><text>text</text></svg>",
        "<svg \(gone)><p>x</svg>text",
        "<svg \(gone)></p>text",
        "<svg \(gone)></br>text",
        "<ruby><rt \(gone)>x<rt>text</ruby>",
        "<ruby><rp \(gone)>x<rt>text</ruby>",
        "<option \(gone)>x<optgroup>text",
        "<template><div></template>text",
        "<template><table></template>text",
        "<button \(gone)><div>x</button>text",
        "<object \(gone)><div>x</object>text",
        "<marquee \(gone)><div>x</marquee>text",
        "<select \(gone)><div>x</select>text",
        "<noscript \(gone)><div>x</noscript>text",
        "<div style=\"color:#fff\"><p><font color=black>x</p>text</div>",
        "<div style=\"color:#fff\"><p><font color=black>x</p><p>text</p></div>",
        "<div style=\"font-size:0\"><div><i style=\"font-size:16px\">x</div>text</div>",
        "<!DOCTYPE html><p \(gone)>x<table><td>text</table>",
        "<li \(gone)><ul><li>x</ul></li>text",
        "<li \(gone)><div>x</li>text",
        "<b \(gone)><span>x</b>text",
        "<b \(gone)><i>x</b>text",
        "<table><td \(gone)><div>x</table>text",
        "<table><td><div \(gone)>x<td>text",
        "<table><td><div \(gone)>x</td>text",
        "<table><td><div \(gone)>x<tr>text",
        "<table><td><div \(gone)>x</tr>text",
        "<table><td><b \(gone)>x</table>text",
        "<table><b \(gone)><td>text",
        "<table><div \(gone)><td>text",
        "<table><div \(gone)>x<tr><td>text",
        "<table><form \(gone)><td>text",
        "<table><form \(gone)>text",
        "<table><input \(gone)>text",
        "<table><select \(gone)><td>text",
        "<table><td><select \(gone)><td>text",
        "<table><td><select \(gone)><tr><td>text",
        "<listing \(gone)><div>x</listing>text",
        "<b \(gone)><p>x</b></p>text",
        "<b \(gone)><p>x</p></b>text",
        "<b \(gone)><p><i>x</b>text</i></p>",
        "<font \(gone)><center>x</font>text</center>",
        "<strong \(gone)><div><div>x</strong>text</div></div>",
        "<h1 \(gone)><h1>text",
        "<h1 \(gone)><p>x</h2>text",
        "<svg hidden/>text",
        "<svg \(gone) />text",
        "<div style=\"visibility:hidden\"><p><b style=\"visibility:visible\">x</p>text</div>",
        "<div style=\"visibility:hidden\"><b><i style=\"visibility:visible\">x</b>text</div>",
        "<div style=\"visibility:hidden\"><span style=\"visibility:visible\">x<p>y</span>text</div>",
        "<div style=\"visibility:hidden\"><form style=\"visibility:visible\"><div>x</form>text</div></div>",
    ]

    private static let alsoHidden = [
        "<span \(gone)>x<p>y</span>text",
        "<select \(gone)><option>x<textarea>text</textarea>",
        "<svg \(gone)><font>text",
        "<svg \(gone)><foreignObject><p>text",
        "<p \(gone)>x<table><td>text</table>",
        "<p \(gone)>x<table><td>y</table>text",
        "<p \(gone)>x</div>text",
        "<ul \(gone)><li><div>x</li>text",
        "<li \(gone)><ul><li>x</ul>text",
        "<span \(gone)><table><td>x</span>y</table>text",
        "<table><span \(gone)>text",
        "<select \(gone)><table><td>text",
        "<div \(gone)></body>text",
        "<div \(gone)></html>text",
        "<address \(gone)><p>x<address>text",
        "<b \(gone)><b>x</b>text",
        "<sub \(gone)><div>x</sub>text</div>",
        "<label \(gone)><div>x</label>text</div>",
        "<h1 \(gone)><div>x<h2>text",
        "<a \(gone)><table><td><a>text</table>",
        "<select \(gone)><option>x</div>text",
        "<select \(gone)><hr>text",
        "<select \(gone)><button>text",
    ]

    @Test(arguments: alsoShown) func showsMore(_ html: String) {
        #expect(Self.visible(html).contains("text"), "\(html)")
    }

    @Test(arguments: alsoHidden) func hidesMore(_ html: String) {
        #expect(!Self.visible(html).contains("text"), "\(html)")
    }

    @Test(arguments: [
        // Tags that close what is open.
        "<dl><dt \(gone)>x<dd>text</dl>", "<dl><dd \(gone)>x<dt>text</dl>", "<h1 \(gone)>x<h2>text</h2>",
        "<a \(gone)>x<a>text</a>", "<button \(gone)>x<button>text</button>", "<nobr \(gone)>x<nobr>text</nobr>",
        "<p \(gone)>x<hr>text", "<button \(gone)><p>x<button>text",
        // What stands in a table outside of its cells is put before it.
        "<table \(gone)>text<tr><td>x</table>", "<table \(gone)><div>text</div><tr><td>x</table>",
        "<table \(gone)><tr><td>x</td><b>text</b></table>", "<table \(gone)><tr><td>x</td>text</table>",
        // Parts of a table without one are passed over.
        "<td \(gone)>text</td>", "<tr \(gone)><td \(gone)>text", "<tbody \(gone)>text",
    ])
    func shown(_ html: String) { #expect(Self.visible(html) == "text", "\(html)") }

    @Test(arguments: [
        "<h1 \(gone)>x<b><h2>text</h2></b></h1>", "<div \(gone)><a>x<a>text</a></a></div>",
        "<table \(gone)><tr><td>x<td><div>text</div></table>", "<table \(gone)><caption>text</caption></table>",
        "<div \(gone)><table><div>text</div></table></div>", "<a><p \(gone)>x<a>text</a>",
        "<button \(gone)><table><td><button>text</button></table></button>",
    ])
    func hidden(_ html: String) { #expect(Self.visible(html) == "", "\(html)") }

    /// Words that elements without a line of their own cut apart are whole to a person.
    @Test(arguments: [
        "te<div style='display:inline'></div>xt", "te<p style='display:inline'>xt",
        "te<div \(gone)>x</div>xt", "te<div hidden></div>xt", "te<div style='float:left'></div>xt",
        "te<div style='position:absolute'></div>xt", "te<div style='display:inline-block'></div>xt",
        "<style>div{display:inline}</style>te<div></div>xt",
    ])
    func whole(_ html: String) { #expect(Self.visible(html) == "text", "\(html)") }

    @Test(arguments: [
        "te<div></div>xt", "te<span style='display:block'></span>xt", "te<div style='visibility:hidden'>x</div>xt",
        "te<div style='display:inline'><p></p></div>xt",
    ])
    func cut(_ html: String) { #expect(Self.visible(html) == "te\nxt", "\(html)") }

    @Test(arguments: [
        ("word<p hidden>x</p>", false), ("word<p hidden>x</p> more", false), ("word<p hidden>x</p>s", true),
        ("word<b hidden>x</b>", true), ("<p>word</p><b hidden>x</b>", false), ("word<p hidden>x</p><p>more", false),
    ])
    func hidesWithinWord(_ html: String, _ isNoted: Bool) {
        #expect(HTMLText.read(Array(html.utf8).span).notes.contains(.hidesWithinWord) == isNoted, "\(html)")
    }
}
