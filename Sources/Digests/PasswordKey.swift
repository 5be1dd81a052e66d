internal import COpenSSL

/// Keys made of passwords.
package enum PasswordKey {
    /// PBKDF2 with HMAC-SHA1 (RFC 8018 section 5.2); empty when OpenSSL does not provide it.
    /// - Parameter count: octets of the key.
    package static func sha1(_ password: [UInt8], salt: [UInt8], rounds: Int, count: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: max(0, count))
        let text = password.map { CChar(bitPattern: $0) }
        let isDone =
            PKCS5_PBKDF2_HMAC_SHA1(
                text, Int32(clamping: text.count), salt, Int32(clamping: salt.count), Int32(clamping: rounds),
                Int32(clamping: out.count), &out) == 1
        return isDone ? out : []
    }
}
