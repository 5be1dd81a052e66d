internal import Glibc
internal import Linux
internal import SMTP

/// A directory of batch SMTP files (RFC 2442), one for each message: written and synchronized as `ID.bsmtp.tmp`, then given its name
/// `ID.bsmtp`. Every call blocks on a disk: thread pool only.
struct BatchDirectory: Sendable {
    private let path: String
    /// The name in EHLO.
    private let hostname: String

    init(path: String, hostname: String) {
        self.path = path
        self.hostname = hostname
    }

    /// Stores a message; when this returns it is on the disk. The directory is made with mode 0700 when absent.
    /// - Parameter id: letters and digits that no message here has yet; another message's file is never written over.
    func store(_ message: OutgoingMessage, id: String) throws {
        let transaction = ClientTransaction(
            reversePath: message.reversePath, parameters: message.parameters, recipients: message.recipients,
            messageSize: message.body.count, hasEightBit: message.hasEightBit)
        let beginning = try BatchSMTP.beginning(transaction, heloName: hostname)
        // Its name must be on the disk before a message below it is said to be.
        try makeDirectoryDurably(path)
        let (name, temporary) = ("\(path)/\(id).bsmtp", "\(path)/\(id).bsmtp.tmp")
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        defer { unlink(temporary) }
        try write(beginning, message.body, to: file)
        try check("link \(name)") { link(temporary, name) }
        try synchronizeDirectory(path)
    }

    private func write(_ beginning: [UInt8], _ body: OutgoingBody, to file: Descriptor) throws(SystemError) {
        try file.write(beginning)
        var (stuffer, position) = (DotStuffer(), 0)
        while position < body.count {
            let chunk = try body.read(at: position)
            guard !chunk.isEmpty else { throw SystemError("read of a stored message", code: EIO) }
            var stuffed: [UInt8] = []
            stuffer.stuff(chunk.span, into: &stuffed)
            try file.write(stuffed)
            position += chunk.count
        }
        try file.write(BatchSMTP.end(after: stuffer))
        try file.synchronize()
    }
}
