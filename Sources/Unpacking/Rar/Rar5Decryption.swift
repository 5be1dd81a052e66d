internal import Bytes
internal import Compression
internal import Digests
internal import Members

/// The encryption of RAR 5 ("RAR 5.0 archive format", WinRAR's technical note): AES-256 in chains of blocks for the content of
/// members, and for all headers where an encryption header stands first. PBKDF2 with HMAC-SHA256 makes the key.
///
/// A value of eight octets, with a checksum of its own, tells whether a password is right; programs let no other pass. Where
/// it is missing or its checksum is wrong, programs do not look at it: a sender could make any password seem right, and
/// none is tried. Checksums that depend on the password are compared here and left out of what is given back.
struct Rar5Decryption {
    /// Powers of two of the rounds: WinRAR writes the usual one. Each more doubles the time of a try.
    static let mostPower = 18
    private static let usualPower = 15
    private static let signature = 8

    private enum HeaderType {
        static let file = 2
        static let service = 3
        static let encryption = 4
        static let end = 5
    }

    private var passwords: RarPasswords
    private var out: [UInt8] = []
    private var source: Passwords.Source?
    /// Checksums of the members in `out`, in their order.
    private var sums: [Rar5SecretSums?] = []

    init(_ passwords: RarPasswords) {
        self.passwords = passwords
    }

    /// What a password needs to become a key.
    private struct Parameters {
        var power: Int
        var salt: [UInt8]
        /// Tells whether a password is right.
        var check: [UInt8]

        /// - Parameter content: number of rounds, salt, [initialization vector,] check value.
        init?(_ content: Span<UInt8>, at start: Int, vector: Int) {
            guard start >= 0, start + 1 + 16 + vector + 12 <= content.count else { return nil }
            power = Int(content[start])
            guard power <= mostPower else { return nil }
            salt = content.extracting(start + 1..<start + 17).array
            let place = start + 17 + vector
            check = content.extracting(place..<place + 8).array
            guard MessageDigest.sha256.digest(check).starts(with: content.extracting(place + 8..<place + 12).array)
            else { return nil }
        }

        /// What a key costs of the message's.
        var cost: Int { PasswordKeys.rounds << max(0, power - usualPower) }

        /// - Parameter more: rounds beside those of the key itself.
        func name(more: Int) -> [UInt8] { [UInt8(power), UInt8(more)] + salt }

        func key(_ password: [UInt8], more: Int) -> [UInt8] {
            PasswordKey.sha256(password, salt: salt, rounds: 1 << power + more, count: 32)
        }

        func isRight(_ value: [UInt8]) -> Bool {
            var folded = [UInt8](repeating: 0, count: check.count)
            for (index, octet) in value.enumerated() { folded[index % folded.count] ^= octet }
            return value.count == 32 && folded == check
        }
    }

    /// The password that is right, and its key.
    /// - Parameter opens: tells whether something can be read with the key.
    private mutating func key(
        _ parameters: Parameters, opens: ([UInt8]) -> Bool = { _ in true }
    ) -> (password: [UInt8], key: [UInt8])? {
        var key: [UInt8]?
        let tries = passwords
        let found = passwords.key(
            .rar5, parameters.name(more: Self.moreForCheck), rounds: parameters.cost,
            make: { parameters.key($0, more: Self.moreForCheck) },
            isRight: { value, password in
                guard parameters.isRight(value) else { return false }
                key = Self.derived(parameters, password, tries)
                return key.map(opens) ?? false
            })
        guard let found, let key else { return nil }
        source = found.password.source
        return (found.password.password, key)
    }

    /// Rounds beside those of the key, for the value that tells whether a password is right, and for the key of checksums.
    private static let (moreForCheck, moreForSums) = (32, 16)

    /// A key of the right password. Members may have salts of their own, and as many keys.
    private static func derived(
        _ parameters: Parameters, _ password: [UInt8], _ passwords: RarPasswords, more: Int = 0
    ) -> [UInt8]? {
        passwords.derived(.rar5, parameters.name(more: more), password, rounds: parameters.cost) {
            parameters.key($0, more: more)
        }
    }

