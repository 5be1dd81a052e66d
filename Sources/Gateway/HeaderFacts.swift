internal import Bytes
internal import DomainNames
internal import Linux
internal import MailModel
internal import MIME
internal import Policy
internal import SMTP
internal import Stores

/// A `Subject:` field.
struct SubjectField: Sendable {
    /// Where it stands in the message, and its octets.
    let range: Range<Int>
    let text: [UInt8]
    /// Where its value begins in the message.
    let valueStart: Int
    /// False behind a line that is no field, where readers differ on whether the header goes on.
    let isInBlock: Bool

    init(_ field: HeaderField, _ bytes: [UInt8], isInBlock: Bool) {
        (range, valueStart) = (field.whole, field.value.lowerBound)
        text = Array(bytes[field.whole])
        self.isInBlock = isInBlock
    }
}

/// What the gateway itself reads of a message: a few fields of its top header block, by the bounded line scanner.
struct HeaderFacts: Sendable {
    /// `Received:` fields.
    var hops = 0
    /// Those that Mailreeve wrote, here or elsewhere.
    var ownHops = 0
    /// Values, without surrounding blanks; empty when absent.
    var messageID: [UInt8] = []
    var resentMessageID: [UInt8] = []
    var subject: [UInt8] = []
    /// The first `Received:` field: the MTA before us wrote it.
    var firstReceived: Range<Int>?
    /// That field says that the client had authenticated: `with ESMTPA`, `with ESMTPSA` and so on (RFC 3848).
    var saysAuthenticated = false
    /// A list, a newsletter or a machine sent the message: nobody waits for a notification.
    var isBulk = false
    /// Fields of ours that came in from outside.
    var forged: [Range<Int>] = []
    /// It carries an `X-Quarantine-ID`: it may be a copy that went to a mailbox.
    var saysQuarantined = false
    /// The first mark of a release (`ReleaseMark`), where nothing stands above it but what MTAs put on top on the way: its value and
    /// where the field stands. Below another field it would sign only a part of what readers see (forgery).
    var releaseMark: (value: ArraySlice<UInt8>, place: Range<Int>)?
    /// All `Subject:` fields, those behind a broken line too.
    var subjects: [SubjectField] = []
    /// Spam fields that came in.
    var spamFields: [Range<Int>] = []
    /// Fields that amavis writes.
    var amavisFields: [Range<Int>] = []
    /// `Authentication-Results:` fields, with who wrote them; nil where that cannot be read.
    var results: [(server: [UInt8]?, range: Range<Int>)] = []
    /// Of such fields above the first `Received:`, where the MTA before us and its milters put them, who wrote them, and the value.
    private var trustedResults: [(server: [UInt8], value: Range<Int>)] = []
    /// The host that the first `Received:` names as its own, in lower case.
    var receivedBy: [UInt8]?
    /// The name that the client gave with HELO, as that field has it, is the name of a host.
    private var hasPlainHELO = true
    /// Values of signatures over the body.
    private var signatures: [Range<Int>] = []
    /// The value of the only `From:` field.
    private var authorField: Range<Int>?
    /// Continuation lines before the first field, all of them, also behind the limit; empty in ordinary mail.
    var leadingContinuation = 0..<0
    /// The header block as far as it was read.
    var block: [UInt8] = []

