internal import Stores

/// The two messages that a new inspector generation must judge right before it serves.
enum SelfTest {
    /// A message with the EICAR test file as text, or one without. The test string is put together here, so that
    /// nobody's scanner takes this program for infected.
    static func message(infected: Bool) throws(SpoolError) -> MessageFile {
        let first = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$"
        let second = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
        let text =
            "From: self-test@localhost\r\nTo: self-test@localhost\r\nSubject: self-test\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: application/octet-stream\r\n\r\n" + (infected ? first + second : "clean") + "\r\n"
        let bytes = Array(text.utf8)
        let spool = Spool(
            limits: Spool.Limits(
                directory: "", memoryPerMessage: bytes.count, totalBytes: bytes.count, messages: 1, freeSpace: 0))
        return try spool.store(bytes)
    }
}
