internal import Bytes

/// Doubles the dots at line starts for sending after DATA (RFC 5321 section 4.5.2).
///
/// The body must have canonical line ends, as `DataDecoder` makes them: a line starts after CRLF and nowhere else.
package struct DotStuffer: Sendable {
    private enum State: Sendable { case lineStart, text, cr }

    private var state = State.lineStart

    package init() {}

    /// The octets so far end with CRLF, or there are none yet.
    package var endsWithCRLF: Bool { state == .lineStart }

    /// What ends the data after the octets so far: `. CRLF`, with a CRLF before it when the body lacks its last one.
    package var terminator: [UInt8] {
        endsWithCRLF ? [0x2E, 0x0D, 0x0A] : [0x0D, 0x0A, 0x2E, 0x0D, 0x0A]
    }

    /// Appends the next octets of the body, stuffed.
    package mutating func stuff(_ chunk: Span<UInt8>, into output: inout [UInt8]) {
        chunk.withUnsafeBufferPointer { stuff($0, into: &output) }
    }

    private mutating func stuff(_ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
        guard let first = input.first else { return }
        // Only for a fresh array: an exact reserve for each of many chunks would copy what is there each time.
        if output.isEmpty { output.reserveCapacity(input.count + input.count / 64 + 1) }
        if state == .lineStart, first == 0x2E { output.append(0x2E) }
        var runStart = 0
        if state == .cr, first == 0x0A, input.count > 1, input[1] == 0x2E {
            output.append(0x0A)
            output.append(0x2E)
            runStart = 1
        }
        let wanted: [UInt8] = [0x0D, 0x0A, 0x2E]
        wanted.withUnsafeBufferPointer { wanted in
            var from = runStart
            while let hit = input.firstOffset(of: wanted, from: from) {
                output.append(contentsOf: UnsafeBufferPointer(rebasing: input[runStart..<(hit + 3)]))
                output.append(0x2E)
                runStart = hit + 3
                from = runStart
            }
        }
        output.append(contentsOf: UnsafeBufferPointer(rebasing: input[runStart...]))
        state = stateAfter(input)
    }

    private func stateAfter(_ input: UnsafeBufferPointer<UInt8>) -> State {
        let last = input[input.count - 1]
        if last == 0x0D { return .cr }
        guard last == 0x0A else { return .text }
        let afterCR = input.count > 1 ? input[input.count - 2] == 0x0D : state == .cr
        return afterCR ? .lineStart : .text
    }
}
