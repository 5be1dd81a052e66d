internal import Bytes
package import MailModel

/// Limits of the text that is looked up, under the names of Postfix's parameters (`postconf(5)`).
package struct TextLimits: Hashable, Sendable {
    /// `header_size_limit`: once a logical header has as many octets, its further lines are not collected.
    package var headerSize = 102_400
    /// `line_length_limit`: octets of one piece of a line.
    package var lineLength = 2048
    /// `mime_boundary_length_limit`: octets of a boundary that are compared.
    package var boundaryLength = 2048
    /// `mime_nesting_limit`: multiparts within each other.
    package var nesting = 100

    package init() {}
}

/// Which header block a field stands in.
package enum HeaderBlock: Hashable, Sendable {
    /// The top of the message.
    case primary
    /// The top of a body part.
    case part
    /// The top of an attached message.
    case nested
}

/// One text to be looked up.
package struct Subject: Hashable, Sendable {
    /// What the text is.
    package enum Kind: Hashable, Sendable {
        /// A logical header field; `isMIME` for the six that belong to `mime_header_checks` everywhere.
        case header(HeaderBlock, isMIME: Bool)
        /// A body line or a piece of one. `partOffset`: octets of this part before it, each line counted with one more.
        case body(partOffset: Int)
    }

    package var kind: Kind
    /// Where it stands in the message, line end included unless the line goes on behind it.
    package var range: Range<Int>
    /// A body piece that is not the end of its line.
    package var isContinued: Bool
    /// For a header: the offset that `mime_state(3)` tells of it.
    var headerOffset = 0

    /// The list that looks the text up.
    /// - Parameter bodySize: `body_checks_size_limit`, octets of each part that are looked up; 0 for no limit.
    /// - Returns: nil behind that limit.
    package func list(bodySize: Int) -> CheckList? {
        switch kind {
        case .header(_, isMIME: true), .header(.part, _): .mimeHeader
        case .header(.primary, _): .header
        case .header(.nested, _): .nestedHeader
        case .body(let offset): bodySize == 0 || offset < bodySize ? .body : nil
        }
    }
}

/// Postfix's MIME processor: takes records, tells header fields from body lines and finds where parts begin. It decodes
/// nothing. A value without input or output.
struct MIMEState {
    private enum State { case header(HeaderBlock), body }
    private enum MediaType { case text, multipart, message, other }
    private struct Boundary {
        var text: [UInt8]
        var partsAreMessages: Bool
    }

    private let limits: TextLimits
    /// False treats everything behind the first header as body (`disable_mime_input_processing`).
    private let readsMIME: Bool
    private var state = State.header(.primary)
    private var type = MediaType.text
    /// The message type is one whose content begins with a header: rfc822 or global.
    private var opensMessage = false
    private var boundaries: [Boundary] = []
    private var field: [UInt8] = []
    private var fieldStart = 0
    private var fieldEnd = 0
    private var fieldIsCut = false
    private var previousIsContinued = false
    private var headerOffset = 0
    private var bodyOffset = 0
    /// More multiparts within each other than `mime_nesting_limit` allows.
    private(set) var isTooDeep = false
    /// The first header block has ended.
    private(set) var isPastPrimary = false

    init(limits: TextLimits, readsMIME: Bool = true) {
        self.limits = limits
        self.readsMIME = readsMIME
    }

    /// Takes one record. `use` gets each text that is complete now and returns false to stop.
    mutating func take(
        _ place: TextRecords.Place, _ text: Span<UInt8>, _ use: (Subject, Span<UInt8>) -> Bool
    ) -> Bool {
        if case .header(let block) = state {
            if !field.isEmpty, previousIsContinued || text.count > 0 && isBlank(text[0]) {
                extendField(place, text)
                return true
            }
            guard giveField(block, text.count, use) else { return false }
            if beginField(place, text) { return true }
            guard endHeader(block, place, text, use) else { return false }
        }
        return body(place, text, use)
    }

    /// Ends the message.
    mutating func finish(at end: Int, _ use: (Subject, Span<UInt8>) -> Bool) -> Bool {
        if previousIsContinued {
            let nothing: [UInt8] = []
            let place = TextRecords.Place(start: end, end: end, isContinued: false)
            guard take(place, nothing.span, use) else { return false }
        }
        if case .header(let block) = state {
            guard giveField(block, 0, use) else { return false }
            isPastPrimary = true
        }
        state = .body
        return true
    }

    // MARK: Header

    private mutating func extendField(_ place: TextRecords.Place, _ text: Span<UInt8>) {
        if field.count < limits.headerSize {
            if !previousIsContinued { field.append(0x0A) }
            append(text.extracting(0..<lengthUpToNUL(text)))
        }
        fieldEnd = place.end
        previousIsContinued = place.isContinued
    }

    private mutating func beginField(_ place: TextRecords.Place, _ text: Span<UInt8>) -> Bool {
        let length = HeaderField.nameLength(text)
        guard length > 0 else { return false }
        append(text.extracting(0..<length))
        var rest = length
        while rest < text.count, isBlank(text[rest]) { rest += 1 }
        let value = text.extracting(rest..<text.count)
        append(value.extracting(0..<lengthUpToNUL(value)))
        (fieldStart, fieldEnd) = (place.start, place.end)
        previousIsContinued = place.isContinued
        return true
    }

