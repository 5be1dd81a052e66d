internal import NIOCore

/// The times of one session from which its next deadline follows.
struct SessionClock {
    /// The wait between our last reply and the next command, or between two pieces of data.
    private var idle = NIODeadline.distantFuture
    private var transactionBegan: NIODeadline?
    private var dataBegan: NIODeadline?
    private var dataOctets = 0
    private var dataBlock = Duration.zero
    /// The session is over and waits for the client to close.
    var isLingering = false

    /// Something was finished: the wait begins anew.
    mutating func moveOn(_ limit: Duration) {
        idle = NIODeadline.now() + TimeAmount(limit)
    }

    /// The reply to DATA is out.
    mutating func beginData(_ dataBlock: Duration) {
        let now = NIODeadline.now()
        self.dataBlock = dataBlock
        dataBegan = now
        dataOctets = 0
        idle = now + TimeAmount(dataBlock)
    }

    /// Octets of a message arrived.
    mutating func received(_ count: Int) {
        dataOctets += count
        idle = NIODeadline.now() + TimeAmount(dataBlock)
    }

    /// The message is complete, or there is no transaction any more.
    mutating func endTransaction() {
        transactionBegan = nil
        dataBegan = nil
    }

    mutating func update(inTransaction: Bool) {
        if !inTransaction {
            endTransaction()
        } else if transactionBegan == nil {
            transactionBegan = NIODeadline.now()
        }
    }

    /// The earliest deadline that holds now.
    func deadline(_ limits: SessionDeadlines, _ receivingData: Bool) -> NIODeadline {
        var earliest = idle
        if let transactionBegan { earliest = min(earliest, transactionBegan + TimeAmount(limits.message)) }
        if receivingData, limits.minimumRate > 0, let dataBegan {
            // When the average falls below the minimum if nothing more arrives.
            // Bounded in floating point: octets of a day at full speed over a rate of 1 do not fit an Int64.
            let seconds = min(Double(dataOctets) / Double(limits.minimumRate), 86_400)
            let covered = TimeAmount.nanoseconds(Int64(seconds * 1e9))
            earliest = min(earliest, dataBegan + max(covered, TimeAmount(limits.rateJudgedAfter)))
        }
        return earliest
    }
}
