package import Bytes
internal import Compression
internal import Digests
internal import Members

/// S/MIME in one piece (RFC 8551 section 3.4 to 3.6): signed content goes back to the reader of messages, encrypted content
/// is named.
package enum CryptographicMessage {
    /// No message is shorter; and octets within which the content type stands, however long its lengths are written.
    private static let shortest = 32
    private static let head = 320
    /// 1.2.840.113549.1.7 and 1.2.840.113549.1.9.16.1, with one number behind each.
    private static let types: [[UInt8]] = [
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07],
        [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01],
    ]
    private static let labels: [StaticString] = [
        "-----BEGIN PKCS7-----", "-----BEGIN CMS-----", "-----BEGIN PKCS #7 SIGNED DATA-----",
    ]

    static func isArmoured(_ bytes: Span<UInt8>) -> Bool { armour(bytes) != nil }

    /// A sequence that begins with the type of its content. S/MIME is BER, in which a length may be written in more octets than
    /// it needs; OpenSSL takes tags that are, too.
    static func isBinary(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count > shortest, let length = behindTag(0x30, bytes, at: 0),
            let type = behindLength(bytes, at: length)?.next, let length = behindTag(0x06, bytes, at: type),
            let (length, start) = behindLength(bytes, at: length)
        else { return false }
        return types.contains { length == $0.count + 1 && bytes.hasBytes($0.span, at: start) }
    }

    /// The octet behind a tag, in one octet or in the form for large numbers (X.690 section 8.1.2.4); nil where it does not stand.
    private static func behindTag(_ tag: UInt8, _ bytes: Span<UInt8>, at place: Int) -> Int? {
        guard place < bytes.count else { return nil }
        if bytes[place] == tag { return place + 1 }
        guard bytes[place] == tag | 0x1F else { return nil }
        var (number, next) = (0, place + 1)
        while next < bytes.count, number < 1 << 24 {
            number = number << 7 | Int(bytes[next] & 0x7F)
            next += 1
            if bytes[next - 1] < 0x80 { return number == Int(tag & 0x1F) ? next : nil }
        }
        return nil
    }

    /// The length at a place (X.690 section 8.1.3), 0 where it is not said, and the octet behind it; nil where there is none.
    private static func behindLength(_ bytes: Span<UInt8>, at place: Int) -> (length: Int, next: Int)? {
        guard place < bytes.count else { return nil }
        let first = Int(bytes[place])
        guard first > 0x80 else { return (first & 0x7F, place + 1) }
        let next = place + 1 + first & 0x7F
        guard next <= bytes.count, first < 0xFF else { return nil }
        var length = 0
        for index in place + 1..<next {
            guard length < 1 << 48 else { return nil }
            length = length << 8 | Int(bytes[index])
        }
        return (length, next)
    }

    /// The base64 text between labels that `read` takes as a message: it begins like one, and is in the usual alphabet and in
    /// one piece. Other files behind these labels are for the readers of texts.
    /// - Parameter signs: those of the bytes.
    package static func message(in bytes: Span<UInt8>, _ signs: TextSigns) -> Range<Int>? {
        guard signs.contains(.label), let start = armour(bytes) else { return nil }
        var end = start
        while end < bytes.count, isBase64(bytes[end]) || bytes[end] <= 0x20 { end += 1 }
        var rest = end
        while rest < bytes.count, bytes[rest] == UInt8(ascii: "=") || bytes[rest] <= 0x20 { rest += 1 }
        guard rest == bytes.count || bytes.hasBytes("-----END", at: rest) else { return nil }
        return start..<end
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2B, 0x2F: true
        default: false
        }
    }

    /// Octets of base64, line ends and blanks that hold more than the head of a message.
    private static let headText = 640

    /// Where the base64 text between the labels begins. Texts name the labels, too: a message begins behind them.
    private static func armour(_ bytes: Span<UInt8>) -> Int? {
        let start = bytes.extracting(bytes.range(0, 4_096))
        guard start.firstIndex(of: "-----BEGIN ") != nil else { return nil }
        for label in labels {
            var from = 0
            while let place = start.firstIndex(of: label, from: from) {
                from = place + label.utf8CodeUnitCount
                let text = bytes.extracting(bytes.range(from, headText))
                if isBinary(EncodedText.decodeBase64(text, limit: head).span) { return from }
            }
        }
        return nil
    }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let start = armour(bytes) else {
            open(bytes, isWhole: true, extraction)
            return
        }
        let end = bytes.firstIndex(of: "-----END", from: start) ?? bytes.count
        let message = EncodedText.decodeBase64(bytes.extracting(start..<end), limit: extraction.room)
        extraction.charge(message.count)
        // Nobody else has seen the octets behind the text.
        if !open(message.span, isWhole: Self.message(in: bytes, .all) != nil, extraction) {
            extraction.member(.quotedLiteral, message.span)
        }
    }

    /// Returns false when what it holds is not known.
    /// - Parameter isWhole: as programs write it; what a text shows of one (quoted, in a string of a program) is not read by any.
    @discardableResult
    private static func open(_ bytes: Span<UInt8>, isWhole: Bool, _ extraction: Extraction) -> Bool {
        switch SignedContent.read(bytes) {
        case .signed(let content?):
            extraction.charge(content.count)
            extraction.member(role(of: content.span), content.span)
        case .signed(nil): break
        case .other: return false
        case .compressed(let deflated):
            var head: [UInt8] = []
            _ = Inflate.append(deflated.span, form: .zlib, to: &head, limit: min(headerSize, extraction.bufferRoom))
            extraction.inflatedMember(role(of: head.span), deflated.span, stated: nil, "compressed S/MIME")
        case .encrypted: extraction.problem(.encrypted, "S/MIME message")
        // Mailing lists and bounces cut signatures; without content in it nothing is lost.
        case nil where isDetached(bytes): break
        case nil:
            extraction.problem(isWhole ? .corrupt : .note, "damaged S/MIME message")
            return false
        }
        return true
    }

    /// Octets by which the start and the end of signed content are found, and octets within which it starts.
    private static let edge = 16
    private static let mostBefore = 128

    /// What stands in front of and behind the content of a signed message: certificates and signatures could hold text. Nil
    /// when this is none, or its content does not stand there. Never leaves out more than the content and what is in front.
    static func outsideOfContent(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard isBinary(bytes), case .signed(let content?) = SignedContent.read(bytes), content.count >= edge,
            let start = bytes.extracting(bytes.range(0, mostBefore)).firstIndex(of: content.span.extracting(0..<edge)),
            let last = bytes.firstIndex(
                of: content.span.extracting(content.count - edge..<content.count), from: start + content.count - edge)
        else { return nil }
        return bytes.extracting(0..<start).array + [0x0A] + bytes.extracting(last + edge..<bytes.count).array
    }

    /// Signed mail is MIME (RFC 8551 section 3.1). Other files are signed as they stand, and changed when read as mail.
    private static func role(of content: Span<UInt8>) -> DocumentRole {
        var line = 0
        while line < content.count, line < headerSize {
            for field in fields where content.hasPrefix(ignoringCase: field, from: line) { return .mail }
            let end = content.firstIndex(of: 0x0A, from: line) ?? content.count
            let first = content[line]
            if first == 0x0A || first == 0x0D { break }
            if line == 0 || (first != 0x20 && first != 0x09) {
                guard isField(content, line..<end) else { break }
            }
            line = end + 1
        }
        return .signedFile
    }

    /// Octets in which the fields of MIME are looked for.
    private static let headerSize = 16_384
    private static let fields: [StaticString] = ["content-", "mime-version:"]

    /// A name of printable characters and a colon (RFC 5322 section 2.2).
    private static func isField(_ content: Span<UInt8>, _ line: Range<Int>) -> Bool {
        var at = line.lowerBound
        while at < line.upperBound, 0x21...0x7E ~= content[at], content[at] != 0x3A { at += 1 }
        return at > line.lowerBound && at < line.upperBound && content[at] == 0x3A
    }

    /// 1.2.840.113549.1.7.1, what signed content is as a rule.
    private static let data: [UInt8] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01]
    /// Octets within which the description of the signed content stands: behind version and digest algorithms.
    private static let front = 128

    /// True when the sequence that describes the signed content (RFC 5652 section 5.2) holds its type and nothing else.
    private static func isDetached(_ bytes: Span<UInt8>) -> Bool {
        let start = bytes.extracting(bytes.range(0, front))
        guard let place = start.firstIndex(of: data.span), place >= 2, start[place - 2] == 0x30 else { return false }
        if Int(start[place - 1]) == data.count { return true }
        let end = place + data.count
        return start[place - 1] == 0x80 && end + 1 < start.count && start[end] == 0 && start[end + 1] == 0
    }
}
