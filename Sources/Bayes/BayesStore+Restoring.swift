internal import Scoring

/// `--restore` of sa-learn(1).
extension BayesStore {
    /// Puts octets of a backup, from an offset on, at the beginning of a buffer. Gives how many; 0 at the end. All are asked for
    /// several times.
    package typealias BackupOctets = (_ offset: Int, _ buffer: inout [UInt8]) throws(StoreError) -> Int

    /// What a restored backup held.
    package struct Restored: Hashable, Sendable {
        package var tokens = 0
        package var messages = 0
        package var seen = 0
        /// Tokens that SpamAssassin keyed in its own way.
        package var foreignTokens = 0
        package var isOwn = false
    }

    /// Replaces everything by a backup, in one transaction. All of it is read before, so that a damaged one stops nobody's learning;
    /// what is in memory does not grow with it.
    ///
    /// A backup of SpamAssassin's has tokens under the SHA-1 of texts that it cuts in its own way: those of words go on
    /// counting, see `TokenExtractor`, those of header fields and links meet nothing. What it says of identifiers is
    /// not taken over: those messages would then be passed over when they are learnt here.
    /// - Parameter tokensAtOnce: how many are sorted before they are written, 24 octets each.
    /// - Throws: `damaged` with the number of the first line that is not of the form; nothing has changed then.
    package func restore(tokensAtOnce: Int = 1 << 18, _ backup: BackupOctets) throws(StoreError) -> Restored {
        let summary = try BackupReader.read(backup) { _ throws(StoreError) in }
        var restored = Restored()
        try store.write { writing throws(StoreError) in
            var totals = StoreTotals(tokenBits: freshTokenBits)
            totals.nextBatch = nextBatch(writing)
            for table in BayesTable.allCases { try writing.removeAll(table) }
            var restoring = Restoring(
                store: self, writing: writing, summary: summary, totals: totals, tokensAtOnce: tokensAtOnce)
            let read = try BackupReader.read(backup) { line throws(StoreError) in try restoring.take(line) }
            guard read == summary else { throw .failed("the backup changed while it was read") }
            restored = try restoring.end()
        }
        return restored
    }
}

/// Writes the lines of a backup to a store that is empty, within one transaction.
private struct Restoring {
    /// Messages whose kinds are held before they are written, some 1,000 octets each.
    private static let messagesAtOnce = 4096

    let store: BayesStore
    let writing: any StoreWriting
    let summary: BackupReader.Summary
    let tokensAtOnce: Int
    var totals: StoreTotals
    private var tokens: [TokenRecord] = []
    private var kinds = MessageKinds()
    private var messages = 0
    /// The number of the next message that is not counted yet: wherever they stand, they come behind the others.
    private var nextPending: UInt64
    private var restored = BayesStore.Restored()

    init(
        store: BayesStore, writing: any StoreWriting, summary: BackupReader.Summary, totals: StoreTotals,
        tokensAtOnce: Int
    ) {
        self.store = store
        self.writing = writing
        self.summary = summary
        self.totals = totals
        self.tokensAtOnce = tokensAtOnce
        nextPending = totals.nextMessage + UInt64(summary.messages - summary.pending)
    }

    mutating func take(_ line: BackupReader.Line) throws(StoreError) {
        switch line {
        case .token(var record):
            if !summary.isOwn { record.key = TokenExtractor.foreignKey(record.key) }
            tokens.append(record)
            if tokens.count == tokensAtOnce { try writeTokens() }
        case .seen(let id, let isSpam):
            guard summary.isOwn else { return }
            restored.seen += 1
            let known = SeenRecord(try writing.value(.seen, Self.key(id)))
            try note(id, SeenRecord(isSpam: isSpam, message: known?.message ?? 0))
        case .message(let message, let isPending):
            if isPending {
                restored.seen += 1
                try take(message, number: nextPending)
                nextPending += 1
            } else {
                try take(message, number: totals.nextMessage)
                totals.nextMessage += 1
            }
        }
    }

    private mutating func take(_ message: LearntMessage, number: UInt64) throws(StoreError) {
        var message = message
        message.kind = try kinds.add(message.keys, message.isSpam, number: number, limit: .max, writing) ?? 0
        try writing.put(.messages, Octets.key(number).span, message.encoded().span)
        try note(message.id, SeenRecord(isSpam: message.isSpam, message: number))
        let key = Octets.key(message.batch)
        var batch =
            if let known = try writing.value(.batches, key) {
                try BatchRecord(number: message.batch, known)
            } else {
                BatchRecord(
                    number: message.batch, time: UInt64(message.time),
                    teacher: message.isAutomatic ? .autolearning : nil)
            }
        if message.isSpam { batch.spam += 1 } else { batch.ham += 1 }
        try writing.put(.batches, key.span, batch.encoded().span)
        totals.nextBatch = max(totals.nextBatch, message.batch &+ 1)
        restored.messages += 1
        if restored.messages.isMultiple(of: Self.messagesAtOnce) { try writeKinds() }
    }

    mutating func end() throws(StoreError) -> BayesStore.Restored {
        try writeTokens()
        try writeKinds()
        totals.spam = summary.spam
        totals.ham = summary.ham
        totals.tokens = UInt64(restored.tokens)
        totals.foreignTokens = UInt64(restored.foreignTokens)
        totals.pending = UInt64(summary.pending)
        totals.firstPending = totals.nextMessage
        totals.nextMessage = nextPending
        totals.unsolved = totals.nextMessage - 1
        try store.put(totals, writing)
        restored.isOwn = summary.isOwn
        if restored.isOwn { restored.foreignTokens = 0 }
        return restored
    }

    private mutating func writeTokens() throws(StoreError) {
        let added = try store.add(tokens, BucketScheme(bits: totals.tokenBits), writing)
        restored.tokens += added.count
        restored.foreignTokens += added.foreign
        tokens.removeAll(keepingCapacity: true)
    }

    private mutating func writeKinds() throws(StoreError) {
        try kinds.write(writing)
        kinds = MessageKinds()
    }

    private func note(_ id: String, _ seen: SeenRecord) throws(StoreError) {
        try writing.put(.seen, Self.key(id).span, seen.encoded().span)
    }

    private static func key(_ id: String) -> [UInt8] { Array(id.utf8.prefix(LearntMessage.idSize)) }
}
