/// Inflates deflated data that comes piece by piece, without ever holding more than one piece of either side.
package final class PiecewiseInflate {
    private let stream: InflateStream
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private let limit: Int
    private let passesOverRest: Bool
    /// Octets that were lent.
    package private(set) var produced = 0
    /// How it ended; nil as long as more is awaited.
    package private(set) var end: InflateResult.End?

    private static let pieceSize = 65_536

    /// - Parameters:
    ///   - limit: octets that are lent at most.
    ///   - passesOverRest: what comes behind the end is no damage.
    /// - Returns: nil when there is no memory.
    package init?(_ form: DeflateForm, limit: Int, passesOverRest: Bool = false) {
        guard let stream = InflateStream(form) else { return nil }
        self.stream = stream
        self.limit = max(0, limit)
        self.passesOverRest = passesOverRest
        buffer = .allocate(capacity: Self.pieceSize)
    }

    deinit {
        buffer.deallocate()
    }

    /// Takes the next octets. What comes behind the end makes the whole corrupt, unless it is passed over.
    /// - Parameter use: false ends it.
    package func append(_ input: Span<UInt8>, _ use: (Span<UInt8>) -> Bool) {
        if end == .complete, !input.isEmpty, !passesOverRest { end = .corrupt }
        var consumed = 0
        // A buffer that was filled may not have held all that zlib has.
        var isFull = false
        while end == nil, consumed < input.count || isFull {
            // One octet more than may be lent tells a stream that is too long from one that just fits.
            let left = limit - produced
            let room = left < buffer.count ? left + 1 : buffer.count
            let step = stream.step(input, from: consumed, into: UnsafeMutableBufferPointer(rebasing: buffer[..<room]))
            consumed += step.consumed
            isFull = step.produced == room
            let fits = min(step.produced, left)
            produced += fits
            if fits > 0, !use(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[..<fits]).span) {
                end = .stopped
            } else if fits < step.produced {
                end = .limit
            } else if let found = step.end, found != .truncated {
                let hasRest = found == .complete && consumed < input.count
                end = hasRest && !passesOverRest ? .corrupt : found
            }
        }
    }
}