    /// Fields of MIME, `MIME-Version` among them.
    var contentFields: [Range<Int>] = []
    /// It carries a signature over its body: `DKIM-Signature` (RFC 6376), or that of ARC (RFC 8617).
    var isSigned: Bool { !signatures.isEmpty }
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
            if !cut { return }
        }
        // Of more lines than are looked at the rest would still go on with what stands above (attack).
        if leadingContinuation.upperBound == block.count {
            let end = try Self.endOfContinuation(in: message, from: block.count)
            if end > block.count { leadingContinuation = leadingContinuation.lowerBound..<end }
        }
    }

    /// Where the continuation lines end of which one begins at `start`; `start` when none does.
    private static func endOfContinuation(in message: MessageFile, from start: Int) throws -> Int {
        var (position, isLineStart) = (start, true)
        while position < message.count {
            let chunk = try message.descriptor.read(at: position, count: min(firstRead, message.count - position))
            for octet in chunk {
                if isLineStart, octet != 0x20, octet != 0x09 { return position }
                isLineStart = octet == 0x0A
                position += 1
            }
            if chunk.isEmpty { break }
        }
        return position
    }

    /// Nothing read yet.
    init() {}

    private static func scan(_ bytes: [UInt8], limit: Int) -> HeaderFacts {
        var facts = HeaderFacts()
        var scanner = HeaderScanner(limit: limit)
        let span = bytes.span
        var isOnTop = true
        var authors: [Range<Int>] = []
        while let field = scanner.next(in: span) {
            isOnTop = isOnTop && scanner.leadingContinuation == nil
            if isOnTop, field.isNamed(HeaderEdits.releaseMark, in: span) {
                facts.releaseMark = (bytes[field.value], field.whole)
            }
            isOnTop = isOnTop && Self.traceNames.contains { field.isNamed($0, in: span) }
            if field.isNamed("Received", in: span) {
                facts.hops += 1
                if contains(HeaderEdits.ownTrace, bytes[field.value]) { facts.ownHops += 1 }
                if facts.firstReceived == nil {
                    facts.firstReceived = field.whole
                    let words = traceWords(bytes[field.value])
                    facts.saysAuthenticated = saysAuthenticated(words)
                    if let words, words.count > 3, words[2].elementsEqual("by".utf8) { facts.receivedBy = words[3] }
                    // Postfix writes `?` for what could mislead here, and hands the name to milters as it came.
                    facts.hasPlainHELO = words?.dropFirst().first.map(isPlainHost) ?? false
                }
            } else if isBulk(field, bytes) {
                facts.isBulk = true
            } else if field.isNamed("From", in: span) {
                authors.append(field.value)
            } else if facts.messageID.isEmpty, field.isNamed("Message-ID", in: span) {
                facts.messageID = trimmed(bytes[field.value])
            } else if facts.resentMessageID.isEmpty, field.isNamed("Resent-Message-ID", in: span) {
                facts.resentMessageID = trimmed(bytes[field.value])
            } else if field.isNamed("Subject", in: span) {
                facts.subjects.append(SubjectField(field, bytes, isInBlock: true))
                if facts.subject.isEmpty { facts.subject = trimmed(bytes[field.value]) }
            } else if facts.takeForged(field, bytes) {
                continue
            } else if field.isNamed("DKIM-Signature", in: span) || field.isNamed("ARC-Message-Signature", in: span)
                || field.isNamed("DomainKey-Signature", in: span)
            {
                facts.signatures.append(field.value)
            } else if field.isNamed("MIME-Version", in: span) || Self.isContent(bytes[field.name]) {
                facts.contentFields.append(field.whole)
            }
        }
        facts.block = Array(bytes[..<scanner.position])
        facts.leadingContinuation = scanner.leadingContinuation ?? 0..<0
        facts.cut = scanner.end == .limit
        facts.readOn(bytes, scanner)
        // What passed through an MTA has its Received field.
        if facts.firstReceived == nil { facts.trustedResults = [] }
        // Behind a line that is no field some readers find another author (forgery).
        if authors.count == 1, scanner.end != .brokenLine, facts.leadingContinuation.isEmpty {
            facts.authorField = authors[0]
        }
        facts.endsInBlankLine = scanner.end == .blankLine && facts.block.suffix(2) == [0x0D, 0x0A]
        return facts
    }

    /// Notes a field that may have to be taken out.
    /// - Returns: false for all others.
    private mutating func takeForged(_ field: HeaderField, _ bytes: [UInt8]) -> Bool {
        let span = bytes.span
        if field.isNamed("Authentication-Results", in: span) {
            let server = AuthenticationResults.server(bytes[field.value])
            results.append((server, field.whole))
            if firstReceived == nil, let server { trustedResults.append((server, field.value)) }
        } else if SpamFields.names.contains(where: { field.isNamed($0, in: span) }) {
            spamFields.append(field.whole)
        } else if HeaderEdits.amavisNames.contains(where: { field.isNamed($0, in: span) }) {
            amavisFields.append(field.whole)
        } else if HeaderEdits.ownNames.contains(where: { field.isNamed($0, in: span) }) {
            if field.isNamed(HeaderEdits.quarantineField, in: span) { saysQuarantined = true }
            forged.append(field.whole)
        } else {
            return false
        }
        return true
    }

    /// Looks for fields to be taken out, and subjects, behind lines that are no fields, up to the first empty line.
    /// - Parameter scanner: at the end of the block.
    private mutating func readOn(_ bytes: [UInt8], _ scanner: HeaderScanner) {
        let span = bytes.span
        var scanner = scanner
        while scanner.passBrokenLine(in: span) {
            while let field = scanner.next(in: span) {
                if field.isNamed("Subject", in: span) {
                    subjects.append(SubjectField(field, bytes, isInBlock: false))
                } else if !takeForged(field, bytes), Self.isBulk(field, bytes) {
                    isBulk = true
                }
            }
            cut = scanner.end == .limit
        }
    }

    /// What MTAs and their milters put on top of a message that passes through.
    private static let traceNames: [StaticString] = [
        "Received", "Return-Path", "Delivered-To", "X-Original-To", "Received-SPF", "Authentication-Results",
        "DKIM-Signature", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results",
    ]

    private static func contains(_ words: [UInt8], _ value: ArraySlice<UInt8>) -> Bool {
        Array(value).span.firstIndex(of: words.span) != nil
    }

    private static func isContent(_ name: ArraySlice<UInt8>) -> Bool {
        let lower = name.prefix(8).map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        return name.count > 8 && lower == Array("content-".utf8)
    }

    /// The author, where his domain answers for the message by the results of the MTA before us, and that domain or the one above
    /// that does.
    /// - Parameter names: of those whose results are believed, in lower case; empty for the host that put its `Received:` on top.
    func vouchedAuthor(believing names: [[UInt8]]) -> VouchedAuthor? {
        guard let authorField, hasPlainHELO, signatures.allSatisfy({ DKIMSignature.isPlain(block[$0]) }),
            let author = Author.address(block[authorField]), let path = try? PathGrammar.parse(author[...]),
            let domain = path.domain.map({ Self.comparable(Array($0)) })
        else { return nil }
        let believed = names.isEmpty ? [receivedBy].compactMap(\.self) : names
        let results = trustedResults.filter { believed.contains($0.server) }
        for signer in results.flatMap({ AuthenticationResults.vouchers(block[$0.value]) }) {
            if Author.isVouched(domain[...], by: [Self.comparable(signer)]) {
                return VouchedAuthor(path: path, voucher: signer)
            }
        }
        return nil
    }

    /// Letters, digits and what else names of hosts and address literals are made of.
    private static func isPlainHost(_ name: [UInt8]) -> Bool {
        name.allSatisfy { octet in
            switch octet {
            case 0x2D, 0x2E, 0x30...0x3A, 0x41...0x5B, 0x5D, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
    }

    private static func comparable(_ domain: [UInt8]) -> [UInt8] { foldedCase(DomainNames.inASCII(domain)) }

    /// Octets of a subject that are decoded.
    private static let subjectLimit = 2000

    /// The subject as people read it, unfolded (RFC 5322 section 2.2.3), with a blank for each tab: for lists, searches and notices;
    /// escape before showing.
    var subjectText: String {
        let line = subject.prefix(Self.subjectLimit).filter { $0 != 0x0D && $0 != 0x0A }
        return EncodedWords.decoded(line.map { $0 == 0x09 ? 0x20 : $0 })
    }

    /// The protocol ends in A: the client had authenticated. Read at one place of the one form that Postfix's smtpd(8)
    /// writes, comments left out: `from HELO by HOST with PROTOCOL id QUEUEID`. The client chooses HELO, which may be any
    /// word, `with` and `by` too (forgery). Whatever is unusual is not authenticated.
    private static func saysAuthenticated(_ words: [[UInt8]]?) -> Bool {
        guard let words, words.count > traceForm.count,
            words.dropFirst(traceForm.count + 1).first?.elementsEqual("for".utf8) ?? true
        else { return false }
        for (word, wanted) in zip(words, traceForm) {
            if let wanted, !word.elementsEqual(wanted.utf8) { return false }
        }
        return ["esmtpa", "esmtpsa", "utf8smtpa", "utf8smtpsa", "lmtpa", "lmtpsa", "utf8lmtpa", "utf8lmtpsa"]
            .contains { words[5].elementsEqual($0.utf8) }
    }

    /// The words in front of the queue id; nil stands for any word.
    private static let traceForm: [String?] = ["from", nil, "by", nil, "with", nil, "id"]

    /// The first words of a `Received:` field in lower case, without comments, up to the one behind the queue id; nil where a
    /// comment or a quoted string could be read in two ways.
    private static func traceWords(_ value: ArraySlice<UInt8>) -> [[UInt8]]? {
        var depth = 0
        var words: [[UInt8]] = []
        var isInWord = false
        for byte in value {
            switch byte {
            case 0x5C: return nil
            case 0x22 where depth == 0: return nil
            case 0x3B where depth == 0: return words
            case 0x28:
                depth += 1
                isInWord = false
            case 0x29:
                depth -= 1
                if depth < 0 { return nil }
            case ...0x20: isInWord = false
            case _ where depth == 0:
                if !isInWord, words.count < traceForm.count + 2 { words.append([]) } else if !isInWord { continue }
                isInWord = true
                words[words.count - 1].append(asciiLower(byte))
            default: break
            }
        }
        return depth == 0 ? words : nil
    }

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

/// An author for whom a domain answers.
struct VouchedAuthor: Sendable {
    var path: MailPath
    /// As the results write it.
    var voucher: [UInt8]
}
