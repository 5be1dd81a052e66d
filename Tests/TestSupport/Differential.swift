internal import Foundation

/// How much of the corpora a comparison with another program takes.
package enum Differential {
    /// Every how many messages one is taken; `make differential` takes all.
    package static let step: Int =
        ProcessInfo.processInfo.environment["MAILREEVE_DIFFERENTIAL"] == nil ? 60 : 1
}
