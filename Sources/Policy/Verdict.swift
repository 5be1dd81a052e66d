package import MailModel

/// What the facts of a report amount to: one category and the facts behind it.
package struct Verdict: Hashable, Sendable {
    /// The first category that holds, in the order of `Category`.
    package var category: Category
    /// Names of viruses, each once, in the order found.
    package var virusNames: [String]
    /// Everything that was not checked.
    package var unchecked: [Unchecked]

    /// Virus names that are kept: a report may hold thousands, a reply and a log line may not.
    package static let namesKept = 20

    /// Judges a report.
    /// - Parameter required: scanners that are configured. One that neither finished nor said why not leaves the message
    ///   unchecked: silence is never taken for clean.
    package init(_ report: Report, required: [String] = []) {
        var names: [String] = []
        for finding in report.findings where finding.kind == .virus && !names.contains(finding.name) {
            if names.count == Self.namesKept { break }
            names.append(finding.name)
        }
        virusNames = names
        unchecked = report.unchecked
        if names.isEmpty, unchecked.isEmpty {
            for scanner in required where !report.completedScanners.contains(scanner) {
                unchecked.append(Unchecked(.scannerFailed, detail: "\(scanner) did not finish"))
            }
        }
        var held = Set(report.findings.map(Self.category))
        if !unchecked.isEmpty { held.insert(.unchecked) }
        category = Category.allCases.first { held.contains($0) } ?? .clean
    }

    private static func category(of finding: Finding) -> Category {
        switch finding.kind {
        case .virus: .infected
        case .banned: .banned
        case .rule: .rule
        case .spam: .spam
        case .badHeader: .badHeader
        }
    }

    /// The verdict on a message that could not be inspected at all.
    package init(failed reason: UncheckedReason, detail: String) {
        category = .unchecked
        virusNames = []
        unchecked = [Unchecked(reason, detail: detail)]
    }

    /// Reasons, each once, in the order found.
    package var reasons: [UncheckedReason] {
        var out: [UncheckedReason] = []
        for item in unchecked where !out.contains(item.reason) { out.append(item.reason) }
        return out
    }
}
