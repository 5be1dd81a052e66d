import Digests
import Foundation
import InspectionLink
import MailModel
import TestSupport
import Testing

/// Links that show another address than they lead to: what the embedded engine says of mail whose structure it does not read, and
/// clamscan of the same mail as a whole.
@Suite struct PhishingTests {
    /// Pages, and whether a link of theirs deceives about `bank.example.com`, the one listed domain.
    private static let pages: [(name: String, html: String, isFound: Bool)] = [
        ("other host", #"<a href="http://evil.example.net/">http://www.bank.example.com/</a>"#, true),
        ("no scheme", #"<a href="http://evil.example.net/">www.bank.example.com</a>"#, true),
        // Three that libclamav itself does not take for addresses.
        ("in a sentence", #"<a href="http://evil.example.net/">go to www.bank.example.com now</a>"#, false),
        ("in capitals", #"<A HREF="HTTP://EVIL.EXAMPLE.NET/">WWW.BANK.EXAMPLE.COM</A>"#, false),
        ("not closed", #"<a href="http://evil.example.net/">http://www.bank.example.com/"#, true),
        ("in characters", #"<a href="http://evil.example.net/">http://www.bank&#46;example.com/</a>"#, false),
        ("https for http", #"<a href="http://www.bank.example.com/">https://www.bank.example.com/</a>"#, true),
        ("a picture", #"<a href="http://evil.example.net/"><img src="http://www.bank.example.com/a.png"></a>"#, true),
        ("the second", #"<a href="/">x</a> <a href="http://evil.example.net/">http://bank.example.com/</a>"#, true),
        ("the same host", #"<a href="http://www.bank.example.com/a">http://www.bank.example.com/</a>"#, false),
        ("no address", #"<a href="http://evil.example.net/">Click here.</a>"#, false),
        ("not listed", #"<a href="http://evil.example.net/">http://other.example.org/</a>"#, false),
        ("mail", #"<a href="mailto:a@evil.example.net">a@bank.example.com</a>"#, false),
    ]

    private static func mail(_ html: String, encoded: Bool = false) -> [UInt8] {
        let body = encoded ? Data(html.utf8).base64EncodedString() : html
        let text =
            "From: a@example.com\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/html; charset=utf-8\r\n"
            + "Content-Transfer-Encoding: \(encoded ? "base64" : "8bit")\r\n\r\n"
        return Array((text + body + "\r\n").utf8)
    }

    /// Signatures with the listed domain, beside the test file.
    private static func database(_ scratch: Scratch, listed: Bool = true) throws -> String {
        let path = try scratch.directory("database")
        try scratch.copy(Programs.signatures, to: "database/test.ndb")
        if listed { try scratch.write("database/domains.pdb", "H:bank.example.com\nH:www.bank.example.com\n") }
        return path
    }

    private static func names(
        _ database: String, _ mails: [[UInt8]], _ options: EngineOptions = .standard
    ) throws -> [[String]] {
        let gateway = try TestGateway()
        var settings = gateway.settings(database: database)
        settings.clamav?.options = options
        try gateway.configure(settings)
        let worker = try gateway.fork(1)
        return try mails.map { try gateway.report(on: $0, by: worker).findings.map(\.name) }
    }

    @Test func linksThatDeceive() throws {
        let scratch = try Scratch(.memory)
        let database = try Self.database(scratch)
        for encoded in [false, true] {
            let found = try Self.names(database, Self.pages.map { Self.mail($0.html, encoded: encoded) })
            for (page, names) in zip(Self.pages, found) {
                let isFound = names.count == 1 && names[0].hasPrefix("Heuristics.Phishing.Email.")
                #expect(page.isFound ? isFound : names.isEmpty, "\(page.name), encoded: \(encoded): \(names)")
            }
        }
    }

    @Test func theyAreASetting() throws {
        let scratch = try Scratch(.memory)
        let mails = [Self.mail(Self.pages[0].html), Self.mail(Self.pages[6].html)]
        let listed = try Self.database(scratch)
        #expect(try Self.names(listed, mails, EngineOptions.standard.subtracting(.phishing)) == [[], []])
        // Without a list of domains only what is odd in itself, where that is wanted.
        let other = try Scratch(.memory)
        let unlisted = try Self.database(other, listed: false)
        #expect(try Self.names(unlisted, mails) == [[], []])
        let alerts = try Self.names(unlisted, mails, EngineOptions.standard.union(.alertSSLMismatch))
        #expect(alerts == [[], ["Heuristics.Phishing.Email.SSL-Spoof"]])
    }

    /// Addresses that are bad in themselves are found whatever the link shows.
    @Test(arguments: [false, true]) func addressesThatAreListed(encoded: Bool) throws {
        let scratch = try Scratch(.memory)
        let database = try Self.database(scratch, listed: false)
        let digest = Array("evil.example.net/".utf8).withUnsafeBytes { SHA256.digest($0) }
        let host = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try scratch.write("database/addresses.gdb", "S1:P:\(host.prefix(8))\nS1:F:\(host)\n")
        let mails = Self.pages.map { Self.mail($0.html, encoded: encoded) }
        let found = try Self.names(database, mails)
        for (page, names) in zip(Self.pages, found) {
            // An address of mail is none of a page, and libclamav wants small letters and an end.
            let isBad = page.html.contains("\"http://evil.example.net/\"")
            #expect(names == (isBad ? ["Heuristics.Phishing.URL.Blocked"] : []), "\(page.name)")
        }
        _ = try scratch.directory("mail")
        for (number, mail) in mails.enumerated() { try scratch.write("mail/\(number)", mail) }
        let result = try runTool(
            Programs.peer("clamscan") ?? "clamscan",
            ["--no-summary", "--database=\(database)", "--recursive", scratch.path + "/mail"])
        for (number, names) in found.enumerated() {
            let line = try #require(result.lines.first { $0.hasPrefix("\(scratch.path)/mail/\(number): ") })
            #expect(line.hasSuffix(names.first.map { "\($0) FOUND" } ?? "OK"), "\(Self.pages[number].name): \(line)")
        }
    }

    /// What clamscan says of the whole messages.
    @Test(.enabled(if: Programs.peer("clamscan") != nil, "clamscan is not installed (make test-deps)"))
    func asClamscan() throws {
        let scratch = try Scratch(.memory)
        let database = try Self.database(scratch)
        _ = try scratch.directory("mail")
        for (number, page) in Self.pages.enumerated() {
            try scratch.write("mail/\(number)", String(decoding: Self.mail(page.html), as: UTF8.self))
        }
        let result = try runTool(
            Programs.peer("clamscan") ?? "",
            ["--no-summary", "--database=\(database)", "--recursive", scratch.path + "/mail"])
        for (number, page) in Self.pages.enumerated() {
            let line = try #require(result.lines.first { $0.hasPrefix("\(scratch.path)/mail/\(number): ") })
            #expect(line.hasSuffix(" FOUND") == page.isFound, "\(page.name): \(line)")
        }
    }
}
