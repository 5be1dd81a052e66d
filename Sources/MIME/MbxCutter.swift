internal import Bytes

/// Cuts a mailbox of the form mbx (UW IMAP): 2,048 octets of header, then for each message a line `date,size;flags-uid`
/// and `size` octets.
package struct MbxCutter: MessageCutter {
    /// What such a file begins with.
    package static let mark = Array("*mbx*".utf8)
    private static let headerSize = 2048
    /// Octets of the line before a message: date, size, flags and a number are about 70.
    private static let lineSize = 512

    private enum Place {
        case header(left: Int)
        case line
        case message(left: Int)
        case damaged
    }

    private var message: MessageGathering
    private var line: [UInt8] = []
    private var place = Place.header(left: headerSize)

    /// - Parameter limit: octets of the largest message.
    package init(limit: Int) {
        message = MessageGathering(limit: limit)
    }

    package mutating func take(_ bytes: Span<UInt8>, _ found: (CutMessage) -> Void) {
        var index = 0
        while index < bytes.count {
            switch place {
            case .header(let left):
                let count = min(left, bytes.count - index)
                index += count
                place = count == left ? .line : .header(left: left - count)
            case .line:
                line.append(bytes[index])
                index += 1
                if line.last == 0x0A || line.count == Self.lineSize { begin(found) }
            case .message(let left):
                let count = min(left, bytes.count - index)
                message.add(bytes.extracting(index..<index + count))
                index += count
                place = .message(left: left - count)
                if count == left { end(found) }
            case .damaged:
                return
            }
        }
    }

    package mutating func finish(_ found: (CutMessage) -> Void) {
        switch place {
        case .line where line.isEmpty: break
        case .damaged: break
        default: found(.damaged)
        }
    }

    /// A message begins behind its line.
    private mutating func begin(_ found: (CutMessage) -> Void) {
        defer { line.removeAll(keepingCapacity: true) }
        guard line.last == 0x0A, let comma = line.firstIndex(of: 0x2C),
            let semicolon = line[comma...].firstIndex(of: 0x3B),
            let size = Int(String(decoding: line[(comma + 1)..<semicolon], as: UTF8.self)), size >= 0
        else {
            place = .damaged
            found(.damaged)
            return
        }
        place = .message(left: size)
        if size == 0 { end(found) }
    }

    private mutating func end(_ found: (CutMessage) -> Void) {
        found(message.finish())
        place = .line
    }
}
