internal import Bytes
internal import Compression
internal import Members

/// Opens encrypted members of zip archives with candidate passwords.
enum ZipPasswords {
    /// Octets of the largest encrypted member that is decrypted.
    private static let largest = 67_108_864

    typealias Opened = (content: [UInt8], source: Passwords.Source)

    /// The traditional encryption: an octet tells most wrong passwords, the checksum the others.
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
            guard entry.size <= sink.room, sink.mayGoOn() else { return nil }
            let plain = keys.decrypt(content.extracting(header.upperBound..<data.upperBound))
            if let opened = decoded(plain, entry, room: sink.room) { return (opened, candidate.source) }
            sink.spend(plain.count)
        }
        return nil
    }

    private static func decoded(_ plain: [UInt8], _ entry: ZipEntry, room: Int) -> [UInt8]? {
        var out: [UInt8] = []
        switch entry.method {
        case 0:
            out = plain
        case 8:
            let result = Inflate.append(
                plain.span, form: .raw, to: &out, expected: entry.size, limit: min(room, largest))
            guard result.end == .complete else { return nil }
        default:
            return nil
        }
        return crc32(out.span) == entry.checksum ? out : nil
    }

    /// The AES encryption of WinZip, by libarchive: two octets and an authentication code tell whether it is right.
    static func openAES(
        _ entry: ZipEntry, _ content: Span<UInt8>, _ data: Range<Int>, _ passwords: Passwords, room: Int
    ) -> Opened? {
        guard data.count <= largest, entry.size <= room, !passwords.candidates.isEmpty else { return nil }
        let archive = SingleZip.archive(entry, content, data)
        for candidate in passwords.candidates {
            if let opened = open(archive.span, candidate.password, room: min(room, largest)) {
                return (opened, candidate.source)
            }
        }
        return nil
    }

    private static func open(_ archive: Span<UInt8>, _ password: [UInt8], room: Int) -> [UInt8]? {
        archive.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return nil }
            reader.enableStreamedZip()
            reader.addPassword(password)
            guard reader.open(bytes), case .entry = reader.next() else { return nil }
            let collector = MemberCollector([], room: room)
            guard collector.begin(Member()), case .complete = reader.copyData(into: collector) else { return nil }
            return collector.items.first?.content
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
