internal import Bytes
internal import Compression
internal import Digests
internal import Members

/// The encryption of RAR 2.9 to 4: AES-128 in chains of blocks, with key and first vector that SHA-1 makes of the password in
/// UTF-16 and a salt; for each member by itself, and for all headers behind the archive's own where its flag says so. That of
/// older versions is another, and is not decrypted. Nothing but the checksum of a member tells whether a password is right,
/// and the sender chooses it: what a wrong password makes of a member is noise, so that a member counts as opened when its
/// content is proof (`GuessedContent`), and an archive with encrypted headers when a member does.
struct Rar4Decryption {
    private static let rounds = 0x40000
    private static let saltSize = 8
    private static let signature = 7
    private static let keySize = 16

    private var passwords: RarPasswords
    private var out: [UInt8] = []
    private var source: Passwords.Source?
    /// A member was opened, which the headers alone do not prove.
    private var hasOpened = false

    init(_ passwords: RarPasswords) {
        self.passwords = passwords
    }

    mutating func read(_ content: Span<UInt8>) -> RarPlainArchive? {
        out = content.extracting(content.clamped(0, Self.signature)).array
        var position = Self.signature
        var hasEncryptedHeaders = false
        var isDamaged = false
        var end: Int?
        for _ in 0..<RarListing.most {
            guard passwords.sink.mayGoOn() else { break }
            guard var header = hasEncryptedHeaders ? decrypted(content, at: position) : header(content, at: position)
            else {
                // Of headers that are not encrypted, the reader of what is given back tells it.
                isDamaged = hasEncryptedHeaders
                break
            }
            let data = content.clamped(header.end, header.dataSize)
            if header.type == Rar4Header.Kind.archive, header.flags & Rar4Header.Flag.encryptedHeaders != 0 {
                hasEncryptedHeaders = true
                header.flags &= ~Rar4Header.Flag.encryptedHeaders
                header.close()
            }
            if [Rar4Header.Kind.file, Rar4Header.Kind.service].contains(header.type),
                header.flags & Rar4Header.Flag.encrypted != 0, header.hasChecksum
            {
                add(header, content.extracting(data))
            } else {
                out += header.bytes + content.extracting(data).array
            }
            position = data.upperBound
            if header.type == Rar4Header.Kind.end {
                end = position
                break
            }
        }
        // Nobody reads anything behind headers that stay encrypted.
        guard hasOpened else { return nil }
        return RarPlainArchive(bytes: out, end: end, source: source, isDamaged: isDamaged)
    }

    // MARK: Headers

    private struct Header {
        /// From the checksum on, decrypted.
        var bytes: [UInt8]
        /// Where it ends in the archive.
        var end: Int

        var type: UInt8 { bytes[2] }
        var flags: UInt16 {
            get { UInt16(bytes[3]) | UInt16(bytes[4]) << 8 }
            set { (bytes[3], bytes[4]) = (UInt8(truncatingIfNeeded: newValue), UInt8(newValue >> 8)) }
        }
        var dataSize: Int {
            guard flags & Rar4Header.Flag.data != 0 || type == Rar4Header.Kind.file else { return 0 }
            return Int(bytes.span.littleEndian32(at: 7) ?? 0)
        }

        private var checksum: UInt16 {
            UInt16(truncatingIfNeeded: crc32(bytes.span.extracting(2..<bytes.count)))
        }
        var hasChecksum: Bool { bytes.span.littleEndian16(at: 0) == checksum }

        /// Writes size and checksum anew.
        mutating func close() {
            let size = UInt16(clamping: bytes.count)
            (bytes[5], bytes[6]) = (UInt8(truncatingIfNeeded: size), UInt8(size >> 8))
            let sum = checksum
            (bytes[0], bytes[1]) = (UInt8(truncatingIfNeeded: sum), UInt8(sum >> 8))
        }
    }

    private static let smallest = 7

    private func header(_ content: Span<UInt8>, at start: Int) -> Header? {
        guard let size = content.littleEndian16(at: start + 5).map({ Int($0) }), size >= Self.smallest,
            size <= content.count - start
        else { return nil }
        return Header(bytes: content.extracting(start..<start + size).array, end: start + size)
    }

    /// A header behind a salt.
    private mutating func decrypted(_ content: Span<UInt8>, at start: Int) -> Header? {
        let salt = content.extracting(content.clamped(start, Self.saltSize)).array
        guard salt.count == Self.saltSize else { return nil }
        let rest = content.extracting(start + Self.saltSize..<content.count)
        func open(_ key: [UInt8]) -> Header? {
            let block = rest.extracting(rest.clamped(0, AES.blockSize))
            guard let head = Self.decrypt(block, key), let size = head.span.littleEndian16(at: 5).map({ Int($0) }),
                size >= Self.smallest,
                let bytes = Self.decrypt(rest.extracting(rest.clamped(0, RarPlainArchive.padded(size))), key),
                bytes.count >= size
            else { return nil }
            let header = Header(
                bytes: Array(bytes.prefix(size)), end: start + Self.saltSize + RarPlainArchive.padded(size))
            return header.hasChecksum ? header : nil
        }
        guard let key = key(salt, isRight: { key, _ in open(key) != nil }) else { return nil }
        return open(key)
    }

    // MARK: Keys

    /// Key and vector, one behind the other.
    private mutating func key(_ salt: [UInt8], isRight: ([UInt8], [UInt8]) -> Bool) -> [UInt8]? {
        let found = passwords.key(.rar4, salt, make: { Self.key($0, salt) }, isRight: isRight)
        if let found { source = found.password.source }
        return found?.key
    }

