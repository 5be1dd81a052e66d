internal import RemoteChecks
internal import Stores

/// The two messages that a new inspector generation must judge right before it serves.
enum SelfTest {
    /// A message with the EICAR test file, or one without.
    static func message(infected: Bool) throws(SpoolError) -> MessageFile {
        let bytes = infected ? TestSample.eicar.message : TestSample.none.message
        let spool = Spool(
            limits: Spool.Limits(
                directory: "", memoryPerMessage: bytes.count, totalBytes: bytes.count, messages: 1, freeSpace: 0))
        return try spool.store(bytes)
    }
}
