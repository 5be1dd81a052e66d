import Foundation
import TestSupport
import Testing

/// Attacks G7 and G9: wherever a link stands and however it is written, a rule on it fires once for where it leads.
@Suite struct LinkReachTests {
    private static let rules = """
        link_checks: "pcre:{{~^https?://([^/]*[.@])?evil[.]example[:/]~ SCORE 1 EVIL a known host}}"

        """

    private static let page = "<!DOCTYPE html><html><body>"
    private static let event =
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDESCRIPTION:see http://ev\r\n il.example/a\r\nEND:VEVENT\r\n"
    private static let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nURL:http\\://ev\r\n il.example/a\r\nEND:VCARD\r\n"

    /// Type of the part, what is in it, and whether the link leads there.
    private static let carriers: [(type: String, content: String, leads: Bool)] = [
        ("text/calendar", event, true), ("application/octet-stream", event, true), ("text/vcard", card, true),
        ("application/octet-stream; name=x.vcf", card, true),
        ("text/plain", "BEGIN:VCARD\r\nsee http://evil.example\r\n .org/\r\n", true),
        ("text/html", "BEGIN:VCARD\r\n<a href='http&#58;//evil.example/a'>x</a>", true),
        ("text/html", page + "<a href='http://bank.example:80%2f@evil.example/a'>x</a>", true),
        ("text/html", page + "<a href='http://evil.example#bank.example'>x</a>", true),
        ("text/html", page + "<a href='http://evil.example:80/'>http://bank.example/</a>", true),
        ("text/html", page + "<a href='https://r.example/?u=http%3A%2F%2Fevil.example%2Fa'>x</a>", true),
        ("text/html", page + "<!--[if mso]><a href='http://evil&period;example/a'>x</a><![endif]-->", true),
        ("text/html", page + "<script>location='http:\\/\\/evil.example\\/a'</script>", true),
        ("text/html", page + "<p onclick=\"open('http://evil.example/')\">x</p>", true),
        ("application/octet-stream; name=x.html", page + "<base href='http://evil.example/'><a href=a>x</a>", true),
        (
            "image/svg+xml",
            "<svg xmlns='http://www.w3.org/2000/svg'><script>open('http://evil.example/a')</script></svg>", true
        ),
        (
            "text/html",
            page + "<svg><base href='http://bank.example/'></svg><base href='http://evil.example/'><a href=a>x</a>",
            true
        ),
        ("text/html", page + "<base href='http://bank.example/b/'><a href='http:evil.example/'>x</a>", false),
        ("text/html", page + "<p style='background:url(http://ev\\69l.example/a)'>x", true),
        ("text/html", page + "<iframe srcdoc='&lt;base href=//evil.example>&lt;a href=a>x'></iframe>", true),
        ("text/html", page + "<svg><a><set attributeName=href to='http://evil.example/'/></a></svg>", true),
        ("text/html", page + "<a href='https://r.example/?u=http%253A%252F%252Fevil.example%252F'>x</a>", true),
        ("text/html; charset=utf-8", page + "<a href='http://e\u{301}vil.example/'>x</a>", false),
        ("text/plain; format=flowed; delsp=yes", "see http://evil.exam \r\nple/a\r\n", true),
        ("text/plain; format=flowed", "see http://evil.exam \r\nple/a\r\n", false),
        (
            "application/octet-stream; name=x.webloc",
            "<?xml version='1.0'?><plist version='1.0'><dict><key>URL</key><string>http://evil.example/a</string></dict></plist>",
            true
        ),
        (
            "application/calendar+xml",
            "<icalendar xmlns='urn:ietf:params:xml:ns:icalendar-2.0'><url><uri>http://evil.example/a</uri></url></icalendar>",
            true
        ),
        ("application/vcard+json", "[\"vcard\",[[\"url\",{},\"uri\",\"http:\\/\\/evil.example\\/a\"]]]", true),
        ("application/octet-stream; name=x.url", "[InternetShortcut]\r\nURL=http://evil.example/a\r\n", true),
        ("text/html", page + "<a href='http://evil.example@bank.example/a'>x</a>", false),
        ("text/html", page + "<!-- http://evil.example/ --><p>evil.example</p>", false),
        ("text/html", page + "<a href='http://evil.example.org/'>x</a>", false),
    ]

    private static func message(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let head = """
            From: a@example.org
            To: b@example.net
            Subject: links
            Date: Thu, 6 Mar 2025 07:05:30 +0000
            Message-ID: <x@example.org>
            MIME-Version: 1.0
            Content-Type: \(type)
            Content-Transfer-Encoding: base64


            """
        let body = Data(content).base64EncodedString(options: [.lineLength76Characters])
        return Array((head.replacing("\n", with: "\r\n") + body + "\r\n").utf8)
    }

    @Test func carriersAndForms() async throws {
        try await Lanes.run {
            let configuration = try OfflineConfiguration(Self.rules)
            // One run for all: each is a message of an mbox.
            var mbox: [UInt8] = []
            for carrier in Self.carriers {
                mbox += Array("From a@example.org Thu Mar  6 07:05:30 2025\n".utf8)
                mbox += Self.message(carrier.type, Array(carrier.content.utf8)).filter { $0 != 0x0D } + [0x0A]
            }
            let file = try configuration.write("mbox", mbox)
            let run = try mailreeve("scan", "--config", configuration.path, "--json", file)
            try #require(run.lines.count == Self.carriers.count, "\(run)")
            for (line, carrier) in zip(run.lines, Self.carriers) {
                let tests = try JSONDocument(line).list("tests").map { $0["name"] as? String }
                #expect(tests.contains("EVIL") == carrier.leads, "\(carrier.content)")
            }
        }
    }
}
