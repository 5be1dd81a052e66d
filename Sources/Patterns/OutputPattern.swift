internal import Checks
internal import Synchronization

/// One pcre pattern for what a program prints (`pcre2pattern(3)`), without tables around it. Safe to use from any thread, by
/// one at a time.
package final class OutputPattern: Sendable {
    private struct Machine: ~Copyable {
        let pattern: PCREPattern
        let workspace: PCREPattern.Workspace
    }

    private let machine: Mutex<Machine>
    /// The pattern as it was written.
    package let text: String
    /// Capturing groups in it.
    package let groups: Int

    /// Why a pattern cannot be used, or a match was given up, in PCRE2's words.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter text: lines are told apart by `^` and `$`, as in amavis's patterns with `m`.
    package init(_ text: String) throws(Failure) {
        self.text = text
        do throws(PatternError) {
            let pattern = try PCREPattern(PatternText(bytes: Array(text.utf8), flags: [.multiline]))
            guard let workspace = PCREPattern.Workspace(groups: pattern.groups, limits: PatternLimits()) else {
                throw PatternError(text: "no memory")
            }
            groups = pattern.groups
            machine = Mutex(Machine(pattern: pattern, workspace: workspace))
        } catch {
            throw Failure(description: error.text)
        }
    }

    /// It matches where nothing stands, and so in every text.
    package var matchesAnything: Bool { (try? firstMatch(in: [])) != nil }

    /// Where the first match stands from `start` on, and its first group; nil without one.
    /// - Throws: the match was given up (`PatternLimits`).
    package func firstMatch(
        in octets: [UInt8], from start: Int = 0
    ) throws(Failure) -> (whole: Range<Int>, group: Range<Int>?)? {
        guard start <= octets.count else { return nil }
        let found = try machine.withLock { machine throws(Failure) -> [Range<Int>?] in
            let rest = octets.span.extracting(start..<octets.count)
            switch machine.pattern.match(rest, machine.workspace) {
            case .match: return machine.pattern.ranges(machine.workspace)
            case .noMatch: return []
            case .failed(let words): throw Failure(description: words)
            }
        }
        func moved(_ range: Range<Int>) -> Range<Int> { range.lowerBound + start..<range.upperBound + start }
        guard let first = found.first, let whole = first else { return nil }
        return (moved(whole), found.count > 1 ? found[1].map(moved) : nil)
    }
}
