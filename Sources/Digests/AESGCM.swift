internal import COpenSSL

/// AES-256 in Galois/Counter Mode (NIST SP 800-38D, `EVP_EncryptInit_ex(3)`): what was changed is not opened.
package enum AESGCM {
    /// Octets of a key, of a nonce, which is used once with a key, and of the tag behind what was sealed.
    package static let keySize = 32
    package static let nonceSize = 12
    package static let tagSize = 16

    /// Encrypts, and puts the tag behind.
    /// - Parameter context: octets that have to be the same when it is opened.
    /// - Returns: nil when key or nonce have another length, or OpenSSL refuses.
    package static func seal(
        _ bytes: Span<UInt8>, key: [UInt8], nonce: [UInt8], context: [UInt8]
    ) -> [UInt8]? {
        guard let cipher = Cipher.start(key, nonce, encrypt: true), cipher.take(context),
            var out = cipher.transform(bytes), cipher.finish()
        else { return nil }
        var tag = [UInt8](repeating: 0, count: tagSize)
        guard EVP_CIPHER_CTX_ctrl(cipher.state, EVP_CTRL_AEAD_GET_TAG, Int32(tagSize), &tag) == 1 else { return nil }
        out += tag
        return out
    }

    /// Decrypts what `seal` made.
    /// - Returns: nil when key, nonce, context or any octet is another one, or OpenSSL refuses.
    package static func open(
        _ sealed: Span<UInt8>, key: [UInt8], nonce: [UInt8], context: [UInt8]
    ) -> [UInt8]? {
        guard sealed.count >= tagSize, let cipher = Cipher.start(key, nonce, encrypt: false), cipher.take(context)
        else {
            return nil
        }
        let end = sealed.count - tagSize
        var tag = (end..<sealed.count).map { sealed[$0] }
        guard let out = cipher.transform(sealed.extracting(0..<end)),
            EVP_CIPHER_CTX_ctrl(cipher.state, EVP_CTRL_AEAD_SET_TAG, Int32(tagSize), &tag) == 1, cipher.finish()
        else { return nil }
        return out
    }

    /// One message under one key and nonce.
    private struct Cipher: ~Copyable {
        let state: OpaquePointer

        static func start(_ key: [UInt8], _ nonce: [UInt8], encrypt: Bool) -> Cipher? {
            guard key.count == keySize, nonce.count == nonceSize, let state = EVP_CIPHER_CTX_new() else { return nil }
            let cipher = Cipher(state: state)
            guard EVP_CipherInit_ex(state, EVP_aes_256_gcm(), nil, key, nonce, encrypt ? 1 : 0) == 1 else { return nil }
            return cipher
        }

        deinit {
            EVP_CIPHER_CTX_free(state)
        }

        func take(_ context: [UInt8]) -> Bool {
            var count: Int32 = 0
            return EVP_CipherUpdate(state, nil, &count, context, Int32(clamping: context.count)) == 1
        }

        func transform(_ bytes: Span<UInt8>) -> [UInt8]? {
            // OpenSSL counts in 31 bits; nobody seals as much in one piece.
            guard bytes.count <= 1 << 30 else { return nil }
            var isDone = true
            let out = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, filled in
                bytes.withUnsafeBufferPointer { input in
                    guard let source = input.baseAddress, let target = buffer.baseAddress, !input.isEmpty else {
                        return
                    }
                    var count: Int32 = 0
                    isDone = EVP_CipherUpdate(state, target, &count, source, Int32(input.count)) == 1
                    filled = isDone ? Int(count) : 0
                }
            }
            return isDone && out.count == bytes.count ? out : nil
        }

        /// False where what was opened is not what was sealed.
        func finish() -> Bool {
            var (count, rest) = (Int32(0), [UInt8](repeating: 0, count: 16))
            return EVP_CipherFinal_ex(state, &rest, &count) == 1
        }
    }
}
