internal import COpenSSL

/// SHA-256 by OpenSSL's EVP interface (`EVP_DigestInit_ex(3)`), fed in pieces.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer?

    /// Starts a digest. When OpenSSL cannot provide one, `finish()` returns an empty array.
    package init() {
        context = EVP_MD_CTX_new()
        if let context { EVP_DigestInit_ex(context, EVP_sha256(), nil) }
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds bytes to the digest.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let context, let base = bytes.baseAddress else { return }
        EVP_DigestUpdate(context, base, bytes.count)
    }

    /// Ends the digest: 32 bytes.
    package consuming func finish() -> [UInt8] {
        guard let context else { return [] }
        var length: UInt32 = 0
        var out = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &out, &length) == 1, length == 32 else { return [] }
        return out
    }

    /// The digest of bytes that are at hand as a whole.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var sum = SHA256()
        sum.update(bytes)
        return sum.finish()
    }
}

/// Lower-case hexadecimal, as `sha256sum` prints it.
package func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }
    return String(decoding: out, as: UTF8.self)
}
