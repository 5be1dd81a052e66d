/// One pattern of a rule, not yet compiled.
package struct PatternText: Hashable, Sendable {
    /// The text between the delimiters, escapes untouched.
    package var bytes: [UInt8]
    package var flags: PatternFlags
    /// False behind an odd number of `!`: the rule holds when the pattern does not match.
    package var isPositive: Bool

    package init(bytes: [UInt8], flags: PatternFlags, isPositive: Bool = true) {
        self.bytes = bytes
        self.flags = flags
        self.isPositive = isPositive
    }
}

/// What the letters behind a pattern switch (`pcre_table(5)`, `regexp_table(5)`).
package struct PatternFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// `i`: letters match without case; on at first.
    package static let caseless = PatternFlags(rawValue: 1)
    /// `m`: pcre: `^` and `$` also match at newlines; regexp: `REG_NEWLINE`.
    package static let multiline = PatternFlags(rawValue: 2)
    /// `s`: `.` matches a newline; on at first (pcre).
    package static let dotAll = PatternFlags(rawValue: 4)
    /// `x`: pcre: white space and comments in the pattern; regexp: extended syntax, on at first.
    package static let extended = PatternFlags(rawValue: 8)
    /// `A`: anchored at the start (pcre).
    package static let anchored = PatternFlags(rawValue: 16)
    /// `E`: `$` only at the very end (pcre).
    package static let dollarEndOnly = PatternFlags(rawValue: 32)
    /// `U`: quantifiers are not greedy unless followed by `?` (pcre).
    package static let ungreedy = PatternFlags(rawValue: 64)
    /// Pattern and text are UTF-8, and letters without case are those of Unicode. No letter asks for it.
    package static let unicode = PatternFlags(rawValue: 128)
    /// With `unicode`: `\w`, `\d`, `\s` and `\b` are those of Unicode too. No letter asks for it.
    package static let unicodeClasses = PatternFlags(rawValue: 256)

    /// What holds without any letter.
    static func initial(_ type: TableType) -> PatternFlags {
        type == .pcre ? [.caseless, .dotAll] : [.caseless, .extended]
    }

    /// The flag behind a letter; nil where the letter is unknown.
    static func letter(_ byte: UInt8, _ type: TableType) -> PatternFlags? {
        switch (byte, type) {
        case (0x69, _): .caseless
        case (0x6D, _): .multiline
        case (0x78, _): .extended
        case (0x73, .pcre): .dotAll
        case (0x41, .pcre): .anchored
        case (0x45, .pcre): .dollarEndOnly
        case (0x55, .pcre): .ungreedy
        default: nil
        }
    }
}

/// One logical line of a table that means something.
package struct Rule: Hashable, Sendable {
    /// Number of its first line in the file, from 1. It names the rule: no two rules share it.
    package var line: Int
    package var operation: Operation
    /// The line as it stands in the file, its continuations joined.
    package var text: [UInt8]

    package enum Operation: Hashable, Sendable {
        /// `/pattern/flags text`; regexp tables know `/pattern/!/other/ text` as well.
        case match(PatternText, second: PatternText?, result: ResultTemplate)
        case `if`(PatternText)
        case endif
    }

    package init(line: Int, operation: Operation, text: [UInt8]) {
        self.line = line
        self.operation = operation
        self.text = text
    }
}

/// Something that is wrong with a table, in Postfix's words.
package struct TableProblem: Hashable, Sendable {
    /// Line in the file, from 1; 0 for the table as a whole.
    package var line: Int
    /// What is wrong; holds text of the table, escape before showing.
    package var text: String
    /// Postfix says table and line in front of the text.
    package var isPlaced: Bool
    /// The rule is not used.
    package var isSkipped: Bool

    package init(line: Int, text: String, isPlaced: Bool = true, isSkipped: Bool = false) {
        self.line = line
        self.text = text
        self.isPlaced = isPlaced
        self.isSkipped = isSkipped
    }

    /// The problem as Postfix logs it, behind `warning: `.
    package func logged(_ table: TableName) -> String {
        isPlaced ? "\(table.type.rawValue) map \(table.place), line \(line): \(text)" : text
    }
}
