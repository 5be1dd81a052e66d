import Foundation
import Testing

/// What a suite expects otherwise than this reader has it: a table under `Oracle/` names each message and the reason. Fails
/// for a difference that is not listed, and for one that is listed but no longer there.
struct Differences {
    private let table: [String: String]
    private var found: [String: String] = [:]

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Oracle")

    init(_ name: String) throws {
        let text = try String(contentsOf: Self.folder.appendingPathComponent(name + ".tsv"), encoding: .utf8)
        var table: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let fields = line.split(separator: "\t", maxSplits: 1)
            if fields.count == 2 {
                table[String(fields[0])] = String(fields[1])
            } else {
                Issue.record("\(name).tsv: \(line)")
            }
        }
        self.table = table
    }

    var count: Int { found.count }

    mutating func add(_ message: String, _ difference: String) {
        found[message] = found[message].map { "\($0); \(difference)" } ?? difference
    }

    func report() {
        for (name, difference) in found.sorted(by: { $0.key < $1.key }) where table[name] == nil {
            Issue.record("\(name): \(difference)")
        }
        for name in table.keys.sorted() where found[name] == nil {
            Issue.record("\(name) is listed as different but agrees")
        }
    }
}
