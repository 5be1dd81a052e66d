import Glibc
import Linux
import Testing

@Suite struct PacketSocketTests {
    @Test func recordsStayWhole() throws {
        let (left, right) = try PacketSocket.pair()
        try left.send([1, 2, 3])
        try left.send([4])
        #expect(try right.receive()?.record == [1, 2, 3])
        #expect(try right.receive()?.record == [4])
    }

    @Test func recordOfTheLimitAndOneMore() throws {
        let (left, right) = try PacketSocket.pair()
        let full = [UInt8](repeating: 7, count: PacketSocket.maximumRecord)
        try left.send(full)
        #expect(try right.receive()?.record == full)
        try left.send(full + [8])
        #expect(throws: SystemError("receive on the inspection link", code: EMSGSIZE)) { try right.receive() }
        // The next record is read as if nothing had been.
        try left.send([9])
        #expect(try right.receive()?.record == [9])
    }

    @Test func descriptorsOfTheLimitAndOneMore() throws {
        let (left, right) = try PacketSocket.pair()
        let file = try Descriptor.memory("test")
        let full = Array(repeating: file.raw, count: PacketSocket.maximumDescriptors)
        try left.send([1], descriptors: full)
        let received = try #require(try right.receive())
        #expect(received.descriptors.count == full.count)
        for descriptor in received.descriptors { #expect(fcntl(descriptor.raw, F_GETFD) & FD_CLOEXEC != 0) }
        #expect(throws: SystemError.self) { try left.send([1], descriptors: full + [file.raw]) }
    }

    /// The other end of a pair tells whether a received descriptor was closed again.
    @Test(arguments: [0, PacketSocket.maximumRecord + 1])
    func refusedRecordsLeaveNoDescriptorOpen(size: Int) throws {
        let (left, right) = try PacketSocket.pair()
        let witness: PacketSocket
        do {
            let passed: PacketSocket
            (witness, passed) = try PacketSocket.pair()
            try left.send([UInt8](repeating: 0, count: size), descriptors: [passed.descriptor.raw])
        }
        if size == 0 {
            #expect(try right.receive() == nil)
        } else {
            #expect(throws: SystemError.self) { try right.receive() }
        }
        // The end of the stream and not "nothing to read": nobody holds the other end any more.
        #expect(try witness.receive(waiting: false) == nil)
    }

    @Test func endOfStream() throws {
        let right: PacketSocket
        do {
            let pair = try PacketSocket.pair()
            right = pair.1
        }
        #expect(try right.receive() == nil)
        #expect(throws: SystemError("send on the inspection link", code: EPIPE)) { try right.send([1]) }
    }

    /// A peer that goes without having read everything ends the stream as any other does.
    @Test func endOfStreamWithUnreadRecords() throws {
        let right: PacketSocket
        do {
            let pair = try PacketSocket.pair()
            right = pair.1
            try right.send([1])
        }
        #expect(try right.receive() == nil)
    }

    @Test func nothingToReadIsAnErrorWithoutWaiting() throws {
        let (left, right) = try PacketSocket.pair()
        #expect(throws: SystemError("receive on the inspection link", code: EAGAIN)) {
            try right.receive(waiting: false)
        }
        _ = left
    }
}
