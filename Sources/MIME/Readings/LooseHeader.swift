internal import Bytes

/// Everything that a header block can be taken for: where its body may begin, and every candidate for type, encoding,
/// boundary and name. Each line is looked at on its own, whatever the lines around it make of it.
struct LooseHeader {
    /// Places where the body may begin, in ascending order, each once. Never empty.
    private(set) var bodyStarts: [Int] = []
    /// Encodings that are named.
    private(set) var encodings: [TransferEncoding] = []
    private(set) var boundaries: [[UInt8]] = []
    private(set) var names: [String] = []
    /// First media type that is one; empty without.
    private(set) var mediaType = ""
    private(set) var isMultipart = false
    private(set) var isMessage = false

    /// Octets of the values that were looked at: what reading the block cost.
    private(set) var valueOctets = 0
    /// There were more fields that matter than are looked at.
    private(set) var isOverLimit = false

    private let breaks: LineBreaks
    /// Most fields of one block that are looked at.
    private static let mostFields = 200
    private var fields = 0
    /// Most places where the body may begin.
    private static let mostStarts = 6
    /// Lines that are neither field nor continuation nor blank, one behind the other, after which a block has ended.
    private static let mostJunkLines = 2
    /// Lines that are joined to one field.
    private static let mostFolds = 64

