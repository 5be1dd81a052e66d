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
            while case let page = try oldest(of: usage.tenant, before: now - keep), !page.isEmpty {
                expiry.aged += try remove(page, until: .max, &expiry)
            }
        }
        for (tenant, bound) in limits.tenants { try crowdOut(of: tenant, to: bound.octets, &expiry) }
        try crowdOut(of: nil, to: limits.all.octets, &expiry)
        return expiry
    }

    /// Removes the oldest entries of a tenant, or of all, until the others are within a bound.
    private func crowdOut(of tenant: String?, to bound: Int, _ expiry: inout QuarantineExpiry) throws {
        guard bound > 0 else { return }
        while true {
            // What another host removes meanwhile may be in the page as well: then too little goes in this turn, never too much.
            let page = try oldest(of: tenant, before: nil)
            let stored = try index.usage().reduce(0) { $0 + (tenant == nil || $1.tenant == tenant ? $1.stored : 0) }
            guard stored > bound, !page.isEmpty else { return }
            expiry.crowdedOut += try remove(page, until: stored - bound, &expiry)
        }
    }

    private func oldest(of tenant: String?, before time: Int?) throws -> [QuarantineRow] {
        var query = QuarantineQuery(limit: Self.step)
        query.node = index.ownNode
        query.tenant = tenant
        query.until = time
        query.oldestFirst = true
        return try index.search(query)
    }

    /// Removes entries, the first ones first, until as many octets are free.
    /// - Returns: how many went.
    private func remove(_ page: [QuarantineRow], until octets: Int, _ expiry: inout QuarantineExpiry) throws -> Int {
        var (entries, freed) = (0, 0)
        for row in page where freed < octets {
            do throws(Quarantine.Failure) {
                try remove(row.id)
                entries += 1
                expiry.octets += row.stored
            } catch {
                // Somebody else removed it: what is left is to forget it.
                guard case .unknown = error else { throw error }
                try index.remove([row.id])
            }
            freed += row.stored
        }
        return entries
    }
}
