internal import Bytes
internal import MailModel

/// What the header block of one entity says about its structure: the `Content-` fields (RFC 2045 section 3).
struct EntityHeader {
    /// Where the body begins.
    private(set) var bodyStart = 0
    private(set) var mediaType: String
    private(set) var charset = ""
    private(set) var otherCharsets = OtherCharsets()
    private(set) var deletesSpaces = false
    private(set) var boundary: [UInt8]?
    private(set) var transferEncoding = TransferEncoding.sevenBit
    private var nameList = NameList()
    /// Kinds with their offsets in the source.
    private(set) var anomalies: [(kind: AnomalyKind, offset: Int)] = []
    private(set) var limitsHit: [MIMELimit] = []

    private var seenType = false
    private var seenEncoding = false
    private var seenDisposition = false
    /// Every candidate for a file name.
    var names: [String] { nameList.names }

    /// Longest type and subtype together; RFC 6838 section 4.2 allows 127 for each.
    private static let longestMediaType = 255

    /// Reads the block at `start`. `defaultType` stands when there is no `Content-Type`.
    init(
        _ bytes: Span<UInt8>, at start: Int, delimiters: DelimiterStack, defaultType: String, limits: MIMELimits
    ) {
        mediaType = defaultType
        var scanner = HeaderScanner(from: start, limit: bytes.count)
        var count = 0
        while let field = scanner.next(in: bytes, delimiters: delimiters) {
            count += 1
            // Past a limit the block is only followed to its end.
            guard count <= limits.headerCount else {
                note(.headerCount)
                continue
            }
            guard field.whole.upperBound - start <= limits.headerBytes else {
                note(.headerBytes)
                continue
            }
            guard Self.mayMatter(bytes, field) else { continue }
            if field.isNamed("content-type", in: bytes) {
                readType(bytes, field, limits)
            } else if field.isNamed("content-transfer-encoding", in: bytes) {
                readEncoding(bytes, field)
            } else if field.isNamed("content-disposition", in: bytes) {
                readDisposition(bytes, field, limits)
            } else if field.isNamed("content-description", in: bytes) {
                nameList.addText(FieldBody(bytes, value: field.value).unfolded)
            } else if field.isNamed("content-location", in: bytes) {
                nameList.addText(bytes.extracting(field.value).array.split(separator: 0x2F).last.map(Array.init) ?? [])
            } else if Self.isEncodingOfOthers(bytes, field) {
                if LooseValue.named(bytes.extracting(field.value).array) { note(.misnamedTransferEncoding, field) }
            } else if LooseFieldName.match(bytes, field.name.lowerBound..<field.value.lowerBound) != nil {
                note(.obscuredFieldName, field)
            }
        }
        bodyStart = scanner.position
        noteForms(bytes, start, scanner)
    }

    /// All names that begin with `content`, and those with characters that other readers may pass over.
    private static func mayMatter(_ bytes: Span<UInt8>, _ field: HeaderField) -> Bool {
        let name = field.name
        if bytes.hasPrefix(ignoringCase: "content", from: name.lowerBound) { return true }
        guard name.count >= 12 else { return false }
        if isEncodingOfOthers(bytes, field) { return true }
        // Neither `type` nor `encoding` nor `disposition`: most names end here.
        let last = asciiLower(bytes[name.upperBound - 1])
        if last >= 0x61, last <= 0x7A, last != 0x65, last != 0x67, last != 0x6E { return false }
        for offset in name {
            switch bytes[offset] {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F, 0x2E: continue
            default: return true
            }
        }
        return false
    }

    /// Names that are not those of MIME, for what an encoding is called elsewhere.
    private static func isEncodingOfOthers(_ bytes: Span<UInt8>, _ field: HeaderField) -> Bool {
        field.isNamed("content-encoding", in: bytes) || field.isNamed("transfer-encoding", in: bytes)
            || field.isNamed("x-content-transfer-encoding", in: bytes)
    }

    private mutating func readType(_ bytes: Span<UInt8>, _ field: HeaderField, _ limits: MIMELimits) {
        var body = FieldBody(bytes, value: field.value)
        let value = body.leadingValue()
        let parameters = ParameterList(&body, limit: limits.parameters)
        finish(parameters, field)
        var boundaries: Set<[UInt8]> = []
        for value in parameters.values(of: "boundary") {
            // Some readers keep the blank: only lines with it are delimiters to them.
            if let last = value.bytes.last, FieldBody.isBlank(last) { note(.obscuredStructure, field) }
            if let boundary = Self.boundary(value.bytes) { boundaries.insert(boundary) }
        }
        noteForms(bytes, field, value, boundaries)
        if seenType {
            note(.duplicateContentType, field)
            let other = Self.mediaType(value) ?? "text/plain"
            if other != mediaType || boundaries.contains(where: { $0 != boundary }) {
                note(.conflictingContentType, field)
            }
        } else {
            seenType = true
            if let type = Self.mediaType(value) {
                mediaType = type
            } else {
                mediaType = "text/plain"
                note(.invalidContentType, field)
            }
            var found: Set<AnomalyKind> = []
            if let value = parameters.value(of: "charset", anomalies: &found)?.bytes {
                charset = Self.label(FieldBody.withoutComment(value))
            }
            if let value = parameters.value(of: "boundary", anomalies: &found)?.bytes {
                boundary = Self.boundary(value)
            }
            deletesSpaces = Self.says("yes", "delsp", parameters) && Self.says("flowed", "format", parameters)
            noteAll(found, field)
        }
        addCharsets(parameters, body)
        noteAll(nameList.add(parameters, body), field)
    }

