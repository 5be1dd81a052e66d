internal import Scoring

extension BayesStore {
    /// Starts a batch.
    /// - Parameter teacher: kept with it; nil where nobody is to be named.
    package func beginBatch(
        at time: UInt64, by teacher: BatchRecord.Teacher? = nil
    ) throws(StoreError) -> BatchRecord {
        var batch = BatchRecord(number: 0, time: time, teacher: teacher)
        try store.write { writing throws(StoreError) in
            var totals = try self.totals(writing)
            batch.number = totals.nextBatch
            totals.nextBatch += 1
            try self.put(totals, writing)
        }
        return batch
    }

    /// Learns messages in one transaction. A message already learnt in the class is left alone; one learnt in the other
    /// class is forgotten first.
    /// - Parameters:
    ///   - batch: its counts grow; recorded with the messages. Where it was undone or removed meanwhile, a new one begins.
    ///   - countsNow: false leaves counting to the next `merge` (`--no-sync`): the transaction is small then.
    package func learn(
        _ lessons: [Lesson], asSpam isSpam: Bool, batch: inout BatchRecord, time: UInt32, countsNow: Bool = true
    ) throws(StoreError) -> [LessonOutcome] {
        var outcomes: [LessonOutcome] = []
        var record = batch
        let before = batch
        try store.write { writing throws(StoreError) in
            // The store runs this again when it had to grow.
            outcomes = []
            record = try self.current(before, writing)
            var session = try LearningSession(self, writing, time: time)
            if countsNow { try session.countPending() }
            for lesson in lessons {
                let outcome = try session.learn(lesson, isSpam: isSpam, batch: record.number, countsNow: countsNow)
                outcomes.append(outcome)
                guard outcome == .learned || outcome == .relearned else { continue }
                if isSpam { record.spam += 1 } else { record.ham += 1 }
            }
            if record.spam + record.ham > 0 {
                try writing.put(.batches, Octets.key(record.number).span, record.encoded().span)
            }
            try session.end()
        }
        batch = record
        return outcomes
    }

    /// A batch as it stands in the store now; a new one when what stands there under its number is not it, or was undone.
    private func current(_ batch: BatchRecord, _ writing: any StoreWriting) throws(StoreError) -> BatchRecord {
        if let bytes = try writing.value(.batches, Octets.key(batch.number)) {
            let found = try BatchRecord(number: batch.number, bytes)
            if found.time == batch.time, !found.isUndone, !found.isPartlyUndone { return found }
        } else if batch.spam + batch.ham == 0 {
            return batch
        }
        var totals = try self.totals(writing)
        let fresh = BatchRecord(number: totals.nextBatch, time: batch.time, teacher: batch.teacher)
        totals.nextBatch += 1
        try put(totals, writing)
        return fresh
    }

    /// Forgets messages that were learnt, in one transaction.
    package func forget(_ lessons: [Lesson], time: UInt32) throws(StoreError) -> [LessonOutcome] {
        var outcomes: [LessonOutcome] = []
        try store.write { writing throws(StoreError) in
            outcomes = []
            var session = try LearningSession(self, writing, time: time)
            try session.countPending()
            for lesson in lessons { outcomes.append(try session.forget(lesson) ? .forgotten : .known) }
            try session.end()
        }
        return outcomes
    }

    /// Forgets all that a batch taught. Gives how many messages it forgot, and how many of the batch it no longer has.
    package func undo(batch number: UInt64, time: UInt32) throws(StoreError) -> (forgotten: Int, gone: Int)? {
        var result: (forgotten: Int, gone: Int)?
        try store.write { writing throws(StoreError) in
            result = nil
            guard let bytes = try writing.value(.batches, Octets.key(number)) else { return }
            var record = try BatchRecord(number: number, bytes)
            guard !record.isUndone else { return }
            var session = try LearningSession(self, writing, time: time)
            try session.countPending()
            var found: [String] = []
            var (spam, ham) = (record.spam, record.ham)
            try writing.forEach(.messages, from: []) { _, value in
                guard let message = try? LearntMessage(value), message.batch == number else { return true }
                found.append(message.id)
                if message.isSpam { spam -= min(1, spam) } else { ham -= min(1, ham) }
                return true
            }
            for id in found {
                // Its tokens are those that it was learnt with.
                _ = try session.forget(Lesson(id: id, keys: []))
                try session.flushIfLarge()
            }
            record.isUndone = spam + ham == 0
            record.isPartlyUndone = !record.isUndone
            if record.isPartlyUndone { (record.spam, record.ham) = (spam, ham) }
            try writing.put(.batches, Octets.key(number).span, record.encoded().span)
            try session.end()
            result = (found.count, Int(clamping: spam + ham))
        }
        return result
    }

    /// Counts what was learnt with `countsNow: false`. Gives how many messages that were.
    package func merge(time: UInt32) throws(StoreError) -> Int {
        var merged = 0
        try store.write { writing throws(StoreError) in
            var session = try LearningSession(self, writing, time: time)
            merged = try session.countPending()
            try session.end()
        }
        return merged
    }

    /// Batches, newest first.
    package func batches() throws(StoreError) -> [BatchRecord] {
        var found: [BatchRecord] = []
        try store.read { reading throws(StoreError) in
            found = []
            _ = try totals(reading)
            try reading.forEach(.batches, from: []) { key, value in
                let bytes = value.withUnsafeBufferPointer { Array($0) }
                if let record = try? BatchRecord(number: Octets.number(ofKey: key), bytes) { found.append(record) }
                return true
            }
        }
        return found.reversed()
    }

    /// Removes everything but the number of the next batch: whoever still holds one would write into another's.
    package func clear() throws(StoreError) {
        try store.write { writing throws(StoreError) in
            let nextBatch = nextBatch(writing)
            for table in BayesTable.allCases { try writing.removeAll(table) }
            var totals = StoreTotals(tokenBits: freshTokenBits)
            totals.nextBatch = nextBatch
            try put(totals, writing)
        }
    }

    /// Brings every bucket within its share of the budget, after cutting the tokens into as many buckets as the budget wants
    /// now. Gives the tokens that went.
    package func expire(time: UInt32) throws(StoreError) -> Int {
        var expired = 0
        try store.write { writing throws(StoreError) in
            try self.fitBuckets(writing)
            var session = try LearningSession(self, writing, time: time)
            try session.countPending()
            expired = try session.expireAll()
            try session.end()
        }
        return expired
    }
}
