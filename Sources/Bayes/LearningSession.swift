internal import Scoring

/// One transaction of learning: changes of counts are collected, and written bucket by bucket at its end.
struct LearningSession {
    private struct Change {
        var order: UInt64
        var spam: Int32
        var ham: Int32
    }

    private let store: BayesStore
    private let writing: any StoreWriting
    private let time: UInt32
    private let scheme: BucketScheme
    private let bucketLimit: Int
    private var totals: StoreTotals
    private var changes: [Change] = []
    private var kinds = MessageKinds()

    init(_ store: BayesStore, _ writing: any StoreWriting, time: UInt32) throws(StoreError) {
        self.store = store
        self.writing = writing
        self.time = time
        totals = try store.totals(writing)
        scheme = BucketScheme(bits: totals.tokenBits)
        bucketLimit = max(1, store.limits.tokens >> Int(totals.tokenBits))
    }

    // MARK: Messages

    mutating func learn(
        _ lesson: Lesson, isSpam: Bool, batch: UInt64, countsNow: Bool
    ) throws(StoreError) -> LessonOutcome {
        var outcome = LessonOutcome.learned
        let id = Array(lesson.id.utf8.prefix(LearntMessage.idSize))
        if let seen = SeenRecord(try writing.value(.seen, id)) {
            if seen.isSpam == isSpam { return .known }
            // Whoever sends a message again does not unsay what a person taught.
            if lesson.isAutomatic, try !isAutomatic(seen) { return .known }
            _ = try forget(lesson)
            outcome = .relearned
        }
        let number = totals.nextMessage
        // Who says that it is of the other class knows better than the number of its like.
        let limit = outcome == .relearned ? .max : store.limits.nearDuplicates
        guard let kind = try kinds.add(lesson.keys, isSpam, number: number, limit: limit, writing) else {
            return .repeated
        }
        totals.nextMessage += 1
        totals.unsolved += 1
        let message = LearntMessage(
            id: lesson.id, isSpam: isSpam, isAutomatic: lesson.isAutomatic, batch: batch, time: time,
            date: lesson.date, kind: kind, keys: lesson.keys)
        try writing.put(.messages, Octets.key(number).span, message.encoded().span)
        try writing.put(.seen, id.span, SeenRecord(isSpam: isSpam, message: number).encoded().span)
        if countsNow {
            add(lesson.keys, isSpam, by: 1)
            totals.firstPending = totals.nextMessage
        } else {
            totals.pending += 1
        }
        return outcome
    }

    /// Whether a message taught by itself; false where it is no longer kept.
    private func isAutomatic(_ seen: SeenRecord) throws(StoreError) -> Bool {
        guard let bytes = try writing.value(.messages, Octets.key(seen.message)) else { return false }
        return try LearntMessage(bytes.span).isAutomatic
    }

    /// True when it had been learnt.
    mutating func forget(_ lesson: Lesson) throws(StoreError) -> Bool {
        let id = Array(lesson.id.utf8.prefix(LearntMessage.idSize))
        guard let seen = SeenRecord(try writing.value(.seen, id)) else { return false }
        try writing.remove(.seen, id.span)
        let key = Octets.key(seen.message)
        var keys = lesson.keys
        if let bytes = try writing.value(.messages, key) {
            let message = try LearntMessage(bytes.span)
            keys = message.keys
            try kinds.remove(message.kind, message.isSpam, writing)
            try writing.remove(.messages, key.span)
        }
        if seen.message < totals.firstPending {
            add(keys, seen.isSpam, by: -1)
        } else {
            // It has not been counted.
            totals.pending -= min(1, totals.pending)
        }
        totals.unsolved += 1
        return true
    }

    /// Messages that are counted at one time: they and what they change are in memory.
    private static let pendingAtOnce = 1000

