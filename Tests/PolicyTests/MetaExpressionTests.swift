import TestSupport
import Testing

@testable import Policy

/// The grammar of meta tests, and what expressions come to.
@Suite struct MetaExpressionTests {
    /// A, B and C fired; C is a meta test that came to 3; A has 1.5 points.
    private static func value(_ text: String) throws -> Double {
        try MetaExpression(text).value(
            { ["A": 1, "B": 1, "C": 3][$0] ?? 0 }, points: { $0 == "A" ? 1.5 : 0 },
            sum: { glob in ["A", "B", "C"].filter { MetaExpression.matches(glob, $0) }.count == 3 ? 5 : 0 })
    }

    @Test(arguments: [
        ("A", 1.0), ("X", 0), ("C", 3), ("0", 0), ("7", 7), ("1.5", 1.5), ("0.25", 0.25), (" A ", 1), ("(A)", 1),
        ("((X))", 0), ("!A", 0), ("!X", 1), ("!!A", 1), ("!!C", 1), ("! ! X", 0), ("-A", -1), ("- -A", 1), ("!-X", 1),
        ("-!X", -1),
        ("A && B", 1), ("A && X", 0), ("X && A", 0), ("A && C", 3), ("C && A", 1), ("A&&B", 1), ("X || C", 3),
        ("C || A", 3), ("X || X", 0), ("A || X && X", 1), ("(A || X) && X", 0), ("X && X || A", 1),
        ("A + B + C", 5), ("A - B - C", -3), ("A - (B - C)", 3), ("A-1", 0), ("A+2", 3), ("3 * A - 2 * B", 1),
        ("3 * (A - 2) * B", -3), ("2 + 3 * 4", 14), ("2 * 3 + 4", 10), ("C*C*C", 27), ("-C * 2", -6), ("A * -2", -2),
        ("A + B > 1", 1), ("A + B > 2", 0), ("A + B >= 2", 1), ("A < C", 1), ("A <= 1", 1), ("A < 1", 0), ("A == B", 1),
        ("A != B", 0), ("A == C", 0), ("A != C", 1), ("A > X == B", 1), ("A > X == X", 0), ("X == X > A", 1),
        ("!A > 0", 0), ("!X > 0", 1), ("!(A > 1)", 1), ("!X + 1", 2), ("!C * 2 == 0", 1), ("A < C && B < C", 1),
        ("(A < C) < C", 1), ("(A + B + X) == 2", 1), ("A\t+\nB", 2),
        ("(3 * A - 2 * B) > 0", 1), ("A && !(X || Y)", 1), ("A && !(X || B)", 0),
        ("points(A)", 1.5), ("points( A ) * 2 == 3", 1), ("points(X)", 0), ("rules_matching(*)", 5),
        ("rules_matching( ? ) >= 5", 1), ("rules_matching(X*)", 0), ("points", 0), ("points + A", 1),
        ("A.B || AM.WBL:x", 0),
        ("_a1", 0), ("(((A)))", 1), ("(A)+(B)", 2), ("(A)-1", 0), ("!(A)+1", 1),
    ])
    func values(_ text: String, _ expected: Double) throws {
        #expect(try Self.value(text) == expected)
    }

