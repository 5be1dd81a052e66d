import Foundation
import TestSupport
import Testing

/// `sanitize_html` where HTML is hidden from it, where it cannot be done, and beside other changes of the same message.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct SanitizeReachTests {
    private static let version = SanitizeTests.version
    private static let html = "<p onclick=a>Hello <img src=\"http://t.example/p.gif\"><script>x</script>\n"
    private static let clean = "<p x-onclick=a>Hello <img x-src=\"http://t.example/p.gif\"><!---->\n"
    private static let all = "scripts+forms+frames+remote"

    private static func part(_ type: String, _ octets: [UInt8]) -> String {
        "Content-Type: \(type)\nContent-Transfer-Encoding: base64\n\n\(Data(octets).base64EncodedString())\n"
    }

    private static func multipart(_ subtype: String, _ parts: [String]) -> String {
        "Content-Type: multipart/\(subtype); boundary=b\n\n" + parts.map { "--b\n\($0)\n" }.joined() + "--b--\n"
    }

    private static let plain = "Content-Type: text/plain\n\nHello\n"
    private static let attached = "Content-Type: text/html\nContent-Disposition: attachment\n\n"

    /// `<p title="\u{81}" x='"><img src=x onerror=y>'>`: in some readers the first quote is half a letter.
    private static let half = Array("<p title=\"".utf8) + [0x81] + Array("\" x='\"><img src=x onerror=y>'>\n".utf8)

    private static func signed(_ html: String) throws -> String {
        let scratch = try Scratch(.disk)
        let content = try scratch.write("in", "Content-Type: text/html\r\n\r\n\(html)")
        let (key, certificate) = ("\(scratch.path)/key", "\(scratch.path)/certificate")
        let made = try runTool(
            "/usr/bin/openssl",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=a"])
        try #require(made.status == 0, "\(made)")
        let run = try runTool(
            "/usr/bin/openssl",
            ["smime", "-sign", "-nodetach", "-outform", "DER", "-in", content, "-signer", certificate, "-inkey", key])
        try #require(run.status == 0, "\(run)")
        return part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", run.output)
    }

    private static func little(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(value >> (8 * $0) & 255) }
    }

    /// A stream of TNEF ([MS-OXTNEF]) with the property of a body.
    private static func winmail(_ body: [UInt8], property: Int = 0x1013_0102) -> [UInt8] {
        var properties = little(1, 4) + little(property, 4) + little(1, 4) + little(body.count, 4) + body
        while properties.count % 4 != 0 { properties.append(0) }
        let sum = properties.reduce(0) { ($0 + Int($1)) & 0xFFFF }
        return little(0x223E_9F78, 4) + little(1, 2) + [1] + little(0x0006_9003, 4) + little(properties.count, 4)
            + properties
            + little(sum, 2)
    }

    /// The same with HTML in Rich Text that is stored as it is ([MS-OXRTFCP] section 2.1.3.1).
    private static func winmail(rich html: String, size: Int? = nil) -> [UInt8] {
        let text = Array("{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 \(html)}}".utf8)
        let head = little(text.count + 12, 4) + little(size ?? text.count, 4) + little(0x414C_454D, 4) + little(0, 4)
        return winmail(head + text, property: 0x1009_0102)
    }

    /// What cannot be cleaned is within another message, and the log says why; what has nothing to go passes.
    @Test func whatIsHidden() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try SanitizeTests.gateway(hop)
            let ebcdic: [UInt8] = [0x4C, 0xA2, 0x83, 0x99, 0x89, 0x97, 0xA3, 0x6E]
            let filler = String(repeating: String(repeating: "<p>filler</p>", count: 70) + "\n", count: 5000)
            var rows = [
                (Self.part("text/html; charset=ibm037", ebcdic), "charset"),
                ("Content-Type: text/html; charset=x-foo\n\n\(filler)\(Self.html)", "charset"),
                ("Content-Type: text/html; charset=iso-2022-jp\n\n\(filler)\(Self.html)", "over-limits"),
                (Self.part("text/html", Array("<meta charset=utf-7>+ADw-script+AD4-x\n".utf8)), "charset"),
                ("Content-Type: text/html; charset=utf-8; charset=utf-7\n\n+ADw-script+AD4-x\n", "charset"),
                (try Self.signed(Self.html), "signed"),
                (Self.part("application/ms-tnef; name=winmail.dat", Self.winmail(Array(Self.html.utf8))), "tnef"),
                (
                    Self.part("application/ms-tnef; name=winmail.dat", Self.winmail(rich: "<p \\'6fnclick=a>")), "tnef"
                ),
                (
                    Self.part(
                        "application/ms-tnef; name=winmail.dat", Self.winmail(rich: "{\\uc90 }\\u60?p onclick=a>")),
                    "tnef"
                ),
                (
                    Self.part("application/ms-tnef; name=winmail.dat", Array(Self.winmail(rich: "<p>").dropLast(9))),
                    "tnef"
                ),
                (
                    Self.multipart(
                        "mixed",
                        [
                            Self.plain,
                            "Content-Type: message/rfc822\n\n"
                                + Self.part(
                                    "application/ms-tnef; name=winmail.dat", Self.winmail(Array(Self.html.utf8))),
                        ]), "tnef"
                ),
                ("Content-Type: text/plain\nContent-Type: text/html\n\n<p>\n", "ambiguous"),
                ("Content-Type: text/plain\n\n<html>\n\(Self.html)", "ambiguous"),
                ("Content-Type: text/x-html\n\n\(Self.html)", "ambiguous"),
                ("Content-Type: multipart/mixed\n\n\(Self.html)", "ambiguous"),
                ("Content-Type: multipart/mixed; boundary=\"\"\n\n\(Self.html)", "ambiguous"),
                ("Content-Type: multipart/mixed; boundary=none\n\n\(Self.html)", "ambiguous"),
                ("Content-Type: text/html; charset=utf-16\n\n\(Self.html.filter(\.isASCII))", "charset"),
            ]
            for charset in ["shift_jis", "gbk", "big5", "euc-kr", "gb18030"] {
                rows.append((Self.part("text/html; charset=\(charset)", Self.half), "charset"))
            }
            for (index, row) in rows.enumerated() {
                let got = try #require(try SanitizeTests.sent(Self.version + row.0, gateway, hop)["r@example.net"])
                let line = try gateway.awaitMessageLines(index + 1)[index]
                #expect(line.contains("sanitized: \(Self.all) (not done: \(row.1))"), "\(line)")
                #expect(got.contains("Content-Type: message/rfc822\n") && got.contains(Self.version + row.0), "\(line)")
            }
            let harmless = [
                "Content-Type: text/html; charset=x-foo\n\n<p>Hello\n", try Self.signed("<p>Hello</p>\r\n"),
                Self.part("application/ms-tnef; name=winmail.dat", Self.winmail(Array("<p>Hello".utf8))),
                Self.part("application/ms-tnef; name=winmail.dat", Self.winmail(rich: "<p>Hello")),
                Self.part("text/html; charset=gbk", [0x81, 0x40]),
                Self.multipart("mixed", [Self.plain, Self.attached + Self.html]),
                Self.multipart(
                    "mixed",
                    [
                        Self.plain,
                        "Content-Type: message/rfc822\nContent-Disposition: attachment\n\n"
                            + Self.part(
                                "application/ms-tnef; name=winmail.dat", Self.winmail(Array(Self.html.utf8))),
                    ]),
            ]
            for body in harmless {
                #expect(
                    try SanitizeTests.sent(Self.version + body, gateway, hop)["r@example.net"] == Self.version + body)
            }
        }
    }

    /// Parts beyond what is read: nobody knows what they are.
    @Test func whatIsNotRead() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try SanitizeTests.configuration(hop)
            configuration.settings["limits.mime_parts"] = "3"
            let gateway = try GatewayProcess(configuration)
            let rows = [
                (Self.multipart("mixed", [Self.plain, Self.plain]), "(none)"),
                (Self.multipart("mixed", [Self.plain, Self.plain, Self.attached + Self.html]), "over-limits"),
            ]
            for (index, row) in rows.enumerated() {
                let got = try #require(try SanitizeTests.sent(Self.version + row.0, gateway, hop)["r@example.net"])
                let line = try gateway.awaitMessageLines(index + 1)[index]
                #expect(line.contains("sanitized: \(Self.all) (not done: \(row.1))") == (index == 1), "\(line)")
                #expect(got.contains("Content-Type: message/rfc822\n") == (index == 1), "\(line)")
            }
        }
    }

    /// Parts that readers show though they say that they are attachments; AMP; a boundary that ends in hyphens.
    @Test func whatIsShown() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try SanitizeTests.gateway(hop)
            let bodies = [
                "Content-Type: text/html\n\nBEGIN:VCARD\n\(Self.html)",
                Self.attached + Self.html, Self.multipart("mixed", [Self.attached + Self.html, Self.plain]),
                Self.multipart("alternative", [Self.plain, Self.attached + Self.html]),
                Self.multipart("related", [Self.plain, Self.attached + Self.html]),
                Self.multipart(
                    "mixed", [Self.plain, Self.attached.replacing(" attachment", with: " (c) attachment") + Self.html]),
                Self.multipart(
                    "alternative",
                    [
                        Self.plain, "Content-Type: text/x-amp-html\n\n<!doctype html><html amp4email>\(Self.html)",
                        Self.plain,
                    ]),
                Self.multipart("mixed", [Self.plain, "Content-Type: text/html\n\n\(Self.html)"]).replacing(
                    "--b", with: "--b--"
                )
                .replacing("=b", with: "=\"b--\""),
                Self.multipart(
                    "mixed",
                    [
                        Self.plain,
                        "Content-Type: message/rfc822\nContent-Disposition: inline\n\n"
                            + Self.multipart("mixed", ["Content-Type: text/html\n\n\(Self.html)"]).replacing(
                                "=b", with: "=c"
                            )
                            .replacing("--b", with: "--c"),
                    ]),
                Self.multipart(
                    "mixed",
                    [
                        Self.plain,
                        "Content-Type: message/rfc822\n\nContent-Type: text/html\n\n\(Self.html)",
                    ]),
                Self.multipart(
                    "mixed", ["Content-Type: message/rfc822\n\nSubject: x\nContent-Type: text/html\n\n\(Self.html)"]),
                "Content-Type: message/rfc822\n\nMIME-Version: 1.0\nContent-Type: text/html\n\n\(Self.html)",
                "Content-Type: message/rfc822\n\nSubject: y\nContent-Type: message/rfc822\n"
                    + "Content-Disposition: inline\n\nContent-Type: text/html\n\n\(Self.html)",
            ]
            for (index, body) in bodies.enumerated() {
                let got = try SanitizeTests.sent(Self.version + body, gateway, hop)["r@example.net"]
                #expect(got == Self.version + body.replacing(Self.html, with: Self.clean), "\(body)")
                #expect(try gateway.awaitMessageLines(index + 1)[index].contains(", sanitized: \(Self.all) (3)"))
            }
        }
    }

    /// Banned files are taken out of what is within another message, too.
    @Test func stripped() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try SanitizeTests.gateway(
                hop, ["banned": "strip", "lovers": "[]"], recipients: "[{match: [pass.example], unsanitized: pass}]")
            let exe =
                "Content-Type: application/octet-stream; name=run.exe\nContent-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAA\n"
            let parts = "Content-Type: text/html; charset=x-nobody\n\n\(Self.html)"
            let message = Self.version + Self.multipart("mixed", [parts, exe])
            let got = try SanitizeTests.sent(message, to: ["r@example.net", "p@pass.example"], gateway, hop)
            let defanged = try #require(got["r@example.net"])
            #expect(defanged.contains("HTML that could not be made harmless: charset"), "\(defanged)")
            #expect(defanged.contains("The message is attached without its banned files."), "\(defanged)")
            #expect(defanged.contains("Content-Type: message/rfc822\n") && defanged.contains(Self.html))
            #expect(!defanged.contains("TVqQ") && defanged.contains("run.exe"))
            let passed = try #require(got["p@pass.example"])
            #expect(!passed.contains("message/rfc822") && passed.contains(Self.html) && !passed.contains("TVqQ"))
            // What can be done is done.
            let simple = Self.version + Self.multipart("mixed", ["Content-Type: text/html\n\n\(Self.html)", exe])
            let cleaned = try #require(try SanitizeTests.sent(simple, gateway, hop)["r@example.net"])
            #expect(cleaned.contains(Self.clean) && !cleaned.contains("TVqQ") && !cleaned.contains("message/rfc822"))
        }
    }

    /// A text under the message and a picture out of it.
    @Test func withADisclaimer() async throws {
        try await Lanes.run {
            let (hop, texts) = (try ScriptedNextHop(lmtp: false), try Scratch(.disk))
            _ = try texts.write("outside.txt", "This message is from outside, take care.\n")
            var configuration = try SanitizeTests.configuration(
                hop, ["disclaimer": "outside", "disclaimer_mail": "all"])
            configuration.settings["disclaimers.directory"] = texts.path
            let gateway = try GatewayProcess(configuration)
            let body = "<html><body>\n\(Self.html)</body></html>\n"
            let quoted = body.replacing("=", with: "=3D")
            let words = "<p>This message is from outside, take care.</p>\n"
            let rows = [
                ("Content-Type: text/html\n\n", body),
                ("Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n", quoted),
                (
                    "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n",
                    Data(crlf(body)).base64EncodedString() + "\n"
                ),
            ]
            for (index, row) in rows.enumerated() {
                let got = try #require(
                    try SanitizeTests.sent(Self.version + row.0 + row.1, gateway, hop)["r@example.net"])
                let text = got.components(separatedBy: "\n\n").dropFirst().joined(separator: "\n\n")
                let decoded =
                    index == 2
                    ? String(decoding: Data(base64Encoded: text.replacing("\n", with: "")) ?? Data(), as: UTF8.self)
                        .replacing("\r\n", with: "\n")
                    : text.replacing("=\n", with: "").replacing("=3D", with: "=")
                #expect(
                    decoded.filter { $0 != "\n" }
                        == "<html><body>\(Self.clean)\(words)</body></html>".filter { $0 != "\n" },
                    "\(got)")
                let line = try gateway.awaitMessageLines(index + 1)[index]
                #expect(
                    line.contains(", disclaimer: outside") && line.contains(", sanitized: \(Self.all) (3)"), "\(line)")
                #expect(!line.contains("not added"), "\(line)")
            }
            // Beside a plain text, which gets it as ever.
            let both = Self.version + Self.multipart("alternative", [Self.plain, rows[0].0 + rows[0].1])
            let got = try #require(try SanitizeTests.sent(both, gateway, hop)["r@example.net"])
            #expect(
                got.contains(Self.clean) && got.contains(words) && got.contains("Hello\n\nThis message is"), "\(got)")
        }
    }

    /// `explain` names the settings.
    @Test func settingsThatDecided() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try SanitizeTests.gateway(
                hop, recipients: "[{match: [example.net], sanitize_html: [remote]}]")
            _ = try SanitizeTests.sent(
                Self.version + "Content-Type: text/html; charset=x-nobody\n\n\(Self.html)", gateway, hop)
            let line = try gateway.awaitMessageLines(1)[0]
            let id = String(try #require(line.firstMatch(of: #/\((\d+-\d+)\) /#)?.1))
            var page = ""
            try poll("the event") {
                let result = try mailreeve("explain", "--config", gateway.configurationFile, id)
                page = result.text
                return result.status == 0
            }
            #expect(page.contains("setting     recipients[0].sanitize_html\n"), "\(page)")
            #expect(page.contains("setting     policies.default.unsanitized\n"), "\(page)")
        }
    }
}
