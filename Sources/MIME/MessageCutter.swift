/// A message that was cut from what a file holds.
package enum CutMessage: Hashable, Sendable {
    /// As it stands there, line ends and quoting too.
    case whole([UInt8])
    /// It has more octets than are kept of one.
    case tooLarge
    /// What follows is not of the file's form; nothing comes after it.
    case damaged
}

/// Cuts what a file holds into messages while it is read: the file may be of any size, one message is kept in memory.
package protocol MessageCutter {
    /// Takes the next octets, cut anywhere, and lends the messages that end there.
    mutating func take(_ bytes: Span<UInt8>, _ found: (CutMessage) -> Void)
    /// The file ends here.
    mutating func finish(_ found: (CutMessage) -> Void)
}

/// A message while its octets come.
struct MessageGathering {
    /// Octets that are kept of one message.
    let limit: Int
    private var bytes: [UInt8] = []
    private var isTooLarge = false

    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(_ more: Span<UInt8>) {
        if isTooLarge { return }
        guard more.count <= limit - bytes.count else {
            isTooLarge = true
            bytes = []
            return
        }
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ more: [UInt8]) {
        add(more.span)
    }

    /// The message; the next one begins.
    /// - Parameter end: octets at the end that do not belong to it.
    mutating func finish(without end: Int = 0) -> CutMessage {
        defer {
            bytes = []
            isTooLarge = false
        }
        if isTooLarge { return .tooLarge }
        bytes.removeLast(min(end, bytes.count))
        return .whole(bytes)
    }
}

/// A file that is one message.
package struct SingleMessage: MessageCutter {
    private var message: MessageGathering

    /// - Parameter limit: octets of the largest message.
    package init(limit: Int) {
        message = MessageGathering(limit: limit)
    }

    package mutating func take(_ bytes: Span<UInt8>, _ found: (CutMessage) -> Void) {
        message.add(bytes)
    }

    package mutating func finish(_ found: (CutMessage) -> Void) {
        found(message.finish())
    }
}
