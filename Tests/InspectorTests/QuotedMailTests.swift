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
        "Received: from a by b\nFrom: x@y.example\n\n", "From a@b.example Thu Jan  1 00:00:00 2026\nFrom: a\nSubject: x\n\n",
        "From: a@b.example\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n",
    ]

    private func report(on text: String, _ type: String, file: String? = nil) throws -> Report {
        let lines = text.replacingOccurrences(of: "\n", with: "\r\n")
        var mail = "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        mail += "Content-Type: text/plain\r\n\r\nsee there\r\n--b\r\nContent-Type: \(type)\r\n"
        if let file { mail += "Content-Disposition: attachment; filename=\(file)\r\n" }
        mail += "\r\n\(lines)\r\n--b--\r\n"
        let gateway = try TestGateway()
        try gateway.configure()
        return try gateway.report(on: Array(mail.utf8), by: try gateway.fork(1))
    }

    @Test(arguments: fronts) func filesInIt(_ front: String) throws {
        let labelled = "-----BEGIN FILE-----\n\(Self.archive)\n-----END FILE-----\n"
        for (type, file) in [("text/plain", nil), ("text/csv", "a.csv"), ("text/html", "a.html")] {
            for content in [Self.archive, labelled, "var x = \"\(Self.archive)\";"] {
                let report = try report(on: front + content, type, file: file)
                #expect(report.parts.contains { $0.names == ["a.txt"] }, "\(type) \(report.parts.map(\.path))")
            }
        }
    }

    @Test(arguments: fronts) func commandsInIt(_ front: String) throws {
        for (content, type) in [
            ("@echo off\ncalc.exe\n", "application/x-bat"), ("[InternetShortcut]\nURL=file://x/y.exe\n", "application/x-mswinurl"),
            ("new ActiveXObject(\"WScript.Shell\").Run(\"calc\")\n", "text/x-windows-script"),
        ] {
            let report = try report(on: front + content, "text/plain", file: "a.txt")
            #expect(report.parts.last?.detectedType == type, "\(report.parts.map(\.detectedType))")
        }
    }

    /// Nothing but words.
    @Test(arguments: fronts.dropLast()) func honestText(_ front: String) throws {
        let report = try report(on: front + "Hello Bob,\n\nsee you on Friday.\n\nAnn\n", "text/plain")
        #expect(report.parts.count == 3 && report.parts.last?.detectedType == "text/plain")
        #expect(report.unchecked.isEmpty && report.banned.isEmpty, "\(report.unchecked)")
    }

    /// Under any other type it is mail, and a page besides where its name says so: browsers pass over the fields.
    @Test func mailThatIsAPageByItsName() throws {
        let page = Self.fronts[4] + "<html><a download=a.zip href=\"data:application/zip;base64,\(Self.archive)\">x</a></html>"
        for (file, isPage) in [("a.html", true), ("a.dat", false)] {
            let padded = "X-Padding: \(String(repeating: "x ", count: 600))\n" + page
            let report = try report(on: padded, "application/octet-stream", file: file)
            #expect(report.parts.contains { $0.detectedType == "message/rfc822" })
            #expect(report.parts.contains { $0.names == ["a.txt"] } == isPage, "\(report.parts.map(\.path))")
        }
    }
}
