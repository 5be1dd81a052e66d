/// The tables that a Bayes store has.
package enum BayesTable: Int, Sendable, CaseIterable {
    /// Counts of tokens: bucket number to records, see `TokenBucket`.
    case tokens
    /// Weights of tokens: bucket number to records, see `WeightBucket`.
    case weights
    /// Learnt messages by number, see `LearntMessage`.
    case messages
    /// Batches by number.
    case batches
    /// Message identifiers to what was learnt.
    case seen
    /// Totals and models by name.
    case meta
    /// Kinds of messages nearly alike, and where they are found, see `MessageKinds`.
    case sketches

    /// Keys are numbers of buckets: from 0 on, close together.
    var hasBuckets: Bool { self == .tokens || self == .weights }
}

/// Why a store did not do what it was asked.
package enum StoreError: Error, Hashable, CustomStringConvertible {
    /// The disk or the store's own limit is full; nothing of the transaction was kept.
    case full(String)
    /// Somebody else's process made it, or a fork took it along.
    case foreign(String)
    /// A record does not have the form that this version writes.
    case damaged(String)
    /// The server cannot be reached, or does not answer in time; nothing of the transaction was kept.
    case unreachable(String)
    /// The connection ended before the server said whether it had done what it was told.
    case unsure(String)
    /// Any other failure, in the library's words.
    case failed(String)

    package var description: String {
        switch self {
        case .full(let text), .foreign(let text), .damaged(let text), .unreachable(let text), .unsure(let text),
            .failed(let text):
            text
        }
    }
}

/// A view of a store at one moment. Keys are in the order of their octets.
package protocol StoreReading {
    /// Lends the value of a key. False when there is none.
    func look(_ table: BayesTable, _ key: Span<UInt8>, _ use: (Span<UInt8>) -> Void) throws(StoreError) -> Bool
    /// Lends the values of keys that are numbers (`Octets.key`), with the place of each; keys without a value are passed
    /// over. One exchange where a single look would cost one; ascending numbers are found sooner.
    /// - Parameter foresee: may be called twice with the place and value before `use` is, each time for many in a row: memory that
    ///   is asked for there comes while others are looked at.
    func look(
        _ table: BayesTable, numbers: [UInt64], foresee: (Int, Span<UInt8>) -> Void,
        _ use: (Int, Span<UInt8>) -> Void
    ) throws(StoreError)
    /// Lends each key and value from `start` on; until `use` says false.
    func forEach(_ table: BayesTable, from start: [UInt8], _ use: (Span<UInt8>, Span<UInt8>) -> Bool) throws(StoreError)
    /// Entries of a table.
    func count(_ table: BayesTable) throws(StoreError) -> Int
}

/// The same with changes, which nobody sees before the end of the transaction.
package protocol StoreWriting: StoreReading {
    func put(_ table: BayesTable, _ key: Span<UInt8>, _ value: Span<UInt8>) throws(StoreError)
    func remove(_ table: BayesTable, _ key: Span<UInt8>) throws(StoreError)
    func removeAll(_ table: BayesTable) throws(StoreError)
}

/// Records that are best kept together under one key.
package struct BucketSizes: Hashable, Sendable {
    package var tokens: Int
    package var weights: Int

    package init(tokens: Int, weights: Int) {
        self.tokens = tokens
        self.weights = weights
    }
}

/// What keeps the tables. Transactions are atomic and durable: after a crash at any instant the last one that ended well is
/// what is there. Readers never wait for a writer; writers wait for each other.
package protocol KeyValueStore: Sendable {
    /// Where it is, for people.
    var place: String { get }
    var buckets: BucketSizes { get }
    /// What stands in its place is another one, or nothing: it was removed or moved while it was open.
    var isReplaced: Bool { get }
    /// Runs a body on the store as it was at one moment. Where writers come between, it is run again; it fails where they do so
    /// all the time, and waits for none of them.
    func read(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError)
    /// The same, and the body is run no second time: for one that prints what it reads, or reads much. It may keep writers out
    /// and wait for them.
    func readOnce(_ body: (any StoreReading) throws(StoreError) -> Void) throws(StoreError)
    /// Runs a body whose changes are made when it ends without an error. It may be run several times before.
    func write(_ body: (any StoreWriting) throws(StoreError) -> Void) throws(StoreError)
}

extension StoreReading {
    /// The same for values that are read from their beginning.
    package func look(
        _ table: BayesTable, numbers: [UInt64], _ use: (Int, Span<UInt8>) -> Void
    ) throws(StoreError) {
        try look(table, numbers: numbers, foresee: { _, _ in }, use)
    }

    /// The value of a key as an array of its own.
    package func value(_ table: BayesTable, _ key: [UInt8]) throws(StoreError) -> [UInt8]? {
        var found: [UInt8]?
        _ = try look(table, key.span) { value in
            found = value.withUnsafeBufferPointer { Array($0) }
        }
        return found
    }
}
