package import Linux
internal import Glibc
internal import Synchronization

/// Where messages lie between end of data and their reply: in a sealed memory file, or, when larger than a size, in an
/// unlinked file. Nothing here survives the process: the client still has the message until it got its reply.
package final class Spool: Sendable {
    /// Bounds of the spool.
    package struct Limits: Sendable {
        /// Directory for messages that are too large for memory.
        package var directory: String
        /// A message up to this size is held in memory, octets.
        package var memoryPerMessage: Int
        /// Octets of all messages together, memory and disk.
        package var totalBytes: Int
        /// Messages at one time.
        package var messages: Int
        /// Octets that must remain free in the file systems of `watched`.
        package var freeSpace: Int
        /// Directories whose file systems a message needs; looked at before each message.
        package var watched: [String]

        package init(
            directory: String, memoryPerMessage: Int, totalBytes: Int, messages: Int, freeSpace: Int,
            watched: [String] = []
        ) {
            self.directory = directory
            self.memoryPerMessage = memoryPerMessage
            self.totalBytes = totalBytes
            self.messages = messages
            self.freeSpace = freeSpace
            self.watched = watched
        }
    }

    private struct Usage {
        var bytes = 0
        var messages = 0
    }

    private struct State {
        var limits: Limits
        var usage = Usage()
    }

    private let state: Mutex<State>

    package init(limits: Limits) {
        state = Mutex(State(limits: limits))
    }

    /// The bounds in force. New ones hold for messages that come in from now on.
    package var limits: Limits {
        get { state.withLock { $0.limits } }
        set { state.withLock { $0.limits = newValue } }
    }

    /// Messages in the spool now.
    package var messages: Int { state.withLock { $0.usage.messages } }
    /// Octets in the spool now.
    package var bytes: Int { state.withLock { $0.usage.bytes } }

    /// Takes a place for one message.
    /// - Throws: `SpoolError.full` when a bound is reached; the client is told 452 and keeps the message.
    package func open(declaredSize: Int?) throws(SpoolError) -> SpoolWriter {
        let limits = limits
        for directory in limits.watched { try Self.checkFreeSpace(directory, limits.freeSpace) }
        let refusal: SpoolError? = state.withLock { state in
            let usage = state.usage
            if usage.messages >= limits.messages { return .full("\(usage.messages) messages in flight") }
            if declaredSize ?? 0 > limits.totalBytes - usage.bytes {
                return .full("\(usage.bytes) octets in the spool")
            }
            state.usage.messages += 1
            return nil
        }
        if let refusal { throw refusal }
        return SpoolWriter(spool: self, limits: limits)
    }

    /// Stores octets that are at hand as a whole (a notification). Blocks on a disk when they are many.
    package func store(_ bytes: [UInt8]) throws(SpoolError) -> MessageFile {
        let writer = try open(declaredSize: bytes.count)
        try writer.append(bytes)
        return try writer.finish()
    }

    fileprivate func take(_ count: Int) throws(SpoolError) {
        let fits = state.withLock { state in
            guard state.usage.bytes + count <= state.limits.totalBytes else { return false }
            state.usage.bytes += count
            return true
        }
        if !fits { throw .full("all octets of the spool are taken") }
    }

    fileprivate func giveBack(bytes: Int) {
        state.withLock { state in
            state.usage.bytes -= bytes
            state.usage.messages -= 1
        }
    }

    fileprivate static func checkFreeSpace(_ directory: String, _ wanted: Int) throws(SpoolError) {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else {
            throw .failed(SystemError("statvfs \(directory)", code: errno))
        }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        if free < wanted { throw .full("\(free) octets free in \(directory)") }
    }
}

/// Why a message could not be stored; always temporary for the client.
package enum SpoolError: Error, Hashable, CustomStringConvertible {
    /// A bound is reached (452 4.3.1).
    case full(String)
    /// The system refused (451 4.3.0).
    case failed(SystemError)

    /// The private cause for the log.
    package var cause: String {
        switch self {
        case .full(let what): "spool full: \(what)"
        case .failed(let error): "spool: \(error)"
        }
    }

    package var description: String { cause }
}

