/// One rule on the names and types of files (`docs/BANNED.md`): what it asks of a file, and what follows.
package struct BannedRule: Hashable, Sendable {
    package var action: Action
    /// All of them must hold for one file.
    package var conditions: [Condition]
    /// Its comment: the reason for people. May be empty; holds text of the file, escape before showing.
    package var reason: String
    package var place: SourcePlace

    /// What a rule does.
    package enum Action: Hashable, Sendable {
        /// The file is banned; nothing further is asked of it.
        case ban
        /// The file is not banned; nothing further is asked of it.
        case allow
        /// This set says nothing of the file; nothing further of the set is asked, and the next set is.
        case skip
        /// The message gets a test of that name with so many thousandths of a point; the next rule is asked.
        case score(Int, name: String)

        /// Nothing further of its set is asked of the file.
        package var isLast: Bool {
            if case .score = self { return false }
            return true
        }

        /// It can only let a file through: on any doubt about a name it does not hold.
        package var letsThrough: Bool { self == .allow || self == .skip }
    }

    /// One test, or its contrary.
    package struct Condition: Hashable, Sendable {
        package var test: Test
        package var isPositive: Bool
    }

    /// What is asked of a file.
    package enum Test: Hashable, Sendable {
        case file(Operand)
        /// The file within containers that stand directly within each other, the outermost first, the file itself last.
        case path([Operand])
        /// One of the containers around the file.
        case inside(Operand)
        /// Any declared type, name or `.short` type, or `UNDECIPHERABLE`: what `banned_filename_re` of amavis is tried on.
        case any(pattern: Int)
        /// The file and its containers in one text, as `banned_namepath_re` of amavis has it.
        case namepath(pattern: Int)
        /// What the file is besides its content, or a fact about a document.
        case mark(String)
        case size(Comparison, Int)
        case digest([UInt8])
    }

    package enum Comparison: String, Hashable, Sendable, CaseIterable {
        case less = "<"
        case greater = ">"
    }

    /// What describes a file.
    package enum Operand: Hashable, Sendable {
        /// A name in any of its forms.
        case name(pattern: Int)
        /// A media type as it was declared.
        case declared(pattern: Int)
        /// One of some short types, found in the content.
        case detected([String])
    }
}

/// Where something stands in a file of rules.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1 on.
    package var line: Int
    /// Octets from the start of the line, from 1 on.
    package var column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `FILE:LINE:COLUMN`.
    package var description: String { "\(file):\(line):\(column)" }
}

/// What is wrong with a file of rules.
package struct BannedProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package var place: SourcePlace
    /// What, and what to write instead; holds text of the file, escape before showing.
    package var text: String

    package init(place: SourcePlace, text: String) {
        self.place = place
        self.text = text
    }

    package var description: String { "\(place): \(text)" }
}

/// All rules of some files, in named sets. Both ends of the link make it of the same octets: a set and the place of a rule in
/// it name a rule.
package struct BannedRules: Sendable {
    /// Rules that are asked from top to bottom.
    package struct RuleSet: Hashable, Sendable {
        package var name: String
        package var rules: [BannedRule]
    }

    /// One file, or rules that stand in the settings.
    package struct Source: Hashable, Sendable {
        /// Its path, or what to call it.
        package var name: String
        package var text: [UInt8]

        package init(name: String, text: [UInt8]) {
            self.name = name
            self.text = text
        }
    }

    /// In the order in which they first appear. A set may go on in another file.
    package private(set) var sets: [RuleSet] = []
    /// The patterns of all rules, each once.
    package private(set) var patterns: [PatternText] = []
    /// What is wrong; rules with problems are left out. At most `Limits.problems`.
    package private(set) var problems: [BannedProblem] = []
    private var indices: [PatternText: Int] = [:]
    private var ruleCount = 0

    /// Limits of all files together.
    package enum Limits {
        /// Octets of one file.
        package static let bytes = 4_194_304
        package static let rules = 5_000
        package static let sets = 100
        package static let problems = 100
        /// Conditions of one rule, and files in one path.
        package static let conditions = 32
        /// Letters of a set's name.
        package static let name = 64
    }

    /// The set that rules before the first `set` belong to.
    package static let defaultSet = "default"

    /// The shipped rules (`rules/banned.rules`).
    package static var shipped: Source { Source(name: "shipped", text: PackageResources.banned_rules) }

    /// Reads files. The default set is always there, if only without rules.
    package init(_ sources: [Source]) {
        sets = [RuleSet(name: Self.defaultSet, rules: [])]
        for source in sources { BannedReader.read(source, into: &self) }
    }

    /// True for text of which a line begins with a word that only rules on files begin with: one with a mistake in its first
    /// line is to be told of as such.
    package static func looksLikeRules(_ text: [UInt8]) -> Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return (text.starts(with: mark) ? text[3...] : text[...]).split(separator: 0x0A).contains { line in
            let word = line.prefix { !isSpace($0) }
            return word.endIndex < line.endIndex
                && ["ban", "allow", "skip", "score", "set"].contains { $0.utf8.elementsEqual(word) }
        }
    }

    /// The index of a set; nil when there is none of that name.
    package func set(named name: String) -> Int? { sets.firstIndex { $0.name == name } }

    /// The index of a set that a file begins or goes on with; nil when there are too many.
    mutating func open(_ name: String) -> Int? {
        if let index = set(named: name) { return index }
        guard sets.count < Limits.sets else { return nil }
        sets.append(RuleSet(name: name, rules: []))
        return sets.count - 1
    }

    /// Adds a rule; false when there are too many.
    mutating func add(_ rule: BannedRule, to set: Int) -> Bool {
        guard ruleCount < Limits.rules else { return false }
        ruleCount += 1
        sets[set].rules.append(rule)
        return true
    }

    mutating func note(_ problem: BannedProblem) {
        if problems.count < Limits.problems { problems.append(problem) }
    }

    /// The index of a pattern, which is kept once.
    mutating func index(of pattern: PatternText) -> Int {
        if let index = indices[pattern] { return index }
        indices[pattern] = patterns.count
        patterns.append(pattern)
        return patterns.count - 1
    }
}

extension BannedRules {
    /// Every pattern that a rule uses, for those who say what is wrong with one.
    package static func patterns(of rule: BannedRule) -> [Int] {
        rule.conditions.flatMap { condition -> [Int] in
            switch condition.test {
            case .file(let operand), .inside(let operand): pattern(of: operand)
            case .path(let operands): operands.flatMap(pattern)
            case .any(let index), .namepath(let index): [index]
            case .mark, .size, .digest: []
            }
        }
    }

    private static func pattern(of operand: BannedRule.Operand) -> [Int] {
        switch operand {
        case .name(let index), .declared(let index): [index]
        case .detected: []
        }
    }
}
