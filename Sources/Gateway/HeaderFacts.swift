internal import Bytes
internal import Linux
internal import MIME
internal import Policy
internal import Stores

/// What the gateway itself reads of a message: a few fields of its top header block, by the bounded line scanner.
struct HeaderFacts: Sendable {
    /// `Received:` fields.
    var hops = 0
    /// Values, without surrounding blanks; empty when absent.
    var messageID: [UInt8] = []
    var subject: [UInt8] = []
    /// The first `Received:` field: the MTA before us wrote it.
    var firstReceived: Range<Int>?
    /// That field says that the client had authenticated: `with ESMTPA`, `with ESMTPSA` and so on (RFC 3848).
    var saysAuthenticated = false
    /// A list, a newsletter or a machine sent the message: nobody waits for a notification.
    var isBulk = false
    /// Fields of ours that came in from outside.
    var forged: [Range<Int>] = []
    /// The first `Subject:` field, and where its value begins.
    var subjectField: Range<Int>?
    var subjectStart = 0
    /// Spam fields that came in.
    var spamFields: [Range<Int>] = []
    /// Fields that amavis writes.
    var amavisFields: [Range<Int>] = []
    /// `Authentication-Results:` fields, with who wrote them; nil where that cannot be read.
    var results: [(server: [UInt8]?, range: Range<Int>)] = []
    /// Continuation lines before the first field; empty in ordinary mail.
    var leadingContinuation = 0..<0
    /// The header block as far as it was read.
    var block: [UInt8] = []

    /// Fields of MIME, `MIME-Version` among them.
    var contentFields: [Range<Int>] = []
    /// The block ends in a blank line, which is its last.
    var endsInBlankLine = false

    /// The limit came before the end of the header block.
    private var cut = false

    /// Octets that are read at first; most header blocks are shorter.
    private static let firstRead = 16_384

    /// Reads a message. Blocks on a disk unless `message.inMemory`.
    /// - Parameter limit: octets that are looked at.
    init(of message: MessageFile, limit: Int) throws {
        for size in [min(Self.firstRead, limit), limit] {
            // A field ends where the next line begins, so the one that ends at the limit needs one octet more; another
            // one tells a cut block from a whole one.
            let bytes = try message.descriptor.read(at: 0, count: min(size + 2, message.count))
            self = Self.scan(bytes, limit: size + 1)
            if !cut { break }
        }
    }

    /// Nothing read yet.
    init() {}

    private static func scan(_ bytes: [UInt8], limit: Int) -> HeaderFacts {
        var facts = HeaderFacts()
        var scanner = HeaderScanner(limit: limit)
        let span = bytes.span
        while let field = scanner.next(in: span) {
            if let start = scanner.leadingContinuation, facts.leadingContinuation.isEmpty {
                facts.leadingContinuation = start..<field.whole.lowerBound
            }
            if field.isNamed("Received", in: span) {
                facts.hops += 1
                if facts.firstReceived == nil {
                    facts.firstReceived = field.whole
                    facts.saysAuthenticated = saysAuthenticated(bytes[field.value])
                }
            } else if isBulk(field, bytes) {
                facts.isBulk = true
            } else if facts.messageID.isEmpty, field.isNamed("Message-ID", in: span) {
                facts.messageID = trimmed(bytes[field.value])
            } else if field.isNamed("Subject", in: span) {
                if facts.subjectField == nil {
                    (facts.subjectField, facts.subjectStart) = (field.whole, field.value.lowerBound)
                }
                if facts.subject.isEmpty { facts.subject = trimmed(bytes[field.value]) }
            } else if field.isNamed("Authentication-Results", in: span) {
                facts.results.append((AuthenticationResults.server(bytes[field.value]), field.whole))
            } else if SpamFields.names.contains(where: { field.isNamed($0, in: span) }) {
                facts.spamFields.append(field.whole)
            } else if HeaderEdits.amavisNames.contains(where: { field.isNamed($0, in: span) }) {
                facts.amavisFields.append(field.whole)
            } else if HeaderEdits.ownNames.contains(where: { field.isNamed($0, in: span) }) {
                facts.forged.append(field.whole)
            } else if field.isNamed("MIME-Version", in: span) || Self.isContent(bytes[field.name]) {
                facts.contentFields.append(field.whole)
            }
        }
        facts.block = Array(bytes[..<scanner.position])
        facts.cut = scanner.end == .limit
        facts.endsInBlankLine = scanner.end == .blankLine && facts.block.suffix(2) == [0x0D, 0x0A]
        return facts
    }

    private static func isContent(_ name: ArraySlice<UInt8>) -> Bool {
        let lower = name.prefix(8).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        return name.count > 8 && lower == Array("content-".utf8)
    }

    /// Octets of a subject that are decoded.
    private static let subjectLimit = 2000

    /// The subject as people read it, unfolded, for lists and searches; escape before showing.
    var subjectText: String {
        EncodedWords.decoded(subject.prefix(Self.subjectLimit).filter { $0 != 0x0D && $0 != 0x0A })
    }

    /// The word behind `with` ends in A: the client had authenticated.
    private static func saysAuthenticated(_ value: ArraySlice<UInt8>) -> Bool {
        // What follows `with` outside of comments: a HELO name in parentheses must not be taken for it.
        var depth = 0
        var words: [[UInt8]] = [[]]
        for byte in value {
            if byte == 0x28 { depth += 1 }
            if depth == 0, byte > 0x20, byte != 0x3B {
                words[words.count - 1].append(asciiLower(byte))
            } else if words.last?.isEmpty == false {
                words.append([])
            }
            if byte == 0x29 { depth = max(0, depth - 1) }
            if words.count > wordsRead { break }
        }
        guard let with = words.firstIndex(of: Array("with".utf8)), with + 1 < words.count else { return false }
        return ["esmtpa", "esmtpsa", "utf8smtpa", "utf8smtpsa", "lmtpa", "lmtpsa", "utf8lmtpa", "utf8lmtpsa"]
            .contains { words[with + 1].elementsEqual($0.utf8) }
    }

    /// Words of a `Received:` field that are looked at.
    private static let wordsRead = 40

    private static func isBulk(_ field: HeaderField, _ bytes: [UInt8]) -> Bool {
        let span = bytes.span
        for name: StaticString in ["List-Id", "List-Unsubscribe", "List-Post"] where field.isNamed(name, in: span) {
            return true
        }
        let word = String(
            decoding: bytes[field.value].prefix(20).map(asciiLower).prefix { $0 > 0x20 && $0 != 0x3B && $0 != 0x28 },
            as: UTF8.self)
        if field.isNamed("Precedence", in: span) { return ["bulk", "list", "junk"].contains(word) }
        // RFC 3834 section 5: what is not "no" was sent by a machine.
        return field.isNamed("Auto-Submitted", in: span) && word != "no"
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return Array(bytes[first...last])
    }
}
