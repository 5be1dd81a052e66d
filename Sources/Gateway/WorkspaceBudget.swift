package import Members

/// What the messages that are inspected at one time may write to the workspace together: no more than its file system
/// holds. Each message takes what it may unpack to at most; one for which there is no room waits until others are done.
///
/// A message that may unpack to more than the whole file system is inspected with nobody beside it. When it fills the file
/// system, writing fails and the message with it: a temporary failure, never a pass.
package struct WorkspaceBudget: Hashable, Sendable {
    /// Octets of the file system; nil when nothing bounds it but the disk.
    package var size: Int?
    /// What one message may unpack to.
    package var unpacking: UnpackingLimits

    package init(size: Int? = nil, unpacking: UnpackingLimits = UnpackingLimits()) {
        self.size = size
        self.unpacking = unpacking
    }

    /// Octets of a page: each member begins on one.
    private static let page = 4096

    /// Octets that a message may write at most.
    func need(messageSize: Int) -> Int {
        let (whole, overflow) = unpacking.quota(messageSize: messageSize)
            .addingReportingOverflow(unpacking.files * Self.page)
        return overflow ? unpacking.workspace : min(unpacking.workspace, whole)
    }

    /// True when a message may start beside others.
    /// - Parameter taken: octets that those may write; nil when there are none.
    func hasRoom(messageSize: Int, taken: Int?) -> Bool {
        guard let size, let taken else { return true }
        let (sum, overflow) = taken.addingReportingOverflow(need(messageSize: messageSize))
        return !overflow && sum <= size
    }
}
