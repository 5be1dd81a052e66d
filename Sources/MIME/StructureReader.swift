internal import Bytes
internal import MailModel

/// Reads the entities of one source. Open containers are on an explicit stack; every line that begins with two dashes is
/// held against the boundaries of all of them, so that the pass goes over the bytes once however deep they nest.
struct StructureReader {
    private enum State {
        /// A message/rfc822: ends where its content ends.
        case message
        /// A multipart before its first delimiter.
        case preamble
        /// A multipart between its delimiters.
        case inside
        /// A multipart after its close delimiter.
        case epilogue
    }

    private struct Frame {
        let part: Int
        var state: State
        /// Where the body, or in an epilogue that section, begins.
        var start: Int
    }

    private let source: Int
    private var frames: [Frame] = []
    private var delimiters = DelimiterStack()
    /// The leaf whose body is being passed over.
    private var openLeaf: Int?
    /// The limit on parts was reached: the rest of the source is one leaf.
    private var isStopped = false

    init(source: Int) {
        self.source = source
    }

    /// Reads the whole source as one message.
    mutating func readEntity(_ bytes: Span<UInt8>, parent: Int?, into builder: inout TreeBuilder) {
        let body = open(bytes, at: 0, parent: parent, into: &builder)
        readBodies(bytes, from: body, into: &builder)
    }

    /// Reads the decoded body of `part`, which is a message or a multipart.
    mutating func readNested(_ bytes: Span<UInt8>, part: Int, into builder: inout TreeBuilder) {
        if builder.tree.parts[part].kind == .multipart, let boundary = builder.boundary(of: part) {
            push(multipart: part, boundary: boundary, body: 0)
            readBodies(bytes, from: 0, into: &builder)
        } else {
            builder.setKind(.message, of: part)
            readEntity(bytes, parent: part, into: &builder)
        }
    }

    /// Goes from delimiter to delimiter until the source ends.
    private mutating func readBodies(_ bytes: Span<UInt8>, from start: Int, into builder: inout TreeBuilder) {
        var position = start
        while !isStopped, let (line, match) = nextDelimiter(bytes, from: position, into: &builder) {
            let contentEnd = Self.beforeLineEnd(bytes, line)
            let frame = delimiters.entries[match.entry].frame
            close(bytes, downTo: frame + 1, at: contentEnd, into: &builder)
            if frames[frame].state == .preamble {
                addSection(.preamble, of: frames[frame], bytes, to: contentEnd, into: &builder)
            }
            if match.closes {
                frames[frame].state = .epilogue
                frames[frame].start = match.next
                position = match.next
            } else {
                frames[frame].state = .inside
                position = open(bytes, at: match.next, parent: frames[frame].part, into: &builder)
            }
        }
        close(bytes, downTo: 0, at: bytes.count, into: &builder)
    }

    /// Reads the header block at `start` and those of messages directly inside. Returns where the body begins.
    private mutating func open(
        _ bytes: Span<UInt8>, at start: Int, parent: Int?, into builder: inout TreeBuilder
    ) -> Int {
        var position = start
        var parent = parent
        while true {
            if builder.isFull { return stop(bytes, at: position, parent: parent, into: &builder) }
            let header = EntityHeader(
                bytes, at: position, delimiters: delimiters, defaultType: defaultType(parent, builder),
                limits: builder.limits)
            let body = header.bodyStart
            let part = builder.append(
                .leaf, parent: parent, source: source, header: position..<body, body: body..<body, as: header)
            position = body
            guard openContainer(part, header, body, into: &builder) else {
                openLeaf = part
                return position
            }
            // A multipart's body is searched for delimiters; a message's begins with another header block.
            guard builder.tree.parts[part].kind == .message, body < bytes.count,
                delimiters.match(bytes, at: body) == nil
            else { return position }
            parent = part
        }
    }