/// Takes the octets of one message as they arrive. One owner at a time; dropping it gives everything back.
///
/// Up to `memoryPerMessage` octets `append` only copies memory. When `needsDisk(for:)` says so, the next `append` blocks
/// on a disk and must not run on an event loop.
package final class SpoolWriter: @unchecked Sendable {
    // Used by one caller at a time: the session that receives the message, or the executor that it waits for.
    private let spool: Spool
    private let limits: Spool.Limits
    private var file: Descriptor?
    private var reader: Descriptor?
    private var taken = 0
    private var finished = false

    fileprivate init(spool: Spool, limits: Spool.Limits) {
        self.spool = spool
        self.limits = limits
    }

    deinit {
        if !finished { spool.giveBack(bytes: taken) }
    }

    /// Octets so far.
    package var count: Int { taken }

    /// True when appending `count` octets touches a disk.
    package func needsDisk(for count: Int) -> Bool {
        taken + count > limits.memoryPerMessage
    }

    /// Adds octets.
    package func append(_ bytes: [UInt8]) throws(SpoolError) {
        try spool.take(bytes.count)
        let disk = needsDisk(for: bytes.count)
        if disk { BlockingCheck.mayBlock("writing a large message") }
        taken += bytes.count
        do throws(SystemError) {
            if disk && reader == nil { try moveToDisk() }
            if file == nil { file = try Descriptor.memory("mailreeve-message") }
            try file?.write(bytes)
        } catch {
            if error.code == ENOSPC || error.code == EDQUOT { throw .full("\(error)") }
            throw .failed(error)
        }
        if disk { try Spool.checkFreeSpace(limits.directory, limits.freeSpace) }
    }

    private func moveToDisk() throws(SystemError) {
        let (writer, reader) = try unlinkedFile(in: limits.directory)
        if let memory = file {
            var offset = 0
            while true {
                let chunk = try memory.read(at: offset, count: 262_144)
                if chunk.isEmpty { break }
                try writer.write(chunk)
                offset += chunk.count
            }
        }
        file = writer
        self.reader = reader
    }

    /// Ends the message: from here on nobody can change it.
    package func finish() throws(SpoolError) -> MessageFile {
        defer { file = nil }
        if let reader { return makeMessage(reader, inMemory: false) }
        do throws(SystemError) {
            let memory: Descriptor
            if let file { memory = file } else { memory = try Descriptor.memory("mailreeve-message") }
            try memory.seal()
            return makeMessage(memory, inMemory: true)
        } catch {
            throw .failed(error)
        }
    }

    private func makeMessage(_ descriptor: Descriptor, inMemory: Bool) -> MessageFile {
        finished = true
        return MessageFile(descriptor: descriptor, count: taken, inMemory: inMemory, spool: spool)
    }
}

/// A stored message that can no longer change. The place in the spool is free again when the last reference goes.
package final class MessageFile: Sendable {
    /// Read-only: a sealed memory file, or a file without a name whose writing descriptor is closed.
    package let descriptor: Descriptor
    /// Octets.
    package let count: Int
    /// Reading costs no disk access and may happen on an event loop.
    package let inMemory: Bool
    private let spool: Spool

    fileprivate init(descriptor: Descriptor, count: Int, inMemory: Bool, spool: Spool) {
        self.descriptor = descriptor
        self.count = count
        self.inMemory = inMemory
        self.spool = spool
    }

    deinit {
        spool.giveBack(bytes: count)
    }
}

/// A file in `directory` that has no name any more: one descriptor to write, one opened separately that can only read.
func unlinkedFile(in directory: String) throws(SystemError) -> (writer: Descriptor, reader: Descriptor) {
    let path = "\(directory)/message-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    let writer = try Descriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
    defer { unlink(path) }
    return (writer, try Descriptor.open(path, O_RDONLY))
}
