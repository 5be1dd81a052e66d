import Foundation
import MailModel
import TestSupport
import Testing

@testable import Policy

/// Expressions beside Debian's SpamAssassin: the same are true, and what it takes is taken here but for what is said.
@Suite struct MetaPeerTests {
    private static let program = "/usr/bin/spamassassin"
    private static var isPresent: Bool { FileManager.default.isExecutableFile(atPath: program) }

    /// Three tests that fire, two that do not, and a meta test that came to 3.
    private static let rules = """
        loadplugin Mail::SpamAssassin::Plugin::Check
        use_bayes 0
        util_rb_tld com
        clear_headers
        add_header all Fired <_TESTS(,)_>
        body T_A /alpha/
        body __B /beta/
        body TC /gamma/
        body TX /delta/
        body __Y /epsilon/
        meta THREE T_A + __B + TC

        """
    private static let fired: Set<String> = ["T_A", "__B", "TC", "THREE"]

    private static let operands = [
        "T_A", "__B", "TC", "TX", "__Y", "THREE", "0", "1", "2", "3", "0.5", "1.25", "10", "rules_matching(T*)",
        "rules_matching(__?)", "rules_matching(Z*)",
    ]
    private static let operators = ["&&", "||", "+", "-", "*", "<", "<=", ">", ">=", "==", "!="]

    /// What SpamAssassin says of each expression: true, false, or nil where it takes it for none.
    private static func peer(_ expressions: [String]) throws -> [Bool?] {
        let scratch = try Scratch(.disk)
        let site = try scratch.directory("site")
        let configuration = try scratch.directory("rules")
        func run(_ arguments: [String], _ taken: (Int) -> Bool) throws -> ToolResult {
            let lines = expressions.enumerated().filter { taken($0.offset) }.map {
                "meta M\($0.offset) \($0.element)\n"
            }
            try scratch.write("rules/test.cf", rules + lines.joined())
            let message = "From: a@example.com\nSubject: test\n\nalpha beta gamma\n"
            return try runTool(
                program, ["-L", "-x", "--siteconfigpath=\(site)", "--configpath=\(configuration)"] + arguments,
                input: Array(message.utf8), environment: ["HOME": scratch.path], seconds: 300)
        }
        // Only then it says which ones it refuses; with them nothing would be judged.
        let lint = try run(["--lint"]) { _ in true }
        var refused: Set<Int> = []
        for line in lint.errorText.split(separator: "\n") where line.contains("invalid") {
            let words = line.split(whereSeparator: { " :".contains($0) })
            for word in words where word.first == "M" {
                if let number = Int(word.dropFirst()) { refused.insert(number) }
            }
        }
        let judged = try run([]) { !refused.contains($0) }
        // The header is folded.
        let text = judged.text.filter { !$0.isWhitespace }
        let list = try #require(text.split(separator: "<", maxSplits: 1).last?.split(separator: ">").first, "\(judged)")
        let names = Set(list.split(separator: ",").map(String.init))
        #expect(names.contains("T_A") && names.contains("THREE") && !names.contains("TX"))
        return expressions.indices.map { refused.contains($0) ? nil : names.contains("M\($0)") }
    }

    /// What we say.
    private static func ours(_ text: String) -> Result<Bool, MetaExpression.Refusal> {
        do throws(MetaExpression.Refusal) {
            let expression = try MetaExpression(text)
            func value(_ name: String) -> Double { name == "THREE" ? 3 : fired.contains(name) ? 1 : 0 }
            let result = expression.value(value, points: { _ in 0 }) { glob in
                fired.reduce(0) { $0 + (MetaExpression.matches(glob, $1) ? value($1) : 0) }
            }
            return .success(result != 0)
        } catch {
            return .failure(error)
        }
    }

    /// A well-formed expression: every operator between any two operands, parentheses and `!` at any place.
    private static func wellFormed(_ depth: Int, _ generator: inout SeededGenerator) -> String {
        var out = ""
        for index in 0..<Int.random(in: 1...4, using: &generator) {
            if index > 0 { out += " \(operators.randomElement(using: &generator) ?? "+") " }
            if Int.random(in: 0...4, using: &generator) == 0 { out += "!" }
            if depth < 3, Int.random(in: 0...3, using: &generator) == 0 {
                out += "(" + wellFormed(depth + 1, &generator) + ")"
            } else {
                out += operands.randomElement(using: &generator) ?? ""
            }
        }
        return out
    }

    @Test(.enabled(if: isPresent, "Debian's spamassassin is not installed"))
    func theSameAreTrue() throws {
        var generator = SeededGenerator(seed: 1)
        let expressions = (0..<3000).map { _ in Self.wellFormed(0, &generator) }
        let peer = try Self.peer(expressions)
        var counts = (hits: 0, misses: 0, rows: 0)
        for (text, theirs) in zip(expressions, peer) {
            switch Self.ours(text) {
            case .success(let isTrue):
                #expect(theirs == isTrue, "\(text)")
                if isTrue { counts.hits += 1 } else { counts.misses += 1 }
            case .failure(let refusal):
                // Perl strings comparisons together, which nobody means.
                #expect(refusal.message.contains("two comparisons"), "\(text): \(refusal)")
                counts.rows += 1
            }
        }
        #expect(counts.hits > 500 && counts.misses > 500 && counts.rows < 900, "\(counts)")
    }

    /// Pieces in any order: whatever is read here is read there, and means the same. The contrary does not hold: an operator
    /// where a test is due is something else to Perl, a file or a symbol.
    @Test(.enabled(if: isPresent, "Debian's spamassassin is not installed"))
    func whatIsReadHereIsReadThere() throws {
        var generator = SeededGenerator(seed: 2)
        let pieces = Self.operands + Self.operators + ["(", ")", "(", ")", "!", "!", "-", "and", "&", "|", "=", "~"]
        var read: [(text: String, isTrue: Bool)] = []
        var refused = 0
        while read.count < 1500, refused < 1_000_000 {
            let count = Int.random(in: 1...9, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined(separator: " ")
            switch Self.ours(text) {
            case .success(let isTrue): read.append((text, isTrue))
            case .failure: refused += 1
            }
        }
        #expect(read.count == 1500 && refused > 1500)
        for (ours, theirs) in zip(read, try Self.peer(read.map(\.text))) {
            #expect(theirs == ours.isTrue, "\(ours.text)")
        }
    }
}