    /// Makes `part` a container when its type says so and the limits allow it.
    private mutating func openContainer(
        _ part: Int, _ header: EntityHeader, _ body: Int, into builder: inout TreeBuilder
    ) -> Bool {
        if header.mediaType == "message/external-body" { builder.note(.externalBody, part: part, at: body) }
        let isMultipart = header.mediaType.hasPrefix("multipart/")
        guard isMultipart || Self.isMessage(header.mediaType) else { return false }
        guard Int(builder.tree.parts[part].depth) < builder.limits.depth else {
            builder.note(.depth)
            builder.note(.unreadRemainder, part: part, at: body)
            return false
        }
        if header.transferEncoding.needsDecoding { builder.note(.encodedContainer, part: part, at: body) }
        guard isMultipart else {
            // Under an encoding it is decoded first, once its end is known.
            guard !header.transferEncoding.needsDecoding else { return false }
            builder.setKind(.message, of: part)
            frames.append(Frame(part: part, state: .message, start: body))
            return true
        }
        guard let boundary = header.boundary else {
            builder.note(.multipartWithoutBoundary, part: part, at: body)
            return false
        }
        guard boundary.count <= builder.limits.boundaryLength else {
            builder.note(.boundaryLength)
            builder.note(.unreadRemainder, part: part, at: body)
            return false
        }
        if delimiters.contains(boundary) { builder.note(.boundaryReused, part: part, at: body) }
        builder.setKind(.multipart, of: part)
        push(multipart: part, boundary: boundary, body: body)
        return true
    }

    private mutating func push(multipart part: Int, boundary: [UInt8], body: Int) {
        delimiters.push(boundary, frame: frames.count)
        frames.append(Frame(part: part, state: .preamble, start: body))
    }

    /// The limit on parts: everything to the end of the source becomes one leaf, so that scanners see it.
    private mutating func stop(
        _ bytes: Span<UInt8>, at start: Int, parent: Int?, into builder: inout TreeBuilder
    ) -> Int {
        let rest = start..<bytes.count
        let part = builder.append(
            .leaf, parent: parent, source: source, header: start..<start, body: rest, as: nil)
        builder.note(.parts)
        builder.note(.unreadRemainder, part: part, at: start)
        isStopped = true
        return bytes.count
    }

    /// The next line that is a delimiter, from `start` on, which must be the start of a line.
    private func nextDelimiter(
        _ bytes: Span<UInt8>, from start: Int, into builder: inout TreeBuilder
    ) -> (line: Int, match: DelimiterStack.Match)? {
        // At the start of a body no line end of its own stands before the dashes.
        var next = Self.startsWithDashes(bytes, start) ? start : DashLines.next(bytes, after: start)
        while let line = next {
            if line > start, bytes[line - 1] == 0x0D {
                // Some readers take a CR alone for a line end.
                builder.note(.bareCRDelimiter, part: 0, at: line)
            } else {
                switch delimiters.line(bytes, at: line) {
                case .delimiter(let match):
                    let frame = frames[delimiters.entries[match.entry].frame]
                    if frame.state != .epilogue { return (line, match) }
                    builder.note(.delimiterAfterClose, part: frame.part, at: line)
                case .prefixed:
                    if let owner = frames.last { builder.note(.boundaryPrefix, part: owner.part, at: line) }
                case .other:
                    if let owner = openLeaf ?? frames.last?.part, Self.fieldFollows(bytes, line) {
                        builder.note(.undeclaredDelimiter, part: owner, at: line)
                    }
                }
            }
            next = DashLines.next(bytes, after: line)
        }
        return nil
    }

    private static func startsWithDashes(_ bytes: Span<UInt8>, _ start: Int) -> Bool {
        start + 1 < bytes.count && bytes[start] == 0x2D && bytes[start + 1] == 0x2D
    }

    /// True when the line behind the one at `line` is a field of a part's header.
    private static func fieldFollows(_ bytes: Span<UInt8>, _ line: Int) -> Bool {
        guard let newline = bytes.firstIndex(of: 0x0A, from: line) else { return false }
        return bytes.hasPrefix(ignoringCase: "content-", from: newline + 1)
    }

    /// Ends the open leaf and all containers above `count`, innermost first.
    private mutating func close(
        _ bytes: Span<UInt8>, downTo count: Int, at end: Int, into builder: inout TreeBuilder
    ) {
        // A header block that runs into a delimiter takes the line end before it: containers reach as far.
        var end = end
        if let leaf = openLeaf {
            openLeaf = nil
            let part = builder.tree.parts[leaf]
            end = max(end, part.body.lowerBound)
            builder.setBody(part.body.lowerBound..<end, of: leaf)
            noteContent(bytes, part, part.body.lowerBound..<end, leaf, into: &builder)
            let isOpenable = Int(part.depth) < builder.limits.depth
            if Self.isMessage(part.mediaType), part.transferEncoding.needsDecoding, isOpenable {
                _ = builder.planNested(leaf)
            } else if AttachedMessage.isIn(part) {
                builder.planAttached(leaf)
            }
        }
        while frames.count > count, let frame = frames.popLast() {
            let low = builder.tree.parts[frame.part].body.lowerBound
            if builder.tree.parts[frame.part].source == Int32(truncatingIfNeeded: source) {
                end = max(end, low)
                builder.setBody(low..<end, of: frame.part)
            }
            guard frame.state != .message else { continue }
            delimiters.pop()
            closeMultipart(bytes, frame, at: end, into: &builder)
        }
    }

