internal import Bytes

/// Input that is not processed yet, cut into command lines. Only CRLF ends a line: a bare LF would let one peer see one
/// command where another sees two (A1).
struct CommandBuffer: Sendable {
    enum Line {
        /// A complete line without its CRLF.
        case command(ArraySlice<UInt8>)
        /// A complete line that holds NUL, bare CR or bare LF.
        case malformed
        /// A line over the limit; reported once, its rest is dropped.
        case tooLong
        /// No complete line yet.
        case incomplete
    }

    /// Octets of a line with its CRLF.
    let maximumLine: Int
    private var bytes: [UInt8] = []
    private var start = 0
    /// No line ends before this index: input that comes in single octets is searched once.
    private var searched = 0
    private var dropping = false

    init(maximumLine: Int) {
        self.maximumLine = maximumLine
    }

    var count: Int { bytes.count - start }
    var isEmpty: Bool { start == bytes.count }

    mutating func append(_ input: Span<UInt8>) {
        input.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    mutating func removeAll() {
        bytes.removeAll()
        (start, searched, dropping) = (0, 0, false)
    }

    mutating func next() -> Line {
        while let lf = bytes.span.firstIndex(of: 0x0A, from: max(searched, start)) {
            searched = lf + 1
            guard lf > start, bytes[lf - 1] == 0x0D else { continue }
            let line = bytes[start..<(lf - 1)]
            start = lf + 1
            if dropping {
                dropping = false
                continue
            }
            if line.count + 2 > maximumLine { return .tooLong }
            if line.contains(where: { $0 == 0 || $0 == 0x0A || $0 == 0x0D }) { return .malformed }
            return .command(line)
        }
        searched = bytes.count
        let over = count >= maximumLine
        if over || dropping {
            // A CR at the end may be half of the CRLF that ends the line.
            start = bytes.count - (bytes.last == 0x0D && count > 0 ? 1 : 0)
        }
        if over, !dropping {
            dropping = true
            return .tooLong
        }
        return .incomplete
    }

    /// Gives processed octets back.
    mutating func compact() {
        guard start > 0 else { return }
        bytes.removeSubrange(0..<start)
        searched = max(0, searched - start)
        start = 0
    }
}