    mutating func read(_ content: Span<UInt8>) -> RarPlainArchive? {
        out = content.extracting(content.clamped(0, Self.signature)).array
        var position = Self.signature
        var headerKey: [UInt8]?
        var isDamaged = false
        var end: Int?
        for _ in 0..<RarListing.most {
            guard passwords.sink.mayGoOn() else { break }
            guard let header = Self.header(content, at: position, headerKey) else {
                // Of headers that are not encrypted, the reader of what is given back tells it.
                isDamaged = headerKey != nil
                break
            }
            let data = content.clamped(header.end, header.dataSize)
            switch header.type {
            case HeaderType.encryption:
                // Version, flags, and what the key needs; nobody can read on without it.
                var fields = RarInteger(position: header.fields)
                let body = header.bytes.span
                guard fields.next(body) == 0, let flags = fields.next(body), flags & 1 != 0,
                    let parameters = Parameters(body, at: fields.position, vector: 0),
                    let found = key(parameters, opens: { Self.header(content, at: header.end, $0) != nil })
                else { return nil }
                headerKey = found.key
            case HeaderType.file, HeaderType.service:
                add(header, content.extracting(data))
            default:
                out += header.bytes + content.extracting(data).array
            }
            position = data.upperBound
            if header.type == HeaderType.end {
                end = position
                break
            }
        }
        if !Rar5SecretSums.fit(sums, out, passwords.sink) { isDamaged = true }
        return RarPlainArchive(bytes: out, end: end, source: source, isDamaged: isDamaged)
    }

    // MARK: Headers

    private struct Header {
        /// Checksum, size and all that follows, decrypted.
        var bytes: [UInt8]
        var type: Int
        var flags: Int
        var extraSize: Int
        var dataSize: Int
        /// Where the fields of the type begin in `bytes`.
        var fields: Int
        /// Where the header ends in the archive.
        var end: Int

        /// - Parameter bytes: from the checksum on.
        init?(_ bytes: [UInt8], end: Int) {
            let span = bytes.span
            var cursor = RarInteger(position: 4)
            guard cursor.next(span) != nil else { return nil }
            guard let type = cursor.next(span), let flags = cursor.next(span) else { return nil }
            var (extra, data) = (0, 0)
            if flags & 1 != 0 { extra = cursor.next(span) ?? 0 }
            if flags & 2 != 0 { data = cursor.next(span) ?? 0 }
            guard cursor.position <= span.count else { return nil }
            self.bytes = bytes
            self.type = type
            self.flags = flags
            extraSize = min(extra, span.count)
            dataSize = data
            fields = cursor.position
            self.end = end
        }

        var hasChecksum: Bool {
            let span = bytes.span
            return span.littleEndian32(at: 0) == crc32(span.extracting(min(4, span.count)..<span.count))
        }
    }

    private static func header(_ content: Span<UInt8>, at start: Int, _ key: [UInt8]?) -> Header? {
        guard let key else {
            var cursor = RarInteger(position: start + 4)
            guard let size = cursor.next(content), size > 0, size <= content.count - cursor.position else { return nil }
            let end = cursor.position + size
            return Header(content.extracting(start..<end).array, end: end)
        }
        let vector = content.extracting(content.clamped(start, AES.blockSize)).array
        let first = start + vector.count
        let block = content.extracting(content.clamped(first, AES.blockSize))
        guard let head = AES.decrypt(block, key: key, .cbc(iv: vector)), head.count == AES.blockSize else { return nil }
        var cursor = RarInteger(position: 4)
        guard let size = cursor.next(head.span), size > 0, size <= content.count - first else { return nil }
        let whole = content.clamped(first, RarPlainArchive.padded(cursor.position + size))
        guard whole.count >= cursor.position + size,
            let bytes = AES.decrypt(content.extracting(whole), key: key, .cbc(iv: vector))
        else { return nil }
        let header = Header(Array(bytes.prefix(cursor.position + size)), end: whole.upperBound)
        guard let header, header.hasChecksum else { return nil }
        return header
    }

    // MARK: Members

    /// A record of the extra area of a header.
    private struct Record {
        var type: Int
        /// Size, type and content.
        var whole: Range<Int>
        /// Behind the type.
        var content: Range<Int>
    }

    private func records(_ header: Header) -> [Record] {
        let bytes = header.bytes.span
        var records: [Record] = []
        var cursor = RarInteger(position: max(header.fields, bytes.count - header.extraSize))
        while cursor.position < bytes.count {
            let start = cursor.position
            guard let size = cursor.next(bytes), size > 0, size <= bytes.count - cursor.position else { break }
            let end = cursor.position + size
            guard let type = cursor.next(bytes), cursor.position <= end else { break }
            records.append(Record(type: type, whole: start..<end, content: cursor.position..<end))
            cursor.position = end
        }
        return records
    }

    private enum RecordType {
        static let encryption = 1
        static let hash = 2
    }

