internal import Linux
internal import Synchronization

/// What is known of one scanner, for messages and for `mailreeve status`.
package struct ScannerState: Sendable, Hashable {
    package var name: String
    package var isBackup = false
    /// nil when it passed its last self-test; else why it is taken as failed.
    package var fault: String?
    /// While it works: its addresses that are not asked, each with the reason.
    package var lamePlaces: [String] = []
    /// What it says of itself; empty when it does not.
    package var version = ""
    /// Unix time of its signatures; 0 when it does not say.
    package var signatureTime = 0
    /// Messages that it answered, failed to answer, and was not asked about since it had too many.
    package var answered = 0
    package var failed = 0
    package var busy = 0
}

/// Whether a scanner at one place is believed. One that does not find its own test sample is taken as failed, not as a scanner
/// that finds nothing; it is believed again when it finds it.
final class ScannerHealth: Sendable {
    /// What is due at a place.
    enum Due: Sendable {
        case test
        /// A look at its version alone.
        case version
    }

    private struct Inner {
        var fault: String? = "has not been tested yet"
        var version: ScannerVersion?
        /// When the next self-test and the next look at the version are due, nanoseconds of the monotonic clock.
        var due = 0
        var versionDue = 0
        var isBusy = false
    }

    private let inner = Mutex(Inner())

    /// Why it is not believed; nil when it passed its last self-test.
    var fault: String? { inner.withLock { $0.fault } }
    /// What it said of itself last.
    var version: ScannerVersion? { inner.withLock { $0.version } }

    /// What is due; it has then begun and must be ended by `tested` or `noted`.
    func begin() -> Due? {
        inner.withLock { inner in
            let now = monotonicNow()
            guard !inner.isBusy, inner.due <= now || inner.versionDue <= now && inner.version != nil else { return nil }
            inner.isBusy = true
            return inner.due <= now ? .test : .version
        }
    }

    /// Ends a self-test.
    /// - Parameters:
    ///   - fault: nil when it was passed.
    ///   - next: nanoseconds until the next one.
    ///   - nextVersion: nanoseconds until the next look at the version.
    /// - Returns: true when that changes what was known.
    func tested(fault: String?, version: ScannerVersion?, next: Int, nextVersion: Int) -> Bool {
        inner.withLock { inner in
            defer {
                let now = monotonicNow()
                inner = Inner(fault: fault, version: version, due: now + next, versionDue: now + nextVersion)
            }
            return inner.fault != fault
        }
    }

    /// Ends a look at the version.
    func noted(_ version: ScannerVersion?, next: Int) {
        inner.withLock { inner in
            inner.version = version
            inner.versionDue = monotonicNow() + next
            inner.isBusy = false
        }
    }

    /// It failed on a message: the next self-test is due at once. So one that hangs costs the first messages their time and
    /// not all of them.
    func expectTest() {
        inner.withLock { $0.due = 0 }
    }
}
