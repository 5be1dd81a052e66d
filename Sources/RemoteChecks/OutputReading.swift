internal import MailModel
package import Patterns

/// How the words of a scanner that speaks to people, and the exit code of a program, are read.
package struct OutputReading: Sendable {
    package var cleanCodes: [Int] = []
    package var infectedCodes: [Int] = []
    package var cleanPattern: OutputPattern?
    package var infectedPattern: OutputPattern?
    /// Its first group is the name of a virus; every match counts.
    package var namePattern: OutputPattern?
    /// Matches what is whole; nil where nothing tells.
    package var endPattern: OutputPattern?

    package init() {}

    /// Octets of output that are read; a scanner that says more has failed.
    static let limit = 1_048_576
    private static let cutOff = "an answer that is cut off: end_pattern is not in it"
    /// Octets of output that a failure quotes.
    private static let quoted = 300

    /// What was found: a sign of infection counts before a sign of cleanness, and without either the scanner has failed.
    /// - Parameter code: of a program.
    func answer(to text: [UInt8], code: Int? = nil, orElse failure: String) throws(ScannerFailure) -> ScanAnswer {
        func matches(_ pattern: OutputPattern?) throws(ScannerFailure) -> Bool {
            guard let pattern else { return false }
            return try Self.match(pattern, text) != nil
        }
        func isOne(of codes: [Int]) -> Bool { code.map { codes.contains($0) } ?? false }
        var answer = ScanAnswer()
        let isWhole = endPattern == nil ? true : try matches(endPattern)
        let isInfected = isOne(of: infectedCodes) ? true : try matches(infectedPattern)
        if isInfected {
            for name in try names(in: text) { answer.add(alert: name) }
            if answer.findings.isEmpty, answer.unchecked.isEmpty { answer.addVirus("unnamed") }
            // What comes after the cut may be worse than what was named.
            if !isWhole { answer.addUnchecked(.scannerFailed, Self.cutOff) }
            return answer
        }
        guard isWhole else { throw Self.failure(Self.cutOff, quoting: text) }
        let isClean = isOne(of: cleanCodes) ? true : try matches(cleanPattern)
        if isClean { return answer }
        throw Self.failure(failure, quoting: text)
    }

    /// A failure with the beginning of what was said.
    static func failure(_ what: String, quoting text: [UInt8]) -> ScannerFailure {
        let shown = String(decoding: text.prefix(quoted), as: UTF8.self)
        return ScannerFailure(shown.isEmpty ? what : "\(what): \(shown)")
    }

    /// Where a pattern matches. One that was given up says neither yes nor no.
    private static func match(
        _ pattern: OutputPattern, _ text: [UInt8], from start: Int = 0
    ) throws(ScannerFailure) -> (whole: Range<Int>, group: Range<Int>?)? {
        do throws(OutputPattern.Failure) {
            return try pattern.firstMatch(in: text, from: start)
        } catch {
            throw Self.failure("the pattern \(pattern.text) was given up: \(error)", quoting: text)
        }
    }

    /// Each name once; one more than an answer keeps, so that it says that there are more.
    private func names(in text: [UInt8]) throws(ScannerFailure) -> [String] {
        guard let pattern = namePattern else { return [] }
        var names: [String] = []
        var known: Set<String> = []
        var start = 0
        while names.count <= ScanAnswer.entries, let match = try Self.match(pattern, text, from: start) {
            let name = String(decoding: text[match.group ?? match.whole], as: UTF8.self)
            if !name.isEmpty, known.insert(name).inserted { names.append(name) }
            start = max(match.whole.upperBound, start + 1)
        }
        return names
    }
}