    @Test(arguments: [
        ("", 1, "nothing is asked"), ("  ", 3, "nothing is asked"), ("A &&", 5, "missing at the end"),
        ("!", 2, "missing at the end"), ("A and B", 3, "write &&"), ("A OR B", 3, "write ||"), ("A & B", 3, "write &&"),
        ("A | B", 3, "write ||"), ("A = B", 3, "write =="), ("A / 2", 3, "nothing is divided"), ("A % 2", 3, "divided"),
        ("A B", 3, "an operator is missing before 'B'"), ("A 1", 3, "an operator is missing before '1'"),
        ("A !B", 3, "before '!'"), ("(A) (B)", 5, "before '('"), ("A (B)", 1, "the only functions"),
        ("abs(A)", 1, "functions"),
        ("(A", 1, "'(' without its ')'"), ("((A)", 1, "'('"), ("A)", 2, "')' without its '('"), (")", 1, "before ')'"),
        ("()", 2, "before ')'"), ("A + )", 5, "before ')'"), ("&& A", 1, "missing before '&'"),
        ("+A", 1, "missing before '+'"),
        ("A + + B", 5, "missing before '+'"), ("A == == B", 6, "missing before '='"), ("A != != B", 6, "before '!='"),
        ("A < B < C", 7, "two comparisons"), ("A == B != C", 8, "two comparisons"),
        ("A >= B > C && A", 8, "two comparisons"),
        ("010", 1, "no number"), ("1.2.3", 1, "no number"), ("1.", 1, "no number"), (".5", 1, "no place"),
        ("1e5", 1, "begins with"),
        ("3A", 1, "begins with a letter"), ("0x10", 1, "begins with"), ("1234567890123456", 1, "no number"),
        ("A; B", 2, "before ';'"),
        ("A \u{E4}", 3, "neither letter"), ("\u{20AC} + A", 1, "neither letter"), ("A + \"B\"", 5, "'\"' has no place"),
        ("$A", 1, "'$' has no place"), ("A ~ B", 3, "before '~'"), ("points()", 8, "one name"),
        ("points(A B)", 8, "one name"),
        ("points(A*)", 8, "one name"), ("points(A", 7, "without its"), ("rules_matching(A,B)", 16, "one name"),
        ("A ^ B", 3, "before '^'"), ("A ** B", 4, "missing before '*'"), ("A ? B : C", 3, "before '?'"),
        ("A \u{0} B", 3, "neither"), ("\u{E4}\u{F6} A B", 1, "neither"),
    ])
    func nonsenseIsRefusedAtItsPlace(_ text: String, _ column: Int, _ words: String) {
        let error = #expect(throws: MetaExpression.Refusal.self) { _ = try MetaExpression(text) }
        #expect(error?.column == column && error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test func limits() throws {
        let depth = MetaExpression.depthLimit
        let open = String(repeating: "(", count: depth)
        #expect(try Self.value("\(open)A\(String(repeating: ")", count: depth))") == 1)
        let error = #expect(throws: MetaExpression.Refusal.self) { _ = try MetaExpression("A + (\(open)A") }
        #expect(error?.column == 5 + depth && error?.message.contains("more than 100") == true)
        #expect(try Self.value(String(repeating: "!", count: depth) + "A") == 1)
        #expect(throws: MetaExpression.Refusal.self) {
            try MetaExpression(String(repeating: "-", count: depth + 1) + "A")
        }
        // What is closed does not count: only what is open at one time does.
        let many = Array(repeating: "!(-A)", count: 1000).joined(separator: "+")
        #expect(try Self.value(many) == 0)
        let longest = String(repeating: "A+", count: MetaExpression.lengthLimit / 2 - 1) + "AB"
        #expect(longest.utf8.count == MetaExpression.lengthLimit)
        #expect(try MetaExpression(longest).names == ["A", "AB"])
        #expect(throws: MetaExpression.Refusal.self) { try MetaExpression(longest + " ") }
    }

    /// Operators that wait for a weaker one wait on a stack of our own.
    @Test func whatWaitsIsNoRecursion() throws {
        let climbing = String(repeating: "X || A && A == A < A + A * ", count: 300) + "A"
        #expect(try Self.value(climbing) == 1)
    }

    @Test func namesAreToldOnce() throws {
        let expression = try MetaExpression("B && A || B + points(C) > rules_matching(__X*) + rules_matching(__X*)")
        #expect(expression.names == ["B", "A", "C"] && expression.globs == ["__X*"])
    }

    @Test(arguments: [
        ("*", "", true), ("*", "ANY", true), ("?", "", false), ("A*", "A", true), ("A*", "AB", true),
        ("A*", "BA", false),
        ("*A", "BA", true), ("*A*B", "xAyAzB", true), ("*A*B", "xByA", false), ("A?C", "ABC", true),
        ("A?C", "AC", false),
        ("a", "A", false), ("ABC", "ABC", true), ("ABC", "ABCD", false), ("**", "X", true), ("A**", "A", true),
        ("?*?", "AB", true), ("?*?", "A", false), ("*-1", "AV:x-1", true),
    ])
    func patterns(_ glob: String, _ name: String, _ expected: Bool) {
        #expect(MetaExpression.matches(glob, name) == expected)
    }

    /// Any octets give an expression or a refusal with a place in the text.
    @Test func anyTextIsReadOrRefused() throws {
        var generator = SeededGenerator(seed: 7)
        let pieces = [
            "A", "B", "1", "2.5", "(", ")", "!", "&&", "||", "+", "-", "*", "<", "<=", "==", "!=", ">", " ", "points(",
            "rules_matching(", "?", "\u{E4}", "&", "=", "0", ".", "_", ":", "\u{0}",
        ]
        var read = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...11, using: &generator)).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            do throws(MetaExpression.Refusal) {
                let expression = try MetaExpression(text)
                let value = expression.value({ _ in 1 }, points: { _ in 2 }, sum: { _ in 3 })
                #expect(value.isFinite)
                read += 1
            } catch {
                #expect((1...text.unicodeScalars.count + 1).contains(error.column) && !error.message.isEmpty, "\(text)")
            }
        }
        #expect(read > 500)
    }
}
