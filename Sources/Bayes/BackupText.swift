internal import Scoring

/// A backup, read line by line: tab-separated fields, see sa-learn(1).
struct BackupText {
    /// Messages of a class, and the number of a batch: more would not leave room to count on.
    private static let most: UInt64 = 1 << 40

    private(set) var spam: UInt64 = 0
    private(set) var ham: UInt64 = 0
    private(set) var tokens: [TokenRecord] = []
    private(set) var seen: [(id: String, isSpam: Bool)] = []
    private(set) var messages: [LearntMessage] = []
    /// Those that the counts do not have yet.
    private(set) var pending: [LearntMessage] = []
    /// Which numbers of messages were given.
    private var given: Set<String> = []
    /// Written by this program.
    private(set) var isOwn = false
    /// What the last line of one that is ours says: how many were before it.
    private var length: UInt64?

    init(_ text: [UInt8]) throws(StoreError) {
        var number = 0
        var keys: Set<TokenKey> = []
        for line in text.split(separator: 0x0A) {
            guard length == nil else { throw .damaged("line \(number + 1) stands behind the end of the backup") }
            number += 1
            let fields = line.split(separator: 0x09, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard try read(fields, first: number == 1, &keys) else {
                throw .damaged("line \(number) is not of a backup's form")
            }
        }
        guard number > 0 else { throw .damaged("the backup is empty") }
        for name in ["num_spam", "num_nonspam"] where !given.contains(name) {
            throw .damaged("the backup does not say \(name)")
        }
        // SpamAssassin's say nothing of their end.
        guard !isOwn || length == UInt64(number - 1) else { throw .damaged("lines of the backup are missing") }
    }

    /// False for a line that cannot be.
    private mutating func read(_ fields: [String], first: Bool, _ keys: inout Set<TokenKey>) throws(StoreError) -> Bool
    {
        if first {
            return fields.count >= 3 && fields[0] == "v" && fields[1] == "3" && fields[2].hasPrefix("db_version")
        }
        switch fields[0] {
        case "v":
            guard fields.count >= 3, let value = UInt64(fields[1]), value <= Self.most else {
                return false
            }
            if fields[2].hasPrefix("num_spam") {
                spam = value
                given.insert("num_spam")
            } else if fields[2].hasPrefix("num_nonspam") {
                ham = value
                given.insert("num_nonspam")
            }
        case "t":
            guard fields.count == 5, let spam = UInt32(fields[1]), let ham = UInt32(fields[2]),
                let time = UInt32(fields[3]), fields[4].utf8.count == 10, let key = UInt64(fields[4], radix: 16)
            else { return false }
            guard keys.insert(key).inserted else { return true }
            tokens.append(
                TokenRecord(key: key, counts: FisherMethod.Counts(spam: spam, ham: ham), time: time))
        case "s":
            guard fields.count >= 3, fields[1] == "s" || fields[1] == "h", !fields[2].isEmpty else { return false }
            seen.append((fields[2], fields[1] == "s"))
        case "m":
            if fields.count == 3, fields[1] == "form" {
                isOwn = fields[2] == "1"
                return isOwn
            }
            if fields.count == 3, fields[1] == "end" {
                length = UInt64(fields[2])
                return isOwn && length != nil
            }
            guard let message = Self.message(fields) else { return false }
            if fields[1].hasSuffix("p") { pending.append(message) } else { messages.append(message) }
        default:
            return false
        }
        return true
    }

    /// Tokens of SpamAssassin's.
    var foreignTokens: Int { tokens.count { Features.tokenClass($0.key) == .foreign } }

    /// Makes of SpamAssassin's backup what can be used of it.
    mutating func adopt() {
        seen = []
        var known: Set<TokenKey> = []
        var adopted: [TokenRecord] = []
        for record in tokens {
            let key = TokenExtractor.foreignKey(record.key)
            guard known.insert(key).inserted else { continue }
            adopted.append(TokenRecord(key: key, counts: record.counts, time: record.time))
        }
        tokens = adopted
    }

    private static let classes: Set = ["s", "h", "sa", "ha", "sp", "hp", "sap", "hap"]

    private static func message(_ fields: [String]) -> LearntMessage? {
        guard fields.count == 7, Self.classes.contains(fields[1]), let batch = UInt64(fields[2]),
            batch <= most, let time = UInt32(fields[3]), let date = UInt32(fields[4]), !fields[6].isEmpty
        else { return nil }
        let digits = Array(fields[5].utf8)
        guard digits.count % 10 == 0 else { return nil }
        var keys: [TokenKey] = []
        keys.reserveCapacity(digits.count / 10)
        for start in stride(from: 0, to: digits.count, by: 10) {
            guard let key = UInt64(String(decoding: digits[start..<start + 10], as: UTF8.self), radix: 16) else {
                return nil
            }
            if let last = keys.last, key <= last { return nil }
            keys.append(key)
        }
        return LearntMessage(
            id: fields[6], isSpam: fields[1].hasPrefix("s"), isAutomatic: fields[1].contains("a"), batch: batch,
            time: time, date: date, keys: keys)
    }

    /// The batches that the messages name.
    func batches() -> [BatchRecord] {
        var found: [UInt64: BatchRecord] = [:]
        for message in messages + pending {
            var batch = found[message.batch] ?? BatchRecord(number: message.batch, time: UInt64(message.time))
            if message.isSpam { batch.spam += 1 } else { batch.ham += 1 }
            found[message.batch] = batch
        }
        return found.values.sorted { $0.number < $1.number }
    }
}
