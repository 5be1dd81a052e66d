/// Reads the text of a meta test: one pass, operators wait on a stack until what binds weaker follows.
struct MetaReader {
    private(set) var steps: [MetaExpression.Step] = []
    private(set) var names: [String] = []
    private(set) var globs: [String] = []
    private var places: [String: Int] = [:]

    private enum Waiting {
        case parenthesis(column: Int)
        case not
        case negated
        case binary(MetaExpression.BinaryOperator)
    }

    private let text: [UInt8]
    private var index = 0
    private var waiting: [Waiting] = []
    private var depth = 0
    /// A test, a number or a parenthesis is due, not an operator.
    private var wantsOperand = true

    init(_ text: String) {
        self.text = Array(text.utf8)
    }

    mutating func read() throws(MetaExpression.Refusal) {
        guard text.count <= MetaExpression.lengthLimit else {
            throw refusal("more than \(MetaExpression.lengthLimit) octets", at: MetaExpression.lengthLimit)
        }
        while true {
            while index < text.count, Self.isBlank(text[index]) { index += 1 }
            guard index < text.count else { break }
            if wantsOperand { try readOperand() } else { try readOperator() }
        }
        if wantsOperand {
            throw refusal(
                text.allSatisfy(Self.isBlank) ? "nothing is asked" : "a test is missing at the end", at: index)
        }
        while let last = waiting.popLast() {
            if case .parenthesis(let column) = last { throw refusal("'(' without its ')'", at: column) }
            emit(last)
        }
    }

    // MARK: - Operands

    private mutating func readOperand() throws(MetaExpression.Refusal) {
        let start = index
        switch text[index] {
        case 0x28:
            index += 1
            try wait(.parenthesis(column: start), at: start)
        case 0x21:
            index += 1
            if index < text.count, text[index] == 0x3D { throw refusal("a test is missing before '!='", at: start) }
            try wait(.not, at: start)
        case 0x2D:
            index += 1
            try wait(.negated, at: start)
        case 0x30...0x39: try readNumber()
        case let octet where Self.beginsName(octet): try readName()
        case 0x29: throw refusal("a test is missing before ')'", at: start)
        case let octet where Self.operators.contains(octet):
            throw refusal("a test is missing before '\(sign)'", at: start)
        default: throw refusal("\(shown) has no place here", at: start)
        }
    }

    private mutating func wait(_ item: Waiting, at start: Int) throws(MetaExpression.Refusal) {
        guard depth < MetaExpression.depthLimit else {
            throw refusal("more than \(MetaExpression.depthLimit) '(', '!' and '-' within each other", at: start)
        }
        depth += 1
        waiting.append(item)
    }

    private mutating func readNumber() throws(MetaExpression.Refusal) {
        let start = index
        while index < text.count, Self.isDigit(text[index]) || text[index] == 0x2E { index += 1 }
        let digits = text[start..<index]
        let pieces = digits.split(separator: 0x2E, omittingEmptySubsequences: false)
        // Perl reads 010 as octal: nobody is to be misunderstood.
        let isPlain =
            pieces.count <= 2 && pieces.allSatisfy { !$0.isEmpty } && (digits.first != 0x30 || pieces[0].count == 1)
        guard isPlain, digits.count <= 15, let number = Double(String(decoding: digits, as: UTF8.self)) else {
            throw refusal(
                "'\(String(decoding: digits.prefix(20), as: UTF8.self))' is no number such as 2 or 1.5", at: start)
        }
        if index < text.count, Self.beginsName(text[index]) {
            throw refusal("a name of a test begins with a letter or '_'", at: start)
        }
        push(.number(number))
    }

    private mutating func readName() throws(MetaExpression.Refusal) {
        let start = index
        while index < text.count, Self.isName(text[index]) { index += 1 }
        let name = String(decoding: text[start..<index], as: UTF8.self)
        while index < text.count, Self.isBlank(text[index]) { index += 1 }
        guard index < text.count, text[index] == 0x28 else { return push(.test(place(of: name))) }
        guard name == "points" || name == "rules_matching" else {
            throw refusal(
                "'\(name.prefix(60))(': the only functions are rules_matching(GLOB) and points(NAME)", at: start)
        }
        index += 1
        let argument = try readArgument(of: name)
        if name == "points" {
            push(.points(place(of: argument)))
        } else {
            if !globs.contains(argument) { globs.append(argument) }
            push(.matching(globs.firstIndex(of: argument) ?? 0))
        }
    }

    /// A name, or a pattern, and the parenthesis behind it.
    private mutating func readArgument(of function: String) throws(MetaExpression.Refusal) -> String {
        let open = index
        guard let close = text[index...].firstIndex(of: 0x29) else {
            throw refusal("'(' without its ')'", at: open - 1)
        }
        var argument = text[index..<close]
        while let first = argument.first, Self.isBlank(first) { argument.removeFirst() }
        while let last = argument.last, Self.isBlank(last) { argument.removeLast() }
        // Names of signatures have hyphens in them.
        let isFit = argument.allSatisfy { octet in
            Self.isName(octet) || octet == 0x2D || function == "rules_matching" && (octet == 0x2A || octet == 0x3F)
        }
        guard isFit, !argument.isEmpty, argument.count <= 200 else {
            throw refusal(
                "\(function) takes one name\(function == "points" ? "" : ", in which * and ? stand for others")",
                at: open)
        }
        index = close + 1
        return String(decoding: argument, as: UTF8.self)
    }