    private mutating func append(_ text: Span<UInt8>) {
        text.withUnsafeBufferPointer { field.append(contentsOf: $0) }
    }

    /// Gives the collected field, if there is one. The offset moves by the record that ended it: so does Postfix's.
    private mutating func giveField(
        _ block: HeaderBlock, _ recordLength: Int, _ use: (Subject, Span<UInt8>) -> Bool
    ) -> Bool {
        guard !field.isEmpty else { return true }
        let colon = field.firstIndex(of: 0x3A) ?? field.count
        var name = field.span.extracting(0..<colon)
        while name.count > 0, isBlank(name[name.count - 1]) { name = name.extracting(0..<name.count - 1) }
        let isMIME = HeaderField.isMIME(name)
        if isMIME, readsMIME, HeaderField.equals(name, "content-type") { readType(from: colon + 1) }
        let subject = Subject(
            kind: .header(block, isMIME: isMIME), range: fieldStart..<fieldEnd, isContinued: false,
            headerOffset: headerOffset)
        let goesOn = use(subject, field.span)
        headerOffset += recordLength + 1
        previousIsContinued = false
        field.removeAll(keepingCapacity: true)
        return goesOn
    }

    /// `Content-Type:` of any block: what the body is, and its boundaries.
    ///
    /// A type other than the three changes nothing, so that within multipart/digest it leaves the part a message.
    /// Every boundary parameter counts: a sender who writes two gains nothing by it.
    private mutating func readType(from start: Int) {
        var tokens = HeaderTokens(field, from: start)
        guard let first = tokens.list(limit: 3), let main = first.first else {
            type = .other
            return
        }
        let subtype = first.count >= 3 && first[1].isSpecial(0x2F) ? first[2] : nil
        if main.isWord("text") {
            type = .text
        } else if main.isWord("message") {
            type = .message
            opensMessage = subtype.map { $0.isWord("rfc822") || $0.isWord("global") } ?? false
        } else if main.isWord("multipart") {
            type = .multipart
            let isDigest = subtype?.isWord("digest") ?? false
            while let parameter = tokens.list(limit: 3) {
                guard parameter.count >= 3, parameter[0].isWord("boundary"), parameter[1].isSpecial(0x3D) else {
                    continue
                }
                guard boundaries.count <= limits.nesting else {
                    isTooDeep = true
                    continue
                }
                let text = Array(parameter[2].value.prefix(limits.boundaryLength))
                boundaries.append(Boundary(text: text, partsAreMessages: isDigest))
            }
        }
    }

    /// The record ends the header block.
    private mutating func endHeader(
        _ block: HeaderBlock, _ place: TextRecords.Place, _ text: Span<UInt8>,
        _ use: (Subject, Span<UInt8>) -> Bool
    ) -> Bool {
        isPastPrimary = true
        guard text.count == 0 else {
            // No field and no empty line: everything from here on is body. Postfix puts an empty line before it where
            // the header of the message itself ends so.
            enterBody()
            guard block == .primary else { return true }
            let nothing: [UInt8] = []
            return use(
                Subject(
                    kind: .body(partOffset: 0), range: place.start..<place.start, isContinued: false), nothing.span)
        }
        switch type {
        case .message where opensMessage:
            bodyOffset = 0
            headerOffset = 0
            state = .header(.nested)
            type = .text
        case .multipart:
            enterBody()
            type = .other
        default:
            enterBody()
        }
        return true
    }

    private mutating func enterBody() {
        state = .body
        bodyOffset = 0
    }

    // MARK: Body

    private mutating func body(
        _ place: TextRecords.Place, _ text: Span<UInt8>, _ use: (Subject, Span<UInt8>) -> Bool
    ) -> Bool {
        if !boundaries.isEmpty, !previousIsContinued, text.count > 2, text[0] == 0x2D, text[1] == 0x2D {
            findBoundary(text)
        }
        let subject = Subject(
            kind: .body(partOffset: bodyOffset), range: place.start..<place.end, isContinued: place.isContinued)
        bodyOffset += text.count + 1
        previousIsContinued = place.isContinued
        return use(subject, text.extracting(0..<lengthUpToNUL(text)))
    }

    private mutating func findBoundary(_ text: Span<UInt8>) {
        for index in boundaries.indices.reversed() {
            let found = boundaries[index]
            guard text.hasBytes(found.text.span, at: 2) else { continue }
            let rest = found.text.count + 2
            if text.count >= rest + 2, text[rest] == 0x2D, text[rest + 1] == 0x2D {
                boundaries.removeSubrange(index...)
                enterBody()
                type = .other
            } else {
                boundaries.removeSubrange((index + 1)...)
                state = .header(.part)
                headerOffset = 0
                type = found.partsAreMessages ? .message : .text
                opensMessage = found.partsAreMessages
            }
            return
        }
    }

    /// Postfix's strings end at a NUL.
    private func lengthUpToNUL(_ text: Span<UInt8>) -> Int {
        text.firstIndex(of: 0) ?? text.count
    }
}
