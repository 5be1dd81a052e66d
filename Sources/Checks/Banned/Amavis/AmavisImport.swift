/// Turns the rules on files of an amavisd.conf into a file of rules: `$banned_filename_re`, `$banned_namepath_re` and
/// `%banned_rules`. Perl is not run: literal tables are read, and what only Perl could work out is named with its line.
package struct AmavisImport {
    /// Something that was not taken over, or that goes elsewhere.
    package struct Note: Hashable, Sendable {
        package var line: Int
        /// Holds text of the file, escape before showing.
        package var text: String
        /// A rule is missing; otherwise it only has its place elsewhere.
        package var isLoss: Bool
    }

    /// The file of rules.
    package private(set) var rules: [UInt8] = []
    /// Rules in it.
    package private(set) var count = 0
    package private(set) var notes: [Note] = []

    private var names: [String: PerlValue] = [:]
    private var sets: [(name: [UInt8], value: PerlValue, line: Int)] = []
    private var comments: [Int: [UInt8]] = [:]
    /// All that is quoted in the file means to Perl what it means here: it is ASCII, or the file says `use utf8`.
    private var readsUTF8 = false

    /// Why a line with a rule is none, in words; nil when it is one.
    private let refusal: (_ line: [UInt8]) -> String?

    /// Reads a file.
    /// - Parameters:
    ///   - name: what the head of the rules calls it.
    ///   - refusal: says why a rule cannot be taken, such as a pattern that only Perl compiles; nil when it can.
    package init(_ text: [UInt8], name: String, refusal: @escaping (_ line: [UInt8]) -> String?) {
        self.refusal = refusal
        let lexer = PerlLexer(text)
        comments = lexer.comments
        if let unfinished = lexer.unfinished {
            note(unfinished.line, "\(unfinished.text): the rest of the file was not read")
        }
        let says = zip(lexer.tokens, lexer.tokens.dropFirst()).contains {
            $0.text == Array("use".utf8) && $1.text == Array("utf8".utf8)
        }
        readsUTF8 = says || !lexer.tokens.contains { PerlPattern.hasOctets($0.text) }
        readStatements(lexer.tokens)
        write(name)
        notes.sort { ($0.line, $0.text) < ($1.line, $1.text) }
    }

    private mutating func note(_ line: Int, _ text: String, isLoss: Bool = true) {
        let note = Note(line: line, text: text, isLoss: isLoss)
        // Each loss is told, however many there are in one line.
        if isLoss || !notes.contains(note) { notes.append(note) }
    }

    // MARK: Statements

    /// What is said elsewhere here.
    private static let elsewhere: [String: String] = [
        "$final_banned_destiny": "what becomes of banned mail is said by policies.NAME.banned",
        "@banned_filename_maps": "which recipients have which sets is said by banned_rules of the policies",
        "@bypass_banned_checks_maps": "a policy with banned_rules: [] checks no names",
        "@banned_files_lovers_maps": "a policy with banned: pass lets banned mail through, marked",
        "%banned_files_lovers": "a policy with banned: pass lets banned mail through, marked",
        "$banned_quarantine_to": "where copies go is said by the settings of the quarantine",
        "$banned_files_quarantine_method": "where copies go is said by the settings of the quarantine",
        "$defang_banned": "policies.NAME.banned: strip takes out only what is banned",
    ]

    private mutating func readStatements(_ tokens: [PerlLexer.Token]) {
        func sign(_ place: Int) -> [UInt8] {
            tokens.indices.contains(place) && tokens[place].kind == .sign ? tokens[place].text : []
        }
        var statements = PerlStatements(tokens)
        var index = 0
        while index < tokens.count {
            let token = tokens[index]
            guard token.kind == .variable else {
                noteKey(tokens, index)
                if let words = PerlHazards.words(tokens, index) { note(token.line, words) }
                statements.pass(to: index + 1)
                index += 1
                continue
            }
            let name = token.text.text
            var next = index + 1
            if sign(index + 1) == [0x3D] {
                if let words = Self.elsewhere[name] {
                    note(token.line, "\(name): \(words)", isLoss: false)
                    noteTables(tokens, index + 2, name)
                }
                var reader = PerlExpressions(tokens, at: index + 2, names: names)
                let value = reader.value()
                if statements.isCertain(index) {
                    assign(name, value, token.line)
                } else {
                    doubt(name, token.line)
                }
                next = max(reader.index, index + 2)
            } else if name == "$banned_rules", sign(index + 1) == [0x7B], index + 4 < tokens.count,
                sign(index + 3) == [0x7D], sign(index + 4) == [0x3D]
            {
                var reader = PerlExpressions(tokens, at: index + 5, names: names)
                let value = reader.value()
                if statements.isCertain(index) {
                    addSet(tokens[index + 2].text, value, token.line)
                } else {
                    doubt(name, token.line)
                }
                next = max(reader.index, index + 5)
            } else if name == "@banned_rules" || name == "%banned_rules" || statements.isChanged(index) {
                if Self.tables.contains(name) {
                    note(token.line, "\(name) is used in a way that only Perl can work out")
                } else {
                    doubt(name, token.line)
                }
            }
            statements.pass(to: next)
            index = next
        }
    }

    /// Names of the tables that are taken over.
    private static let tables: Set<String> = [
        "$banned_filename_re", "$banned_namepath_re", "%banned_rules", "@banned_rules", "$banned_rules",
    ]

    /// Whether a name gets a value depends on what only Perl knows. A table stays what it was before: what might not hold must
    /// not allow anything.
    private mutating func doubt(_ name: String, _ line: Int) {
        if Self.tables.contains(name) {
            note(line, "\(name) is set within a block or under a condition: not taken")
        } else {
            names[name] = .unknown("\(name), which is set within a block or under a condition", line: line)
        }
    }

    /// Tells of tables that stand within the value of a setting.
    private mutating func noteTables(_ tokens: [PerlLexer.Token], _ start: Int, _ name: String) {
        var open = 0
        for token in tokens[min(start, tokens.count)...] {
            switch token.kind {
            case .sign where [[0x28], [0x5B], [0x7B]].contains(token.text): open += 1
            case .sign where [[0x29], [0x5D], [0x7D]].contains(token.text): open -= 1
            case .sign where token.text == [0x3B] || token.text == [0x2C] && open == 0: return
            case .regex: return note(token.line, "a table within \(name): not taken")
            case .word where ["new_RE", "Amavis::Lookup::RE"].contains(token.text.text):
                return note(token.line, "a table within \(name): not taken")
            default: break
            }
            if open < 0 { return }
        }
    }

    /// Settings within a policy bank.
    private mutating func noteKey(_ tokens: [PerlLexer.Token], _ index: Int) {
        guard index + 1 < tokens.count, tokens[index + 1].kind == .sign, tokens[index + 1].text == [0x3D, 0x3E] else {
            return
        }
        let key = tokens[index].text.text
        if Self.tables.contains("$" + key) {
            note(tokens[index].line, "\(key) in a policy bank: not taken")
        }
        for sigil in ["$", "@", "%"] {
            if let words = Self.elsewhere[sigil + key] {
                note(tokens[index].line, "\(key) in a policy bank: \(words)", isLoss: false)
                noteTables(tokens, index + 2, "\(key) of a policy bank")
            }
        }
    }

    private mutating func assign(_ name: String, _ value: PerlValue, _ line: Int) {
        if name == "%banned_rules" {
            sets = []
            guard case .list(let items) = value else {
                return note(line, "%banned_rules is set to \(Self.words(value)): not taken")
            }
            names[name] = value
            var index = 0
            while index < items.count {
                guard case .text(let key, let place) = items[index], index + 1 < items.count else {
                    note(line, "an entry of %banned_rules without a name or a table: not taken")
                    index += 1
                    continue
                }
                addSet(key, items[index + 1], place)
                index += 2
            }
            return
        }
        names[name] = value
        if name == "$banned_filename_re" || name == "$banned_namepath_re", case .unknown(let words, let place) = value {
            note(place, "\(name) is set to \(words): not taken")
        }
    }

    private mutating func addSet(_ name: [UInt8], _ value: PerlValue, _ line: Int) {
        sets.removeAll { $0.name == name }
        sets.append((name, value, line))
    }

    private static func words(_ value: PerlValue) -> String {
        switch value {
        case .text: "a text"
        case .regex: "a pattern"
        case .undefined: "nothing"
        case .list: "a list"
        case .table: "a table"
        case .unknown(let words, _): words
        }
    }

    // MARK: The file

    private mutating func write(_ name: String) {
        put("# Rules on names and types of files, made from \(Self.oneLine(name)) (mailreeve rules import-amavis).")
        put(
            "# Each is tried on declared types, names and short types of a file and of the containers around it, as in amavis."
        )
        let others = sets.filter { $0.name != Array("DEFAULT".utf8) }
        let isDefaultGiven = others.count < sets.count
        // %banned_rules names $banned_filename_re as DEFAULT unless it says something else.
        let standard =
            sets.first { $0.name == Array("DEFAULT".utf8) }?.value ?? names["$banned_filename_re"] ?? .undefined
        put("")
        put("set \(BannedRules.defaultSet)")
        writeTable(standard, "any", isDefaultGiven ? "DEFAULT" : "$banned_filename_re", 1)
        let path = names["$banned_namepath_re"] ?? .undefined
        if case .table(_, let line) = path, !others.isEmpty || Self.mayEndUndecided(standard) {
            // It is asked behind every table that has not decided.
            put("")
            put("set namepath")
            note(
                line, "$banned_namepath_re is asked when no table has decided: end every banned_rules with namepath",
                isLoss: false)
        }
        writeTable(path, "namepath", "$banned_namepath_re", 1)
        for set in others {
            var taken = set.name.map { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x5F ? $0 : 0x2D }
            taken = Array(taken.prefix(BannedRules.Limits.name))
            if taken.isEmpty { taken = Array("unnamed".utf8) }
            if taken != set.name {
                note(set.line, "the set '\(set.name.text)' is called \(taken.text) here", isLoss: false)
            }
            let (before, start) = (count, rules.count)
            put("")
            put("set \(taken.text)")
            writeTable(set.value, "any", set.name.text, set.line)
            guard count == before else { continue }
            // A policy that asks it must not start as if it were there.
            rules.removeSubrange(start...)
            note(set.line, "the set \(taken.text) has no rules and is left out", isLoss: false)
        }
        if count == 0 { note(1, "there are no rules in this file", isLoss: false) }
    }

    /// One of its rules ends the table without a decision.
    private static func mayEndUndecided(_ table: PerlValue) -> Bool {
        guard case .table(let items, _) = table else { return false }
        return items.contains { item in
            guard case .list(let pair) = item, pair.count == 2, case .undefined = pair[1] else { return false }
            return true
        }
    }

    private mutating func put(_ line: String) { rules += Array(line.utf8) + [0x0A] }

    private mutating func writeTable(_ value: PerlValue, _ keyword: String, _ name: String, _ line: Int) {
        switch value {
        case .undefined: return
        case .table(let items, _):
            for item in items { writeRule(item, keyword) }
        // Told where it was set.
        case .unknown where name.hasPrefix("$"): return
        case .unknown(let words, let place): note(place, "\(name) is \(words): not taken")
        default:
            note(line, "\(name) is \(Self.words(value)) instead of new_RE(...): not taken")
        }
    }

    private mutating func writeRule(_ item: PerlValue, _ keyword: String) {
        switch item {
        case .regex, .text:
            writeRule(item, "ban", keyword)
        case .list(let pair):
            guard let pattern = pair.first, pair.count <= 2 else {
                return note(Self.line(item), "a list that is no pattern and value: not taken")
            }
            guard pair.count == 2 else { return writeRule(pattern, "ban", keyword) }
            switch pair[1] {
            case .text(let value, let line):
                let isFalse = value.isEmpty || value == [0x30]
                if !isFalse, !value.allSatisfy(isDigit) {
                    note(
                        line,
                        "the value '\(value.text)' is not kept: what becomes of banned mail is said by the policy",
                        isLoss: false)
                }
                writeRule(pattern, isFalse ? "allow" : "ban", keyword)
            // Ends its table without a decision: the next one is asked.
            case .undefined: writeRule(pattern, "skip", keyword)
            default:
                note(Self.line(pattern), "a rule whose value is \(Self.words(pair[1])): not taken")
            }
        case .undefined:
            return
        case .table(_, let line):
            note(line, "a table within a table: not taken")
        case .unknown(let words, let line):
            note(line, "\(words): not taken")
        }
    }

    private static func line(_ value: PerlValue) -> Int {
        switch value {
        case .text(_, let line), .table(_, let line), .unknown(_, let line), .regex(_, let line, _): line
        case .list(let items): items.first.map(Self.line) ?? 0
        case .undefined: 0
        }
    }

    private mutating func writeRule(_ pattern: PerlValue, _ action: String, _ keyword: String) {
        let text: PatternText
        let (first, last): (Int, Int)
        switch pattern {
        case .regex(let found, let line, let end): (text, first, last) = (found, line, end)
        // A text is a pattern too.
        case .text(let found, let line):
            (text, first, last) = (PatternText(bytes: found, flags: .unicodeClasses), line, line)
        default: return note(Self.line(pattern), "a rule whose pattern is \(Self.words(pattern)): not taken")
        }
        let (bytes, flags): ([UInt8], [UInt8])
        do throws(PerlPattern.Refusal) {
            (bytes, flags) = try PerlPattern.written(text)
        } catch {
            return note(first, "a pattern with \(error.text): not taken")
        }
        if let words = refusal(Array("\(action) \(keyword) ".utf8) + bytes + flags) {
            note(first, "a pattern that cannot be compiled: \(words): not taken")
            rules += Array("# not taken: ".utf8) + Array(Self.oneLine((bytes + flags).text).utf8) + [0x0A]
            return
        }
        if PerlPattern.hasOctets(text.bytes), !readsUTF8 {
            note(
                first, "letters beyond ASCII, which Perl takes for octets without 'use utf8': here they are letters",
                isLoss: false)
        }
        let reason = PerlPattern.comment(text.bytes) ?? comments[last] ?? []
        rules += Array("\(action) \(keyword) ".utf8) + bytes + flags
        let words = Self.oneLine(reason.text)
        if !words.isEmpty { rules += Array("  # \(words)".utf8) }
        rules.append(0x0A)
        count += 1
    }

    /// Text of the file as one line of a comment.
    private static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
    }
}
