internal import Bytes
internal import MIME
internal import Members

/// Reads Rich Text Format (specification 1.9.1) as Word does: lenient, since what Word takes, malware writes. Objects are
/// in hexadecimal digits with anything between them; control words within are passed over, `\bin` gives octets as they
/// are, groups that begin with `\*` and an unknown word are not part of the object.
struct RichText {
    /// Word wants no more than `{\rt`, and passes over blanks before it.
    static func matches(_ bytes: Span<UInt8>) -> Bool {
        var at = 0
        while at < bytes.count, at < 64,
            bytes[at] <= 0x20 || bytes[at] == 0xEF || bytes[at] == 0xBB || bytes[at] == 0xBF
        {
            at += 1
        }
        return bytes.hasBytes("{\\rt", at: at)
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        var reader = RichText(extraction)
        reader.read(bytes)
    }

    /// Text that means something until its group ends.
    private enum Destination {
        case objectClass
        case field
        case template
    }

    private let extraction: Extraction
    private var depth = 0
    /// Depth of the group whose hexadecimal digits are an object.
    private var objectDepth: Int?
    /// Depth of the group that is passed over within an object.
    private var skippedDepth: Int?
    private var destination: (kind: Destination, depth: Int)?
    private var text: [UInt8] = []
    /// `\*` stands before.
    private var isStarred = false
    private var hex = HexadecimalCollector()

    private init(_ extraction: Extraction) {
        self.extraction = extraction
    }

    private mutating func read(_ bytes: Span<UInt8>) {
        var at = 0
        while at < bytes.count, !extraction.isStopped {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "{"):
                depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                endGroup()
            case UInt8(ascii: "\\"):
                at = control(bytes, at)
            case 0x0D, 0x0A:
                break
            default:
                if objectDepth != nil, skippedDepth == nil {
                    hex.add(byte)
                } else if destination != nil, text.count < extraction.limits.factOctets {
                    text.append(byte)
                }
            }
        }
        endObject()
        endDestination()
    }

    private mutating func endGroup() {
        if let skipped = skippedDepth, depth < skipped { skippedDepth = nil }
        if let object = objectDepth, depth < object { endObject() }
        if let destination, depth < destination.depth { endDestination() }
    }

    /// A control word or symbol behind the backslash; gives the place behind.
    private mutating func control(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        guard start < bytes.count else { return start }
        if let control = RichTextControl(bytes, at: start) { return apply(control, bytes) }
        switch bytes[start] {
        case UInt8(ascii: "*"): isStarred = true
        case UInt8(ascii: "'"):
            if destination != nil, start + 2 < bytes.count, let high = hexadecimalValue(bytes[start + 1]),
                let low = hexadecimalValue(bytes[start + 2]), text.count < extraction.limits.factOctets
            {
                text.append(high << 4 | low)
            }
            return min(start + 3, bytes.count)
        default:
            if destination != nil, text.count < extraction.limits.factOctets { text.append(bytes[start]) }
        }
        return start + 1
    }

    private mutating func apply(_ control: RichTextControl, _ bytes: Span<UInt8>) -> Int {
        func isWord(_ name: StaticString) -> Bool { control.isWord(name, in: bytes) }
        let wasStarred = isStarred
        isStarred = false
        if isWord("bin") {
            let data = bytes.range(control.end, control.number ?? 0)
            if objectDepth != nil, skippedDepth == nil { hex.add(bytes.extracting(data)) }
            return control.end + data.count
        }
        if isWord("objdata") {
            endObject()
            guard extraction.countItem() else { return control.end }
            objectDepth = depth
            skippedDepth = nil
        } else if isWord("objclass") {
            begin(.objectClass)
        } else if isWord("fldinst") {
            begin(.field)
        } else if isWord("template") {
            begin(.template)
        } else if wasStarred, let object = objectDepth, depth > object, skippedDepth == nil {
            skippedDepth = depth
        }
        return control.end
    }

    private mutating func begin(_ kind: Destination) {
        endDestination()
        destination = (kind, depth)
    }

    private mutating func endDestination() {
        guard let destination else { return }
        self.destination = nil
        defer { text = [] }
        switch destination.kind {
        case .objectClass:
            extraction.fact(text.span.hasPrefix(ignoringCase: "Equation") ? .equation : .embeddedObject, text)
        case .template:
            if WordDocument.isRemote(text) { extraction.fact(.remoteTemplate, text) }
        case .field:
            FieldInstruction.read(text, extraction)
        }
    }

    private mutating func endObject() {
        guard objectDepth != nil else { return }
        objectDepth = nil
        skippedDepth = nil
        let content = hex.finish()
        OLE1Object.read(content, extraction)
    }
}

/// Octets from hexadecimal digits in any company.
struct HexadecimalCollector {
    private var octets: [UInt8] = []
    private var high: UInt8?

    mutating func add(_ digit: UInt8) {
        guard let value = hexadecimalValue(digit) else { return }
        if let first = high {
            octets.append(first << 4 | value)
            high = nil
        } else {
            high = value
        }
    }

    mutating func add(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { octets.append(contentsOf: $0) }
    }

    /// What was collected; starts anew.
    mutating func finish() -> [UInt8] {
        defer { self = HexadecimalCollector() }
        return octets
    }
}
