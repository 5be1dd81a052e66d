internal import Bytes
internal import Checks
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Patterns

/// The rules on names and types of files, compiled before the first fork and shared by all workers.
struct BannedStage {
    /// What is wrong with the files.
    let problems: [String]
    private let matcher: BannedMatcher
    /// Time for one message.
    private let milliseconds: Int
    /// A match that an engine gave up leaves the message unchecked. Always so here: a name that no rule could be tried on may
    /// be any name.
    private static let stepsLimit = "banned-pattern-steps"
    /// A name is longer than what is looked at of one.
    private static let nameLimit = "banned-name-length"

    init?(_ tables: RuleTables) {
        guard !tables.banned.isEmpty else { return nil }
        var limits = PatternLimits()
        limits.matchSteps = tables.limits.matchSteps
        matcher = BannedMatcher(
            BannedRules(tables.banned.map { BannedRules.Source(name: $0.name, text: $0.text) }), limits: limits)
        problems = matcher.problems.map(\.description)
        milliseconds = tables.limits.milliseconds
    }

    /// Looks all parts up.
    /// - Parameters:
    ///   - wholeNames: names of parts of which the report has no more than the ends, by index.
    ///   - marks: what rules may ask for of a part, by index.
    ///   - readings: what programs make of names that are not in UTF-8, by index.
    ///   - reach: gets the names of limits that were reached.
    func firings(
        _ report: Report, wholeNames: [Int: [String]], marks: [Int: Set<String>], readings: [Int: [String]],
        reach: (String) -> Void
    ) -> [BannedFiring] {
        matcher.clearFailures()
        var undecodable: Set<Int> = []
        var hasLongName = false
        for item in report.unchecked {
            guard let part = item.part else { continue }
            switch item.reason {
            case .encrypted, .unsupported, .corrupt, .overLimits: undecodable.insert(part)
            case .ambiguous, .scannerFailed, .scannerCrashed, .deadline, .workspaceFull: continue
            }
        }
        var files: [BannedFile] = []
        files.reserveCapacity(report.parts.count)
        for (index, part) in report.parts.enumerated() {
            var words = marks[index] ?? []
            let names = wholeNames[index] ?? part.names
            if part.encrypted { words.insert("encrypted") }
            if undecodable.contains(index) { words.insert("undecodable") }
            if names.contains(where: ShownNames.isObscured) { words.insert("obscured") }
            if names.contains(where: ShownNames.isTooLong) { hasLongName = true }
            let container = part.container.flatMap { files.indices.contains($0) ? files[$0] : nil }
            let implied = container.map {
                CompressedNames.inside(types: $0.types, names: $0.names + $0.impliedNames)
            }
            files.append(
                BannedFile(
                    container: part.container, placement: Self.placement(part.path),
                    declared: part.declaredType.isEmpty ? [] : [part.declaredType], names: names,
                    impliedNames: (implied ?? []) + (readings[index] ?? []), types: part.types, marks: words,
                    size: part.size, digest: part.sha256))
        }
        if hasLongName { reach(Self.nameLimit) }
        let deadline = monotonicNow() + milliseconds * 1_000_000
        let lookup = BannedLookup(matcher, files) { monotonicNow() > deadline }
        switch lookup.reached {
        case .matches: reach("banned-matches")
        case .time: reach("banned-time")
        case nil: break
        }
        if matcher.failures > 0 { reach(Self.stepsLimit) }
        return lookup.needed.map {
            BannedFiring(set: $0.set, rule: $0.rule, part: $0.file, matched: $0.matched)
        }
    }

    /// Plain text of a message without a name, and with no octet that text does not have: readers show it, and who saves it
    /// gets a text.
    static func isDisplayed(_ content: Span<UInt8>, _ part: PartDescription, in report: Report) -> Bool {
        guard part.names.isEmpty, part.declaredType.isEmpty || part.declaredType == "text/plain" else { return false }
        if let container = part.container {
            guard report.parts.indices.contains(container) else { return false }
            let type = report.parts[container].declaredType
            guard type.hasPrefix("multipart/") || type.hasPrefix("message/") else { return false }
        }
        // A program that is declared as text is none: there are zeros in all of them, as there are in UTF-16.
        let isWide = [0xFFFE, 0xFEFF].contains(content.littleEndian16(at: 0))
        return isWide || content.firstIndex(of: 0) == nil
    }

    /// amavis writes slashes only.
    private static func placement(_ path: String) -> String {
        String(decoding: path.utf8.map { $0 == 0x2E ? 0x2F : $0 }, as: UTF8.self)
    }
}

extension Inspection.Run {
    /// Adds which rules on names and types of files hold.
    mutating func take(_ banned: BannedStage) {
        var limits: [String] = []
        let firings = banned.firings(
            builder.report, wholeNames: builder.wholeNames, marks: marks, readings: names.readings
        ) { limits.append($0) }
        builder.add(banned: firings)
        for limit in limits { builder.reach(limit) }
    }
}
