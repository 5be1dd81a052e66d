package import Checks

/// What is wrong with rules on names and types of files, and which of them can never decide.
package enum BannedLint {
    /// In the order of the file.
    package static func findings(_ rules: BannedRules) -> [BannedProblem] {
        let matcher = BannedMatcher(rules)
        var findings = matcher.problems
        for set in rules.sets {
            var earlier: [BannedRule] = []
            for rule in set.rules {
                let names = rule.conditions.count { $0.isPositive && Self.isEnding($0.test, matcher.rules) }
                if names > 1 {
                    findings.append(
                        BannedProblem(
                            place: rule.place,
                            text: "asks for several names at once; *.{a,b} holds for a file with one of them"))
                }
                if BannedRules.patterns(of: rule).contains(where: { Self.explodes(matcher.rules.patterns[$0]) }) {
                    findings.append(
                        BannedProblem(
                            place: rule.place,
                            text: "can take very long: within a repetition the same text can be divided in several "
                                + "ways, as in (a+)+; a name on which it is given up holds the message back"))
                }
                if let other = earlier.first(where: { covers($0, rule) }) {
                    findings.append(
                        BannedProblem(
                            place: rule.place,
                            text: "never decides: the rule in line \(other.place.line) holds whenever this one does"))
                }
                if rule.action.isLast { earlier.append(rule) }
            }
        }
        return findings.sorted { ($0.place.file, $0.place.line) < ($1.place.file, $1.place.line) }
    }

    /// A pattern such as `*.exe`.
    private static func isEnding(_ test: BannedRule.Test, _ rules: BannedRules) -> Bool {
        guard case .file(.name(let pattern)) = test else { return false }
        return Glob.isOfNames(rules.patterns[pattern])
    }

    private static func explodes(_ pattern: PatternText) -> Bool {
        PatternReader.tree(pattern, .pcre).map(Ambiguity.explodes) ?? false
    }

    /// Why a line is no rule that can be tried, in words; nil when it is one.
    package static func refusal(ofLine line: [UInt8]) -> String? {
        BannedMatcher(BannedRules([BannedRules.Source(name: "", text: line + [0x0A])])).problems.first?.text
    }

    /// True when a rule holds wherever another one does: it asks for nothing that the other does not ask for.
    private static func covers(_ first: BannedRule, _ second: BannedRule) -> Bool {
        first.conditions.allSatisfy { condition in second.conditions.contains { implies($0, condition) } }
    }

    private static func implies(_ strict: BannedRule.Condition, _ wide: BannedRule.Condition) -> Bool {
        if strict == wide { return true }
        guard strict.isPositive, wide.isPositive, case .file(.detected(let few)) = strict.test,
            case .file(.detected(let many)) = wide.test
        else { return false }
        return few.allSatisfy(many.contains)
    }
}
