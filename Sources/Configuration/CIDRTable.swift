package import Checks

/// A `cidr` table (`cidr_table(5)`): networks from top to bottom, the first that holds the address answers. `!` before a
/// network means every address of the same family outside of it; `IF network` ... `ENDIF` holds for the lines between.
package struct CIDRTable: Hashable, Sendable {
    /// One line that answers.
    private struct Rule: Hashable, Sendable {
        var line: Int
        var condition: Condition
        var value: [UInt8]
        /// All IFs around it.
        var around: [Condition]
    }

    private struct Condition: Hashable, Sendable {
        var network: CIDR
        var isNegated: Bool

        /// Says something of addresses of its own family alone, as in Postfix.
        func holds(_ address: IPAddress) -> Bool {
            address.isIPv4 == network.network.isIPv4 && network.contains(address) != isNegated
        }
    }

    private let rules: [Rule]
    /// Lines that are not used.
    package let problems: [TableProblem]

    /// IFs within each other.
    private static let nesting = 16

    /// Reads the text of a file.
    package init(text: [UInt8]) {
        var reader = LogicalLines(text)
        var rules: [Rule] = []
        var problems: [TableProblem] = []
        var open: [Condition] = []
        while let line = reader.next() {
            func skip(_ words: String) {
                problems.append(TableProblem(line: line.number, text: words, isSkipped: true))
            }
            guard rules.count < RuleTable.Limits.rules else {
                skip("more than \(RuleTable.Limits.rules) lines: the rest is not read")
                break
            }
            let words = String(decoding: line.text, as: UTF8.self)
                .split(maxSplits: 1, omittingEmptySubsequences: true) { $0.isWhitespace }
            guard let first = words.first else { continue }
            let rest = words.count > 1 ? words[1].trimmed : ""
            switch first.lowercased() {
            case "endif":
                if open.popLast() == nil { skip("ENDIF without matching IF") }
            case "if":
                guard open.count < Self.nesting else {
                    skip("more than \(Self.nesting) IFs within each other")
                    break
                }
                do throws(ValueError) { open.append(try Self.condition(rest)) } catch { skip(error.message) }
            default:
                guard !rest.isEmpty else {
                    skip("expected a network, white space, a value")
                    break
                }
                do throws(ValueError) {
                    let condition = try Self.condition(String(first))
                    rules.append(
                        Rule(line: line.number, condition: condition, value: Array(rest.utf8), around: open))
                } catch {
                    skip(error.message)
                }
            }
        }
        if !open.isEmpty { problems.append(TableProblem(line: 0, text: "IF has no matching ENDIF", isSkipped: true)) }
        self.rules = rules
        self.problems = problems
    }

    /// The value for an address, and the line that it stands on; nil when no line holds it.
    package func lookup(_ address: IPAddress) -> (value: [UInt8], line: Int)? {
        let rule = rules.first { rule in
            rule.condition.holds(address) && rule.around.allSatisfy { $0.holds(address) }
        }
        return rule.map { ($0.value, $0.line) }
    }

    private static func condition(_ text: String) throws(ValueError) -> Condition {
        let isNegated = text.hasPrefix("!")
        let network = isNegated ? String(text.dropFirst()) : text
        return Condition(network: try CIDR(parsing: network), isNegated: isNegated)
    }
}

extension Substring {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
