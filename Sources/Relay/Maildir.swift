internal import Glibc
internal import Linux
internal import MailModel
internal import Synchronization

/// A Maildir that messages are stored to: written and synchronised in `tmp`, then renamed to `new`
/// (https://cr.yp.to/proto/maildir.html). Every call blocks on a disk: thread pool only.
///
/// Messages keep their CRLF line ends, so that what was handed over is there byte for byte. A message is stored once,
/// whatever the number of its recipients; they are listed on top.
struct Maildir: Sendable {
    private let path: String
    private let hostname: String

    init(path: String, hostname: String) {
        self.path = path
        self.hostname = hostname
    }

    /// A complete message that nobody sees yet.
    struct Stored: Sendable {
        /// Its unique name.
        let name: String
        fileprivate let path: String

        /// Makes it visible; returns when the directory entry is on the disk.
        func commit() throws(SystemError) {
            try check("rename to \(path)/new/\(name)") { rename("\(path)/tmp/\(name)", "\(path)/new/\(name)") }
            try synchronizeDirectory("\(path)/new")
        }

        /// Removes it.
        func abort() {
            unlink("\(path)/tmp/\(name)")
        }
    }

    /// Writes a message to `tmp` and synchronises it; missing directories are made with mode 0700.
    func store(_ message: OutgoingMessage) throws(SystemError) -> Stored {
        try store(message.body, below: envelopeLines(message))
    }

    /// Writes content below lines of ours, which end with CRLF.
    func store(_ body: OutgoingBody, below lines: [UInt8]) throws(SystemError) -> Stored {
        let stored = Stored(name: uniqueName(), path: path)
        let temporary = "\(path)/tmp/\(stored.name)"
        let file = try create(temporary)
        do throws(SystemError) {
            try file.write(lines)
            var position = 0
            while position < body.count {
                let chunk = try body.read(at: position)
                try file.write(chunk)
                position += chunk.count
            }
            try file.synchronize()
        } catch {
            stored.abort()
            throw error
        }
        return stored
    }

    private func create(_ temporary: String) throws(SystemError) -> Descriptor {
        let flags = O_WRONLY | O_CREAT | O_EXCL
        do throws(SystemError) {
            return try Descriptor.open(temporary, flags)
        } catch {
            guard error.code == ENOENT else { throw error }
        }
        for directory in [path, "\(path)/tmp", "\(path)/new", "\(path)/cur"] where mkdir(directory, 0o700) != 0 {
            let code = errno
            if code != EEXIST { throw SystemError("mkdir \(directory)", code: code) }
        }
        // The new names must be on the disk before a message below them is said to be.
        for directory in [path, parentDirectory(of: path)] { try synchronizeDirectory(directory) }
        return try Descriptor.open(temporary, flags)
    }

    /// The lines that a final delivery adds (RFC 5321 section 4.4 for `Return-Path:`).
    private func envelopeLines(_ message: OutgoingMessage) -> [UInt8] {
        var lines = Self.returnPath(message.reversePath)
        for recipient in message.recipients {
            lines += Array("Delivered-To: ".utf8) + Self.clean(recipient.path) + [0x0D, 0x0A]
        }
        lines += Array("X-Envelope-To: ".utf8)
        for (index, recipient) in message.recipients.enumerated() {
            if index > 0 { lines += Array(",\r\n ".utf8) }
            lines += [0x3C] + Self.clean(recipient.path) + [0x3E]
        }
        return lines + [0x0D, 0x0A]
    }

    /// The line of a final delivery.
    static func returnPath(_ path: MailPath) -> [UInt8] {
        Array("Return-Path: <".utf8) + clean(path) + Array(">\r\n".utf8)
    }

    /// A path that came another way than through the SMTP grammar must not add header lines of its own.
    private static func clean(_ path: MailPath) -> [UInt8] {
        path.bytes.map { $0 < 0x20 || $0 == 0x7F ? 0x3F : $0 }
    }

    private static let deliveries = Atomic<Int>(0)

    /// `seconds.M<microseconds>P<pid>Q<count>.host`, with `/` and `:` of the host name written in octal.
    private func uniqueName() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let count = Self.deliveries.wrappingAdd(1, ordering: .relaxed).newValue
        var host = ""
        for character in hostname {
            switch character {
            case "/": host += "\\057"
            case ":": host += "\\072"
            default: host.append(character)
            }
        }
        return "\(now.tv_sec).M\(now.tv_nsec / 1000)P\(getpid())Q\(count).\(host)"
    }
}
