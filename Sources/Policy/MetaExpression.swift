/// What a meta test asks of other tests, as in SpamAssassin (`Mail::SpamAssassin::Conf(3)`, "meta"): names of tests, numbers,
/// `! && || + - * < <= > >= == !=` and parentheses, which bind as in Perl. A test counts 1 where it fired and 0 where it did not;
/// a meta test counts what its own expression came to. `rules_matching(GLOB)` is the sum over the tests with such names, and
/// `points(NAME)`, which SpamAssassin does not have, the points of a test that fired.
///
/// It is kept in reverse Polish notation, so that neither reading nor asking it goes deeper than what is written in it.
package struct MetaExpression: Hashable, Sendable {
    /// One step of the evaluation, on a stack of numbers.
    enum Step: Hashable, Sendable {
        case number(Double)
        /// Index into `names`.
        case test(Int)
        case points(Int)
        /// Index into `globs`.
        case matching(Int)
        case not
        case negated
        case binary(BinaryOperator)
    }

    /// Operators between two numbers.
    enum BinaryOperator: Hashable, Sendable {
        case or, and, equal, unequal, less, lessOrEqual, greater, greaterOrEqual, plus, minus, times

        /// How strongly it binds; of two that bind alike the left one comes first.
        var strength: Int {
            switch self {
            case .or: 1
            case .and: 2
            case .equal, .unequal: 3
            case .less, .lessOrEqual, .greater, .greaterOrEqual: 4
            case .plus, .minus: 5
            case .times: 6
            }
        }

        /// Two of the same strength cannot stand beside each other.
        var isComparison: Bool { strength == 3 || strength == 4 }

        /// Perl's `&&` and `||` give one of their sides.
        func applied(_ left: Double, _ right: Double) -> Double {
            switch self {
            case .or: left != 0 ? left : right
            case .and: left != 0 ? right : left
            case .equal: left == right ? 1 : 0
            case .unequal: left != right ? 1 : 0
            case .less: left < right ? 1 : 0
            case .lessOrEqual: left <= right ? 1 : 0
            case .greater: left > right ? 1 : 0
            case .greaterOrEqual: left >= right ? 1 : 0
            case .plus: left + right
            case .minus: left - right
            case .times: left * right
            }
        }
    }

    /// Why a text is no expression.
    package struct Refusal: Error, Hashable, Sendable {
        /// For people; names from the text are in it as they are, which is letters, digits and a few signs.
        package var message: String
        /// Place in the text, in characters from 1 on.
        package var column: Int
    }

    /// Octets of an expression.
    package static let lengthLimit = 8192
    /// Parentheses, `!` and signs within each other.
    package static let depthLimit = 100

    /// As it was written.
    package let text: String
    /// Tests that it names, each once, in the order in which they are met.
    package let names: [String]
    /// Patterns of `rules_matching`, each once.
    package let globs: [String]
    let steps: [Step]

    /// Reads an expression.
    package init(_ text: String) throws(Refusal) {
        var reader = MetaReader(text)
        try reader.read()
        self.text = text
        (steps, names, globs) = (reader.steps, reader.names, reader.globs)
    }

    /// What it comes to; nothing but 0 is true. Not a number where numbers are too large for one.
    /// - Parameters:
    ///   - value: of the test with this name; 0 where it did not fire.
    ///   - points: of that test.
    ///   - sum: of the values of the tests whose names the pattern matches.
    func value(
        _ value: (String) -> Double, points: (String) -> Double, sum: (String) -> Double
    ) -> Double {
        var stack: [Double] = []
        for step in steps {
            switch step {
            case .number(let number): stack.append(number)
            case .test(let index): stack.append(value(names[index]))
            case .points(let index): stack.append(points(names[index]))
            case .matching(let index): stack.append(sum(globs[index]))
            case .not: stack.append((stack.popLast() ?? 0) == 0 ? 1 : 0)
            case .negated: stack.append(-(stack.popLast() ?? 0))
            case .binary(let binary):
                let right = stack.popLast() ?? 0
                stack.append(binary.applied(stack.popLast() ?? 0, right))
            }
        }
        return stack.last ?? 0
    }

    /// A name is matched by a pattern in which `*` stands for anything and `?` for one octet, as a whole and case by case.
    package static func matches(_ glob: String, _ name: String) -> Bool {
        let (glob, name) = (Array(glob.utf8), Array(name.utf8))
        var (pattern, place) = (0, 0)
        // Where the last star stands, and how far it reaches.
        var star: (pattern: Int, place: Int)?
        while place < name.count {
            if pattern < glob.count, glob[pattern] == 0x2A {
                star = (pattern, place)
                pattern += 1
            } else if pattern < glob.count, glob[pattern] == 0x3F || glob[pattern] == name[place] {
                pattern += 1
                place += 1
            } else if let last = star {
                star = (last.pattern, last.place + 1)
                (pattern, place) = (last.pattern + 1, last.place + 1)
            } else {
                return false
            }
        }
        return glob[pattern...].allSatisfy { $0 == 0x2A }
    }
}
