import Foundation
import TestSupport
import Testing

/// What Python's email package says of a message with a text under it.
struct DisclaimerCheck {
    /// Forms that have the text now; `+` is a part of its own.
    var added: [String]
    /// What else is not as it was.
    var wrong: [String]

    /// What Python says of pairs of messages.
    static func all(
        _ pairs: [(before: [UInt8], after: [UInt8])], plain: String, html: String
    ) throws -> [DisclaimerCheck] {
        let scratch = try Scratch(.disk)
        let directory = try scratch.directory("pairs")
        for (number, pair) in pairs.enumerated() {
            let name = "pairs/\(String(number + 1_000_000))"
            for (ending, octets) in [("before", pair.before), ("after", pair.after)] {
                try Data(octets).write(to: URL(fileURLWithPath: "\(scratch.path)/\(name).\(ending)"))
            }
        }
        let run = try runTool(
            Programs.package + "/Tests/EndToEnd/disclaimer-check",
            [directory, try scratch.write("plain", plain), try scratch.write("html", html)])
        try #require(run.status == 0, "\(run)")
        return try run.lines.map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            return DisclaimerCheck(
                added: object["added"] as? [String] ?? [], wrong: object["wrong"] as? [String] ?? ["?"])
        }
    }
}