    @discardableResult
    mutating func countPending() throws(StoreError) -> Int {
        var counted = 0
        while totals.firstPending < totals.nextMessage {
            var pending: [LearntMessage] = []
            var next = totals.nextMessage
            try writing.forEach(.messages, from: Octets.key(totals.firstPending)) { key, value in
                guard pending.count < Self.pendingAtOnce else {
                    next = Octets.number(ofKey: key)
                    return false
                }
                if let message = try? LearntMessage(value) { pending.append(message) }
                return true
            }
            for message in pending { add(message.keys, message.isSpam, by: 1) }
            counted += pending.count
            totals.firstPending = next
            try flushIfLarge()
        }
        totals.pending = 0
        return counted
    }

    private mutating func add(_ keys: [TokenKey], _ isSpam: Bool, by amount: Int32) {
        if isSpam {
            totals.spam = amount > 0 ? totals.spam + 1 : totals.spam - min(1, totals.spam)
        } else {
            totals.ham = amount > 0 ? totals.ham + 1 : totals.ham - min(1, totals.ham)
        }
        let counted = TokenClasses.counted
        for key in keys where counted.contains(key) {
            changes.append(Change(order: scheme.order(key), spam: isSpam ? amount : 0, ham: isSpam ? 0 : amount))
        }
    }

    // MARK: Counts

    /// Buckets that are read before they are changed, at one time.
    private static let bucketsAtOnce = 512
    /// Changes beyond which they are written before the end: what is in memory stays small.
    private static let changesAtOnce = 1 << 20

    /// Writes all that was collected.
    mutating func end() throws(StoreError) {
        try flush()
        try kinds.write(writing)
        totals.lastSync = UInt64(time)
        try store.put(totals, writing)
    }

    /// Writes the counts that were collected where they are many.
    mutating func flushIfLarge() throws(StoreError) {
        if changes.count > Self.changesAtOnce { try flush() }
    }

    private mutating func flush() throws(StoreError) {
        changes = ordered(changes)
        var ranges: [Range<Int>] = []
        var start = 0
        while start < changes.count {
            let bucket = changes[start].order >> 40
            var end = start
            while end < changes.count, changes[end].order >> 40 == bucket { end += 1 }
            ranges.append(start..<end)
            start = end
        }
        for first in stride(from: 0, to: ranges.count, by: Self.bucketsAtOnce) {
            let part = Array(ranges[first..<min(ranges.count, first + Self.bucketsAtOnce)])
            let buckets = part.map { changes[$0.lowerBound].order >> 40 }
            let scheme = scheme
            var records = [[TokenRecord]](repeating: [], count: part.count)
            try writing.look(.tokens, numbers: buckets) { place, value in
                records[place] = TokenBucket.records(value, bucket: buckets[place], scheme)
            }
            for place in part.indices { try merge(part[place], buckets[place], records[place]) }
        }
        changes.removeAll(keepingCapacity: true)
    }

    /// Bits of a bucket's number by which changes are put into groups before they are sorted.
    private static let groupBits: UInt64 = 12

    /// In ascending order: buckets spread evenly, so each group of them is a small thing to sort.
    private func ordered(_ changes: [Change]) -> [Change] {
        let bits = min(scheme.bits, Self.groupBits)
        let shift = 40 + scheme.bits - bits
        var places = [Int](repeating: 0, count: 1 << Int(bits) + 1)
        for change in changes { places[Int(change.order >> shift) + 1] += 1 }
        for group in 1..<places.count { places[group] += places[group - 1] }
        var ordered = [Change](repeating: Change(order: 0, spam: 0, ham: 0), count: changes.count)
        do {
            var next = places
            var nextPlaces = next.mutableSpan
            var all = ordered.mutableSpan
            for change in changes {
                let group = Int(change.order >> shift)
                all[nextPlaces[group]] = change
                nextPlaces[group] += 1
            }
        }
        ordered.withUnsafeMutableBufferPointer { all in
            for group in 0..<places.count - 1 {
                var part = UnsafeMutableBufferPointer(rebasing: all[places[group]..<places[group + 1]])
                part.sort { $0.order < $1.order }
            }
        }
        return ordered
    }

