internal import Bytes

/// Cuts an mbox (RFC 4155, appendix A) into messages, as `Mbox.messages` does with one that is held whole: separators are
/// like the first. Lines in front of it are passed over; then it must have a date.
package struct MboxCutter: MessageCutter {
    private enum Place {
        case lineStart, line, separator
    }

    private var message: MessageGathering
    private var place = Place.lineStart
    /// The first octets of a line, until they tell what it is; of a `From ` line as much as may hold its date.
    private var head: [UInt8] = []
    /// Octets of the line before, when it was blank.
    private var blank = 0
    /// The first `From ` line was seen.
    private var isOpen = false
    /// It had a date, so that others need one.
    private var needsDate = false
    /// Nothing but what may be a byte order mark was there yet.
    private var isStart = true

    /// - Parameter limit: octets of the largest message, with the blank line behind it.
    package init(limit: Int) {
        message = MessageGathering(limit: limit)
    }

    package mutating func take(_ bytes: Span<UInt8>, _ found: (CutMessage) -> Void) {
        var index = 0
        while index < bytes.count {
            switch place {
            case .lineStart:
                head.append(bytes[index])
                index += 1
                if isStart, Mbox.byteOrderMark.starts(with: head) {
                    if head.count < Mbox.byteOrderMark.count { continue }
                    head = []
                    isStart = false
                    continue
                }
                isStart = false
                if Self.tells(head) { beginLine(found) }
            case .line, .separator:
                let lf = bytes.firstIndex(of: 0x0A, from: index)
                let end = lf.map { $0 + 1 } ?? bytes.count
                if place == .line, isOpen { message.add(bytes.extracting(index..<end)) }
                if lf != nil { place = .lineStart }
                index = end
            }
        }
    }

    package mutating func finish(_ found: (CutMessage) -> Void) {
        if !head.isEmpty {
            // A line without its end is no blank one.
            if Mbox.isSeparator(head.span, at: 0) {
                beginLine(found)
            } else {
                message.add(head)
                blank = 0
            }
        }
        if isOpen { found(message.finish(without: blank)) }
    }

    /// True when the first octets of a line say whether it is blank, a separator or another.
    private static func tells(_ head: [UInt8]) -> Bool {
        switch head[0] {
        case 0x0D: head.count == 2
        case Mbox.from[0]:
            head.last == 0x0A || head.count >= Mbox.separatorSize
                || !head.prefix(Mbox.from.count).elementsEqual(Mbox.from.prefix(head.count))
        default: true
        }
    }

    private mutating func beginLine(_ found: (CutMessage) -> Void) {
        if blank > 0 || !isOpen || needsDate, Mbox.isSeparator(head.span, at: 0),
            !needsDate || Mbox.hasDate(head.span, at: 0)
        {
            if isOpen { found(message.finish(without: blank)) } else { needsDate = Mbox.hasDate(head.span, at: 0) }
            isOpen = true
            blank = 0
            place = head.last == 0x0A ? .lineStart : .separator
        } else {
            // What stands before the first message is none.
            if isOpen { message.add(head) }
            blank = Mbox.isBlank(head.span, at: 0) ? head.count : 0
            if !isOpen, blank == 0 { needsDate = true }
            place = head.last == 0x0A ? .lineStart : .line
        }
        head.removeAll(keepingCapacity: true)
    }
}
