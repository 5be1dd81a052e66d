internal import Bytes

/// Cuts the octets of a message into the records that Postfix's MIME processor works on: lines without their line ends,
/// a long line in pieces. Octets may come in any number of portions; the records are the same.
struct TextRecords {
    /// How lines are read.
    enum Convention: Sendable {
        /// As `smtpd(8)` reads a message: pieces of `lineLength` octets (`line_length_limit`), CRs before LF gone, and
        /// an mbox line at the start of the message made into a field.
        case smtp(lineLength: Int)
        /// As `postmap(1)` reads standard input: whole lines that end at LF.
        case file
    }

    /// One record.
    struct Place {
        /// Where it begins in the message.
        var start: Int
        /// Where the next one begins.
        var end: Int
        /// The line goes on in the next record.
        var isContinued: Bool
    }

    private let convention: Convention
    /// Octets of a record that is not complete yet.
    private var pending: [UInt8] = []
    private var offset = 0
    /// Only mbox lines so far.
    private var isFirst = true

    init(_ convention: Convention) {
        self.convention = convention
    }

    private var recordLimit: Int {
        switch convention {
        case .smtp(let lineLength): max(1, lineLength)
        case .file: Int.max
        }
    }

    /// Takes the next octets of the message. `use` gets each record and returns false to stop.
    mutating func feed(_ chunk: Span<UInt8>, _ use: (Place, Span<UInt8>) -> Bool) -> Bool {
        var start = 0
        while start < chunk.count {
            if pending.count >= recordLimit {
                // A full record that ends in a CR: with an LF behind it, it is the end of the line.
                if chunk[start] == 0x0A {
                    pending.append(0x0A)
                    start += 1
                }
                guard givePending(isContinued: pending.last != 0x0A, use) else { return false }
                continue
            }
            let room = recordLimit - pending.count
            let reach = room < chunk.count - start ? start + room : chunk.count
            let window = chunk.extracting(start..<reach)
            let feed = window.firstIndex(of: 0x0A)
            let record = window.extracting(0..<(feed.map { $0 + 1 } ?? window.count))
            start += record.count
            let isComplete = feed != nil || record.count == room && record[record.count - 1] != 0x0D
            if isComplete, pending.isEmpty {
                let place = Place(start: offset, end: offset + record.count, isContinued: feed == nil)
                offset = place.end
                guard give(place, record, use) else { return false }
            } else {
                record.withUnsafeBufferPointer { pending.append(contentsOf: $0) }
                guard !isComplete || givePending(isContinued: feed == nil, use) else { return false }
            }
        }
        return true
    }

    private mutating func givePending(isContinued: Bool, _ use: (Place, Span<UInt8>) -> Bool) -> Bool {
        let whole = pending
        pending.removeAll(keepingCapacity: true)
        let place = Place(start: offset, end: offset + whole.count, isContinued: isContinued)
        offset = place.end
        return give(place, whole.span, use)
    }

    /// Gives what is left at the end of the message.
    mutating func finish(_ use: (Place, Span<UInt8>) -> Bool) -> Bool {
        pending.isEmpty || givePending(isContinued: false, use)
    }

    private mutating func give(_ place: Place, _ record: Span<UInt8>, _ use: (Place, Span<UInt8>) -> Bool) -> Bool {
        var end = record.count
        if end > 0, record[end - 1] == 0x0A, !place.isContinued { end -= 1 }
        guard case .smtp = convention else { return use(place, record.extracting(0..<end)) }
        if end < record.count { while end > 0, record[end - 1] == 0x0D { end -= 1 } }
        let text = record.extracting(0..<end)
        guard isFirst else { return use(place, text) }
        var quotes = 0
        while quotes < text.count, text[quotes] == 0x3E { quotes += 1 }
        if text.hasBytes(Self.separator.span, at: quotes) {
            let field = Self.mailboxLine + text.array
            return use(place, field.span)
        }
        isFirst = false
        if text.count > 0, isBlank(text[0]) {
            // A message that begins with a blank has no header; smtpd ends the header before it.
            let nothing: [UInt8] = []
            let before = Place(start: place.start, end: place.start, isContinued: false)
            guard use(before, nothing.span) else { return false }
        }
        return use(place, text)
    }

    private static let separator = Array("From ".utf8)
    private static let mailboxLine = Array("X-Mailbox-Line: ".utf8)
}
