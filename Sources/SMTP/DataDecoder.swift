internal import Bytes
package import MailModel

/// How often something stands in a message, and where first.
package struct Occurrences: Hashable, Sendable {
    package var count = 0
    /// Offset of the first one in the decoded message, in octets; nil when there is none.
    package var firstOffset: Int?

    package init(count: Int = 0, firstOffset: Int? = nil) {
        self.count = count
        self.firstOffset = firstOffset
    }

    mutating func note(_ offset: Int) {
        if count == 0 { firstOffset = offset }
        count += 1
    }
}

/// What was seen while a message came in.
package struct IntakeFacts: Hashable, Sendable {
    /// Octets of the decoded message.
    package var octets = 0
    /// CR without LF; each became CRLF.
    package var bareCR = Occurrences()
    /// LF without CR; each became CRLF.
    package var bareLF = Occurrences()
    /// NUL octets; they are kept.
    package var nul = Occurrences()
    /// An octet above 0x7F was seen.
    package var hasEightBit = false

    package init() {}
}

/// Finds the end of a message after DATA and takes the dot-stuffing off (RFC 5321 section 4.5.2).
///
/// Only `CRLF . CRLF` ends the data, or `. CRLF` as its very first line; a dot after a bare CR or LF is content (A1).
/// Bare CR and LF are judged here, once, so that nobody behind this place can read the message in two ways.
package struct DataDecoder: Sendable {
    /// Why a message is refused; the first cause in the order of the octets stays.
    package enum Fault: Hashable, Sendable {
        case tooLarge
        case bareLineEnding
    }

    private enum State: Sendable {
        /// At the start or after CRLF.
        case lineStart
        /// A dot at a line start, held back.
        case dot
        /// Dot and CR at a line start, held back.
        case dotCR
        case text
        /// A CR held back.
        case cr
    }

    /// Largest decoded message in octets.
    package let maximumSize: Int
    package let lineEndings: LineEndings
    /// Counts so far; of the whole message, also when it is refused.
    package private(set) var facts = IntakeFacts()
    /// Set as soon as the message cannot be taken; from then on nothing is put out.
    package private(set) var fault: Fault?
    /// The end of data has been seen.
    package private(set) var isComplete = false
    private var state = State.lineStart

    package init(maximumSize: Int, lineEndings: LineEndings) {
        self.maximumSize = maximumSize
        self.lineEndings = lineEndings
    }

    /// Decodes octets up to the end of data.
    /// - Parameter output: decoded octets are appended.
    /// - Returns: how many octets of `input` belong to the data; the rest are commands.
    package mutating func decode(_ input: Span<UInt8>, into output: inout [UInt8]) -> Int {
        input.withUnsafeBufferPointer { decode($0, into: &output) }
    }

    private mutating func decode(_ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) -> Int {
        guard !isComplete else { return 0 }
        let count = input.count
        // Positions of the next CR and LF are kept between lines: a flood of one of them must not make each step
        // search the whole input for the other again.
        var nextCR = -1
        var nextLF = -1
        var index = 0
        var runStart = 0
        while index < count {
            switch state {
            case .lineStart where input[index] == 0x2E:
                copy(input, runStart..<index, to: &output)
                index += 1
                runStart = index
                state = .dot
            case .lineStart, .text:
                state = .text
                if nextCR < index { nextCR = input.firstOffset(of: 0x0D, from: index) ?? count }
                if nextLF < index { nextLF = input.firstOffset(of: 0x0A, from: index) ?? count }
                if nextLF < nextCR {
                    copy(input, runStart..<nextLF, to: &output)
                    repairLF(&output)
                    index = nextLF + 1
                    runStart = index
                } else if nextCR == count {
                    index = count
                } else if nextCR + 1 == count {
                    copy(input, runStart..<nextCR, to: &output)
                    index = count
                    runStart = count
                    state = .cr
                } else if input[nextCR + 1] == 0x0A {
                    index = nextCR + 2
                    state = .lineStart
                } else {
                    copy(input, runStart..<nextCR, to: &output)
                    repairCR(&output)
                    index = nextCR + 1
                    runStart = index
                }
            case .cr:
                if input[index] == 0x0A {
                    put(0x0D, 0x0A, to: &output)
                    index += 1
                    state = .lineStart
                } else {
                    repairCR(&output)
                    state = .text
                }
                runStart = index
            case .dot:
                if input[index] == 0x0D {
                    index += 1
                    state = .dotCR
                } else {
                    state = .text
                }
                runStart = index
            case .dotCR:
                if input[index] == 0x0A {
                    isComplete = true
                    return index + 1
                }
                repairCR(&output)
                state = .text
                runStart = index
            }
        }
        copy(input, runStart..<count, to: &output)
        return count
    }

    private mutating func repairCR(_ output: inout [UInt8]) {
        facts.bareCR.note(facts.octets)
        repairLine(&output)
    }

    private mutating func repairLF(_ output: inout [UInt8]) {
        facts.bareLF.note(facts.octets)
        repairLine(&output)
    }

    private mutating func repairLine(_ output: inout [UInt8]) {
        if lineEndings == .reject, fault == nil { fault = .bareLineEnding }
        put(0x0D, 0x0A, to: &output)
    }

    private mutating func put(_ first: UInt8, _ second: UInt8, to output: inout [UInt8]) {
        if account(for: 2) {
            output.append(first)
            output.append(second)
        }
    }

    private mutating func copy(
        _ input: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to output: inout [UInt8]
    ) {
        guard !range.isEmpty else { return }
        let run = UnsafeBufferPointer(rebasing: input[range])
        var from = 0
        while let nul = run.firstOffset(of: 0, from: from) {
            facts.nul.note(facts.octets + nul)
            from = nul + 1
        }
        if !facts.hasEightBit { facts.hasEightBit = holdsEightBit(run) }
        if account(for: run.count) { output.append(contentsOf: run) }
    }

    /// Counts octets; false when they are not to be put out.
    private mutating func account(for count: Int) -> Bool {
        facts.octets += count
        if facts.octets > maximumSize, fault == nil { fault = .tooLarge }
        return fault == nil
    }
}

/// True when an octet is above 0x7F; written so that the compiler can use vector instructions.
private func holdsEightBit(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var union: UInt8 = 0
    for byte in bytes { union |= byte }
    return union >= 0x80
}
