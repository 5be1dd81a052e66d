/// Cuts octets that come piece by piece into packets of OpenPGP (RFC 9580 section 4.2).
struct OpenPGPPackets {
    enum Event {
        /// A packet of this type begins.
        case start(UInt8)
        /// The next octets of its body, in the piece.
        case body(Range<Int>)
        /// The packet is at its end.
        case end
        /// No packet begins here, or the last one lacks its end.
        case damage
    }

    private enum Phase {
        case tag, firstLength, length, body, toTheEnd
    }

    private var phase = Phase.tag
    /// Octets of a length that are to come, what they say so far, and what is added to it.
    private var lengthLeft = 0
    private var length = 0
    private var added = 0
    /// Octets of the body that are to come, up to its end or to another length.
    private var left = 0
    private var isLast = true

    /// What comes next.
    /// - Parameter at: where in the piece; moves on.
    /// - Returns: nil when the next piece has to tell.
    mutating func next(_ piece: Span<UInt8>, from at: inout Int) -> Event? {
        while true {
            if phase == .body, left == 0 {
                phase = isLast ? .tag : .firstLength
                if isLast { return .end }
            }
            guard at < piece.count else { return nil }
            let octet = piece[at]
            switch phase {
            case .tag:
                guard octet & 0x80 != 0 else { return .damage }
                at += 1
                begin(octet)
                return .start(Self.tag(octet))
            case .firstLength:
                at += 1
                begin(firstLength: octet)
            case .length:
                at += 1
                length = length << 8 | Int(octet)
                lengthLeft -= 1
                if lengthLeft == 0 { (phase, left, isLast) = (.body, length + added, true) }
            case .body:
                let range = at..<at + min(left, piece.count - at)
                left -= range.count
                at = range.upperBound
                return .body(range)
            case .toTheEnd:
                defer { at = piece.count }
                return .body(at..<piece.count)
            }
        }
    }

    /// What the end of the octets means; nil between packets.
    func finish() -> Event? {
        switch phase {
        case .tag: nil
        case .toTheEnd: .end
        case .firstLength, .length, .body: .damage
        }
    }

    /// The type in the first octet of a packet.
    static func tag(_ octet: UInt8) -> UInt8 { octet & 0x40 != 0 ? octet & 0x3F : octet >> 2 & 0xF }

    /// Of the old form the first octet says how long the length is, or that there is none.
    private mutating func begin(_ octet: UInt8) {
        if octet & 0x40 != 0 {
            phase = .firstLength
        } else if octet & 3 == 3 {
            phase = .toTheEnd
        } else {
            (phase, lengthLeft, length, added) = (.length, 1 << Int(octet & 3), 0, 0)
        }
    }

    private mutating func begin(firstLength octet: UInt8) {
        switch octet {
        case 0..<192: (phase, left, isLast) = (.body, Int(octet), true)
        case 192..<224: (phase, lengthLeft, length, added) = (.length, 1, Int(octet) - 192, 192)
        case 255: (phase, lengthLeft, length, added) = (.length, 4, 0, 0)
        // A part of the body; another length follows.
        default: (phase, left, isLast) = (.body, 1 << Int(octet & 0x1F), false)
        }
    }
}
