import Configuration
import Foundation
@testable import Gateway
import Testing

/// Files with texts for under messages: what is wrong with one is named, with the setting that names it.
@Suite struct DisclaimerFilesTests {
    private func problem(_ files: [String: String], _ more: String = "") throws -> String? {
        let directory = try TemporaryDirectory(.disk)
        for (name, text) in files {
            try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/" + name))
        }
        let yaml = """
            disclaimers: {directory: \(directory.path)}
            policies: {default: {disclaimer: a}}
            \(more)
            """
        let loaded = ConfigurationFile.parse(yaml, file: "f")
        #expect(loaded.problems == [])
        return PolicyCheck(loaded).problems.first?.description.replacing(directory.path, with: "D")
    }

    @Test func wrongFiles() throws {
        let good = "sixteen letters it has\n"
        #expect(try problem(["a.txt": good]) == nil)
        #expect(try problem(["a.txt": good, "a.html": "<p>sixteen letters it has</p>"]) == nil)
        #expect(try problem([:])?.hasPrefix("f:2:34: error: disclaimers: open D/a.txt") == true)
        #expect(try problem(["a.html": good])?.hasPrefix("f:2:34: error: disclaimers: open D/a.txt") == true)
        #expect(
            try problem(["a.txt": "\(good)\u{1}"])
                == "f:2:34: error: D/a.txt:2: a control character (disclaimer a)")
        #expect(
            try problem(["a.txt": "fifteen letter\nx"])
                == "f:2:34: error: D/a.txt: fewer than 16 letters and digits to find it by (disclaimer a)"
        )
        #expect(
            try problem(["a.txt": good, "a.html": "<img src=x>"])
                == "f:2:34: error: D/a.html: fewer than 16 letters and digits to find it by (disclaimer a)"
        )
        for html in ["<p", "<!-- \(good)", "\(good)</body>", "<script>\(good)"] {
            #expect(
                try problem(["a.txt": good, "a.html": html])
                    == "f:2:34: error: D/a.html: ends within a tag, comment or script, or closes the body (disclaimer a)"
            )
        }
        // Wherever it is named.
        let table = try problem(["a.txt": good], "recipients: [{match: [x.example], disclaimer: b}]")
        #expect(table?.hasPrefix("f:3:47: error: disclaimers: open D/b.txt") == true)
        #expect(try problem(["a.txt": good], "recipients: [{match: [x.example], disclaimer: none}]") == nil)
    }
}