    /// What the first lines of a leaf say against its header.
    private func noteContent(
        _ bytes: Span<UInt8>, _ part: Part, _ body: Range<Int>, _ leaf: Int, into builder: inout TreeBuilder
    ) {
        if part.transferEncoding != .base64, Sniffing.isBase64(bytes.extracting(body)) {
            builder.note(.undeclaredBase64, part: leaf, at: body.lowerBound)
        }
        // RFC 2046 section 5.2.3: behind the header of an external body stand fields of that body.
        let mayHoldFields = Self.isMessage(part.mediaType) || part.mediaType == "message/external-body"
        if !mayHoldFields, EntityHeader.startsWithField(bytes, body, isBare: part.header.count <= 2) {
            builder.note(.fieldsBehindHeader, part: leaf, at: body.lowerBound)
        }
        if AttachedMessage.isPiece(part, bytes) { builder.note(.partialMessage, part: leaf, at: body.lowerBound) }
    }

    private func closeMultipart(
        _ bytes: Span<UInt8>, _ frame: Frame, at end: Int, into builder: inout TreeBuilder
    ) {
        let part = builder.tree.parts[frame.part]
        switch frame.state {
        case .preamble:
            // RFC 2045 section 6.4 forbids it, but readers decode such a body before they look for delimiters.
            let isRaw = part.source == Int32(truncatingIfNeeded: source)
            if isRaw, part.transferEncoding.needsDecoding, builder.planNested(frame.part) { return }
            builder.note(.multipartWithoutDelimiter, part: frame.part, at: part.body.lowerBound)
            addSection(.preamble, of: frame, bytes, to: end, into: &builder)
        case .inside:
            if !isStopped { builder.note(.missingCloseDelimiter, part: frame.part, at: end) }
        case .epilogue:
            addSection(.epilogue, of: frame, bytes, to: end, into: &builder)
        case .message:
            break
        }
    }

    /// Makes a preamble or epilogue a part when it holds more than blanks: some readers show it.
    private func addSection(
        _ kind: Part.Kind, of frame: Frame, _ bytes: Span<UInt8>, to end: Int, into builder: inout TreeBuilder
    ) {
        let range = frame.start..<max(frame.start, end)
        guard Self.holdsContent(bytes, range) else { return }
        let part = builder.append(
            kind, parent: frame.part, source: source, header: range.lowerBound..<range.lowerBound, body: range, as: nil)
        if EntityHeader.startsWithField(bytes, range) {
            builder.note(.partOutsideMultipart, part: part, at: range.lowerBound)
        }
    }

    /// RFC 2046 section 5.1.5: the parts of a digest are messages unless they say otherwise.
    private func defaultType(_ parent: Int?, _ builder: borrowing TreeBuilder) -> String {
        guard let parent, builder.tree.parts[parent].mediaType == "multipart/digest" else { return "text/plain" }
        return "message/rfc822"
    }

    /// RFC 2046 section 5.2.1, RFC 6532 section 3.7, and what RFC 5537 made of the first for news.
    private static func isMessage(_ mediaType: String) -> Bool {
        mediaType == "message/rfc822" || mediaType == "message/global" || mediaType == "message/news"
    }

    /// The line end before a delimiter belongs to the delimiter (RFC 2046 section 5.1.1).
    private static func beforeLineEnd(_ bytes: Span<UInt8>, _ line: Int) -> Int {
        var end = line
        if end > 0, bytes[end - 1] == 0x0A { end -= 1 }
        if end < line, end > 0, bytes[end - 1] == 0x0D { end -= 1 }
        return end
    }

    private static func holdsContent(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for offset in range {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0D, 0x0A: continue
            default: return true
            }
        }
        return false
    }
}