    /// Reads the block at `range.lowerBound`; nothing at or behind the upper bound is looked at.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>, breaks: LineBreaks, limits: MIMELimits) {
        self.breaks = breaks
        let bound = min(range.upperBound, range.lowerBound + limits.headerBytes)
        var position = range.lowerBound
        var junk = 0
        var lines = 0
        var isOver = false
        while position < bound, lines < limits.headerCount, !isOver {
            lines += 1
            let line = breaks.line(bytes, at: position, bound: bound)
            let first = line.text.isEmpty ? 0 : bytes[line.text.lowerBound]
            // A delimiter perhaps: whatever it is, what stands behind it is another entity's.
            if position > range.lowerBound, Self.isDashes(bytes, line.text) { break }
            if Self.isBlank(bytes, line.text) {
                addStart(line.next)
                junk = 0
                // Fields behind a blank line: some readers go on, or never took it for blank. Blanks alone in a line may
                // fold a value that goes on in the next.
                isOver = !fieldFollows(bytes, line.next, bound) && !(first != 0 && foldFollows(bytes, line.next, bound))
            } else if let match = LooseFieldName.match(bytes, line.text) {
                junk = 0
                take(bytes, match, line, bound, limits)
            } else if LooseFieldName.isField(bytes, line.text) {
                junk = 0
            } else if first == 0x20 || first == 0x09, position > range.lowerBound {
                junk = 0
            } else if let match = folded(bytes, line, bound) {
                take(bytes, match, line, bound, limits)
            } else if !(position == range.lowerBound && bytes.hasPrefix(ignoringCase: "From ", from: position)) {
                junk += 1
                addStart(position)
                addStart(line.next)
                isOver = junk > Self.mostJunkLines
            }
            position = line.next
        }
        if bodyStarts.isEmpty { bodyStarts = [position] }
        bodyStarts.sort()
    }

    private mutating func addStart(_ offset: Int) {
        guard !bodyStarts.contains(offset) else { return }
        // The last one always: it is what a reader takes that passes over everything odd.
        if bodyStarts.count == Self.mostStarts { bodyStarts.removeLast() }
        bodyStarts.append(offset)
    }

    /// True when one of the next two lines is a field that matters.
    private func fieldFollows(_ bytes: Span<UInt8>, _ start: Int, _ bound: Int) -> Bool {
        var position = start
        for _ in 0..<3 where position < bound {
            let line = breaks.line(bytes, at: position, bound: bound)
            if Self.isDashes(bytes, line.text) { return false }
            if LooseFieldName.match(bytes, line.text) != nil { return true }
            if folded(bytes, line, bound) != nil { return true }
            position = line.next
        }
        return false
    }

    /// True when the next line is a continuation, were it of blanks only: the value may go on behind several of those.
    private func foldFollows(_ bytes: Span<UInt8>, _ start: Int, _ bound: Int) -> Bool {
        start < bound && (bytes[start] == 0x20 || bytes[start] == 0x09)
    }

    /// A field name that is itself folded, or whose colon stands on the next line.
    private func folded(_ bytes: Span<UInt8>, _ line: LineBreaks.Line, _ bound: Int) -> LooseFieldName.Match? {
        guard line.text.count <= 40, line.next < bound else { return nil }
        let next = breaks.line(bytes, at: line.next, bound: bound)
        return LooseFieldName.match(bytes, line.text.lowerBound..<next.text.upperBound)
    }

    private mutating func take(
        _ bytes: Span<UInt8>, _ match: LooseFieldName.Match, _ line: LineBreaks.Line, _ bound: Int,
        _ limits: MIMELimits
    ) {
        fields += 1
        guard fields <= Self.mostFields else {
            isOverLimit = true
            return
        }
        let value = value(bytes, from: match.value, line, bound)
        valueOctets += value.count
        switch match.name {
        case .contentType: takeType(value, limits)
        case .transferEncoding:
            for encoding in LooseValue.encodings(value) where !encodings.contains(encoding) {
                encodings.append(encoding)
            }
        case .disposition: addNames(value)
        }
    }

    private mutating func takeType(_ value: [UInt8], _ limits: MIMELimits) {
        let letters = value.map(asciiLower).filter { $0 >= 0x61 && $0 <= 0x7A || $0 == 0x2F }
        let text = String(decoding: letters, as: UTF8.self)
        for boundary in LooseValue.parameters(Array("boundary".utf8), in: value)
        where boundary.count <= limits.boundaryLength && !boundaries.contains(boundary) {
            boundaries.append(boundary)
        }
        if text.contains("multipart") || text.contains("boundary") { isMultipart = true }
        if text.contains("message/") || text.contains("rfc/") || text.contains("mimearchive") { isMessage = true }
        if mediaType.isEmpty {
            let first = value.prefix { $0 != 0x3B }.filter { $0 > 0x20 && $0 < 0x7F }.map(asciiLower)
            if first.count <= 255 { mediaType = String(decoding: first, as: UTF8.self) }
        }
        addNames(value)
    }

    private mutating func addNames(_ value: [UInt8]) {
        for name in LooseValue.parameters(Array("name".utf8), in: value) where names.count < 100 {
            let text = HeaderText.text(name)
            if !names.contains(text) { names.append(text) }
            if AttachedMessage.isNamed(name) { isMessage = true }
        }
    }

    /// The value of a field with the lines that continue it, unfolded.
    private func value(
        _ bytes: Span<UInt8>, from start: Int, _ line: LineBreaks.Line, _ bound: Int
    ) -> [UInt8] {
        var value: [UInt8] = []
        func add(_ range: Range<Int>) {
            for offset in range where value.count < LooseValue.longest { value.append(bytes[offset]) }
        }
        var position = line.next
        if start <= line.text.upperBound { add(start..<line.text.upperBound) }
        for _ in 0..<Self.mostFolds {
            guard position < bound, value.count < LooseValue.longest else { break }
            let next = breaks.line(bytes, at: position, bound: bound)
            guard !next.text.isEmpty else { break }
            let first = bytes[next.text.lowerBound]
            let isFolded = first == 0x20 || first == 0x09
            // A line without a blank before it: an unfinished value may go on there all the same.
            guard isFolded || start > position || !LooseFieldName.isField(bytes, next.text) && Self.isUnfinished(value)
            else {
                break
            }
            add(max(start, next.text.lowerBound)..<max(start, next.text.upperBound))
            position = next.next
        }
        return value
    }

    private static func isUnfinished(_ value: [UInt8]) -> Bool {
        value.last(where: { $0 > 0x20 }) == 0x3B || !value.contains { $0 > 0x20 }
    }

    private static func isDashes(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Bool {
        text.count >= 2 && bytes[text.lowerBound] == 0x2D && bytes[text.lowerBound + 1] == 0x2D
    }

    /// Only blanks, NUL and other controls.
    private static func isBlank(_ bytes: Span<UInt8>, _ text: Range<Int>) -> Bool {
        for offset in text where bytes[offset] > 0x20 { return false }
        return true
    }
}
