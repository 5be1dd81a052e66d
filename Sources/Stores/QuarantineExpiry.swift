/// How long and how much is kept.
package struct QuarantineLimits: Sendable, Hashable {
    /// Bounds for one tenant, or for all entries together.
    package struct Bound: Sendable, Hashable {
        /// Seconds that an entry is kept; 0: for ever.
        package var keep: Int
        /// Octets of the files of all entries; 0: no bound. The oldest entries go first.
        package var octets: Int

        package init(keep: Int, octets: Int) {
            self.keep = keep
            self.octets = octets
        }
    }

    package var all: Bound
    /// By domain, in lower case. Such a tenant's entries are kept by its own time, which may be shorter or longer.
    package var tenants: [String: Bound]

    package init(all: Bound, tenants: [String: Bound] = [:]) {
        self.all = all
        self.tenants = tenants
    }
}

/// What an expiry removed.
package struct QuarantineExpiry: Sendable, Hashable {
    package var aged = 0
    package var crowdedOut = 0
    /// Octets of their files.
    package var octets = 0

    package init() {}
}

extension IndexedQuarantine {
    /// Entries that are looked up in one step.
    private static let step = 500

    /// Removes what is too old or too much, of this node's files.
    /// - Parameter now: Unix time.
    package func expire(_ limits: QuarantineLimits, now: Int) throws -> QuarantineExpiry {
        var expiry = QuarantineExpiry()
        try files.removeUnfinished(before: now - 86_400)
        for usage in try index.usage() {
            let keep = (limits.tenants[usage.tenant] ?? limits.all).keep
            guard keep > 0, usage.oldest < now - keep else { continue }
            let gone = try removeOldest(of: usage.tenant, before: now - keep, until: .max)
            expiry.aged += gone.entries
            expiry.octets += gone.octets
        }
        var total = 0
        for usage in try index.usage() {
            let bound = limits.tenants[usage.tenant]?.octets ?? 0
            total += usage.stored - (try crowdOut(of: usage.tenant, usage.stored, to: bound, &expiry))
        }
        _ = try crowdOut(of: nil, total, to: limits.all.octets, &expiry)
        return expiry
    }

    /// - Returns: octets that were freed.
    private func crowdOut(
        of tenant: String?, _ stored: Int, to bound: Int, _ expiry: inout QuarantineExpiry
    ) throws -> Int {
        guard bound > 0, stored > bound else { return 0 }
        let gone = try removeOldest(of: tenant, before: nil, until: stored - bound)
        expiry.crowdedOut += gone.entries
        expiry.octets += gone.octets
        return gone.octets
    }

    /// Removes entries, the oldest first, until as many octets are free.
    private func removeOldest(
        of tenant: String?, before time: Int?, until octets: Int
    ) throws -> (entries: Int, octets: Int) {
        var gone = (entries: 0, octets: 0)
        var query = QuarantineQuery(limit: Self.step)
        query.node = index.ownNode
        query.tenant = tenant
        query.until = time
        query.oldestFirst = true
        while true {
            let page = try index.search(query)
            for row in page {
                guard gone.octets < octets else { return gone }
                do throws(Quarantine.Failure) {
                    try remove(row.id)
                } catch {
                    // Somebody else removed it: what is left is to forget it.
                    guard case .unknown = error else { throw error }
                    try index.remove([row.id])
                }
                gone.entries += 1
                gone.octets += row.stored
            }
            guard page.count == query.limit, let last = page.last else { return gone }
            query.after = PlaceInTime(time: last.time, id: last.id)
        }
    }
}
