import Foundation
import TestSupport
import Testing

/// `sanitize_html`: scripts, forms, frames and remote content out of HTML on its way.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct SanitizeTests {
    static let fields =
        "From: a@example.org\nTo: r@example.net\nSubject: x\nMessage-ID: <1@example.org>\n"
        + "Date: Thu, 26 Nov 2026 10:00:00 +0000\n"
    static let version = fields + "MIME-Version: 1.0\n"
    static let html = "<p onclick=a>Grüße <img src=\"http://t.example/p.gif\"><script>x</script>\n"
    static let clean = "<p x-onclick=a>Grüße <img x-src=\"http://t.example/p.gif\"><!---->\n"

    static func configuration(
        _ hop: ScriptedNextHop, _ policy: [String: String] = [:], recipients: String = "[]"
    ) throws -> GatewayConfiguration {
        var configuration = try GatewayConfiguration(nextHops: [hop.address])
        configuration.settings["recipients"] = recipients
        configuration.policies["default"]?.merge([
            "add_received": "no", "add_virus_scanned": "no", "sanitize_html": "[scripts, forms, frames, remote]",
            "lovers": "[infected, banned, rule, unchecked, spam, spammy, bad-header]",
        ]) { $1 }
        configuration.policies["default"]?.merge(policy) { $1 }
        return configuration
    }

    static func gateway(
        _ hop: ScriptedNextHop, _ policy: [String: String] = [:], recipients: String = "[]"
    ) throws -> GatewayProcess {
        try GatewayProcess(configuration(hop, policy, recipients: recipients))
    }

    /// What comes out, by recipient.
    static func sent(
        _ message: String, to recipients: [String] = ["r@example.net"], _ gateway: GatewayProcess,
        _ hop: ScriptedNextHop
    ) throws -> [String: String] {
        hop.clear()
        let reply = try send(
            Mail(from: "a@example.org", to: recipients, content: crlf(message)), to: gateway.port)
        try #require(reply.code == 250, "\(reply)")
        var out: [String: String] = [:]
        for delivery in hop.deliveries {
            for recipient in delivery.recipients {
                out[recipient] = String(decoding: delivery.content, as: UTF8.self).replacing("\r\n", with: "\n")
            }
        }
        return out
    }

    private static func base64(_ text: String) -> String {
        Data(crlf(text)).base64EncodedString() + "\n"
    }

    @Test func everyCoding() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(hop)
            func part(_ encoding: String, _ body: String) -> String {
                "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: \(encoding)\n\n\(body)"
            }
            let quoted = Self.html.replacing("=", with: "=3D").replacing("Grüße", with: "Gr=C3=BC=\n=C3=9Fe")
            let bodies = [("8bit", Self.html), ("quoted-printable", quoted), ("base64", Self.base64(Self.html))]
            for (encoding, body) in bodies {
                for isAlone in [true, false] {
                    let whole = part(encoding, body)
                    let message =
                        Self.version
                        + (isAlone
                            ? whole
                            : "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain <script>\n--b\n\(whole)--b--\n")
                    let got = try #require(try Self.sent(message, gateway, hop)["r@example.net"])
                    let head = message.prefix(message.count - body.count - (isAlone ? 0 : 6))
                    #expect(got.hasPrefix(head), "\(encoding): \(got)")
                    let changed = got.dropFirst(head.count).dropLast(isAlone ? 0 : 6)
                    let decoded =
                        switch encoding {
                        case "base64":
                            String(
                                decoding: Data(base64Encoded: changed.filter { $0 != "\n" }) ?? Data(), as: UTF8.self)
                        case "quoted-printable":
                            String(changed).replacing("=\n", with: "").replacing("=3D", with: "=").replacing(
                                "=2D", with: "-"
                            )
                            .replacing("=C3=BC=C3=9F", with: "üß")
                        default: String(changed)
                        }
                    #expect(
                        decoded.replacing("\r\n", with: "\n").trimmingCharacters(in: .whitespacesAndNewlines) + "\n"
                            == Self.clean, "\(encoding): \(got)")
                    // Once more: nothing changes.
                    #expect(try Self.sent(got, gateway, hop)["r@example.net"] == got, "\(encoding)")
                }
            }
            let lines = try gateway.awaitMessageLines(12)
            #expect(lines[0].contains(", sanitized: scripts+forms+frames+remote (3)"), "\(lines[0])")
            #expect(!lines[1].contains("sanitized"), "\(lines[1])")
        }
    }

    @Test func byRecipient() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(
                hop, ["field_names": "amavis"],
                recipients:
                    "[{match: [none.example], sanitize_html: []}, {match: [s.example], sanitize_html: [scripts]}]")
            let message = Self.version + "DKIM-Signature: v=1; d=example.org\nContent-Type: text/html\n\n\(Self.html)"
            let got = try Self.sent(message, to: ["r@example.net", "n@none.example", "s@s.example"], gateway, hop)
            #expect(got["n@none.example"]?.hasSuffix(message) == true)
            #expect(got["n@none.example"]?.contains("X-Amavis-Modified") == false)
            #expect(got["r@example.net"]?.hasSuffix("\n\n\(Self.clean)") == true)
            #expect(got["r@example.net"]?.contains("X-Amavis-Modified: Mail body modified (sanitized)") == true)
            #expect(
                got["s@s.example"]?.hasSuffix(
                    "\n\n" + Self.clean.replacing("x-src", with: "src")) == true, "\(got)")
        }
    }

    /// Where it cannot be done the message is within another one, or passes where the policy says so; the log says why.
    @Test func whereItCannotBeDone() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try Self.gateway(
                hop, recipients: "[{match: [pass.example], unsanitized: pass}]")
            let part = "Content-Type: text/html\n\n\(Self.html)"
            func multipart(_ subtype: String, _ last: String) -> String {
                "\(Self.version)Content-Type: multipart/\(subtype); boundary=b\n\n--b\n\(part)\n--b\n\(last)\n--b--\n"
            }
            let utf16 = Data(Self.html.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }).base64EncodedString()
            let rows = [
                (multipart("signed; protocol=x", "Content-Type: application/pgp-signature\n\nx"), "signed"),
                (
                    multipart("report; report-type=delivery-status", "Content-Type: message/delivery-status\n\nx: y"),
                    "report"
                ),
                (
                    "\(Self.version)Content-Type: text/html; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n\(utf16)\n",
                    "charset"
                ),
                ("\(Self.version)Content-Type: text/html; charset=x-nobody\n\n\(Self.html)", "charset"),
            ]
            for (index, row) in rows.enumerated() {
                let got = try Self.sent(row.0, to: ["r@example.net", "p@pass.example"], gateway, hop)
                #expect(got["p@pass.example"]?.hasSuffix(row.0) == true, "\(row.1): \(got)")
                let defanged = try #require(got["r@example.net"])
                #expect(defanged.contains("HTML that could not be made harmless: \(row.1)"), "\(defanged)")
                #expect(defanged.contains("Content-Type: message/rfc822") && defanged.contains(row.0), "\(defanged)")
                let lines = try gateway.awaitMessageLines(index + 1)
                #expect(lines[index].contains("scripts+forms+frames+remote (not done: \(row.1))"), "\(lines[index])")
            }
            // Nothing has to go: it passes as it came.
            let harmless = multipart("signed; protocol=x", "x").replacing(Self.html, with: "<p>Hello\n")
            #expect(try Self.sent(harmless, gateway, hop)["r@example.net"]?.hasSuffix(harmless) == true)
        }
    }
}
