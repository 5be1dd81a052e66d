internal import Bytes
internal import Codecs
internal import Digests
internal import Members

/// Opens encrypted members of zip archives with candidate passwords.
enum ZipPasswords {
    /// A member that a password opened.
    struct Opened {
        /// All of it, or as much as may be decoded.
        var content: [UInt8]
        var source: Passwords.Source
        /// It is larger than what is decrypted here.
        var isCut = false
    }

    /// The traditional encryption: an octet tells most wrong passwords, the checksum the others; or, of a member that is
    /// larger than may be decoded, that so much of it could be.
    static func openTraditional(
        _ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>, _ data: Range<Int>, _ passwords: Passwords,
        _ sink: any MemberSink
    ) -> Opened? {
        guard data.count >= ZipCrypto.headerSize, data.count <= sink.limits.buffer else { return nil }
        let header = data.lowerBound..<data.lowerBound + ZipCrypto.headerSize
        let checks: Set<UInt8> = [UInt8(entry.checksum >> 24), UInt8(local.time >> 8)]
        for candidate in CodePagePasswords.all(passwords) {
            var keys = ZipCrypto(password: candidate.password)
            guard checks.contains(keys.check(content.extracting(header))) else { continue }
            guard sink.mayGoOn() else { return nil }
            let plain = keys.decrypt(content.extracting(header.upperBound..<data.upperBound))
            if let opened = decoded(plain, entry, candidate.source, checksum: entry.checksum, sink) { return opened }
            sink.spend(plain.count)
        }
        return nil
    }

    /// The AES encryption of WinZip: two octets and an authentication code tell whether it is right.
    static func openAES(
        _ entry: ZipEntry, _ content: Span<UInt8>, _ data: Range<Int>, _ passwords: Passwords, _ keys: PasswordKeys,
        _ sink: any MemberSink
    ) -> Opened? {
        guard data.count <= sink.limits.buffer, let field = ZipEntry.extraField(0x9901, in: content, entry.extra),
            let encryption = ZipAES(content.extracting(field), data: content.extracting(data))
        else { return nil }
        var inner = entry
        inner.method = encryption.method
        let last = keys.last
        let others = CodePagePasswords.all(passwords).filter { $0.password != last?.password }
        for candidate in (last.map { [$0] } ?? []) + others {
            guard sink.mayGoOn() else { return nil }
            guard keys.mayTryZip else {
                sink.report(.note, ContainerLimit.passwordKeys.rawValue)
                return nil
            }
            if let plain = encryption.decrypt(content.extracting(data), candidate.password) {
                // The first version has a checksum beside the code.
                let checksum = encryption.hasChecksum ? entry.checksum : nil
                if let opened = decoded(plain, inner, candidate.source, checksum: checksum, sink) {
                    keys.addZip(candidate, isRight: true)
                    return opened
                }
                sink.spend(plain.count)
            }
            keys.addZip(candidate, isRight: false)
        }
        return nil
    }

    /// The content of a member that was decrypted; nil when the checksum says that the password was wrong.
    private static func decoded(
        _ plain: [UInt8], _ entry: ZipEntry, _ source: Passwords.Source, checksum: UInt32?, _ sink: any MemberSink
    ) -> Opened? {
        // One more than the sink takes tells it that there is more.
        let limit = sink.room < sink.limits.buffer ? sink.room + 1 : sink.limits.buffer
        var out: [UInt8] = []
        var isCut = false
        let data = plain.span
        let result = ZipMethod(entry: entry).pieces(
            data, size: data.count, memory: sink.limits.dictionary, while: { sink.mayGoOn() }
        ) { piece in
            let taken = min(piece.count, limit - out.count)
            piece.extracting(0..<taken).withUnsafeBufferPointer { out.append(contentsOf: $0) }
            isCut = taken < piece.count
            return !isCut
        }
        if isCut { return Opened(content: out, source: source, isCut: out.count <= sink.room) }
        // What ends before the data does is noise that looks like an end.
        guard result.end == .complete, result.consumed == data.count, checksum == nil || checksum == result.checksum
        else { return nil }
        return Opened(content: out, source: source)
    }
}
