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
}
