package import Checks

/// The rules on names and types of files with their patterns compiled. Made once, before the first mail.
package final class BannedMatcher {
    /// The rules as they were read.
    package let rules: BannedRules
    /// What is wrong with them; rules with a pattern that cannot be compiled never hold.
    package let problems: [BannedProblem]
    private let patterns: [PCREPattern?]
    private let workspace: PCREPattern.Workspace?
    /// Matches that an engine gave up since `clearFailures`.
    package private(set) var failures = 0

    /// Compiles the patterns.
    package init(_ rules: BannedRules, limits: PatternLimits = PatternLimits()) {
        self.rules = rules
        var compiled: [PCREPattern?] = []
        var words: [Int: String] = [:]
        for (index, pattern) in rules.patterns.enumerated() {
            var pattern = pattern
            pattern.flags.insert(.unicode)
            do throws(PatternError) {
                compiled.append(try PCREPattern(pattern))
            } catch {
                compiled.append(nil)
                words[index] = error.text
            }
        }
        patterns = compiled
        workspace = PCREPattern.Workspace(groups: compiled.reduce(0) { max($0, $1?.groups ?? 0) }, limits: limits)
        var problems = rules.problems
        for rule in rules.sets.flatMap(\.rules) {
            guard let bad = BannedRules.patterns(of: rule).first(where: { words[$0] != nil }) else { continue }
            problems.append(BannedProblem(place: rule.place, text: words[bad] ?? ""))
        }
        self.problems = problems
    }

    /// Forgets failures.
    package func clearFailures() { failures = 0 }

    /// True when the pattern stands somewhere in one of the texts.
    func matches(_ pattern: Int, _ texts: [[UInt8]]) -> Bool {
        guard let pattern = patterns[pattern] else { return false }
        guard let workspace else {
            failures += 1
            return false
        }
        for text in texts {
            switch pattern.match(text.span, workspace) {
            case .match: return true
            case .noMatch: continue
            case .failed: failures += 1
            }
        }
        return false
    }
}

/// A rule that holds for a file: where it stands, the file that was asked about, and which of it and its containers met the
/// rule.
package struct BannedMatch: Hashable, Sendable {
    package var set: Int
    /// Place of the rule in its set.
    package var rule: Int
    /// The file that holds nothing further: what is banned or allowed.
    package var file: Int
    /// That file or a container around it: what the rule speaks of.
    package var matched: Int
}

