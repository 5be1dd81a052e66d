internal import Yams

/// Turns an error of the YAML parser into one that says what to do.
struct SyntaxAdvice {
    let source: SourceText

    /// The fault for `error`: at the value that needs quotes if one is seen near, else where the parser stopped.
    func fault(for error: YamlError) -> Fault {
        let (place, problem) = SyntaxAdvice.description(of: error)
        if let place, let (position, advice) = quotingAdvice(near: place) {
            return Fault(position: position, message: "not valid YAML: \(problem); \(advice)")
        }
        // The parser's words for the two commonest slips say neither.
        let slip =
            problem.hasPrefix("mapping values are not allowed")
            ? "; is the line indented too far, or does a text with ': ' need quotes?" : ""
        return Fault(position: place, message: "not valid YAML: \(problem)\(slip)")
    }

    /// Place and words of the parser, which quotes nothing of the file.
    private static func description(of error: YamlError) -> (Position?, String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let during = context.map { $0.text + ", " } ?? ""
            return (Position(mark), during + problem)
        case .reader(let problem, _, _, _), .writer(let problem), .emitter(let problem), .representer(let problem):
            return (nil, problem)
        case .no, .memory, .dataCouldNotBeDecoded, .duplicatedKeysInMapping:
            return (nil, "it cannot be parsed")
        }
    }

    /// Looks on the line of the error and, as the parser often notices late, on the one above for a value whose first
    /// character means something to YAML.
    private func quotingAdvice(near place: Position) -> (Position, String)? {
        for line in [place.line, place.line - 1] {
            guard source.lines.indices.contains(line - 1) else { continue }
            let scalars = source.lines[line - 1]
            guard let start = SyntaxAdvice.valueStart(in: scalars) else { continue }
            let position = Position(line: line, column: start + 1)
            switch scalars[start] {
            case "[":
                return (position, "a text that begins with '[' must be in quotes: \"[::1]:10024\"")
            case "@", "`", "%", "*", "!", "&", "{", "|", ">":
                return (position, "a text that begins with '\(scalars[start])' must be in quotes")
            default:
                continue
            }
        }
        return nil
    }

    /// Index of the first character of the value on a line `- key: value`, `key: value` or `- value`.
    private static func valueStart(in scalars: [Unicode.Scalar]) -> Int? {
        var index = 0
        func skipSpaces() {
            while index < scalars.count, scalars[index] == " " { index += 1 }
        }
        skipSpaces()
        while index + 1 < scalars.count, scalars[index] == "-", scalars[index + 1] == " " {
            index += 1
            skipSpaces()
        }
        var end = index
        while end < scalars.count, isNameScalar(scalars[end]) { end += 1 }
        if end > index, end + 1 < scalars.count, scalars[end] == ":", scalars[end + 1] == " " {
            index = end + 1
            skipSpaces()
        }
        return index < scalars.count ? index : nil
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && isNameOctet(UInt8(truncatingIfNeeded: scalar.value))
    }
}
