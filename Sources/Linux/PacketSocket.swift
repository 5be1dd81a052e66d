internal import CSandbox
internal import Glibc

/// One end of a `SOCK_SEQPACKET` pair: whole records, with descriptors beside them.
package struct PacketSocket: Sendable {
    /// The descriptor, for polling.
    package let descriptor: Descriptor

    /// The most octets that one record may have.
    package static let maximumRecord = 65_536
    /// The most descriptors that one record may carry.
    package static let maximumDescriptors = Int(CSANDBOX_MAX_FDS)

    /// Takes over a connected SEQPACKET socket.
    package init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
    }

    /// A connected pair, both ends close-on-exec.
    package static func pair() throws(SystemError) -> (PacketSocket, PacketSocket) {
        var ends: [Int32] = [-1, -1]
        try check("socketpair") {
            socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
        }
        return (PacketSocket(Descriptor(owning: ends[0])), PacketSocket(Descriptor(owning: ends[1])))
    }

    /// Sends one record; with `waiting` false a full socket is an error (`EAGAIN`).
    package func send(_ record: [UInt8], descriptors: [Int32] = [], waiting: Bool = true) throws(SystemError) {
        let flags = waiting ? 0 : Int32(MSG_DONTWAIT)
        try check("send on the inspection link") {
            csandbox_send(descriptor.raw, record, record.count, descriptors, descriptors.count, flags)
        }
    }

    /// Receives one record. Returns nil at the end of the stream, and for a record without octets, which nobody who keeps
    /// to the contract sends. A record over the limits is the error `EMSGSIZE`;
    /// with `waiting` false nothing to read is `EAGAIN`.
    package func receive(waiting: Bool = true) throws(SystemError) -> (record: [UInt8], descriptors: [Descriptor])? {
        let flags = waiting ? 0 : Int32(MSG_DONTWAIT)
        var numbers = [Int32](repeating: -1, count: Self.maximumDescriptors)
        var count = 0
        var failure: SystemError?
        let record = [UInt8](unsafeUninitializedCapacity: Self.maximumRecord) { buffer, filled in
            do throws(SystemError) {
                filled = try check("receive on the inspection link") {
                    count = Self.maximumDescriptors
                    return csandbox_receive(descriptor.raw, buffer.baseAddress, buffer.count, &numbers, &count, flags)
                }
            } catch {
                failure = error
            }
        }
        // The peer has gone and left records of ours unread.
        if let failure, failure.code == ECONNRESET { return nil }
        if let failure { throw failure }
        // Owned before anything else: a record without octets can carry descriptors too, and none may stay open.
        let descriptors = numbers[..<count].map { Descriptor(owning: $0) }
        if record.isEmpty { return nil }
        return (record, descriptors)
    }
}

/// A process held by descriptor: the number can never come to mean another process (`pidfd_open(2)`).
package struct ProcessHandle: Sendable {
    /// Becomes readable when the process has ended.
    package let descriptor: Descriptor

    /// Takes over a pidfd.
    package init(_ descriptor: Descriptor) {
        self.descriptor = descriptor
    }

    /// Opens a handle on a child that has not been waited for.
    package init(child pid: Int32) throws(SystemError) {
        descriptor = Descriptor(owning: try check("pidfd_open \(pid)") { csandbox_pidfd_open(pid) })
    }

    /// Sends a signal; a process that has ended is no error.
    package func signal(_ number: Int32) {
        _ = csandbox_pidfd_kill(descriptor.raw, number)
    }
}
