internal import Glibc
internal import Linux
internal import SMTP
internal import Stores

/// A directory of batch SMTP files (RFC 2442), one for each copy: written and synchronized as `ID.RANDOM.tmp`, then given its name
/// `ID.bsmtp`, or `ID-2.bsmtp` and so on where that is taken. Every call blocks on a disk: thread pool only.
struct BatchDirectory: Sendable {
    private let path: String
    /// The name in EHLO.
    private let hostname: String

    init(path: String, hostname: String) {
        self.path = path
        self.hostname = hostname
    }

    /// Stores a message; when this returns it is on the disk. The directory is made with mode 0700 when absent.
    /// - Parameter id: letters and digits. A file that has the name already is never written over: a try whose end nobody heard of has left
    ///   it.
    func store(_ message: OutgoingMessage, id: String) throws {
        let transaction = ClientTransaction(
            reversePath: message.reversePath, parameters: message.parameters, recipients: message.recipients,
            messageSize: message.body.count, hasEightBit: message.hasEightBit)
        let beginning = try BatchSMTP.beginning(transaction, heloName: hostname)
        // Its name must be on the disk before a message below it is said to be.
        try makeDirectoryDurably(path)
        // A crash may have left one, and the next try has the same `id`.
        let temporary = "\(path)/\(id).\(String(UInt64.random(in: 0...UInt64.max), radix: 16)).tmp"
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
        defer { unlink(temporary) }
        try write(beginning, message.body, to: file)
        try give(temporary, id)
        try synchronizeDirectory(path)
    }

    /// Gives a whole file the first name that is free.
    private func give(_ temporary: String, _ id: String) throws(SystemError) {
        var (number, name) = (1, "\(path)/\(id).bsmtp")
        while link(temporary, name) != 0 {
            guard errno == EEXIST else { throw SystemError("link \(name)", code: errno) }
            number += 1
            name = "\(path)/\(id)-\(number).bsmtp"
        }
    }

    /// Removes what a crash left, while nobody writes. Names that are not ours are left alone.
    static func removeUnfinished(in path: String) throws(SystemError) {
        guard access(path, F_OK) == 0 else { return }
        for name in try directoryNames(path) {
            let words = name.split(separator: ".", omittingEmptySubsequences: false)
            guard words.count == 3, words[2] == "tmp", Quarantine.isValid(String(words[0])),
                UInt64(words[1], radix: 16) != nil
            else { continue }
            unlink("\(path)/\(name)")
        }
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
