package import MailModel
package import Patterns

/// How the words of a scanner that speaks to people, and the exit code of a program, are read.
package struct OutputReading: Sendable {
    package var cleanCodes: [Int] = []
    package var infectedCodes: [Int] = []
    /// It did not look at something, as it says, and found nothing in the rest.
    package var uncheckedCodes: [Int] = []
    package var cleanPattern: OutputPattern?
    package var infectedPattern: OutputPattern?
    package var uncheckedPattern: OutputPattern?
    /// What is the matter with what it did not look at.
    package var uncheckedReason = UncheckedReason.unsupported
    /// Its first group is the name of a virus; every match counts.
    package var namePattern: OutputPattern?
    /// Matches what is whole; nil where nothing tells.
    package var endPattern: OutputPattern?

    package init() {}

    /// Octets of output that are read; a scanner that says more has failed.
    static let limit = 1_048_576
    /// Octets at the end of the words in which those that end them are looked for.
    private static let tail = 4096
    private static let cutOff = "an answer that is cut off: end_pattern is not in it"
    /// Octets of output that a failure quotes.
    private static let quoted = 300

    /// What was found: a sign of infection counts before one that it did not look at something, that before a sign of cleanness,
    /// and without any the scanner has failed.
    /// - Parameters:
    ///   - code: of a program.
    ///   - flaw: why these are not all of its words; nil when it came to its own end. Such an answer is never clean.
    func answer(
        to text: [UInt8], code: Int? = nil, flaw: String? = nil, orElse failure: String
    ) throws(ScannerFailure) -> ScanAnswer {
        func matches(_ pattern: OutputPattern?) throws(ScannerFailure) -> Bool {
            guard let pattern else { return false }
            return try Self.match(pattern, text) != nil
        }
        func isOne(of codes: [Int]) -> Bool { code.map { codes.contains($0) } ?? false }
        var answer = ScanAnswer()
        let isWhole = endPattern == nil ? true : try matches(endPattern)
        let flaw = flaw ?? (isWhole ? nil : Self.cutOff)
        let isInfected = isOne(of: infectedCodes) ? true : try matches(infectedPattern)
        if isInfected {
            for name in try names(in: text) { answer.add(alert: name) }
            if answer.findings.isEmpty, answer.unchecked.isEmpty { answer.addVirus("unnamed") }
            if try matches(uncheckedPattern) { try addUnchecked(to: &answer, text, failure) }
            // What comes after the cut may be worse than what was named.
            if let flaw { answer.addUnchecked(.scannerFailed, flaw) }
            return answer
        }
        if let flaw { throw Self.failure(flaw, quoting: text) }
        let isUnchecked = isOne(of: uncheckedCodes) ? true : try matches(uncheckedPattern)
        if isUnchecked {
            try addUnchecked(to: &answer, text, failure)
            return answer
        }
        let isClean = isOne(of: cleanCodes) ? true : try matches(cleanPattern)
        if isClean { return answer }
        throw Self.failure(failure, quoting: text)
    }

    /// Adds what it did not look at, with its own words where the pattern knows them.
    private func addUnchecked(
        to answer: inout ScanAnswer, _ text: [UInt8], _ ending: String
    ) throws(ScannerFailure) {
        let match = if let uncheckedPattern { try Self.match(uncheckedPattern, text) } else { nil as Match? }
        answer.addUnchecked(uncheckedReason, match.map { String(decoding: text[$0.whole], as: UTF8.self) } ?? ending)
    }

    /// These words end with what `endPattern` matches: nothing more has to come, even on a connection that stays open.
    func isEnded(_ text: [UInt8]) throws(ScannerFailure) -> Bool {
        guard let endPattern else { return false }
        var last = Array(text.suffix(Self.tail))
        // Else its first line would begin where none does.
        if last.count < text.count { last = last.firstIndex(of: 0x0A).map { Array(last[($0 + 1)...]) } ?? [] }
        // Line ends and NULs behind the words.
        let end = last.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? 0
        var start = 0
        while let match = try Self.match(endPattern, last, from: start) {
            if match.whole.upperBound >= end { return true }
            start = max(match.whole.upperBound, start + 1)
        }
        return false
    }

    /// A failure with the beginning of what was said.
    static func failure(_ what: String, quoting text: [UInt8]) -> ScannerFailure {
        let shown = String(decoding: text.prefix(quoted), as: UTF8.self)
        return ScannerFailure(shown.isEmpty ? what : "\(what): \(shown)")
    }

    private typealias Match = (whole: Range<Int>, group: Range<Int>?)

    /// Where a pattern matches. One that was given up says neither yes nor no.
    private static func match(
        _ pattern: OutputPattern, _ text: [UInt8], from start: Int = 0
    ) throws(ScannerFailure) -> Match? {
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
