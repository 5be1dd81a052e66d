package import Linux

/// Where the entries of a quarantine lie: a few files of octets for each, kept as a whole or not at all. What stands in them is
/// `Quarantine`'s matter. Several processes use one storage at the same time. All calls block.
package protocol QuarantineStorage: Sendable {
    /// Adds octets to the end of an entry's file, which is new with the first of them.
    typealias Append = (_ octets: [UInt8], _ file: String) throws(Quarantine.Failure) -> Void

    /// Keeps an entry. When this returns it is there as a whole and safe; when it throws, nothing of it is there.
    /// - Parameters:
    ///   - id: a valid identifier; one that is taken is refused.
    ///   - write: makes the files, one after the other.
    /// - Returns: octets that the entry's files take.
    func put(_ id: String, _ write: (Append) throws(Quarantine.Failure) -> Void) throws(Quarantine.Failure) -> Int

    /// Identifiers of all entries that claim to be complete, in no order.
    func identifiers() throws(Quarantine.Failure) -> [String]
    /// Names that are neither entries nor ours, nor among these.
    func strays(known: Set<String>) throws(Quarantine.Failure) -> [String]
    /// True when there is an entry of this name, whole or not.
    func contains(_ id: String) throws(Quarantine.Failure) -> Bool
    /// A file of an entry, for reading.
    /// - Throws: `.damaged` when the entry has none of this name.
    func open(_ id: String, _ file: String) throws(Quarantine.Failure) -> Descriptor
    /// The first octets of a file of an entry.
    func beginning(_ id: String, _ file: String, count: Int) throws(Quarantine.Failure) -> [UInt8]
    /// What is known of an entry beside its files.
    func status(_ id: String) throws(Quarantine.Failure) -> StoredEntryStatus

    /// Notes that an entry was passed on.
    func markReleased(_ id: String, time: Int) throws(Quarantine.Failure)
    /// Removes an entry.
    func remove(_ id: String) throws(Quarantine.Failure)
    /// Removes what a crash left of entries that were never complete, last touched before `time` (Unix time).
    func removeUnfinished(before time: Int) throws(Quarantine.Failure)
}

/// What a storage knows of an entry beside its files.
package struct StoredEntryStatus: Sendable, Hashable {
    /// Octets of its files.
    package var stored: Int
    /// Unix time of the last release; nil before.
    package var released: Int?
    /// Unix time when it came or was last changed; what there is to say of an entry that cannot be read.
    package var changed: Int

    package init(stored: Int, released: Int?, changed: Int) {
        self.stored = stored
        self.released = released
        self.changed = changed
    }
}
