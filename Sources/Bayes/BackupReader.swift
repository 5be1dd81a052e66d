internal import Bytes
internal import Scoring

/// Reads a backup line by line: tab-separated fields, see sa-learn(1). Of it all no more than a line is in memory.
struct BackupReader {
    /// What a line says that is to be kept.
    enum Line {
        case token(TokenRecord)
        case seen(id: String, isSpam: Bool)
        /// - isPending: the counts do not have it yet.
        case message(LearntMessage, isPending: Bool)
    }

    /// What a backup says of itself, and how much it holds.
    struct Summary: Hashable {
        var spam: UInt64 = 0
        var ham: UInt64 = 0
        /// Learnt messages, and those of them that the counts do not have yet.
        var messages = 0
        var pending = 0
        /// Written by this program.
        var isOwn = false
    }

    /// Octets that are asked for at one time.
    private static let pieceSize = 262_144
    /// Octets of a line, many times those of a message that has as many tokens as it may.
    private static let lineLimit = 1 << 20
    /// Messages of a class, and the number of a batch: more would not leave room to count on.
    private static let most: UInt64 = 1 << 40

    private var summary = Summary()
    /// Which numbers of messages were given.
    private var given: Set<String> = []
    /// What the last line of one that is ours says: how many were before it.
    private var length: Int?
    /// Lines that were read.
    private var number = 0
    /// The beginning of the next one.
    private var begun: [UInt8] = []

    /// Reads all of a backup.
    /// - Throws: `damaged` with the number of the first line that is not of the form.
    static func read(
        _ backup: BayesStore.BackupOctets, _ use: (Line) throws(StoreError) -> Void
    ) throws(StoreError) -> Summary {
        var reader = BackupReader()
        var buffer = [UInt8](repeating: 0, count: pieceSize)
        var offset = 0
        while case let count = try backup(offset, &buffer), count > 0 {
            try reader.read(buffer.span.extracting(0..<count), use)
            offset += count
        }
        return try reader.end(use)
    }

    private mutating func read(
        _ octets: Span<UInt8>, _ use: (Line) throws(StoreError) -> Void
    ) throws(StoreError) {
        var start = 0
        while start < octets.count {
            var end = start
            while end < octets.count, octets[end] != 0x0A { end += 1 }
            guard begun.count + end - start <= Self.lineLimit else { throw malformed(number + 1) }
            octets.extracting(start..<end).withUnsafeBufferPointer { begun += $0 }
            start = end + 1
            if end < octets.count { try readLine(use) }
        }
    }

    private mutating func end(_ use: (Line) throws(StoreError) -> Void) throws(StoreError) -> Summary {
        try readLine(use)
        guard number > 0 else { throw .damaged("the backup is empty") }
        for name in ["num_spam", "num_nonspam"] where !given.contains(name) {
            throw .damaged("the backup does not say \(name)")
        }
        // SpamAssassin's say nothing of their end.
        guard !summary.isOwn || length == number - 1 else { throw .damaged("lines of the backup are missing") }
        return summary
    }

    private mutating func readLine(_ use: (Line) throws(StoreError) -> Void) throws(StoreError) {
        guard !begun.isEmpty else { return }
        guard length == nil else { throw .damaged("line \(number + 1) stands behind the end of the backup") }
        number += 1
        let fields = begun.split(separator: 0x09, omittingEmptySubsequences: false)
        guard try take(fields, use) else { throw malformed(number) }
        begun.removeAll(keepingCapacity: true)
    }

    private func malformed(_ number: Int) -> StoreError { .damaged("line \(number) is not of a backup's form") }

    // MARK: Lines

    private typealias Field = ArraySlice<UInt8>

    /// False for a line that cannot be.
    private mutating func take(
        _ fields: [Field], _ use: (Line) throws(StoreError) -> Void
    ) throws(StoreError) -> Bool {
        let kind = Self.text(fields[0])
        if number == 1 {
            return fields.count >= 3 && kind == "v" && Self.text(fields[1]) == "3"
                && Self.text(fields[2]).hasPrefix("db_version")
        }
        switch kind {
        case "v":
            return takeTotal(fields)
        case "t":
            guard let record = Self.token(fields) else { return false }
            try use(.token(record))
        case "s":
            guard fields.count >= 3, !fields[2].isEmpty else { return false }
            let lesson = Self.text(fields[1])
            guard lesson == "s" || lesson == "h" else { return false }
            try use(.seen(id: Self.text(fields[2]), isSpam: lesson == "s"))
        case "m":
            if fields.count == 3, Self.text(fields[1]) == "form" {
                summary.isOwn = Self.text(fields[2]) == "1"
                return summary.isOwn
            }
            if fields.count == 3, Self.text(fields[1]) == "end" {
                length = Int(Self.text(fields[2]))
                return summary.isOwn && length != nil
            }
            guard let message = Self.message(fields) else { return false }
            let isPending = fields[1].last == UInt8(ascii: "p")
            summary.messages += 1
            if isPending { summary.pending += 1 }
            try use(.message(message, isPending: isPending))
        default:
            return false
        }
        return true
    }

    private mutating func takeTotal(_ fields: [Field]) -> Bool {
        guard fields.count >= 3, let value = UInt64(Self.text(fields[1])), value <= Self.most else { return false }
        let name = Self.text(fields[2])
        if name.hasPrefix("num_spam") {
            summary.spam = value
            given.insert("num_spam")
        } else if name.hasPrefix("num_nonspam") {
            summary.ham = value
            given.insert("num_nonspam")
        }
        return true
    }

    private static func text(_ field: Field) -> String { String(decoding: field, as: UTF8.self) }

    private static func token(_ fields: [Field]) -> TokenRecord? {
        guard fields.count == 5, let spam = UInt32(text(fields[1])), let ham = UInt32(text(fields[2])),
            let time = UInt32(text(fields[3])), fields[4].count == digits, let key = key(fields[4])
        else { return nil }
        return TokenRecord(key: key, counts: FisherMethod.Counts(spam: spam, ham: ham), time: time)
    }

    private static let classes: Set = ["s", "h", "sa", "ha", "sp", "hp", "sap", "hap"]

    private static func message(_ fields: [Field]) -> LearntMessage? {
        guard fields.count == 7, let batch = UInt64(text(fields[2])), batch <= most,
            let time = UInt32(text(fields[3])), let date = UInt32(text(fields[4])), !fields[6].isEmpty
        else { return nil }
        let lesson = text(fields[1])
        guard classes.contains(lesson), fields[5].count.isMultiple(of: digits) else { return nil }
        var keys: [TokenKey] = []
        keys.reserveCapacity(fields[5].count / digits)
        for start in stride(from: fields[5].startIndex, to: fields[5].endIndex, by: digits) {
            guard let key = key(fields[5][start..<start + digits]) else { return nil }
            if let last = keys.last, key <= last { return nil }
            keys.append(key)
        }
        return LearntMessage(
            id: text(fields[6]), isSpam: lesson.hasPrefix("s"), isAutomatic: lesson.contains("a"), batch: batch,
            time: time, date: date, keys: keys)
    }

    /// Hexadecimal digits of a key.
    private static let digits = 10

    private static func key(_ field: Field) -> TokenKey? {
        var key: TokenKey = 0
        for octet in field {
            guard let digit = hexadecimalValue(octet) else { return nil }
            key = key << 4 | TokenKey(digit)
        }
        return key
    }
}