    private static func says(_ word: String, _ name: StaticString, _ parameters: ParameterList) -> Bool {
        parameters.values(of: name).contains { $0.bytes.map(FieldBody.lower) == Array(word.utf8) }
    }

    /// Notes charsets other than that which we believe.
    private mutating func addCharsets(_ parameters: ParameterList, _ field: FieldBody) {
        var candidates = parameters.values(of: "charset").map(\.bytes)
        if parameters.hasSections { candidates += parameters.otherJoinings(of: "charset").map(\.bytes) }
        for candidate in candidates {
            let label = Self.label(FieldBody.withoutComment(candidate))
            if label != charset { otherCharsets.add(label) }
        }
        guard
            field.hasStrayWords || field.hasDisputedCharacters || !parameters.anomalies.isEmpty
                || field.occurrences(of: "charset") > candidates.count || EncodedWords.areIn(field.unfolded)
        else { return }
        // Cut in many ways, of which only names that mean something count.
        for candidate in LooseValue.parameters(Array("charset".utf8), in: field.unfolded) {
            let label = Self.label(candidate)
            if label != charset, CharsetCoding(label: label.utf8) != nil { otherCharsets.add(label) }
        }
    }

    /// Forms of a type that are no error for us but are read in other ways.
    private mutating func noteForms(
        _ bytes: Span<UInt8>, _ field: HeaderField, _ type: [UInt8], _ boundaries: Set<[UInt8]>
    ) {
        let isMultipart = type.count > 9 && equalIgnoringCase(type.prefix(9), "multipart")
        if boundaries.count > 1 { note(.conflictingBoundary, field) }
        if !isMultipart, !boundaries.isEmpty { note(.boundaryOnLeaf, field) }
        let isOdd = boundaries.contains { boundary in
            boundary.contains { $0 < 0x20 || $0 >= 0x7F || $0 == 0x22 || $0 == 0x5C } || boundary.first == 0x20
                || Self.holdsEncodedWord(boundary)
        }
        if isOdd || Self.holdsEncodedWord(type) || type.contains(where: { $0 < 0x20 && $0 != 0x09 && $0 != 0x0D }) {
            note(.obscuredStructure, field)
        }
        guard isMultipart || !boundaries.isEmpty else { return }
        if bytes.extracting(field.value).firstIndex(of: 0x28) != nil { note(.commentInStructure, field) }
    }

    private static func holdsEncodedWord(_ value: [UInt8]) -> Bool {
        EncodedWords.areIn(value) && Array(EncodedWords.decoded(value).utf8) != value
    }

    private mutating func readEncoding(_ bytes: Span<UInt8>, _ field: HeaderField) {
        var body = FieldBody(bytes, value: field.value)
        let value = body.leadingValue()
        let words = value.map(FieldBody.lower).split(whereSeparator: FieldBody.isBlank)
        let encoding = words.first.map { Self.encoding(Array($0)) } ?? .sevenBit
        let raw = bytes.extracting(field.value).array
        if value.count != raw.count, raw.contains(0x28) { note(.commentInStructure, field) }
        if encoding == .unknown || words.count > 1 {
            note(.unknownTransferEncoding, field)
            if LooseValue.named(raw) { note(.obscuredTransferEncoding, field) }
        } else if raw.contains(0x3B), LooseValue.encodings(raw) != [encoding] {
            // Something with a meaning behind a semicolon.
            note(.unknownTransferEncoding, field)
        }
        guard !seenEncoding else {
            note(.duplicateTransferEncoding, field)
            if encoding.needsDecoding != transferEncoding.needsDecoding
                || encoding.needsDecoding && encoding != transferEncoding
            {
                note(.conflictingTransferEncoding, field)
            }
            return
        }
        seenEncoding = true
        transferEncoding = encoding
    }

    private mutating func readDisposition(_ bytes: Span<UInt8>, _ field: HeaderField, _ limits: MIMELimits) {
        if seenDisposition { note(.duplicateDisposition, field) }
        seenDisposition = true
        var body = FieldBody(bytes, value: field.value)
        _ = body.leadingValue()
        let parameters = ParameterList(&body, limit: limits.parameters)
        finish(parameters, field)
        noteAll(nameList.add(parameters, body), field)
    }