    private mutating func merge(_ range: Range<Int>, _ bucket: UInt64, _ old: [TokenRecord]) throws(StoreError) {
        let key = Octets.key(bucket)
        let before = old.count
        var merged: [TokenRecord] = []
        merged.reserveCapacity(old.count + range.count)
        var next = 0
        var index = range.lowerBound
        while index < range.upperBound {
            let rest = UInt32(truncatingIfNeeded: changes[index].order)
            var spam: Int64 = 0
            var ham: Int64 = 0
            while index < range.upperBound, UInt32(truncatingIfNeeded: changes[index].order) == rest {
                spam += Int64(changes[index].spam)
                ham += Int64(changes[index].ham)
                index += 1
            }
            while next < old.count, scheme.rest(old[next].key) < rest {
                merged.append(old[next])
                next += 1
            }
            var record = TokenRecord(key: scheme.key(bucket, rest), counts: FisherMethod.Counts(), time: time)
            if next < old.count, scheme.rest(old[next].key) == rest {
                record.counts = old[next].counts
                if spam < 0 || ham < 0 { record.time = old[next].time }
                next += 1
            }
            record.counts.spam = UInt32(clamping: Int64(record.counts.spam) + spam)
            record.counts.ham = UInt32(clamping: Int64(record.counts.ham) + ham)
            if !record.counts.isEmpty { merged.append(record) }
        }
        merged += old[next...]
        _ = cut(&merged)
        totals.tokens = totals.tokens &+ UInt64(merged.count) &- UInt64(before)
        if merged.isEmpty {
            try writing.remove(.tokens, key.span)
        } else {
            try writing.put(.tokens, key.span, TokenBucket.encoded(merged, scheme).span)
        }
    }

    /// Takes away the least telling records beyond the bucket's share: those met once go first, then the oldest.
    private func cut(_ records: inout [TokenRecord]) -> Int {
        let excess = records.count - bucketLimit
        guard excess > 0 else { return 0 }
        let order = records.indices.sorted { left, right in
            let (a, b) = (Self.worth(records[left]), Self.worth(records[right]))
            return a != b ? a < b : records[left].key < records[right].key
        }
        let gone = Set(order.prefix(excess))
        var kept: [TokenRecord] = []
        kept.reserveCapacity(bucketLimit)
        for index in records.indices where !gone.contains(index) { kept.append(records[index]) }
        records = kept
        return excess
    }

    private static func worth(_ record: TokenRecord) -> UInt64 {
        let isRepeated = UInt64(record.counts.spam) + UInt64(record.counts.ham) > 1
        return (isRepeated ? 1 << 32 : 0) + UInt64(record.time)
    }

    mutating func expireAll() throws(StoreError) -> Int {
        var expired = 0
        var shortened: [(bucket: UInt64, records: [TokenRecord])] = []
        let (scheme, limit) = (scheme, bucketLimit)
        try writing.forEach(.tokens, from: []) { key, value in
            guard value.count / TokenBucket.recordSize > limit else { return true }
            let bucket = Octets.number(ofKey: key)
            shortened.append((bucket, TokenBucket.records(value, bucket: bucket, scheme)))
            return true
        }
        for (bucket, found) in shortened {
            var records = found
            expired += cut(&records)
            try writing.put(.tokens, Octets.key(bucket).span, TokenBucket.encoded(records, scheme).span)
        }
        try expireSeen()
        totals.tokens -= min(totals.tokens, UInt64(expired))
        totals.lastExpiry = UInt64(time)
        totals.lastExpired = UInt64(expired)
        return expired
    }

    /// Learnt messages, in multiples of those that are kept, after which an identifier is forgotten: that mail would then be
    /// learnt a second time.
    private static let seenFactor: UInt64 = 20

    private func expireSeen() throws(StoreError) {
        let span = UInt64(clamping: store.limits.messages) &* Self.seenFactor
        guard totals.nextMessage > span else { return }
        let oldest = totals.nextMessage - span
        var gone: [[UInt8]] = []
        try writing.forEach(.seen, from: []) { key, value in
            let bytes = value.withUnsafeBufferPointer { Array($0) }
            if let seen = SeenRecord(bytes), seen.message > 0, seen.message < oldest {
                gone.append(key.withUnsafeBufferPointer { Array($0) })
            }
            return true
        }
        for key in gone { try writing.remove(.seen, key.span) }
    }
}
