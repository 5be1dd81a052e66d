import Foundation
import TestSupport
import Testing

/// `disclaimer`: a text under mail of our own users, as Python's email package reads the result.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct DisclaimerTests {
    private static let plain = "-- \nConfidential. Für Grüße € haftet die Beispiel GmbH nicht.\n-----\n  From here\n"
    private static let html = "<hr><p>Confidential. <b>F&#252;r</b> die Beispiel GmbH</p>\n"
    private static let ascii = "This message is confidential & meant for <you>.\n\nExample Ltd., London\n"
    private static let asciiHTML =
        "<p>This message is confidential &amp; meant for &lt;you&gt;.</p>\n<p>Example Ltd., London</p>\n"

    /// All is delivered, whatever it is.
    private static let lovers = "[infected, banned, rule, unchecked, spam, spammy, bad-header]"

    /// A gateway whose policy puts `company` under mail of `@corp.example`, and `short` under that of `s@corp.example`.
    private static func gateway(
        _ hop: ScriptedNextHop, _ texts: Scratch, _ policy: [String: String] = [:], recipients: String = "[]"
    ) throws -> GatewayProcess {
        for (name, text) in [
            ("company.txt", plain), ("company.html", html), ("short.txt", ascii),
            ("other.txt", "Other words of sixteen letters"),
        ] { _ = try texts.write(name, text) }
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        configuration.settings["disclaimers.directory"] = texts.path
        configuration.settings["banks"] =
            "[{name: OURS, senders: [corp.example], originating: yes}, "
            + "{name: SHORT, senders: [s@corp.example], disclaimer: short}]"
        configuration.settings["recipients"] = recipients
        configuration.policies["default"]?.merge(["add_received": "no", "disclaimer": "company", "lovers": lovers]) {
            $1
        }
        configuration.policies["default"]?.merge(policy) { $1 }
        return try GatewayProcess(configuration)
    }

    private static let fields = "From: a@corp.example\nTo: r@example.net\nSubject: x\nMessage-ID: <1@corp.example>\n"

    private static func message(_ type: String, _ encoding: String, _ body: [UInt8]) -> [UInt8] {
        let header = "\(fields)MIME-Version: 1.0\nContent-Type: \(type)\nContent-Transfer-Encoding: \(encoding)\n\n"
        return crlf(header) + body
    }

    private static func base64(_ octets: [UInt8], _ width: Int = 76) -> [UInt8] {
        var out: [UInt8] = []
        for (number, byte) in Data(octets).base64EncodedString().utf8.enumerated() {
            if number > 0, number % width == 0 { out += [0x0D, 0x0A] }
            out.append(byte)
        }
        return out + [0x0D, 0x0A]
    }

    private static func multipart(_ subtype: String, _ boundary: String, _ parts: [String]) -> String {
        "Content-Type: multipart/\(subtype); boundary=\"\(boundary)\"\n\npreamble\n"
            + parts.map { "--\(boundary)\n\($0)\n" }.joined() + "--\(boundary)--\n"
    }

    /// Messages, with the forms that get the text of `company` and of `short`; `+` is a part of its own.
    private static let messages: [(label: String, message: [UInt8], company: [String], short: [String])] = {
        let (plain, html) = (["text/plain"], ["text/html"])
        let own = ["+text/plain"]
        var all: [(label: String, message: [UInt8], company: [String], short: [String])] = [
            ("no MIME", crlf(fields + "\nHello\n"), plain, plain),
            ("no body", crlf(fields + "\n"), plain, plain),
            (
                "7bit", message("text/plain; charset=us-ascii", "7bit", crlf("Hello = \n.\n--b\nFrom \u{7F}\n")), plain,
                plain
            ),
            ("8bit of ASCII", message("text/plain; charset=utf-8", "8bit", crlf("Hello\n")), plain, plain),
            ("8bit", message("text/plain; charset=utf-8", "8bit", crlf("Hällo\n")), plain, plain),
            ("7bit in UTF-8", message("text/plain; charset=utf-8", "7bit", crlf("Hello\n")), plain, plain),
            (
                "quoted-printable of ASCII",
                message("text/plain; charset=us-ascii; reply-type=original", "quoted-printable", crlf("Hello\n")),
                plain, plain
            ),
            ("csUTF7", message("text/plain; charset=csUTF7", "7bit", crlf("gr+APwA3w-e\n")), own, own),
            ("DIN 66003", message("text/plain; charset=DIN_66003", "7bit", crlf("gr}~e\n")), own, own),
            (
                "with a digest",
                message(
                    "text/plain; charset=utf-8\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", "8bit", crlf("Hällo\n")),
                own, own
            ),
            (
                "flowed",
                message("text/plain; format=flowed; delsp=yes; charset=utf-8", "8bit", crlf("Hällo \nyou \n")),
                plain, plain
            ),
            (
                "flowed, ASCII",
                message("text/plain; format=flowed; charset=us-ascii", "7bit", crlf("Hello \nyou \n")), plain, plain
            ),
            (
                "quoted-printable",
                message("text/plain; charset=utf-8", "quoted-printable", crlf("H=C3=A4llo=\n you\n")),
                plain, plain
            ),
            (
                "soft break at the end",
                message("text/plain; charset=utf-8", "quoted-printable", crlf("H=C3=A4llo=\n")),
                plain, plain
            ),
            (
                "Windows-1252", message("text/plain; charset=windows-1252", "quoted-printable", crlf("H=E4llo\n")),
                plain, plain
            ),
            (
                "without the euro", message("text/plain; charset=iso-8859-1", "quoted-printable", crlf("H=E4llo\n")),
                plain, plain
            ),
            (
                "without the euro, 8bit",
                message("text/plain; charset=ISO-8859-1; format=flowed", "8bit", [0x48, 0xE4, 0x20, 0x0D, 0x0A]), plain,
                plain
            ),
            (
                "without the euro, base64",
                message("text/plain; charset=\"latin1\"", "base64", base64([0x48, 0xE4, 0x20, 0xE4])), plain, plain
            ),
            ("controls", message("text/plain; charset=iso-8859-1", "8bit", [0x93, 0xE4, 0x0D, 0x0A]), own, plain),
            ("visual Hebrew", message("text/plain; charset=iso-8859-8", "8bit", [0xE0, 0xE1, 0x0D, 0x0A]), own, plain),
            ("GBK", message("text/plain; charset=gbk", "8bit", [0xC4, 0xE3, 0x0D, 0x0A]), own, plain),
            ("KOI8-R", message("text/plain; charset=koi8-r", "8bit", [0xF0, 0xD2, 0x0D, 0x0A]), plain, plain),
            (
                "UTF-16", message("text/plain; charset=utf-16", "base64", base64([0xFF, 0xFE, 0x61, 0, 0x62, 0])),
                own, own
            ),
            (
                "ISO-2022-JP",
                message("text/plain; charset=iso-2022-jp", "7bit", Array("\u{1B}$B$\"\u{1B}(B\r\n".utf8)), own, own
            ),
            (
                "base64 with junk", message("text/plain; charset=utf-8", "base64", crlf("SGVs!!!bG8=\n")), own, own
            ),
            (
                "HTML", message("text/html; charset=utf-8", "7bit", crlf("<html><body><p>Hi</body></html>\n")), html,
                html
            ),
            (
                "HTML in quoted-printable",
                message(
                    "text/html", "quoted-printable", crlf("<html><body class=3D\"x\"><p>H=E4=\n</body>=\n</html>\n")),
                html, html
            ),
            (
                "unfinished HTML", message("text/html", "7bit", crlf("<html><body><p>Hi<style>\n")), ["+text/html"],
                ["+text/html"]
            ),
        ]
        for tag in [
            "div style=\"display:none\"", "div hidden", "font color=\"white\" size=\"1\"", "template", "select", "svg",
            "a href=\"http://example.net/\"",
        ] {
            for end in ["", "</body></html>"] {
                let document = crlf("<html><body><p>Hi</p><\(tag)>open\(end)\n")
                all.append(
                    (
                        "open <\(tag)>\(end)", message("text/html; charset=utf-8", "7bit", document), ["+text/html"],
                        ["+text/html"]
                    ))
            }
        }
        let letters = Array("Grüße an alle, die das lesen, in einer Zeile, die länger ist als andere".utf8)
        for count in letters.count - 3...letters.count {
            for width in [76, 4] {
                let text = letters.prefix(count)
                all.append(
                    (
                        "base64 of \(count), \(width)",
                        message("text/plain; charset=utf-8", "base64", base64(Array(text), width)), plain, plain
                    ))
                let document = Array("<body>".utf8) + text + Array("</body> ".utf8)
                all.append(
                    (
                        "HTML in base64 of \(count), \(width)",
                        message("text/html; charset=utf-8", "base64", base64(document, width)), html, html
                    ))
            }
        }
        let first = "Content-Type: text/plain; charset=utf-8\n\nfirst\n"
        let second =
            "Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n<p>=E4\n"
        let file = "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt\n\nfile\n"
        let image = "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="
        let version = fields + "MIME-Version: 1.0\n"
        let both = ["text/plain", "text/html"]
        all += [
            ("alternative", crlf(version + multipart("alternative", "a", [first, second])), both, both),
            (
                "with attachments",
                crlf(
                    version
                        + multipart(
                            "mixed", "o", [multipart("alternative", "in ner", [first, second]), file, image, first])),
                both, both
            ),
            (
                "related",
                crlf(
                    version + multipart("alternative", "o", [first, multipart("related", "i", [second, image])])),
                both, both
            ),
            ("after a file", crlf(version + multipart("mixed", "o", [file, first])), plain, plain),
        ]
        return all
    }()

    /// Sends messages one after the other; what comes out.
    private static func sent(
        _ messages: [[UInt8]], from sender: String, _ gateway: GatewayProcess, _ hop: ScriptedNextHop
    ) throws -> [[UInt8]] {
        try messages.map { message in
            hop.clear()
            let reply = try send(Mail(from: sender, content: message), to: gateway.port)
            try #require(reply.code == 250, "\(reply)")
            return try #require(hop.deliveries.first?.content, "\(reply)")
        }
    }

    @Test func everyFormOfMail() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let texts = try Scratch(.disk)
            let gateway = try Self.gateway(hop, texts)
            let before = Self.messages.map(\.message)
            for (sender, plain, html) in [
                ("a@corp.example", Self.plain, Self.html), ("s@corp.example", Self.ascii, Self.asciiHTML),
            ] {
                let after = try Self.sent(before, from: sender, gateway, hop)
                let checks = try DisclaimerCheck.all(Array(zip(before, after)), plain: plain, html: html)
                try #require(checks.count == before.count)
                for (row, check) in zip(Self.messages, checks) {
                    let wanted = sender.hasPrefix("a") ? row.company : row.short
                    #expect(check.added == wanted && check.wrong == [], "\(row.label), \(sender): \(check)")
                }
                // A next hop without 8BITMIME that would have taken it as it came takes it so.
                for (row, message) in zip(Self.messages, after) where row.message.allSatisfy({ $0 < 0x80 }) {
                    #expect(message.allSatisfy { $0 < 0x80 }, "\(row.label), \(sender)")
                }
                // Once more: it is there already, and nothing changes.
                for (row, message) in zip(Self.messages, after) {
                    let again = try Self.sent([message], from: sender, gateway, hop)
                    #expect(
                        again[0] == message, "\(row.label), \(sender): \(String(decoding: again[0], as: UTF8.self))")
                }
            }
        }
    }

    @Test func whoseMailAndForWhom() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let texts = try Scratch(.disk)
            let table = try texts.write("table", "t@table.example disclaimer=other\n")
            let recipients = "[{match: [lists.example], disclaimer: none}, {match: [other.example], disclaimer: other}]"
            let gateway = try Self.gateway(hop, texts, recipients: recipients)
            gateway.configuration.settings["recipient_tables"] = "['texthash:\(table)']"
            try gateway.writeConfiguration()
            #expect(try gateway.reload().contains("reloaded"))
            let mail = crlf(Self.fields + "\nHello\n")
            func words(_ sender: String, _ recipients: [String]) throws -> [String: String] {
                hop.clear()
                let reply = try send(Mail(from: sender, to: recipients, content: mail), to: gateway.port)
                #expect(reply.code == 250)
                var found: [String: String] = [:]
                for delivery in hop.deliveries {
                    for recipient in delivery.recipients {
                        let text = String(decoding: delivery.content, as: UTF8.self)
                        let known = [("company", "Beispiel GmbH"), ("short", "Example Ltd"), ("other", "Other words")]
                        found[recipient] = known.filter { text.contains($0.1) }.map(\.0).joined(separator: ",")
                    }
                }
                return found
            }
            let all = ["a@example.net", "l@lists.example", "o@other.example", "t@table.example"]
            #expect(
                try words("a@corp.example", all)
                    == [all[0]: "company", all[1]: "", all[2]: "other", all[3]: "other"])
            #expect(try words("s@corp.example", Array(all.prefix(2))) == [all[0]: "short", all[1]: ""])
            // Mail of others has none unless the policy says so.
            #expect(try words("a@example.org", Array(all.prefix(2))) == [all[0]: "", all[1]: ""])
            gateway.configuration.policies["default"]?["disclaimer_mail"] = "all"
            try gateway.writeConfiguration()
            #expect(try gateway.reload().contains("reloaded"))
            #expect(try words("a@example.org", Array(all.prefix(2))) == [all[0]: "company", all[1]: ""])
            // A file that is wrong leaves the settings as they were.
            _ = try texts.write("other.txt", "short")
            let refused = try gateway.reload()
            #expect(refused.contains("reload refused") || refused.contains("reload failed"), "\(refused)")
            #expect(refused.contains("\(texts.path)/other.txt: fewer than 16 letters"), "\(refused)")
            #expect(try words("a@corp.example", [all[2]]) == [all[2]: "other"])
            let check = try mailreeve("check-config", gateway.configurationFile)
            #expect(check.status == 1 && check.text.contains("\(texts.path)/other.txt: "), "\(check)")
        }
    }

    /// Mail that must not be touched leaves byte for byte as it came, and log and journal say why.
    @Test func whatIsLeftAlone() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let texts = try Scratch(.disk)
            let gateway = try Self.gateway(hop, texts, ["add_virus_scanned": "no"])
            let version = Self.fields + "MIME-Version: 1.0\n"
            let text = "Content-Type: text/plain\n\ntext\n"
            let signature = "Content-Type: application/pgp-signature\n\nx\n"
            let rows: [(message: String, reason: String)] = [
                ("DKIM-Signature: v=1; d=corp.example\n\(Self.fields)\ntext\n", "DKIM signature"),
                (version + Self.multipart("signed; protocol=x", "a", [text, signature]), "signed"),
                (version + Self.multipart("encrypted; protocol=x", "a", [text, text]), "encrypted"),
                (version + "Content-Type: application/pkcs7-mime\n\nMIIB\n", "signed"),
                (version + Self.multipart("report; report-type=delivery-status", "a", [text]), "report"),
                (version + "Content-Type: message/partial; id=a; number=1; total=2\n\n\(text)", "partial"),
                (
                    version
                        + Self.multipart(
                            "alternative", "a", [text, "Content-Type: text/calendar; method=REPLY\n\nx\n"]),
                    "calendar"
                ),
                (
                    Self.fields + "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n"
                        + "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n", "signed"
                ),
                (Self.fields + "\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n", "encrypted"),
                (
                    version
                        + "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n",
                    "no-text"
                ),
                (
                    Self.fields
                        + "\ntop\n\n> Confidential. Für Grüße € haftet\n> die Beispiel GmbH nicht.\n> -----\n> From here\n",
                    "already there"
                ),
            ]
            for (index, row) in rows.enumerated() {
                let message = crlf(row.message)
                let after = try Self.sent([message], from: "a@corp.example", gateway, hop)
                let (old, new) = (message, after[0])
                // Fields of our own on top, and nothing else.
                #expect(new.suffix(old.count) == old[...], "\(row.reason): \(String(decoding: new, as: UTF8.self))")
                let lines = try gateway.awaitMessageLines(index + 1)
                #expect(lines[index].contains(", disclaimer: company (not added: \(row.reason))"), "\(lines[index])")
            }
            let line = try #require(gateway.messageLines.first)
            let id = try #require(line.firstMatch(of: #/\((\d+-\d+)(?:-\d)?\) /#)?.1)
            var page = ""
            try poll("the event") {
                page = try mailreeve("explain", "--config", gateway.configurationFile, String(id)).text
                return page.contains("disclaimer")
            }
            #expect(page.contains("company (not added: DKIM signature)"), "\(page)")
        }
    }

    /// Mail of the corpus: every other text, part and field is as it was.
    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func mailOfACorpus() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let texts = try Scratch(.disk)
            let gateway = try Self.gateway(hop, texts)
            let before = try SharedCorpora.spamAssassin(every: 40).map { message in
                var out: [UInt8] = []
                for line in message.split(separator: 0x0A, omittingEmptySubsequences: false) {
                    if out.isEmpty, line.starts(with: "From ".utf8) { continue }
                    out += (line.last == 0x0D ? line.dropLast() : line) + [0x0D, 0x0A]
                }
                return Array(out.dropLast(message.last == 0x0A ? 2 : 0))
            }
            try #require(before.count > 100)
            let after = try Self.sent(before, from: "a@corp.example", gateway, hop)
            let checks = try DisclaimerCheck.all(Array(zip(before, after)), plain: Self.plain, html: Self.html)
            for (number, check) in checks.enumerated() { #expect(check.wrong == [], "\(number): \(check)") }
            #expect(checks.count == before.count)
            // Hardly any is signed, or reads in more than one way.
            #expect(checks.count { !$0.added.isEmpty } > before.count * 8 / 10)
        }
    }
}
