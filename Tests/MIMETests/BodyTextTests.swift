@testable import MIME
import MailModel
import Testing

/// Which parts are the texts that people see first, and what speaks against changing them.
@Suite struct BodyTextTests {
    private static func texts(_ message: String) -> BodyTexts {
        let octets = Array(message.replacing("\n", with: "\r\n").utf8)
        return BodyTexts(MIMEReader.read(octets.span, limits: MIMELimits()), octets.span)
    }

    /// Paths of the texts, or the obstacle.
    private static func summary(_ message: String) -> String {
        let octets = Array(message.replacing("\n", with: "\r\n").utf8)
        let tree = MIMEReader.read(octets.span, limits: MIMELimits())
        let texts = BodyTexts(tree, octets.span)
        if let obstacle = texts.obstacle {
            return texts.texts.isEmpty ? obstacle.rawValue : "both"
        }
        return texts.texts.map { "\(tree.parts[$0.part].path) \($0.form.rawValue)" }.joined(separator: ", ")
    }

    private static func multipart(_ subtype: String, _ boundary: String, _ parts: [String]) -> String {
        "Content-Type: multipart/\(subtype); boundary=\(boundary)\n\n"
            + parts.map { "--\(boundary)\n\($0)\n" }.joined() + "--\(boundary)--\n"
    }

    private static let plain = "Content-Type: text/plain\n\ntext\n"
    private static let html = "Content-Type: text/html\n\n<p>text\n"
    private static let image = "Content-Type: image/png\n\nx\n"
    private static let attached = "Content-Type: text/plain\nContent-Disposition: ATTACHMENT\n\ntext\n"

    @Test(arguments: [
        ("Subject: x\n\ntext\n", "1 plain"),
        (plain, "1 plain"), (html, "1 html"), (image, "no-text"),
        ("Content-Type: text/enriched\n\ntext\n", "no-text"),
        (multipart("mixed", "a", [plain, image]), "1.1 plain"),
        (multipart("mixed", "a", [image, plain]), "1.2 plain"),
        (multipart("mixed", "a", [attached, plain]), "1.2 plain"),
        (multipart("mixed", "a", [plain, html]), "1.1 plain"),
        (multipart("alternative", "a", [plain, html]), "1.1 plain, 1.2 html"),
        (multipart("alternative", "a", [html, plain]), "1.1 html, 1.2 plain"),
        (multipart("alternative", "a", [plain, plain, html, html]), "1.1 plain, 1.3 html"),
        (multipart("mixed", "a", [multipart("alternative", "b", [plain, html]), html]), "1.1.1 plain, 1.1.2 html"),
        (
            multipart("alternative", "a", [plain, multipart("related", "b", [html, image])]),
            "1.1 plain, 1.2.1 html"
        ),
        (multipart("mixed", "a", [plain, multipart("alternative", "b", [plain, html])]), "1.1 plain"),
        (multipart("mixed", "a", ["Content-Type: message/rfc822\n\n\(html)", plain]), "1.2 plain"),
        (multipart("mixed", "a", ["Content-Type: text/plain; name=a.txt\n\ntext\n", html]), "1.2 html"),
        (
            multipart(
                "mixed", "a", ["Content-Type: text/plain\nContent-Disposition: inline; filename=a\n\nx\n", html]),
            "1.2 html"
        ),
        ("Content-Type: text/plain\nContent-Disposition: inline\n\nx\n", "1 plain"),
    ])
    func whatIsShownFirst(_ message: String, _ expected: String) {
        #expect(Self.summary(message) == expected, "\(message)")
    }

    @Test(arguments: [
        ("multipart/signed; boundary=a", "signed"), ("multipart/encrypted; boundary=a", "encrypted"),
        ("multipart/report; boundary=a", "report"), ("application/pkcs7-mime", "signed"),
        ("application/x-pkcs7-mime; smime-type=enveloped-data", "signed"), ("message/partial; id=a", "partial"),
        ("text/calendar; method=REPLY", "calendar"), ("message/delivery-status", "report"),
        ("application/pgp-signature", "signed"), ("application/pgp-encrypted", "encrypted"),
    ])
    func whatIsLeftAlone(_ type: String, _ expected: String) {
        let body = type.hasPrefix("multipart/") ? "--a\n\(Self.plain)\n--a--\n" : "x\n"
        #expect(Self.summary("Content-Type: \(type)\n\n\(body)") == expected)
        // Beside a text, too, but not within an attached message.
        let part = "Content-Type: \(type)\n\n\(body)"
        #expect(Self.summary(Self.multipart("mixed", "out", [Self.plain, part])) == expected)
        let within = "Content-Type: message/rfc822\n\n\(part)"
        let expected = type.hasPrefix("message/partial") ? "ambiguous" : "1.1 plain"
        #expect(Self.summary(Self.multipart("mixed", "out", [Self.plain, within])) == expected)
    }

    /// All texts that are shown: what was added may be a part of its own.
    @Test func allTexts() {
        let parts = [
            Self.plain, Self.attached, Self.html, Self.image, "Content-Type: message/rfc822\n\n\(Self.plain)",
            Self.plain,
        ]
        let texts = Self.texts(Self.multipart("mixed", "a", parts))
        #expect(texts.texts.count == 1 && texts.shown.map(\.form) == [.plain, .html, .plain])
    }

    @Test func whatCanBeTakenApartInOtherWaysIsLeftAlone() {
        let message = "Content-Type: multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b\n\n"
        #expect(Self.summary(message + "--a\n\(Self.plain)\n--b\n\(Self.html)\n--a--\n--b--\n") == "ambiguous")
    }

    @Test func flowedText() {
        let text = Self.texts("Content-Type: text/plain; format=Flowed; DelSp=\"yes\"\n\ntext\n").texts.first
        #expect(text?.isFlowed == true)
        let other = Self.texts("Content-Type: text/plain; format=fixed\n\ntext\n").texts.first
        #expect(other?.isFlowed == false)
    }
}