    private mutating func place(of name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = names.count
        names.append(name)
        return names.count - 1
    }

    private mutating func push(_ step: MetaExpression.Step) {
        steps.append(step)
        wantsOperand = false
        // What stands before one operand binds strongest.
        while let last = waiting.last {
            switch last {
            case .not, .negated: emit(waiting.removeLast())
            case .parenthesis, .binary: return
            }
        }
    }

    // MARK: - Operators

    private mutating func readOperator() throws(MetaExpression.Refusal) {
        let start = index
        if text[index] == 0x29 {
            index += 1
            return try close(at: start)
        }
        guard let (length, found) = binary else { throw unknownOperator(at: start) }
        index += length
        while case .binary(let earlier)? = waiting.last, earlier.strength >= found.strength {
            if earlier.strength == found.strength, found.isComparison {
                throw refusal("two comparisons in a row: write && between them, or parentheses", at: start)
            }
            emit(waiting.removeLast())
        }
        waiting.append(.binary(found))
        wantsOperand = true
    }

    private mutating func close(at start: Int) throws(MetaExpression.Refusal) {
        while let last = waiting.popLast() {
            guard case .parenthesis = last else {
                emit(last)
                continue
            }
            depth -= 1
            // The whole parenthesis is an operand: what stands before it is done.
            while let before = waiting.last {
                switch before {
                case .not, .negated: emit(waiting.removeLast())
                case .parenthesis, .binary: return
                }
            }
            return
        }
        throw refusal("')' without its '('", at: start)
    }

    private mutating func emit(_ item: Waiting) {
        switch item {
        case .not, .negated:
            depth -= 1
            if case .not = item { steps.append(.not) } else { steps.append(.negated) }
        case .binary(let binary): steps.append(.binary(binary))
        case .parenthesis: break
        }
    }

    /// The operator that begins here, and its length.
    private var binary: (length: Int, MetaExpression.BinaryOperator)? {
        let next = index + 1 < text.count ? text[index + 1] : 0
        switch (text[index], next) {
        case (0x7C, 0x7C): return (2, .or)
        case (0x26, 0x26): return (2, .and)
        case (0x3D, 0x3D): return (2, .equal)
        case (0x21, 0x3D): return (2, .unequal)
        case (0x3C, 0x3D): return (2, .lessOrEqual)
        case (0x3E, 0x3D): return (2, .greaterOrEqual)
        case (0x3C, _): return (1, .less)
        case (0x3E, _): return (1, .greater)
        case (0x2B, _): return (1, .plus)
        case (0x2D, _): return (1, .minus)
        case (0x2A, _): return (1, .times)
        default: return nil
        }
    }

    private func unknownOperator(at start: Int) -> MetaExpression.Refusal {
        var end = start
        while end < text.count, Self.isName(text[end]) { end += 1 }
        let word = String(decoding: text[start..<min(end, start + 60)], as: UTF8.self)
        switch word.isEmpty ? sign : word.lowercased() {
        case "and", "&": return refusal("'\(word.isEmpty ? sign : word)' is no operator: write &&", at: start)
        case "or", "|": return refusal("'\(word.isEmpty ? sign : word)' is no operator: write ||", at: start)
        case "=": return refusal("'=' is no operator: write ==", at: start)
        case "/", "%": return refusal("nothing is divided here: multiply the other side", at: start)
        default: break
        }
        return refusal("an operator is missing before \(word.isEmpty ? shown : "'\(word)'")", at: start)
    }

    // MARK: - Characters

    private static let operators = Array("&|=<>+*/%".utf8)

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || (0x09...0x0D).contains(octet) }
    private static func isDigit(_ octet: UInt8) -> Bool { (0x30...0x39).contains(octet) }

    private static func beginsName(_ octet: UInt8) -> Bool {
        (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || octet == 0x5F
    }

    /// Dots and colons stand in names such as AM.WBL.
    private static func isName(_ octet: UInt8) -> Bool {
        beginsName(octet) || isDigit(octet) || octet == 0x2E || octet == 0x3A
    }

    private var sign: String { String(decoding: text[index...index], as: UTF8.self) }

    /// The character that begins here.
    private var shown: String {
        let character = String(decoding: text[index...].prefix(4), as: UTF8.self).unicodeScalars.first
        guard let character, character.isASCII, character.value > 0x20, character.value != 0x7F else {
            return "a character that is neither letter, digit nor operator"
        }
        return "'\(character)'"
    }

    private func refusal(_ message: String, at octet: Int) -> MetaExpression.Refusal {
        let before = text[..<min(octet, text.count)]
        return MetaExpression.Refusal(
            message: message, column: String(decoding: before, as: UTF8.self).unicodeScalars.count + 1)
    }
}
