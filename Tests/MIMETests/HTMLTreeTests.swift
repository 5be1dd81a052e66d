import MIME
import Testing

/// Which element text stands in, and which elements end a line: as browsers build the tree.
@Suite struct HTMLTreeTests {
    private static func visible(_ html: String) -> String {
        String(decoding: HTMLText.read(Array(html.utf8).span).visible, as: UTF8.self)
    }

    private static let gone = "style='display:none'"

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
