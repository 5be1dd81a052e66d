package import Linux
internal import Synchronization

/// The quarantine as the daemon and the commands use it: files first, index second.
///
/// What the files say holds, wherever they lie. A step that the index misses (a crash between the two, a full disk, a damaged database) costs
/// nobody a message: it is reported, and `reconcile` or `check` make the index say again what the files do.
package final class IndexedQuarantine: Sendable {
    package let files: Quarantine
    package let index: any QuarantineIndex
    /// Hears of what went wrong with the index.
    private let report: @Sendable (String) -> Void
    private let isRepairing = Atomic<Bool>(false)

    /// Rows that are added or looked at in one step.
    private static let batch = 1000

    package init(files: Quarantine, index: any QuarantineIndex, report: @escaping @Sendable (String) -> Void) {
        self.files = files
        self.index = index
        self.report = report
    }

    // MARK: - Entries

    /// Keeps a message; see `Quarantine.put`.
    package func put(
        _ entry: Quarantine.Entry, message: Descriptor, report: [UInt8]
    ) throws(Quarantine.Failure) {
        let kept = try files.put(entry, message: message, report: report)
        note("add \(entry.id)") { () throws(IndexFailure) in
            try index.insert([QuarantineRow(kept, node: index.node)])
        }
    }

    /// Notes that an entry was passed on.
    package func markReleased(_ id: String, time: Int) throws(Quarantine.Failure) {
        try files.markReleased(id, time: time)
        note("mark \(id) as released") { () throws(IndexFailure) in try index.setReleased(id, time: time) }
    }

    /// Removes an entry. Of one that is not there any more the index forgets what it knows.
    package func remove(_ id: String) throws(Quarantine.Failure) {
        var failure: Quarantine.Failure?
        do throws(Quarantine.Failure) {
            try files.remove(id)
        } catch {
            guard case .unknown = error else { throw error }
            failure = error
        }
        note("remove \(id)") { () throws(IndexFailure) in try index.remove([id]) }
        if let failure { throw failure }
    }

    /// Looks entries up. A damaged index is made anew first.
    package func search(_ query: QuarantineQuery) throws -> [QuarantineRow] {
        do throws(IndexFailure) {
            return try index.search(query)
        } catch {
            guard case .damaged = error else { throw error }
            report("quarantine: \(error); it is made anew from the files")
            try rebuild()
        }
        return try index.search(query)
    }

    // MARK: - Repair

    /// What a comparison of index and files found.
    package struct Findings: Sendable, Hashable {
        /// Entries whose files are whole.
        package var whole = 0
        /// Entries that are not, and why.
        package var damaged: [String] = []
        /// Entries whose key is not set, and which one.
        package var locked: [String] = []
        /// Names in the directory that are no entries.
        package var strays: [String] = []
        /// Entries that the index did not know, knew wrongly, or knew though they are gone.
        package var added = 0
        package var corrected = 0
        package var forgotten = 0
        /// Entries by the name of the key with which they are encrypted.
        package var keys: [String: Int] = [:]
        /// The index was damaged and made anew.
        package var wasRebuilt = false
        /// Why the index was not compared; nil where it was.
        package var indexFailure: String?

        package init() {}
    }

    /// Makes the index know the entries that there are, by their names alone: for every start of the daemon.
    @discardableResult
    package func reconcile() throws -> Findings {
        try repairing { () throws -> Findings in
            var findings = Findings()
            let known = try index.identifiers()
            let present = try files.identifiers()
            try add(present.filter { !known.contains($0) }, to: &findings)
            try forget(known.subtracting(present), in: &findings)
            return findings
        }
    }

    /// Reads every entry to its end, compares digests, and makes the index say what the files do (`fsck`). Where there is no index to
    /// ask, the files are read all the same.
    /// - Parameter own: names in the directory that belong to the index.
    package func check(own: Set<String>) throws -> Findings {
        do {
            return try repairing { () throws -> Findings in
                try index.verify()
                return try compare(own: own)
            }
        } catch let failure as IndexFailure {
            var findings = Findings()
            findings.indexFailure = "\(failure)"
            for id in try files.identifiers() { _ = try examine(id, &findings) }
            findings.strays = try files.strays(known: own)
            return findings
        }
    }

    private func compare(own: Set<String>) throws -> Findings {
        var findings = Findings()
        var known = try rows()
        for id in try files.identifiers() {
            guard let found = try examine(id, &findings) else { continue }
            let old = known.removeValue(forKey: id)
            let row =
                switch found {
                case .success(let entry): QuarantineRow(entry, node: index.node)
                case .failure(let failure): old ?? self.row(of: id, after: failure)
                }
            guard let row, row != old else { continue }
            try index.insert([row])
            if old == nil { findings.added += 1 } else { findings.corrected += 1 }
        }
        try forget(Set(known.keys), in: &findings)
        findings.strays = try files.strays(known: own)
        return findings
    }

    /// Runs a comparison. A damaged index is made empty and compared again.
    private func repairing(_ comparison: () throws -> Findings) throws -> Findings {
        do {
            return try comparison()
        } catch let failure as IndexFailure {
            guard case .damaged = failure else { throw failure }
            report("quarantine: \(failure); it is made anew from the files")
            try index.reset()
        }
        var findings = try comparison()
        findings.wasRebuilt = true
        return findings
    }

    /// Reads an entry to its end and notes whether it is whole.
    /// - Returns: what is known of it, or why nothing is; nil for one that somebody has removed meanwhile.
    /// - Throws: `.unavailable`, which says nothing of any entry.
    private func examine(
        _ id: String, _ findings: inout Findings
    ) throws(Quarantine.Failure) -> Result<Quarantine.Entry, Quarantine.Failure>? {
        let key = try? files.keyName(id)
        var result: Result<Quarantine.Entry, Quarantine.Failure>?
        do throws(Quarantine.Failure) {
            let entry = try files.entry(id)
            result = .success(entry)
            try files.read(message: entry) { _ in true }
            _ = try files.report(of: entry)
            findings.whole += 1
        } catch {
            if case .unavailable = error { throw error }
            guard try files.contains(id) else { return nil }
            note(error, "\(error)" + (isMessageWhole(id) ? "; the message itself is whole" : ""), in: &findings)
            result = result ?? .failure(error)
        }
        if let key { findings.keys[key, default: 0] += 1 }
        return result
    }

    private func note(_ failure: Quarantine.Failure, _ text: String, in findings: inout Findings) {
        if case .locked = failure { findings.locked.append(text) } else { findings.damaged.append(text) }
    }

    /// The row of an entry that nobody can read: it counts as what it takes, and goes when it is as old as its last change. nil where the
    /// disk or the database is to blame, and another time may tell more.
    private func row(of id: String, after failure: Quarantine.Failure) -> QuarantineRow? {
        failure.isOfStorage ? nil : files.unreadable(id).map { QuarantineRow($0, node: index.node) }
    }

    private func isMessageWhole(_ id: String) -> Bool {
        guard let remains = try? files.remains(id) else { return false }
        if case .foreignEnvelope = remains.loss { return false }
        return (try? files.read(message: remains.entry) { _ in true }) != nil
    }

    private func rows() throws -> [String: QuarantineRow] {
        var known: [String: QuarantineRow] = [:]
        var query = QuarantineQuery(limit: Self.batch)
        query.node = index.ownNode
        query.oldestFirst = true
        while true {
            let page = try index.search(query)
            for row in page { known[row.id] = row }
            guard let last = page.last, page.count == query.limit else { return known }
            query.after = PlaceInTime(time: last.time, id: last.id)
        }
    }

    private func add(_ ids: [String], to findings: inout Findings) throws {
        var rows: [QuarantineRow] = []
        var unreadable = 0
        for (number, id) in ids.enumerated() {
            do throws(Quarantine.Failure) {
                rows.append(QuarantineRow(try files.entry(id), node: index.node))
            } catch {
                // One that is gone by now was removed by somebody.
                if try files.contains(id) { note(error, "\(error)", in: &findings) }
                if let row = row(of: id, after: error) {
                    rows.append(row)
                    unreadable += 1
                }
            }
            if rows.count == Self.batch || number == ids.count - 1 {
                try index.insert(rows)
                findings.added += rows.count
                rows.removeAll(keepingCapacity: true)
            }
        }
        findings.whole += findings.added - unreadable
    }

    /// Another process may have kept an entry after the names were read: only what is not there is forgotten.
    private func forget(_ ids: Set<String>, in findings: inout Findings) throws {
        let gone = try ids.filter { id in try !files.contains(id) }
        if !gone.isEmpty { try index.remove(Array(gone)) }
        findings.forgotten += gone.count
    }

    private func rebuild() throws {
        try index.reset()
        try reconcile()
    }

    /// A step of the index whose failure changes nothing for the message.
    private func note(_ what: String, _ step: () throws(IndexFailure) -> Void) {
        do throws(IndexFailure) {
            try step()
        } catch {
            report("quarantine: cannot \(what) in the index: \(error)")
            guard case .damaged = error, !isRepairing.exchange(true, ordering: .relaxed) else { return }
            // A client waits for its reply, and there may be a hundred thousand entries to read.
            do throws(SystemError) {
                try startThread { self.repair() }
            } catch {
                isRepairing.store(false, ordering: .relaxed)
            }
        }
    }

    private func repair() {
        do {
            try rebuild()
            report("quarantine: the index was made anew from the files")
        } catch {
            report("quarantine: the index cannot be made anew: \(error)")
        }
        isRepairing.store(false, ordering: .relaxed)
    }
}
