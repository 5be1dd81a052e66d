package import Scoring

/// The totals of a store, one record that changes with every transaction.
package struct StoreTotals: Hashable, Sendable {
    /// Form of the records below; another number is another program's store.
    static let version: UInt64 = 8
    /// Numbers that the record begins with.
    private static let numberCount = 18

    /// Bits of the number of buckets of the tokens, and of the weights.
    package var tokenBits: UInt64
    package var weightBits: UInt64 = 0
    /// Messages counted as spam and as ham.
    package var spam: UInt64 = 0
    package var ham: UInt64 = 0
    /// Tokens with counts, and with weights.
    package var tokens: UInt64 = 0
    package var weights: UInt64 = 0
    /// Numbers of the next message and the next batch.
    package var nextMessage: UInt64 = 1
    package var nextBatch: UInt64 = 1
    /// Messages from this number on are learnt but not yet counted (`--no-sync`).
    package var firstPending: UInt64 = 1
    /// How many they are; numbers of some may have been given up.
    package var pending: UInt64 = 0
    /// Messages learnt or forgotten since the machines were solved.
    package var unsolved: UInt64 = 0
    /// Seconds since 1970: of the last merge, the last expiry; and the tokens which that took.
    package var lastSync: UInt64 = 0
    package var lastExpiry: UInt64 = 0
    package var lastExpired: UInt64 = 0
    /// Tokens of SpamAssassin's that a restored backup brought; what expires of them is not followed.
    package var foreignTokens: UInt64 = 0
    package var model = CommitteeModel.untaught

    init(tokenBits: UInt64) {
        self.tokenBits = tokenBits
    }

    static let key = Array("totals".utf8)

    /// The most that a total, or a number of a message or batch, can be: sums of some of them cannot overflow.
    static let most: UInt64 = 1 << 48

    func encoded() -> [UInt8] {
        var out: [UInt8] = []
        let numbers = [
            Self.version, tokenBits, weightBits, spam, ham, tokens, weights, nextMessage, nextBatch, firstPending,
            pending, unsolved, lastSync, lastExpiry, lastExpired, foreignTokens,
            UInt64(model.spam), UInt64(model.ham),
        ]
        for number in numbers { Octets.append(number, to: &out) }
        for value in [model.curve.slope, model.curve.offset] { Octets.append(value.bitPattern, to: &out) }
        for bias in model.biases { Octets.append(bias.bitPattern, to: &out) }
        return out
    }

    init(_ bytes: [UInt8]) throws(StoreError) {
        let count = Self.numberCount
        // The version first: a record of another one has another size.
        if bytes.count >= 8, Octets.doubleWord(bytes.span, 0) != Self.version {
            let version = Octets.doubleWord(bytes.span, 0)
            throw .damaged(
                "a store of version \(version), not \(Self.version): "
                    + (version > Self.version
                        // Another node may go on using it.
                        ? "a newer program wrote it and reads it"
                        : "clear it and learn anew, or restore a backup that the program of then made"))
        }
        let firstBias = (count + 2) * 8
        guard bytes.count == firstBias + EvidenceView.count * 4 else {
            throw .damaged("totals of \(bytes.count) octets")
        }
        let numbers = (0..<count).map { Octets.doubleWord(bytes.span, $0 * 8) }
        guard (8...30).contains(numbers[1]), numbers[2] == 0 || (8...30).contains(numbers[2]) else {
            throw .damaged("bucket bits")
        }
        guard numbers[3...].allSatisfy({ $0 <= Self.most }) else { throw .damaged("totals beyond \(Self.most)") }
        tokenBits = numbers[1]
        weightBits = numbers[2]
        spam = numbers[3]
        ham = numbers[4]
        tokens = numbers[5]
        weights = numbers[6]
        nextMessage = numbers[7]
        nextBatch = numbers[8]
        firstPending = numbers[9]
        pending = numbers[10]
        unsolved = numbers[11]
        lastSync = numbers[12]
        lastExpiry = numbers[13]
        lastExpired = numbers[14]
        foreignTokens = numbers[15]
        func double(_ place: Int) -> Double { Double(bitPattern: Octets.doubleWord(bytes.span, place * 8)) }
        model = CommitteeModel(
            spam: Int(numbers[16]), ham: Int(numbers[17]),
            biases: (0..<EvidenceView.count).map {
                Float(bitPattern: Octets.word(bytes.span, firstBias + $0 * 4))
            },
            curve: Calibration.Curve(slope: double(count), offset: double(count + 1)))
    }
}

