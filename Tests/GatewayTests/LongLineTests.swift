@testable import Gateway
import Foundation
import TestSupport
import Testing

private let script: String? = [
    Programs.package + "/build/tools/logwatch/usr/share/logwatch/scripts/services/amavis",
    "/usr/share/logwatch/scripts/services/amavis",
].first { FileManager.default.fileExists(atPath: $0) }

/// Lines of the log in pieces for syslog.
@Suite struct LongLineTests {
    /// A line of so many octets.
    private static func line(_ octets: Int, _ filling: Character = "x") -> String {
        let head = "(59301-2) Passed CLEAN {RelayedInbound}, default [192.0.2.1]:34567 <s@a> -> <"
        let tail = "@b>, mail_id: jaUETfyBMJHG, Hits: 0, size: 3045, 12 ms"
        let room = octets - head.utf8.count - tail.utf8.count
        let count = room / String(filling).utf8.count
        return head + String(repeating: filling, count: count)
            + String(repeating: "y", count: room - count * String(filling).utf8.count)
            + tail
    }

    /// What a reader makes of pieces who knows the form.
    private static func joined(_ pieces: [String]) -> String {
        var out = pieces[0]
        for piece in pieces.dropFirst() {
            while out.hasSuffix(".") { out.removeLast() }
            out += piece.dropFirst("(59301-2) ...".count)
        }
        return out
    }

    @Test(arguments: ["x", "\u{E9}", "\u{20AC}", "\u{1F600}"] as [Character])
    func everyLength(filling: Character) {
        for octets in [200, 979, 980] {
            #expect(LongLine.pieces(Self.line(octets, filling)) == [Self.line(octets, filling)])
        }
        for octets in Array(981...1000) + Array(1930...1960) + [10_000] {
            let line = Self.line(octets, filling)
            let pieces = LongLine.pieces(line)
            #expect(pieces.count > 1 && pieces.dropLast().allSatisfy { $0.utf8.count == 980 && $0.hasSuffix("...") })
            #expect((pieces.last?.utf8.count ?? 981) <= 980)
            #expect(pieces.dropFirst().allSatisfy { $0.hasPrefix("(59301-2) ...") })
            #expect(Self.joined(pieces) == line)
        }
    }

    /// One without a name, and one whose name has no end.
    @Test func otherLines() {
        for line in [String(repeating: "a", count: 3000), "(" + String(repeating: "b", count: 3000)] {
            let pieces = LongLine.pieces(line)
            #expect(pieces.count == 4 && pieces.dropFirst().allSatisfy { $0.hasPrefix("...") })
            #expect(pieces.joined().filter { $0 != "." } == line)
        }
    }

    /// Logwatch's script, unmodified, puts them together.
    @Test(.enabled(if: script != nil, "needs Debian's logwatch: make test-deps"))
    func logwatchJoinsThem() throws {
        let log = [500, 981, 1940, 5000].flatMap { LongLine.pieces(Self.line($0)) }
            .map { "Nov 26 01:00:12 mx mailreeve[22996]: \($0)\n" }.joined()
        let result = try runTool(
            "perl", [try #require(script), "--syslog_name", "mailreeve", "--detail", "10"], input: Array(log.utf8))
        #expect(result.status == 0 && !result.text.contains("Unmatched"), "\(result.text.suffix(2000))")
        #expect(result.text.contains(" 4   Total messages scanned"), "\(result.text.prefix(1000))")
    }
}
