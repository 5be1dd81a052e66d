internal import COpenSSL

/// AES without padding (`EVP_DecryptInit_ex(3)`), for what documents encrypt.
package enum AES {
    /// How blocks are chained.
    package enum Mode: Hashable, Sendable {
        /// Not at all.
        case ecb
        /// With the block before, the first with `iv` (16 octets).
        case cbc(iv: [UInt8])
    }

    /// Octets of a block.
    package static let blockSize = 16

    /// Decrypts whole blocks; octets behind the last whole block are left out.
    /// - Parameter key: 16, 24 or 32 octets.
    /// - Returns: nil when key or vector have another length, or OpenSSL refuses.
    package static func decrypt(_ bytes: Span<UInt8>, key: [UInt8], _ mode: Mode) -> [UInt8]? {
        transform(bytes, key, mode, encrypt: false)
    }

    /// Encrypts whole blocks: the hash of PDF's revision 6 needs it.
    package static func encrypt(_ bytes: Span<UInt8>, key: [UInt8], _ mode: Mode) -> [UInt8]? {
        transform(bytes, key, mode, encrypt: true)
    }

    /// Octets that one call of OpenSSL encrypts for `counted`.
    private static let counterPiece = 65_536

    /// Encrypts or decrypts, which is the same, with a counter in little endian that begins at 1, as WinZip has it: OpenSSL
    /// counts in big endian.
    /// - Parameter key: 16, 24 or 32 octets.
    /// - Returns: nil when the key has another length, or OpenSSL refuses.
    package static func counted(_ bytes: Span<UInt8>, key: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        var counter: UInt64 = 0
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + counterPiece)
            var blocks: [UInt8] = []
            blocks.reserveCapacity(counterPiece)
            while blocks.count < end - start {
                counter += 1
                for shift in 0..<8 { blocks.append(UInt8(truncatingIfNeeded: counter >> UInt64(shift * 8))) }
                blocks.append(contentsOf: [0, 0, 0, 0, 0, 0, 0, 0])
            }
            guard let stream = encrypt(blocks.span, key: key, .ecb) else { return nil }
            for index in start..<end { output.append(bytes[index] ^ stream[index - start]) }
            start = end
        }
        return output
    }

    private static func transform(_ bytes: Span<UInt8>, _ key: [UInt8], _ mode: Mode, encrypt: Bool) -> [UInt8]? {
        let cipher: OpaquePointer?
        var vector: [UInt8] = []
        switch (key.count, mode) {
        case (16, .ecb): cipher = EVP_aes_128_ecb()
        case (24, .ecb): cipher = EVP_aes_192_ecb()
        case (32, .ecb): cipher = EVP_aes_256_ecb()
        case (16, .cbc(let iv)): (cipher, vector) = (EVP_aes_128_cbc(), iv)
        case (24, .cbc(let iv)): (cipher, vector) = (EVP_aes_192_cbc(), iv)
        case (32, .cbc(let iv)): (cipher, vector) = (EVP_aes_256_cbc(), iv)
        default: return nil
        }
        guard mode == .ecb || vector.count == blockSize, let context = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(context) }
        guard EVP_CipherInit_ex(context, cipher, nil, key, vector, encrypt ? 1 : 0) == 1,
            EVP_CIPHER_CTX_set_padding(context, 0) == 1
        else { return nil }
        let whole = bytes.count / blockSize * blockSize
        var isDone = true
        let output = [UInt8](unsafeUninitializedCapacity: whole) { buffer, filled in
            bytes.withUnsafeBufferPointer { input in
                // OpenSSL counts in 31 bits.
                while filled < whole, let source = input.baseAddress, let target = buffer.baseAddress {
                    let piece = Int32(min(whole - filled, 1 << 30))
                    var written: Int32 = 0
                    guard EVP_CipherUpdate(context, target + filled, &written, source + filled, piece) == 1,
                        written == piece
                    else {
                        isDone = false
                        return
                    }
                    filled += Int(written)
                }
            }
        }
        return isDone ? output : nil
    }
}