    /// A member's header and content: decrypted where they can be, or else as they are.
    private mutating func add(_ header: Header, _ data: Span<UInt8>) {
        if header.type == HeaderType.file { sums.append(nil) }
        let records = records(header)
        // A header that is damaged stays so: the one that is written anew would not show it.
        guard header.hasChecksum, let record = records.first(where: { $0.type == RecordType.encryption }) else {
            out += header.bytes + data.array
            return
        }
        let bytes = header.bytes.span
        var cursor = RarInteger(position: record.content.lowerBound)
        guard cursor.next(bytes) == 0, let flags = cursor.next(bytes), flags & 1 != 0,
            let parameters = Parameters(bytes, at: cursor.position, vector: AES.blockSize),
            let (password, key) = key(parameters)
        else {
            out += header.bytes + data.array
            return
        }
        let hasSecretSums = flags & 2 != 0
        var sumsKey: [UInt8]?
        if hasSecretSums, header.type == HeaderType.file {
            sumsKey = Self.derived(parameters, password, passwords, more: Self.moreForSums)
            guard sumsKey != nil else {
                out += header.bytes + data.array
                return
            }
        }
        let vector = bytes.extracting(cursor.position + 17..<cursor.position + 17 + AES.blockSize).array
        var plain = AES.decrypt(data, key: key, .cbc(iv: vector)) ?? []
        var extra: [UInt8] = []
        for other in records
        where other.type != RecordType.encryption && !(hasSecretSums && other.type == RecordType.hash) {
            extra += header.bytes[other.whole]
        }
        guard let fields = fields(header, withoutSum: hasSecretSums) else { return }
        // What other service headers have is of use to programs only, and refers to places in the encrypted archive.
        if header.type == HeaderType.service, fields.name != RarListing.streamHeader { return }
        if let sumsKey {
            let hash = records.first { $0.type == RecordType.hash }.map { Array(header.bytes[$0.content]) }
            sums[sums.count - 1] = Rar5SecretSums(
                key: sumsKey, checksum: fields.checksum, hash: hash)
        }
        // What fills the last block of the encryption is none of the content, and libarchive takes it for more of it.
        if !fields.isStored {
            plain.removeLast(plain.count - Self.endOfBlocks(plain.span))
        } else if let size = fields.size {
            plain = Array(plain.prefix(size))
        }
        let headerFlags = (header.flags | 2) & ~1 | (extra.isEmpty ? 0 : 1)
        var body = RarInteger.bytes(header.type) + RarInteger.bytes(headerFlags)
        if !extra.isEmpty { body += RarInteger.bytes(extra.count) }
        body += RarInteger.bytes(plain.count) + fields.bytes + extra
        let sized = RarInteger.bytes(body.count) + body
        let sum = crc32(sized.span)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { out.append(UInt8(truncatingIfNeeded: sum >> shift)) }
        out += sized + plain
    }

    /// Where compressed data ends by the headers of its blocks (flags, a checksum of the header, one to three octets of size):
    /// behind the one that says that it is the last; all of it where they make no sense.
    private static func endOfBlocks(_ data: Span<UInt8>) -> Int {
        var position = 0
        while position < data.count - 2 {
            let flags = data[position]
            let count = Int(flags >> 3 & 3) + 1
            guard count <= 3, position + 2 + count <= data.count else { break }
            var sum = 0x5A ^ flags
            var size = 0
            for place in 0..<count {
                let octet = data[position + 2 + place]
                sum ^= octet
                size |= Int(octet) << (8 * place)
            }
            guard sum == data[position + 1] else { break }
            position += 2 + count + size
            if flags & 0x40 != 0 { return min(position, data.count) }
        }
        return data.count
    }

    private struct Fields {
        /// As they are written, without what is to be left out.
        var bytes: [UInt8]
        var isStored: Bool
        /// Octets of the content.
        var size: Int?
        var checksum: UInt32?
        var name: [UInt8]
    }

    /// The fields of a file, up to its extra area.
    private func fields(
        _ header: Header, withoutSum: Bool
    ) -> Fields? {
        let bytes = header.bytes.span
        let end = max(header.fields, bytes.count - header.extraSize)
        var cursor = RarInteger(position: header.fields)
        guard let flags = cursor.next(bytes) else { return nil }
        let afterFlags = cursor.position
        guard let size = cursor.next(bytes), cursor.next(bytes) != nil else { return nil }
        if flags & 2 != 0 { cursor.position += 4 }
        let sum = cursor.position
        if flags & 4 != 0 { cursor.position += 4 }
        let afterSum = cursor.position
        guard let compression = cursor.next(bytes), afterSum <= end, cursor.next(bytes) != nil,
            let length = cursor.next(bytes)
        else { return nil }
        let name = bytes.extracting(bytes.clamped(cursor.position, min(length, max(0, end - cursor.position)))).array
        let isDropped = withoutSum && flags & 4 != 0
        let kept =
            RarInteger.bytes(isDropped ? flags & ~4 : flags) + header.bytes[afterFlags..<sum]
            + header.bytes[(isDropped ? afterSum : sum)..<end]
        return Fields(
            bytes: kept, isStored: compression >> 7 & 7 == 0, size: flags & 8 == 0 ? size : nil,
            checksum: flags & 4 != 0 ? bytes.littleEndian32(at: sum) : nil, name: name)
    }
}
