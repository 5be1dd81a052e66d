import Foundation
import TestSupport
import Testing

/// Honest mail that looks like what the shipped rules ban passes, and what it looks like does not.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct BannedHonestTests {
    /// Folders have the names of domains, dates and products.
    @Test func foldersInArchives() async throws {
        let honest = ["www.example.com/", "Reports/12.Mar/", "node.js/", "learn.py/", "mylib.lib/", "jquery.min.js/"]
        // macOS opens a folder like a file; Windows makes something else of a folder with a class identifier.
        let hostile = [
            "Invoice.app/", "Invoice.workflow/", "Invoice.app/Contents/MacOS/",
            "x.{ED7BA470-8E54-465E-825C-99712043E01C}/",
            "gpj.\u{202E}fdp/",
        ]
        try await Lanes.run {
            let rows = try BannedSamples.scan(
                (honest + hostile).map { name in
                    let zip = Archives.zip([(name, []), (name + "readme", Array("hello\r\n".utf8))])
                    return (
                        name, BannedSamples.message("data.zip", zip, type: "application/zip", at: .top)
                    )
                })
            for row in rows.prefix(honest.count) { #expect(row.category == "clean", "\(row)") }
            for row in rows.suffix(hostile.count) { #expect(row.category == "banned", "\(row)") }
        }
    }

    /// A folder with content is a file with a slash at its end, and so is one that only its local header calls a folder.
    @Test func whatOnlySaysThatItIsAFolder() async throws {
        try await Lanes.run {
            let content = Array("nothing that runs\r\n".utf8)
            let rows = try BannedSamples.scan([
                (
                    "with content",
                    BannedSamples.message(
                        "data.zip", Archives.zip("run.js/", content), type: "application/zip", at: .top)
                )
            ])
            for row in rows { #expect(row.category == "banned", "\(row)") }
        }
    }

    /// Tables whose first column is called ID, pages with elements of their own, lists of jobs.
    @Test func filesThatLookAlike() async throws {
        let honest: [(name: String, type: String, text: String)] = [
            ("kunden.csv", "text/csv", "ID;Name;Ort\r\n1;Anna;Wien\r\n2;Ben;Bern\r\n"),
            ("kunden.csv", "application/vnd.ms-excel", "id;name\n1;Anna\n"),
            ("export.txt", "text/plain", "ID;Preis\r\nC;12\r\nO;Otto\r\n"),
            ("report.html", "text/html", "<html><job-list><job>1</job></job-list><script>x()</script></html>"),
            ("App.vue", "text/plain", "<template><component :is=\"x\"/></template><script setup>x()</script>"),
            ("jobs.xml", "application/xml", "<joblist><job><script>make</script></job></joblist>"),
        ]
        try await Lanes.run {
            let rows = try BannedSamples.scan(
                honest.map { name, type, text in
                    (name, BannedSamples.message(name, Array(text.utf8), type: type, at: .top))
                })
            for row in rows { #expect(row.category == "clean", "\(row)") }
        }
    }

    /// Text that people write about such files, in the message itself; and the same text in a file.
    private static let quotations: [(label: String, text: String)] = [
        ("program", "MZ is the mark of programs for DOS and Windows, as PK is that of zip archives."),
        ("Flash", "FWS is the fish and wildlife service."),
        ("Outlook", "The Standard Jet DB can be read with mdbtools."),
        ("component", "In a scriptlet <component> and <script language=\"VBScript\"> are needed."),
        ("jobs", "Two tags that are missing: <job> and <script language=JScript>."),
        ("HTML application", "An HTA has <hta:application> in it."), ("encoded script", "#@~^ is how it begins."),
        ("Java Web Start", "The file starts with <jnlp spec=\"1.0+\">."),
        ("web location", "<plist version=\"1.0\"><dict><key>URL</key>"),
        ("ClickOnce", "<assembly manifestVersion=\"1.0\"> and then <deployment install=\"true\">"),
        ("library", "<libraryDescription xmlns=\"x\"> is its root."),
        ("console", "<MMC_ConsoleFile ConsoleVersion=\"3.0\">"),
        ("Explorer command", "[Shell]\nCommand=2\nIconFile=explorer.exe,3"),
    ]

    /// Text that begins as an archive does that is never text is one nowhere.
    @Test func marksOfArchivesInText() async throws {
        let marks = [
            "070701", "070707", "ISc(", "LRZI", "GRZipII", "xar!", "WARC/", "EGGA", "conectix", "vhdxfile", "KDMV",
            "WithoutFreeSpace", "hsqs", "zPQ", "SIT!", "ITSF", "message**ACE**",
        ]
        try await Lanes.run {
            var messages: [(String, [UInt8])] = []
            for mark in marks {
                let text = "\(mark) is the number of the customer, and so on and so forth.\n"
                messages.append((mark, crlf(Self.header + "\n\n" + text)))
                messages.append((mark, BannedSamples.message("a.txt", Array(text.utf8), type: "text/plain", at: .zip)))
            }
            for row in try BannedSamples.scan(messages) {
                #expect(row.category == "clean" && row.disposition == "deliver", "\(row)")
            }
        }
    }

    @Test func quotationsInTheMessage() async throws {
        try await Lanes.run {
            var messages: [(String, [UInt8])] = []
            for (label, text) in Self.quotations {
                let bytes = Array(text.utf8)
                for place in [BannedSamples.Place.top, .attachedMessage] {
                    messages.append((label, BannedSamples.message("", bytes, type: "text/plain", at: place)))
                }
                messages.append((label, crlf(Self.header + "\n\n" + text + "\n")))
            }
            for row in try BannedSamples.scan(messages) {
                #expect(row.banned.isEmpty && row.disposition.hasPrefix("deliver"), "\(row)")
            }
        }
    }

    @Test func quotationsAreBannedAsFiles() async throws {
        try await Lanes.run {
            var messages = Self.quotations.map { label, text in
                (label, BannedSamples.message("photo.jpg", Array(text.utf8), type: "text/plain", at: .top))
            }
            // A program is none because it is declared as text.
            for (label, content) in BannedSamples.contents where content.starts(with: Array("MZ".utf8)) {
                messages.append((label, BannedSamples.message("", content, type: "text/plain", at: .top)))
            }
            #expect(messages.count > Self.quotations.count)
            for row in try BannedSamples.scan(messages) { #expect(row.category == "banned", "\(row)") }
        }
    }

    private static let header = """
        From: sender@example.org
        To: rcpt@example.net
        Subject: files
        Date: Thu, 6 Mar 2025 07:05:30 +0000
        Message-ID: <files@example.org>
        """
}
