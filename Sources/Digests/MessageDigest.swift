internal import COpenSSL

/// The digests that encrypted documents are made with (`EVP_DigestInit_ex(3)`).
package enum MessageDigest: Hashable, Sendable {
    case md5
    case sha1
    case sha256
    case sha384
    case sha512

    private var method: OpaquePointer? {
        switch self {
        case .md5: EVP_md5()
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    /// Octets of a digest.
    package var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// The digest of `bytes`; empty when OpenSSL does not provide it.
    package func digest(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// The same of octets in place.
    package func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: size)
        guard EVP_Digest(bytes.baseAddress, bytes.count, &out, nil, method, nil) == 1 else { return [] }
        return out
    }

    /// The keyed digest of `bytes` (HMAC, RFC 2104); empty when OpenSSL does not provide it.
    package func authentication(_ bytes: Span<UInt8>, key: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: size)
        let isDone = bytes.withUnsafeBufferPointer {
            HMAC(method, key, Int32(clamping: key.count), $0.baseAddress, $0.count, &out, nil) != nil
        }
        return isDone ? out : []
    }

    /// `rounds` times the digest of the round's number (32 bits, little endian) and the digest before it
    /// ([MS-OFFCRYPTO] 2.3.4.7). Empty when OpenSSL does not provide it.
    package func iterated(_ first: [UInt8], rounds: Int) -> [UInt8] {
        guard first.count == size, let context = EVP_MD_CTX_new() else { return [] }
        defer { EVP_MD_CTX_free(context) }
        var block = [0, 0, 0, 0] + first
        return block.withUnsafeMutableBytes { buffer -> [UInt8] in
            guard let base = buffer.baseAddress else { return [] }
            let hash = base + 4
            for round in 0..<UInt32(clamping: rounds) {
                base.storeBytes(of: round.littleEndian, as: UInt32.self)
                guard EVP_DigestInit_ex(context, method, nil) == 1,
                    EVP_DigestUpdate(context, base, 4 + size) == 1,
                    EVP_DigestFinal_ex(context, hash.assumingMemoryBound(to: UInt8.self), nil) == 1
                else { return [] }
            }
            return Array(buffer[4...])
        }
    }
}
