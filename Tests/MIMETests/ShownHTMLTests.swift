import Foundation
import MIME
import MailModel
import Testing

/// Which HTML people may see when they open a message.
@Suite struct ShownHTMLTests {
    private static let attached = "Content-Disposition: attachment; filename=a.html\n"

    private static func html(_ fields: String = "") -> String { "Content-Type: text/html\n\(fields)\n<p>\n" }

    private static func multipart(_ subtype: String, _ parts: [String]) -> String {
        "Content-Type: multipart/\(subtype); boundary=b\n\n" + parts.map { "--b\n\($0)" }.joined() + "--b--\n"
    }

    private static func attachedMessage(_ fields: String, _ message: String) -> String {
        "Content-Type: message/rfc822\n\(fields)\n\(message)"
    }

    /// The paths of its parts that are HTML and shown.
    private static func shown(_ message: String) -> [String] {
        let bytes = Array(message.replacing("\n", with: "\r\n").utf8)
        let tree = MIMEReader.read(bytes.span, limits: MIMELimits())
        let shown = ShownHTML(tree, bytes.span)
        return tree.parts.indices.filter {
            ShownHTML.isHTML(tree.parts[$0].mediaType) && shown.isShown($0, tree, bytes.span)
        }.map { tree.parts[$0].path }
    }

    private static let text = "Content-Type: text/plain\n\nx\n"

    @Test(
        arguments: [
            // Attachments: behind the first part of a multipart that holds several things, and plainly so.
            (multipart("mixed", [text, html(attached)]), []),
            (multipart("x-other", [text, html(attached)]), []),
            (multipart("mixed", [text, html("Content-Disposition:\n ATTACHMENT\n")]), []),
            (multipart("mixed", [html(), html(attached)]), ["1.1"]),
            // Shown whatever they say.
            (html(attached), ["1"]),
            (multipart("mixed", [html(attached), text]), ["1.1"]),
            ("Content-Type: multipart/mixed; boundary=b\n\npreamble\n--b\n\(html(attached))--b--\n", ["1.1"]),
            (multipart("alternative", [text, html(attached)]), ["1.2"]),
            (multipart("related", [text, html(attached)]), ["1.2"]),
            // Not plainly.
            (multipart("mixed", [text, html("Content-Disposition: (c) attachment\n")]), ["1.2"]),
            (multipart("mixed", [text, html(attached + "Content-Disposition: inline\n")]), ["1.2"]),
            (multipart("mixed", [text, html("Content-Disposition: attachments\n")]), ["1.2"]),
            (multipart("mixed", [text, html("Content-Disposition: inline; filename=a.html\n")]), ["1.2"]),
            // Messages, which are attachments where they say so plainly.
            (multipart("mixed", [text, attachedMessage("", html())]), ["1.2.1"]),
            (multipart("mixed", [text, attachedMessage(attached, html())]), []),
            (multipart("mixed", [text, attachedMessage(attached, attachedMessage("", html()))]), []),
            (multipart("mixed", [text, attachedMessage("", html(attached))]), ["1.2.1"]),
            (multipart("mixed", [text, attachedMessage("Content-Disposition: inline\n", html())]), ["1.2.1"]),
            (attachedMessage("", html()), ["1.1"]),
            (attachedMessage("", attachedMessage("", html())), ["1.1.1"]),
            (attachedMessage("Content-Disposition: attachment\n", html()), ["1.1"]),
            // All that there is to see.
            (multipart("mixed", [attachedMessage("Content-Disposition: attachment\n", html())]), ["1.1.1"]),
            (
                multipart(
                    "mixed",
                    [
                        "Content-Type: text/plain\n\n \n\n", attachedMessage(attached, html()),
                        attachedMessage(attached, html()),
                    ]
                ), ["1.2.1"]
            ),
            (multipart("alternative", [text, attachedMessage("", html())]), ["1.2.1"]),
            (multipart("related", [text, attachedMessage("", html())]), ["1.2.1"]),
            (multipart("digest", [attachedMessage("", html()), attachedMessage("", html())]), ["1.1.1", "1.2.1"]),
            (
                multipart(
                    "mixed",
                    [
                        text,
                        attachedMessage(
                            attached,
                            multipart("related", [html()]).replacing("=b", with: "=c").replacing("--b", with: "--c")
                        ),
                    ]), []
            ),
        ] as [(String, [String])])
    func parts(_ message: String, _ wanted: [String]) {
        #expect(Self.shown("From: a@b\nMIME-Version: 1.0\n" + message) == wanted, "\(message)")
    }

    private static func doubt(_ message: String, parts: Int = 100) -> HTMLCleaning.Obstacle? {
        let bytes = Array("From: a@b\nMIME-Version: 1.0\n\(message)".replacing("\n", with: "\r\n").utf8)
        return ShownHTML.doubt(MIMEReader.read(bytes.span, limits: MIMELimits(parts: parts)))
    }

    @Test func whatIsNotKnown() {
        let three = Self.multipart("mixed", [Self.text, Self.text])
        #expect(Self.doubt(three, parts: 3) == nil)
        #expect(Self.doubt(three, parts: 2) == .overLimits)
        #expect(Self.doubt("Content-Type: text/plain\nContent-Type: text/html\n\nx\n") == .ambiguous)
    }
}
