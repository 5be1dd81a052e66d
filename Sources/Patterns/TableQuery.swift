internal import Bytes
internal import Checks

/// What `postmap -q` answers: a key looked up in tables from left to right, or the keys that a file gives.
package struct TableQuery {
    /// How the keys of a file are made (`postmap(1)`, options `-h`, `-b`, `-m`).
    package struct Mode: Hashable, Sendable {
        /// Each header field is a key.
        package var headers = false
        /// Each body line is a key.
        package var body = false
        /// The file is read as MIME.
        package var mime = false

        package init(headers: Bool = false, body: Bool = false, mime: Bool = false) {
            self.headers = headers
            self.body = body
            self.mime = mime
        }

        /// The file is one message.
        package var isMessage: Bool { headers || body }
    }

    /// One key that a table knows.
    package struct Answer {
        package var key: [UInt8]
        package var value: [UInt8]
        /// Which of the tables answered.
        package var table: Int
        package var match: TableMatch
        /// Where the key stands in the file.
        package var range: Range<Int>
    }

    /// A look-up that Postfix refuses to answer: the text is what it logs.
    package struct Refusal: Error, Hashable {
        package var text: String

        package init(text: String) {
            self.text = text
        }
    }

    /// A table, or why it cannot be read, which is said when it is first asked.
    package typealias Source = Result<PatternTable, Refusal>

    private let tables: [Source]
    private let session: MatchSession
    /// UTF-8 is demanded of keys and results (`smtputf8_enable`), except where keys are made of a message.
    private let demandsUTF8: Bool
    /// What Postfix would warn of while it looks up.
    package private(set) var warnings: [String] = []

    package init(_ tables: [Source], demandsUTF8: Bool, session: MatchSession = MatchSession()) {
        self.tables = tables
        self.demandsUTF8 = demandsUTF8
        self.session = session
    }

    /// Looks one key up.
    package mutating func answer(_ key: Span<UInt8>, range: Range<Int> = 0..<0) throws(Refusal) -> Answer? {
        let bytes = key.array
        for index in tables.indices {
            let table = try tables[index].get()
            if demandsUTF8, !isUTF8(bytes) {
                warnings.append(
                    "\(table.table.name.text): non-UTF-8 key \"\(bytes.printable)\": "
                        + "malformed UTF-8 or invalid codepoint")
                continue
            }
            let match = table.lookup(key, session)
            noteFailures()
            guard let match, let rule = table.table.rule(line: match.line),
                case .match(_, _, let result) = rule.operation
            else { continue }
            let value = result.expanded(bytes, match.groups)
            let name = table.table.name.text
            if demandsUTF8, !isUTF8(value) {
                warnings.append(
                    "\(name): key \"\(bytes.printable)\": non-UTF-8 value \"\(value.printable)\": "
                        + "malformed UTF-8 or invalid codepoint")
                throw Refusal(text: "table \(name): query error")
            }
            if value.isEmpty {
                warnings.append("table \(name): key \(bytes.printable): empty string result is not allowed")
                warnings.append("table \(name) should return NO RESULT in case of NOT FOUND")
            }
            return Answer(key: bytes, value: value, table: index, match: match, range: range)
        }
        return nil
    }

    /// Looks up every key that a file gives; `use` gets each answer in order.
    package mutating func answers(
        _ file: Span<UInt8>, _ mode: Mode, _ use: (Answer) -> Void
    ) throws(Refusal) {
        guard mode.isMessage else {
            var start = 0
            while start < file.count {
                let end = file.firstIndex(of: 0x0A, from: start) ?? file.count
                let line = file.extracting(start..<end)
                let key = line.extracting(0..<(line.firstIndex(of: 0) ?? line.count))
                if let answer = try answer(key, range: start..<end) { use(answer) }
                start = end + 1
            }
            return
        }
        var text = MessageText(.file(readsMIME: mode.mime))
        let primaryOnly = !mode.body && !mode.mime
        var refusal: Refusal?
        var query = self
        func take(_ subject: Subject, _ key: Span<UInt8>) -> Bool {
            let isWanted: Bool
            switch subject.kind {
            case .header: isWanted = mode.headers
            case .body:
                if primaryOnly { return false }
                isWanted = mode.body
            }
            guard isWanted else { return true }
            do throws(Refusal) {
                if let answer = try query.answer(key, range: subject.range) { use(answer) }
                return true
            } catch {
                refusal = error
                return false
            }
        }
        text.feed(file) { take($0, $1) }
        text.finish { take($0, $1) }
        self = query
        if let refusal { throw refusal }
    }

    private mutating func noteFailures() {
        guard session.failureCount > 0 else { return }
        for failure in session.failures {
            warnings.append(
                "\(failure.table.type.rawValue) map \(failure.table.place), line \(failure.line): \(failure.text)")
        }
        session.clearFailures()
    }

    private func isUTF8(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
    }
}

extension Array<UInt8> {
    /// As Postfix prints bytes into a warning: controls, and what is not UTF-8, as `?`.
    fileprivate var printable: String {
        var out = ""
        var index = 0
        while index < count {
            let byte = self[index]
            let length = byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            if byte >= 0x20, byte != 0x7F, index + length <= count,
                let scalar = String(validating: self[index..<index + length], as: UTF8.self)
            {
                out += scalar
                index += length
            } else {
                out += "?"
                index += 1
            }
        }
        return out
    }
}
