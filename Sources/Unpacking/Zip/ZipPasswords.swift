internal import Bytes
internal import Compression
internal import Members

/// Opens encrypted members of zip archives with candidate passwords.
enum ZipPasswords {
    /// Octets of the largest encrypted member that is decrypted.
    private static let largest = 67_108_864

    /// A member that a password opened.
    struct Opened {
        /// All of it, or as much as may be decoded.
        var content: [UInt8]
        var source: Passwords.Source
        /// It is larger than what is decrypted here.
        var isCut = false
    }

    /// Octets that are decoded at most: one more than the sink takes tells it that there is more.
    private static func bound(_ sink: any MemberSink) -> Int { sink.room < largest ? sink.room + 1 : largest }

    /// The traditional encryption: an octet tells most wrong passwords, the checksum the others; or, of a member that is
    /// larger than may be decoded, that so much of it could be.
    static func openTraditional(
        _ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>, _ data: Range<Int>, _ passwords: Passwords,
        _ sink: any MemberSink
    ) -> Opened? {
        guard data.count >= ZipCrypto.headerSize, data.count <= largest else { return nil }
        let header = data.lowerBound..<data.lowerBound + ZipCrypto.headerSize
        let checks: Set<UInt8> = [UInt8(entry.checksum >> 24), UInt8(local.time >> 8)]
        for candidate in passwords.candidates {
            var keys = ZipCrypto(password: candidate.password)
            guard checks.contains(keys.check(content.extracting(header))) else { continue }
            guard sink.mayGoOn() else { return nil }
            let plain = keys.decrypt(content.extracting(header.upperBound..<data.upperBound))
            if let (out, isWhole) = decoded(plain, entry, limit: bound(sink)) {
                return Opened(content: out, source: candidate.source, isCut: !isWhole && out.count <= sink.room)
            }
            sink.spend(plain.count)
        }
        return nil
    }

    private static func decoded(_ plain: [UInt8], _ entry: ZipEntry, limit: Int) -> (content: [UInt8], isWhole: Bool)? {
        var out: [UInt8] = []
        switch entry.method {
        case 0:
            out = plain
        case 8:
            let result = Inflate.append(plain.span, form: .raw, to: &out, expected: entry.size, limit: limit)
            if result.end == .limit { return (out, false) }
            guard result.end == .complete else { return nil }
        default:
            return nil
        }
        return crc32(out.span) == entry.checksum ? (out, true) : nil
    }

    /// The AES encryption of WinZip, by libarchive: two octets and an authentication code tell whether it is right.
    static func openAES(
        _ entry: ZipEntry, _ content: Span<UInt8>, _ data: Range<Int>, _ passwords: Passwords, _ sink: any MemberSink
    ) -> Opened? {
        guard data.count <= largest, !passwords.candidates.isEmpty else { return nil }
        let archive = SingleZip.archive(entry, content, data)
        for candidate in passwords.candidates {
            guard sink.mayGoOn() else { return nil }
            if let (out, isWhole) = open(archive.span, candidate.password, limit: bound(sink)) {
                return Opened(content: out, source: candidate.source, isCut: !isWhole && out.count <= sink.room)
            }
        }
        return nil
    }

    private static func open(
        _ archive: Span<UInt8>, _ password: [UInt8], limit: Int
    ) -> (content: [UInt8], isWhole: Bool)? {
        archive.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return nil }
            reader.enableStreamedZip()
            reader.addPassword(password)
            guard reader.open(bytes), case .entry = reader.next() else { return nil }
            let collector = MemberCollector([], room: limit)
            guard collector.begin(Member()) else { return nil }
            let end = reader.copyData(into: collector)
            guard let content = collector.items.first?.content else { return nil }
            switch end {
            case .complete: return (content, true)
            case .stopped where content.count == limit: return (content, false)
            case .stopped, .failed: return nil
            }
        }
    }

    /// The data of method 14 (section 5.8.8) as a file of its own: version and size of the properties, the properties,
    /// the stream.
    /// - Parameter size: octets of the content; nil when an end mark ends the stream.
    static func lzmaFile(_ data: Span<UInt8>, size: Int?) -> [UInt8]? {
        guard data.count >= 9, data[2] == 5, data[3] == 0 else { return nil }
        var out: [UInt8] = []
        for index in 4..<9 { out.append(data[index]) }
        for shift in 0..<8 { out.append(UInt8(truncatingIfNeeded: (size ?? -1) >> (shift * 8))) }
        data.extracting(9..<data.count).withUnsafeBufferPointer { out.append(contentsOf: $0) }
        return out
    }
}