/// A message that was learnt, with all that is needed to learn it again or to forget it.
package struct LearntMessage: Hashable, Sendable {
    package var id: String
    package var isSpam: Bool
    /// Nobody said that it is to be learnt.
    package var isAutomatic: Bool
    package var batch: UInt64
    /// When it was learnt, in seconds since 1970.
    package var time: UInt32
    /// When it came; 0 where nobody knows.
    package var date: UInt32
    /// The kind that it counts to, see `MessageKinds`; 0 for none.
    package var kind: UInt64
    /// In ascending order.
    package var keys: [TokenKey]

    package init(
        id: String, isSpam: Bool, isAutomatic: Bool, batch: UInt64, time: UInt32, date: UInt32, kind: UInt64 = 0,
        keys: [TokenKey]
    ) {
        self.id = id
        self.isSpam = isSpam
        self.isAutomatic = isAutomatic
        self.batch = batch
        self.time = time
        self.date = date
        self.kind = kind
        self.keys = keys
    }

    /// Octets of an identifier (`MDB_MAXKEYSIZE` less some).
    package static let idSize = 480
    /// Octets before the identifier in a record.
    private static let fixedSize = 29
    /// Octets of a key.
    private static let keySize = 5

    func encoded() -> [UInt8] {
        var out: [UInt8] = [(isSpam ? 1 : 0) | (isAutomatic ? 2 : 0)]
        Octets.append(batch, to: &out)
        Octets.append(time, to: &out)
        Octets.append(date, to: &out)
        Octets.append(kind, to: &out)
        let name = Array(id.utf8.prefix(Self.idSize))
        Octets.append(UInt32(name.count), to: &out)
        out += name
        let size = Self.keySize
        out += [UInt8](capacity: keys.count * size) { bytes in
            for key in keys {
                Octets.append(UInt32(truncatingIfNeeded: key), to: &bytes)
                bytes.append(UInt8(truncatingIfNeeded: key >> 32))
            }
        }
        return out
    }

    init(_ bytes: Span<UInt8>) throws(StoreError) {
        let fixed = Self.fixedSize
        guard bytes.count >= fixed else { throw .damaged("a learnt message of \(bytes.count) octets") }
        isSpam = bytes[0] & 1 != 0
        isAutomatic = bytes[0] & 2 != 0
        batch = Octets.doubleWord(bytes, 1)
        time = Octets.word(bytes, 9)
        date = Octets.word(bytes, 13)
        kind = Octets.doubleWord(bytes, 17)
        let length = Int(Octets.word(bytes, 25))
        guard length <= bytes.count - fixed, (bytes.count - fixed - length) % Self.keySize == 0 else {
            throw .damaged("a learnt message of \(bytes.count) octets with a name of \(length)")
        }
        id = bytes.extracting(fixed..<fixed + length).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        let (first, size) = (fixed + length, Self.keySize)
        keys = [TokenKey](capacity: (bytes.count - first) / size) { keys in
            for index in stride(from: first, to: bytes.count, by: size) {
                keys.append(UInt64(Octets.word(bytes, index)) | UInt64(bytes[index + 4]) << 32)
            }
        }
    }
}

/// What is remembered of a message identifier.
struct SeenRecord {
    var isSpam: Bool
    /// Its number. 0 is of a message that a backup did not hold.
    var message: UInt64

    func encoded() -> [UInt8] {
        var out: [UInt8] = [isSpam ? 1 : 0]
        Octets.append(message, to: &out)
        return out
    }

    init(isSpam: Bool, message: UInt64) {
        self.isSpam = isSpam
        self.message = message
    }

    init?(_ bytes: [UInt8]?) {
        guard let bytes, bytes.count == 9 else { return nil }
        isSpam = bytes[0] & 1 != 0
        message = Octets.doubleWord(bytes.span, 1)
    }
}
