internal import Glibc
internal import Linux
package import MailModel

/// A copy of a message for a file of this host.
package struct FiledCopy: Sendable {
    /// The sender of the message; the null path becomes `MAILER-DAEMON` in an mbox file.
    package let reversePath: MailPath
    /// When it came, Unix time.
    package let time: Int
    package let body: OutgoingBody

    package init(reversePath: MailPath, time: Int, body: OutgoingBody) {
        self.reversePath = reversePath
        self.time = time
        self.body = body
    }
}

/// A file in the mbox form (RFC 4155, lines of mboxrd) that messages are appended to. Every call blocks on a disk: thread pool only.
///
/// Locked as Postfix's local(8) locks where `mailbox_delivery_lock` is `fcntl, dotlock`; see `MboxLock`. A message is there as a
/// whole or not at all: what was written is taken away again when the rest cannot be, and what a crash left is taken away before
/// the next message.
struct Mbox: Sendable {
    /// Why a message could not be appended.
    enum Failure: Error, CustomStringConvertible {
        /// Somebody else has the lock: another try may get it.
        case locked(path: String)
        /// It cannot be written to.
        case failed(SystemError)
        /// It is no file that is ours alone to write to.
        case untrusted(path: String, reason: String)

        var description: String {
            switch self {
            case .locked(let path): "\(path) is locked by another program"
            case .failed(let error): "\(error)"
            case .untrusted(let path, let reason): "\(path): \(reason)"
            }
        }
    }

    private let path: String

    init(path: String) {
        self.path = path
    }

    /// Appends a message; when this returns it is on the disk. The file is made with mode 0600 when absent.
    /// - Returns: what an earlier crash left that could not be taken away, in words for the log.
    func append(_ copy: FiledCopy) throws(Failure) -> [String] {
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor.open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW)
        } catch {
            throw .failed(error)
        }
        if let reason = Self.distrust(file) { throw .untrusted(path: path, reason: reason) }
        let separator = Self.separator(copy)
        let lock = try MboxLock(path: path, file: file)
        let length: Int
        do throws(SystemError) {
            length = try lock.take(beginning: separator)
        } catch {
            lock.release()
            throw error.code == EEXIST ? .locked(path: path) : .failed(error)
        }
        do throws(SystemError) {
            try write(separator, copy, to: file, behind: length)
            try lock.end()
        } catch {
            // Where this fails, too, the lock stays and says what is to be taken away before the next message.
            if let _ = try? Self.cut(file, to: length) { lock.release() }
            throw .failed(error)
        }
        return lock.remarks
    }

    /// What makes an open file one that others could change; nil when nothing does.
    private static func distrust(_ file: Descriptor) -> String? {
        var status = stat()
        guard fstat(file.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return "is no regular file" }
        guard status.st_nlink == 1 else { return "has other names, too" }
        guard status.st_uid == 0 || status.st_uid == geteuid() else { return "belongs to another user" }
        guard status.st_mode & 0o022 == 0 else { return "can be written by others" }
        return nil
    }

    static func cut(_ file: Descriptor, to length: Int) throws(SystemError) {
        try check("ftruncate") { ftruncate(file.raw, off_t(length)) }
        try file.synchronize()
    }

    private func write(
        _ separator: [UInt8], _ copy: FiledCopy, to file: Descriptor, behind length: Int
    ) throws(SystemError) {
        // Another program may have left its last line open.
        let last = try file.read(at: max(0, length - 2), count: min(2, length))
        let missing = length == 0 || last == [0x0A, 0x0A] ? 0 : last.last == 0x0A ? 1 : 2
        try file.write([UInt8](repeating: 0x0A, count: missing) + separator)
        var lines = MboxLines()
        var position = 0
        while position < copy.body.count {
            let chunk = try copy.body.read(at: position)
            guard !chunk.isEmpty else { throw SystemError("read of a stored message", code: EIO) }
            try file.write(lines.take(chunk))
            position += chunk.count
        }
        try file.write(lines.finish())
        try file.synchronize()
    }

    /// `From SENDER DATE`, the date as asctime(3) writes it, in UTC (RFC 4155, appendix A).
    private static func separator(_ copy: FiledCopy) -> [UInt8] {
        // A blank or a control character would end the address, and with octets beyond ASCII readers give the whole file up.
        let sender = copy.reversePath.bytes.map { $0 <= 0x20 || $0 >= 0x7F ? 0x3F : $0 }
        let words = sender.isEmpty ? Array("MAILER-DAEMON".utf8) : sender
        return Array("From ".utf8) + words + Array(" \(date(copy.time))\n".utf8)
    }

    private static func date(_ time: Int) -> String {
        var (seconds, parts) = (time_t(time), tm())
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int32, by filler: String) -> String { (number < 10 ? filler : "") + "\(number)" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded($0, by: "0") }.joined(separator: ":")
        let (day, month) = (days[Int(parts.tm_wday) % 7], months[Int(parts.tm_mon) % 12])
        return "\(day) \(month) \(padded(parts.tm_mday, by: " ")) \(clock) \(Int(parts.tm_year) + 1900)"
    }
}
