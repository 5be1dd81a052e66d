internal import Bytes
internal import Digests
internal import Members

/// Undoes the encryption of a workbook stream with RC4 ([MS-OFFCRYPTO] 2.3.5 and 2.3.6, [MS-XLS] 2.2.10).
struct ExcelDecryption {
    /// Octets of the stream that one key is for.
    private static let blockSize = 1_024
    /// Records whose body stays readable: BOF, FilePass, InterfaceHdr, FileLock, UsrExcl, RRDInfo, RRDHead.
    private static let readable: Set<Int> = [0x0809, 0x002F, 0x00E1, 0x0195, 0x0194, 0x0196, 0x0138]
    private static let boundSheet = 0x0085

    /// Key of each block.
    private let key: (Int) -> [UInt8]

    /// The stream decrypted with the first password that fits; nil when none does or the scheme is another one.
    static func open(
        _ stream: Span<UInt8>, filePass: Span<UInt8>, _ passwords: inout PasswordTries
    ) -> (content: [UInt8], source: Passwords.Source)? {
        guard filePass.little16(0) == 1, let major = filePass.little16(2) else { return nil }
        let scheme = filePass.array
        let hit = passwords.first(rounds: 4) { password in
            major == 1 ? binary(scheme.span, password) : cryptoAPI(scheme.span, password)
        }
        guard let hit else { return nil }
        return (hit.key.decrypt(stream), hit.password.source)
    }

    /// Section 2.3.6: version, salt, verifier, its hash.
    private static func binary(_ scheme: Span<UInt8>, _ password: [UInt8]) -> ExcelDecryption? {
        guard scheme.count >= 54 else { return nil }
        let salt = scheme.extracting(6..<22).array
        let hash = MessageDigest.md5
        let short = hash.digest(PasswordTries.utf16(password)).prefix(5)
        var repeated: [UInt8] = []
        for _ in 0..<16 { repeated += short + salt }
        let base = hash.digest(repeated).prefix(5)
        let scheme = ExcelDecryption { block in hash.digest(base + number(block)) }
            .verified(scheme.extracting(22..<54), hash)
        return scheme
    }

    /// Section 2.3.5: version, flags, header, salt, verifier, size of its hash, the hash.
    private static func cryptoAPI(_ scheme: Span<UInt8>, _ password: [UInt8]) -> ExcelDecryption? {
        guard let headerSize = scheme.little32(10), let bits = scheme.little32(14 + 16), headerSize < scheme.count
        else {
            return nil
        }
        let at = 14 + headerSize
        guard scheme.little32(at) == 16, at + 60 <= scheme.count else { return nil }
        let hash = MessageDigest.sha1
        let base = hash.digest(scheme.extracting(scheme.range(at + 4, 16)).array + PasswordTries.utf16(password))
        let size = bits == 0 ? 5 : min(16, bits / 8)
        let verifier = scheme.extracting(scheme.range(at + 20, 16)).array
        let verifierHash = scheme.extracting(scheme.range(at + 40, 20)).array
        return ExcelDecryption { block in
            let key = Array(hash.digest(base + number(block)).prefix(size))
            return size == 5 ? key + [UInt8](repeating: 0, count: 11) : key
        }
        .verified((verifier + verifierHash).span, hash)
    }

    private static func number(_ block: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: block >> (8 * $0)) }
    }

    private func verified(_ verifier: Span<UInt8>, _ hash: MessageDigest) -> ExcelDecryption? {
        var cipher = RC4(key: key(0))
        let plain = cipher.apply(verifier)
        return hash.digest(Array(plain.prefix(16))) == Array(plain.dropFirst(16)) ? self : nil
    }

    private func decrypt(_ stream: Span<UInt8>) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(stream.count)
        while plain.count < stream.count {
            var cipher = RC4(key: key(plain.count / Self.blockSize))
            plain += cipher.apply(stream.extracting(stream.range(plain.count, Self.blockSize)))
        }
        // The key stream runs over the heads of records too, but they are not encrypted.
        var at = 0
        while let id = stream.little16(at), let length = stream.little16(at + 2) {
            let kept = Self.readable.contains(id) ? 4 + length : id == Self.boundSheet ? 8 : 4
            for index in stream.range(at, kept) { plain[index] = stream[index] }
            at += 4 + length
        }
        return plain
    }
}
