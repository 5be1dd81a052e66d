import MIME
import Testing

/// Plain text that some readers show as HTML.
@Suite struct HTMLBeginningTests {
    private static func isThere(_ text: String) -> Bool { HTMLBeginning.isThere(Array(text.utf8).span) }

    @Test(
        arguments: [
            "<html>", "<HTML lang=de>", " \r\n\t<!DOCTYPE html>", "<head>", "<body", "<script>", "<iframe src=x>",
            "<table>",
            "<style>", "<div>", "<h1>", "<a href=x>", "<p>", "<img src=x>", "<!-- x --><html>", "<!--x",
            "<?xml version=1?><html>",
            "\u{FEFF}<p>", "<b>", "<br/>", "<svg/onload=x>",
        ])
    func html(_ text: String) { #expect(Self.isThere(text), "\(text)") }

    @Test(
        arguments: [
            "", "<", "text", "a <p>", "<http://example.com/>", "<abc>", "<pre", "<buy>", "<user@example.org> wrote:",
            "< p>", "<3",
            "<i-->",
        ])
    func text(_ text: String) { #expect(!Self.isThere(text), "\(text)") }

    /// Blanks up to a limit.
    @Test func limit() {
        for (count, isThere) in [(1445, true), (1446, false)] {
            let text = String(repeating: " ", count: count) + "<p>"
            #expect(Self.isThere(text) == isThere)
        }
    }
}
