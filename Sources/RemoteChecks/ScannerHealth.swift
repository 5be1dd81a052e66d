internal import Linux
internal import Synchronization

/// What is known of one scanner, for messages and for `mailreeve status`.
package struct ScannerState: Sendable, Hashable {
    package var name: String
    package var isBackup = false
    /// nil when it passed its last self-test; else why it is taken as failed.
    package var fault: String?
    /// What it says of itself; empty when it does not.
    package var version = ""
    /// Unix time of its signatures; 0 when it does not say.
    package var signatureTime = 0
    /// Messages that it answered and failed to answer.
    package var answered = 0
    package var failed = 0
}

/// Whether a scanner is believed. One that does not find its own test sample is taken as failed, not as a scanner that finds
/// nothing; it is believed again when it finds it.
final class ScannerHealth: Sendable {
    private struct Inner {
        var state: ScannerState
        /// When the next self-test is due, nanoseconds of the monotonic clock.
        var due = 0
        var isTesting = false
    }

    private let inner: Mutex<Inner>

    init(_ settings: ScannerSettings) {
        inner = Mutex(
            Inner(
                state: ScannerState(
                    name: settings.name, isBackup: settings.isBackup, fault: "has not been tested yet")))
    }

    var state: ScannerState { inner.withLock { $0.state } }

    /// True when a self-test is due; it has then begun and must be ended by `tested`.
    func beginTest() -> Bool {
        inner.withLock { inner in
            guard !inner.isTesting, inner.due <= monotonicNow() else { return false }
            inner.isTesting = true
            return true
        }
    }

    /// Ends a self-test.
    /// - Parameters:
    ///   - fault: nil when it was passed.
    ///   - next: nanoseconds until the next one.
    /// - Returns: true when that changes what was known.
    func tested(fault: String?, version: ScannerVersion?, next: Int) -> Bool {
        inner.withLock { inner in
            defer {
                inner.isTesting = false
                inner.due = monotonicNow() + next
                inner.state.fault = fault
                if let version {
                    inner.state.version = version.text
                    inner.state.signatureTime = version.signatureTime ?? 0
                }
            }
            return inner.state.fault != fault
        }
    }

    /// Counts an answer to a message. After a failure the next self-test is due at once: a scanner that hangs costs the
    /// first messages their time and not all of them.
    func count(answered: Bool) {
        inner.withLock { inner in
            if answered {
                inner.state.answered += 1
            } else {
                inner.state.failed += 1
                inner.due = 0
            }
        }
    }
}
