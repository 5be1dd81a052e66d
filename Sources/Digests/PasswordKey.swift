internal import COpenSSL

/// Keys made of passwords.
package enum PasswordKey {
    /// PBKDF2 with HMAC-SHA1 (RFC 8018 section 5.2); empty when OpenSSL does not provide it.
    /// - Parameter count: octets of the key.
    package static func sha1(_ password: [UInt8], salt: [UInt8], rounds: Int, count: Int) -> [UInt8] {
        derived(EVP_sha1(), password, salt, rounds, count)
    }

    /// The same with HMAC-SHA256.
    package static func sha256(_ password: [UInt8], salt: [UInt8], rounds: Int, count: Int) -> [UInt8] {
        derived(EVP_sha256(), password, salt, rounds, count)
    }

    private static func derived(
        _ digest: OpaquePointer?, _ password: [UInt8], _ salt: [UInt8], _ rounds: Int, _ count: Int
    ) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: max(0, count))
        let text = password.map { CChar(bitPattern: $0) }
        let isDone =
            PKCS5_PBKDF2_HMAC(
                text, Int32(clamping: text.count), salt, Int32(clamping: salt.count), Int32(clamping: rounds), digest,
                Int32(clamping: out.count), &out) == 1
        return isDone ? out : []
    }

    /// SHA-1 over a text and the number of the round (three octets, the lowest first), again and again; and the last octet of
    /// the digest behind the first round of each of `parts` equal parts.
    /// - Parameter rounds: a multiple of 256 times `parts`.
    /// - Returns: nil when OpenSSL does not provide it.
    package static func chained(
        _ text: [UInt8], rounds: Int, parts: Int
    ) -> (digest: [UInt8], marks: [UInt8])? {
        guard let running = EVP_MD_CTX_new(), let copy = EVP_MD_CTX_new() else { return nil }
        defer {
            EVP_MD_CTX_free(running)
            EVP_MD_CTX_free(copy)
        }
        guard EVP_DigestInit_ex(running, EVP_sha1(), nil) == 1 else { return nil }
        // Rounds that differ in the lowest octet of their number are digested together.
        let together = 256
        let size = text.count + 3
        var piece: [UInt8] = []
        piece.reserveCapacity(together * size)
        for number in 0..<together { piece += text + [UInt8(number), 0, 0] }
        var out = [UInt8](repeating: 0, count: 20)
        var marks: [UInt8] = []
        for start in stride(from: 0, to: rounds, by: together) {
            for at in stride(from: text.count, to: piece.count, by: size) {
                piece[at + 1] = UInt8(truncatingIfNeeded: start >> 8)
                piece[at + 2] = UInt8(truncatingIfNeeded: start >> 16)
            }
            var done = 0
            if start % (rounds / parts) == 0 {
                guard EVP_DigestUpdate(running, piece, size) == 1, EVP_MD_CTX_copy_ex(copy, running) == 1,
                    EVP_DigestFinal_ex(copy, &out, nil) == 1
                else { return nil }
                marks.append(out[19])
                done = size
            }
            let isFed = piece.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return false }
                return EVP_DigestUpdate(running, base + done, bytes.count - done) == 1
            }
            guard isFed else { return nil }
        }
        guard EVP_DigestFinal_ex(running, &out, nil) == 1 else { return nil }
        return (out, marks)
    }
}