/// Looks all files of one message up in all sets.
///
/// A file is banned or allowed by the first rule of a set that holds for it or for one of the containers around it; only files
/// that hold nothing further are asked about, so that each file inside a container has its own answer (amavis's README.banned).
package struct BannedLookup {
    /// Rules that hold for a message at most.
    package static let mostMatches = 20_000

    private let matcher: BannedMatcher
    private let files: [BannedFile]
    private let texts: [FileTexts]
    /// Time is over: what follows was not looked up.
    private let isOver: () -> Bool
    /// In the order of sets and files.
    package private(set) var matches: [BannedMatch] = []
    /// Too many matches, or no time left.
    package private(set) var reached: Reached?

    /// Why not everything was looked up.
    package enum Reached: Sendable { case matches, time }

    /// What patterns are tried on, made once for each file.
    private struct FileTexts {
        var declared: [[UInt8]]
        /// Names, and names with types, for each view.
        var asSent: (names: [[UInt8]], any: [[UInt8]])
        var everyForm: (names: [[UInt8]], any: [[UInt8]])

        init(_ file: BannedFile) {
            func octets(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }
            declared = octets(file.declared)
            asSent = (octets(file.names(.asSent)), octets(file.anyTexts(.asSent)))
            everyForm = (octets(file.names(.everyForm)), octets(file.anyTexts(.everyForm)))
        }

        func names(_ view: BannedFile.NameView) -> [[UInt8]] { view == .asSent ? asSent.names : everyForm.names }
        func any(_ view: BannedFile.NameView) -> [[UInt8]] { view == .asSent ? asSent.any : everyForm.any }
    }

    /// Looks up. `files`: containers stand before what is in them.
    package init(_ matcher: BannedMatcher, _ files: [BannedFile], isOver: @escaping () -> Bool) {
        self.matcher = matcher
        self.files = files
        self.isOver = isOver
        texts = files.map { FileTexts($0) }
        for set in matcher.rules.sets.indices where reached == nil { look(set) }
    }

    /// The matches without those that change nothing. Which sets are asked, and in which order, the gateway knows: what one of
    /// them allows matters only where another one bans or scores.
    package var needed: [BannedMatch] {
        func action(_ match: BannedMatch) -> BannedRule.Action {
            matcher.rules.sets[match.set].rules[match.rule].action
        }
        var others: [Int: Set<Int>] = [:]
        for match in matches where action(match) != .allow { others[match.file, default: []].insert(match.set) }
        return matches.filter { match in
            action(match) != .allow || others[match.file]?.contains { $0 != match.set } == true
        }
    }

    private mutating func look(_ set: Int) {
        let rules = matcher.rules.sets[set].rules
        guard !rules.isEmpty else { return }
        // For each file the rules that hold for it or for what is around it: a bit for each rule.
        let words = (rules.count + 63) / 64
        var holding: [[UInt64]] = []
        holding.reserveCapacity(files.count)
        var isLeaf = Array(repeating: true, count: files.count)
        for (index, file) in files.enumerated() {
            guard !isOver() else {
                reached = .time
                return
            }
            var bits = file.container.map { holding[$0] } ?? Array(repeating: 0, count: words)
            if let container = file.container { isLeaf[container] = false }
            for (number, rule) in rules.enumerated() where bits[number >> 6] & 1 << UInt64(number & 63) == 0 {
                if holds(rule, index) { bits[number >> 6] |= 1 << UInt64(number & 63) }
            }
            holding.append(bits)
        }
        for index in files.indices where isLeaf[index] {
            guard !isOver() else {
                reached = .time
                return
            }
            decide(set, rules, index, holding[index])
        }
    }

    /// Goes through the rules that hold, in their order, to the first that ends it.
    private mutating func decide(_ set: Int, _ rules: [BannedRule], _ file: Int, _ bits: [UInt64]) {
        for number in rules.indices {
            let rule = rules[number]
            var matched: Int?
            if bits[number >> 6] & 1 << UInt64(number & 63) != 0 {
                matched = chain(file).first { holds(rule, $0) }
            } else if Self.isOnPath(rule), holdsOnPath(rule, file) {
                matched = file
            }
            guard let matched else { continue }
            guard matches.count < Self.mostMatches else {
                reached = .matches
                return
            }
            if rule.action == .skip { return }
            matches.append(BannedMatch(set: set, rule: number, file: file, matched: matched))
            if rule.action.isLast { return }
        }
    }

    /// The containers around a file, the outermost first, and the file itself.
    private func chain(_ file: Int) -> [Int] {
        var out = [file]
        var next = files[file].container
        while let container = next {
            out.append(container)
            next = files[container].container
        }
        return out.reversed()
    }

    // MARK: Conditions

    /// True when all conditions hold for one file. Rules on the whole path hold for none.
    private func holds(_ rule: BannedRule, _ file: Int) -> Bool {
        !Self.isOnPath(rule) && !(files[file].isPlainDirectory && isOnFileNames(rule))
            && rule.conditions.allSatisfy { holds($0.test, file, Self.view(rule, $0)) == $0.isPositive }
    }

    /// On any doubt about a name the file is banned: what allows holds for the name itself only, and so does what keeps a rule
    /// from banning.
    private static func view(_ rule: BannedRule, _ condition: BannedRule.Condition) -> BannedFile.NameView {
        rule.action.letsThrough == condition.isPositive ? .asSent : .everyForm
    }

    /// What `*.com` bans is a file of that name: folders have the names of domains and dates. An expression says what it
    /// means, and so does a rule that asks for directories.
    private func isOnFileNames(_ rule: BannedRule) -> Bool {
        guard !rule.action.letsThrough else { return false }
        var hasGlob = false
        for condition in rule.conditions where condition.isPositive {
            switch condition.test {
            case .mark("directory"): return false
            case .file(.name(let pattern)): hasGlob = hasGlob || Glob.isOfNames(matcher.rules.patterns[pattern])
            case .path(let operands):
                if case .name(let pattern)? = operands.last {
                    hasGlob = hasGlob || Glob.isOfNames(matcher.rules.patterns[pattern])
                }
            case .file, .inside, .any, .namepath, .mark, .size, .digest: break
            }
        }
        return hasGlob
    }

    private static func isOnPath(_ rule: BannedRule) -> Bool {
        rule.conditions.contains { if case .namepath = $0.test { true } else { false } }
    }

    /// The rule holds for a file, with the text of the levels around it.
    private func holdsOnPath(_ rule: BannedRule, _ file: Int) -> Bool {
        rule.conditions.allSatisfy { condition in
            let view = Self.view(rule, condition)
            guard case .namepath(let pattern) = condition.test else {
                return holds(condition.test, file, view) == condition.isPositive
            }
            let levels = chain(file).map { files[$0].namepathLevel($0 + 1, view) }
            return matcher.matches(pattern, [Array(levels.joined(separator: "\n").utf8)]) == condition.isPositive
        }
    }

    private func holds(_ test: BannedRule.Test, _ file: Int, _ view: BannedFile.NameView) -> Bool {
        switch test {
        case .file(let operand): return holds(operand, file, view)
        case .path(let operands): return holds(operands, file, view)
        case .inside(let operand):
            var next = files[file].container
            while let container = next {
                if holds(operand, container, view) { return true }
                next = files[container].container
            }
            return false
        case .any(let pattern): return matcher.matches(pattern, texts[file].any(view))
        case .namepath: return false
        case .mark(let mark): return files[file].marks.contains(mark)
        case .size(.less, let limit): return files[file].size < limit
        case .size(.greater, let limit): return files[file].size > limit
        case .digest(let digest): return files[file].digest == digest
        }
    }

    /// Each step stands directly in the one before; multiparts are no containers of files.
    private func holds(_ operands: [BannedRule.Operand], _ file: Int, _ view: BannedFile.NameView) -> Bool {
        var next: Int? = file
        for operand in operands.reversed() {
            guard let current = next, holds(operand, current, view) else { return false }
            next = files[current].container
            while let container = next, files[container].declared.contains(where: { $0.hasPrefix("multipart/") }) {
                next = files[container].container
            }
        }
        return true
    }

    private func holds(_ operand: BannedRule.Operand, _ file: Int, _ view: BannedFile.NameView) -> Bool {
        switch operand {
        case .name(let pattern): matcher.matches(pattern, texts[file].names(view))
        case .declared(let pattern): matcher.matches(pattern, texts[file].declared)
        case .detected(let types): files[file].types.contains(where: types.contains)
        }
    }
}