    private static func key(_ password: [UInt8], _ salt: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for unit in String(decoding: password, as: UTF8.self).utf16 {
            text += [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)]
        }
        guard let (digest, vector) = PasswordKey.chained(text + salt, rounds: rounds, parts: keySize) else { return [] }
        // Each word of the digest is written the other way round.
        var key: [UInt8] = []
        for word in stride(from: 0, to: keySize, by: 4) { key += digest[word..<word + 4].reversed() }
        return key + vector
    }

    private static func decrypt(_ data: Span<UInt8>, _ key: [UInt8]) -> [UInt8]? {
        guard key.count == 2 * keySize else { return nil }
        return AES.decrypt(data, key: Array(key[..<keySize]), .cbc(iv: Array(key[keySize...])))
    }

    // MARK: Members

    /// A member's header and content: decrypted where they can be, or else as they are.
    private mutating func add(_ header: Header, _ data: Span<UInt8>) {
        guard let key = key(of: header, data), let (plainHeader, plain) = Self.plain(header, data, key) else {
            out += header.bytes + data.array
            return
        }
        out += plainHeader.bytes + plain
    }

    private mutating func key(of header: Header, _ data: Span<UInt8>) -> [UInt8]? {
        let fields = header.bytes.span
        guard header.bytes.count >= Rar4Header.fileSize, fields[24] >= RarListing.present else { return nil }
        // Nothing tells whether a password is right for what has no content.
        let isEmpty = Self.isEmpty(header)
        if isEmpty, passwords.right == nil { return nil }
        let salt = Self.salt(header).map { header.bytes[$0] } ?? []
        // What goes on with the dictionary of the members before it is decoded with them only.
        let isKnown = passwords.right != nil && (header.flags & Rar4Header.Flag.solid != 0 || isEmpty)
        let sink = passwords.sink
        let found = key(Array(salt)) { key, _ in
            guard let (header, plain) = Self.plain(header, data, key) else { return false }
            return isKnown || Self.isRight(header, plain, sink)
        }
        if found != nil, !isKnown { hasOpened = true }
        return found
    }

    private static func isEmpty(_ header: Header) -> Bool {
        header.flags & Rar4Header.Flag.large == 0 && header.bytes.span.littleEndian32(at: 11) == 0
    }

    /// Where the salt stands: behind the name.
    private static func salt(_ header: Header) -> Range<Int>? {
        guard header.flags & Rar4Header.Flag.salt != 0, let name = header.bytes.span.littleEndian16(at: 26) else {
            return nil
        }
        let start =
            Rar4Header.fileSize + (header.flags & Rar4Header.Flag.large != 0 ? Rar4Header.upperHalves : 0) + Int(name)
        return start + saltSize <= header.bytes.count ? start..<start + saltSize : nil
    }

    private static func plain(_ header: Header, _ data: Span<UInt8>, _ key: [UInt8]) -> (Header, [UInt8])? {
        guard var plain = decrypt(data, key) else { return nil }
        var header = header
        if let salt = salt(header) { header.bytes.removeSubrange(salt) }
        header.flags &= ~(Rar4Header.Flag.encrypted | Rar4Header.Flag.salt)
        // Without content there is no block in what is compressed.
        if isEmpty(header) { header.bytes[25] = Rar4Header.stored }
        let isStored = header.bytes[25] == Rar4Header.stored
        if isStored, let size = header.bytes.span.littleEndian32(at: 11), header.flags & Rar4Header.Flag.large == 0 {
            plain = Array(plain.prefix(Int(size)))
        }
        let size = UInt32(clamping: plain.count)
        for place in 0..<4 { header.bytes[7 + place] = UInt8(truncatingIfNeeded: size >> UInt32(place * 8)) }
        header.close()
        return (header, plain)
    }

    /// The archive's own header, for an archive of one member.
    private static let archiveHeader: [UInt8] = [
        0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x00, 0xCF, 0x90, 0x73, 0, 0, 0x0D, 0, 0, 0, 0, 0, 0, 0,
    ]

    /// Octets of a member that its type is told by.
    private static let typeOctets = 65_536

    /// The member decodes to what its checksum says, and that is no noise.
    private static func isRight(_ header: Header, _ plain: [UInt8], _ sink: any MemberSink) -> Bool {
        guard let stated = header.bytes.span.littleEndian32(at: 16) else { return false }
        if header.bytes[25] == Rar4Header.stored {
            return crc32(plain.span) == stated && GuessedContent.isProved(plain.span)
        }
        var file = header
        file.bytes[2] = Rar4Header.Kind.file
        file.close()
        let archive = archiveHeader + file.bytes + plain
        guard let entry = RarListing(archive.span, .rar, while: { true }).entries.first else { return false }
        var decoder = Rar3Data(mostMemory: sink.limits.dictionary)
        var sum: UInt32 = 0
        var left = sink.room
        var start: [UInt8] = []
        let end = decoder.decode(archive.span.extracting(entry.data), size: entry.size ?? 0, isSolid: false) { piece in
            sum = crc32(piece, seed: sum)
            start += piece.extracting(piece.clamped(0, typeOctets - start.count)).array
            left -= min(left, piece.count)
            return left > 0 && sink.mayGoOn()
        }
        sink.spend(sink.room - left)
        return end == .complete && sum == stated && GuessedContent.isProved(start.span)
    }
}
