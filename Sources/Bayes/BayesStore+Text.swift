internal import Scoring

/// The text forms of sa-learn(1) that are written: `--dump`, `--backup`.
extension BayesStore {
    /// Lines of `--dump`: probability, spam, ham, time, and the token as ten hexadecimal digits or the name of a total.
    /// - Parameters:
    ///   - tokens: nil leaves the tokens out; else says by their five octets which are printed.
    ///   - print: gets each line without its end.
    package func dump(
        totals wantsTotals: Bool, tokens: (([UInt8]) -> Bool)?, _ print: (String) -> Void
    ) throws(StoreError) {
        try store.readOnce { reading throws(StoreError) in
            let totals = try self.totals(reading)
            if wantsTotals { try self.dump(totals, reading, print) }
            guard let tokens else { return }
            let (spam, ham) = (Double(totals.spam), Double(totals.ham))
            try self.forEachToken(reading) { record in
                let key = UInt64(record.key)
                guard tokens([32, 24, 16, 8, 0].map { UInt8(truncatingIfNeeded: key >> $0) }) else { return }
                let text = Self.hexadecimal(record.key)
                print(
                    Self.line(
                        FisherMethod.probability(record.counts, spam: spam, ham: ham), "\(record.counts.spam)",
                        "\(record.counts.ham)", "\(record.time)", text))
            }
        }
    }

    private func dump(
        _ totals: StoreTotals, _ reading: any StoreReading, _ print: (String) -> Void
    ) throws(StoreError) {
        var times = (oldest: UInt32.max, newest: UInt32(0))
        try forEachToken(reading) { record in
            times = (min(times.oldest, record.time), max(times.newest, record.time))
        }
        let lines: [(UInt64, String)] = [
            (3, "bayes db version"), (totals.spam, "nspam"), (totals.ham, "nham"), (totals.tokens, "ntokens"),
            (times.newest == 0 ? 0 : UInt64(times.oldest), "oldest atime"), (UInt64(times.newest), "newest atime"),
            (totals.lastSync, "last journal sync atime"), (totals.lastExpiry, "last expiry atime"),
            (0, "last expire atime delta"), (totals.lastExpired, "last expire reduction count"),
        ]
        for (value, name) in lines { print(Self.line(0, "0", "\(value)", "0", "non-token data: \(name)")) }
    }

    /// As by `%3.3f %10u %10u %10u  %s`.
    private static func line(_ probability: Double, _ a: String, _ b: String, _ c: String, _ text: String) -> String {
        let thousandths = Int((probability * 1000).rounded())
        let fraction = "\(thousandths % 1000)"
        let number = "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
        func column(_ text: String) -> String { String(repeating: " ", count: max(0, 10 - text.utf8.count)) + text }
        return "\(number) \(column(a)) \(column(b)) \(column(c))  \(text)"
    }

    static func hexadecimal(_ key: TokenKey) -> String {
        let digits = String(key, radix: 16)
        return String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    // MARK: - Backup

    /// Names our form of a backup; SpamAssassin passes over lines that it does not know.
    private static let ownForm = "m\tform\t1"

    /// Lines of `--backup`, in SpamAssassin's form with one more kind of line, `m`, for the learnt messages themselves:
    /// `m class batch time date tokens identifier`; behind the class `a` for one that taught by itself, `p` for one that was not
    /// counted yet, which SpamAssassin is not told of. The last one, `m end lines`, has the number of those before it. The store as
    /// it was at one moment, whoever learns meanwhile.
    package func backup(_ write: (String) -> Void) throws(StoreError) {
        var damage: StoreError?
        var lines = 0
        func print(_ line: String) {
            lines += 1
            write(line)
        }
        try store.readOnce { reading throws(StoreError) in
            let totals = try self.totals(reading)
            print("v\t3\tdb_version # this must be the first line!!!")
            print(Self.ownForm)
            print("v\t\(totals.spam)\tnum_spam")
            print("v\t\(totals.ham)\tnum_nonspam")
            try self.forEachToken(reading) { record in
                print(
                    "t\t\(record.counts.spam)\t\(record.counts.ham)\t\(record.time)\t\(Self.hexadecimal(record.key))")
            }
            try self.forEachSeen(reading, before: totals.firstPending) { id, isSpam in
                print("s\t\(isSpam ? "s" : "h")\t\(id)")
            }
            try reading.forEach(.messages, from: []) { key, value in
                do throws(StoreError) {
                    let message = try LearntMessage(value)
                    let isPending = Octets.number(ofKey: key) >= totals.firstPending
                    let kind = (message.isSpam ? "s" : "h") + (message.isAutomatic ? "a" : "") + (isPending ? "p" : "")
                    let keys = message.keys.map(Self.hexadecimal).joined()
                    print("m\t\(kind)\t\(message.batch)\t\(message.time)\t\(message.date)\t\(keys)\t\(message.id)")
                    return true
                } catch {
                    damage = error
                    return false
                }
            }
        }
        if let damage { throw damage }
        write("m\tend\t\(lines)")
    }
}