    private mutating func finish(_ parameters: ParameterList, _ field: HeaderField) {
        noteAll(parameters.anomalies, field)
        if parameters.isOverLimit { note(.parameters) }
    }

    private mutating func noteForms(_ bytes: Span<UInt8>, _ start: Int, _ scanner: HeaderScanner) {
        if let lines = scanner.leadingContinuation { anomalies.append((.leadingContinuation, lines.lowerBound)) }
        if let offset = scanner.nameInContinuation { anomalies.append((.nameInContinuation, offset)) }
        if let offset = scanner.blankContinuation { anomalies.append((.blankContinuation, offset)) }
        if let offset = scanner.mboxLine { anomalies.append((.mboxLine, offset)) }
        if let offset = scanner.blankBeforeColon { anomalies.append((.blankBeforeColon, offset)) }
        if let offset = scanner.fieldInContinuation { anomalies.append((.fieldInContinuation, offset)) }
        if scanner.end == .brokenLine { anomalies.append((.brokenHeaderBlock, scanner.position)) }
        let block = bytes.extracting(start..<bodyStart)
        if let offset = block.firstIndex(of: 0) { anomalies.append((.nulInHeader, start + offset)) }
        var from = 0
        while let offset = block.firstIndex(of: 0x0D, from: from) {
            if offset + 1 >= block.count || block[offset + 1] != 0x0A {
                anomalies.append((.bareCRInHeader, start + offset))
                break
            }
            from = offset + 2
        }
    }

    /// Lines of a body in which a field is looked for; more where a blank line stands for the whole header block.
    private static let firstLines = 4
    private static let firstLinesOfBare = 30

    /// True when a field of a part's header stands in one of the first lines of a body.
    static func startsWithField(_ bytes: Span<UInt8>, _ body: Range<Int>, isBare: Bool = false) -> Bool {
        var position = body.lowerBound
        for _ in 0..<(isBare ? firstLinesOfBare : firstLines) where position < body.upperBound {
            let line = LineBreaks.lineFeed.line(bytes, at: position, bound: body.upperBound)
            var low = line.text.lowerBound
            while low < line.text.upperBound, bytes[low] <= 0x20 { low += 1 }
            if bytes.hasPrefix(ignoringCase: "content-", from: low),
                LooseFieldName.match(bytes, low..<line.text.upperBound) != nil
            {
                return true
            }
            position = line.next
        }
        return false
    }

    /// In an order of their own: that of a set differs from run to run.
    private mutating func noteAll(_ kinds: Set<AnomalyKind>, _ field: HeaderField) {
        for kind in kinds.sorted(by: { $0.rawValue < $1.rawValue }) { note(kind, field) }
    }

    private mutating func note(_ kind: AnomalyKind, _ field: HeaderField) {
        anomalies.append((kind, field.whole.lowerBound))
    }

    private mutating func note(_ limit: MIMELimit) {
        if !limitsHit.contains(limit) { limitsHit.append(limit) }
    }

    /// `type/subtype` of tokens (RFC 2045 section 5.1) in lower case; nil when it is something else.
    private static func mediaType(_ value: [UInt8]) -> String? {
        var slashes = 0
        for byte in value {
            if byte == 0x2F { slashes += 1 } else if !isToken(byte) { return nil }
        }
        guard slashes == 1, value.first != 0x2F, value.last != 0x2F, value.count <= longestMediaType else { return nil }
        return String(decoding: value.map(FieldBody.lower), as: UTF8.self)
    }

    /// RFC 2045 section 5.1: any character except blanks, controls and tspecials.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F...0xFF: false
        case 0x22, 0x28, 0x29, 0x2C, 0x2F, 0x3A...0x40, 0x5B...0x5D: false
        default: true
        }
    }

    /// At most 64 characters, printable ASCII; others become `?`.
    private static func label(_ value: [UInt8]) -> String {
        let shown = value.prefix(64).map { $0 > 0x20 && $0 < 0x7F ? FieldBody.lower($0) : 0x3F }
        return String(decoding: shown, as: UTF8.self)
    }

    /// Blanks at the end do not belong to a boundary (RFC 2046 section 5.1.1). Nil when nothing is left.
    private static func boundary(_ value: [UInt8]) -> [UInt8]? {
        var boundary = FieldBody.withoutComment(value)
        while let last = boundary.last, FieldBody.isBlank(last) { boundary.removeLast() }
        return boundary.isEmpty ? nil : boundary
    }

    private static func encoding(_ word: [UInt8]) -> TransferEncoding {
        switch String(decoding: word.prefix(32), as: UTF8.self) {
        case "7bit", "7-bit": .sevenBit
        case "8bit", "8-bit": .eightBit
        case "binary": .binary
        case "base64": .base64
        case "quoted-printable": .quotedPrintable
        case "x-uuencode", "uuencode", "x-uue", "uue": .uuencode
        default: .unknown
        }
    }
}
