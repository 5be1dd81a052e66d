package import Patterns

/// How the words of a scanner that speaks to people, and the exit code of a program, are read.
package struct OutputReading: Sendable {
    package var cleanCodes: [Int] = []
    package var infectedCodes: [Int] = []
    package var cleanPattern: OutputPattern?
    package var infectedPattern: OutputPattern?
    /// Its first group is the name of a virus; every match counts.
    package var namePattern: OutputPattern?

    package init() {}

    /// Octets of output that are read; a scanner that says more has failed.
    static let limit = 1_048_576
    /// Octets of output that a failure quotes.
    private static let quoted = 300

    /// What was found: a sign of infection counts before a sign of cleanness, and without either the scanner has failed.
    /// - Parameter code: of a program.
    func answer(to text: [UInt8], code: Int? = nil, orElse failure: String) throws(ScannerFailure) -> ScanAnswer {
        func matches(_ pattern: OutputPattern?) -> Bool { pattern?.firstMatch(in: text) != nil }
        func isOne(of codes: [Int]) -> Bool { code.map { codes.contains($0) } ?? false }
        var answer = ScanAnswer()
        if isOne(of: infectedCodes) || matches(infectedPattern) {
            for name in names(in: text) { answer.add(alert: name) }
            if answer.findings.isEmpty, answer.unchecked.isEmpty { answer.addVirus("unnamed") }
            return answer
        }
        if isOne(of: cleanCodes) || matches(cleanPattern) { return answer }
        throw Self.failure(failure, quoting: text)
    }

    /// A failure with the beginning of what was said.
    static func failure(_ what: String, quoting text: [UInt8]) -> ScannerFailure {
        let shown = String(decoding: text.prefix(quoted), as: UTF8.self)
        return ScannerFailure(shown.isEmpty ? what : "\(what): \(shown)")
    }

    private func names(in text: [UInt8]) -> [String] {
        guard let pattern = namePattern else { return [] }
        var names: [String] = []
        var start = 0
        while names.count < ScanAnswer.entries, let match = pattern.firstMatch(in: text, from: start) {
            let name = String(decoding: text[match.group ?? match.whole], as: UTF8.self)
            if !name.isEmpty { names.append(name) }
            start = max(match.whole.upperBound, start + 1)
        }
        return names
    }
}
