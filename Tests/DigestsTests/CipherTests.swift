import Digests
import Testing

/// Known answers of the digests and of AES.
@Suite struct CipherTests {
    @Test(arguments: [
        (MessageDigest.md5, "900150983cd24fb0d6963f7d28e17f72"),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func digests(digest: MessageDigest, expected: String) {
        #expect(hexadecimal(digest.digest(Array("abc".utf8))) == expected)
        #expect(digest.size * 2 == expected.count)
        // Rounds one by one.
        let first = digest.digest([1])
        let second = digest.digest([1, 0, 0, 0] + digest.digest([0, 0, 0, 0] + first))
        #expect(digest.iterated(first, rounds: 2) == second)
        #expect(digest.iterated(first, rounds: 0) == first)
        #expect(digest.iterated([1, 2, 3], rounds: 2).isEmpty, "not a digest")
    }

    /// Answers of Python's hashlib, whose BLAKE2s takes the parameters of a tree.
    @Test(arguments: [
        (0, "dd0e891776933f43c7d032b08a917e25741f8aa9a12c12e1cac8801500f2ca4f"),
        (1, "a6b9eecc25227ad788c99d3f236debc8da408849e9a5178978727a81457f7239"),
        (64, "9ba0c37f1ab9fdd4b656b42702049eec67f76c1ef76c3722b7b1e2a019674230"),
        (511, "9fd65ff5dc12ad5c1a7c78324962642ef712bff6fe4ea12e03a9dabb3807a6a8"),
        (512, "90f6dd8ebe5eb20cbdd81ceddc069fd64c4bfc2e1a29eaf45034c0ca325da579"),
        (513, "65e380035328477cef671b0578ae23423a40a839ab75572845f12636a4b5b636"),
        (3000, "276e03cfa2f21b01d3fb7015980cb64f312a7086184e0a6c761f49bc853d6fc3"),
    ])
    func blake2sp(count: Int, expected: String) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for piece in [1, 63, 64, 65, 4096] {
            var digest = BLAKE2sp()
            for start in stride(from: 0, to: count, by: piece) {
                digest.update(bytes.span.extracting(start..<min(count, start + piece)))
            }
            #expect(hexadecimal(digest.finish()) == expected)
        }
    }

    private func encrypted(_ bytes: [UInt8], _ key: [UInt8], _ mode: AES.Mode) -> [UInt8] {
        AES.encrypt(bytes.span, key: key, mode) ?? []
    }

    private func decrypted(_ bytes: [UInt8], _ key: [UInt8], _ mode: AES.Mode) -> [UInt8]? {
        AES.decrypt(bytes.span, key: key, mode)
    }

    /// Known answers of AES-256-GCM (the GCM specification's test cases 13, 14 and 16), and everything that is not the same.
    @Test(arguments: [
        (
            [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 12), "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        (
            [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 12), "00000000000000000000000000000000", "",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            Self.octets("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
            Self.octets("cafebabefacedbaddecaf888"),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                + "b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                + "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ])
    func galoisCounterMode(key: [UInt8], nonce: [UInt8], plain: String, context: String, sealed: String) {
        let (plain, context, wanted) = (Self.octets(plain), Self.octets(context), Self.octets(sealed))
        #expect(AESGCM.seal(plain.span, key: key, nonce: nonce, context: context) == wanted)
        func open(_ sealed: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ context: [UInt8]) -> [UInt8]? {
            AESGCM.open(sealed.span, key: key, nonce: nonce, context: context)
        }
        #expect(open(wanted, key, nonce, context) == plain)
        for index in wanted.indices {
            var other = wanted
            other[index] ^= 1
            #expect(open(other, key, nonce, context) == nil)
            #expect(open(Array(wanted[..<index]), key, nonce, context) == nil)
        }
        #expect(open(wanted + [0], key, nonce, context) == nil && open(wanted, key, nonce, context + [0]) == nil)
        for (key, nonce) in [
            (key.map { $0 ^ 1 }, nonce), (key, nonce.map { $0 ^ 1 }), (Array(key.dropLast()), nonce),
            (key, nonce + [0]),
        ] {
            #expect(open(wanted, key, nonce, context) == nil)
        }
        #expect(AESGCM.seal(plain.span, key: [1], nonce: nonce, context: []) == nil)
        #expect(AESGCM.seal(plain.span, key: key, nonce: [1], context: []) == nil)
    }

    private static func octets(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }

    /// FIPS 197 appendix C.
    @Test(arguments: [
        (16, "69c4e0d86a7b0430d8cdb78070b4c55a"), (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
        (32, "8ea2b7ca516745bfeafc49904b496089"),
    ])
    func aes(keySize: UInt8, expected: String) {
        let key = [UInt8](0..<keySize)
        let plain = (0..<16).map { UInt8($0) * 0x11 }
        let cipher = encrypted(plain, key, .ecb)
        #expect(hexadecimal(cipher) == expected)
        #expect(decrypted(cipher, key, .ecb) == plain)
        // One block with a vector of zeros is the same; a second one is not.
        let zeros = [UInt8](repeating: 0, count: 16)
        let chained = encrypted(plain + plain, key, .cbc(iv: zeros))
        #expect(Array(chained.prefix(16)) == cipher)
        #expect(Array(chained.suffix(16)) != cipher)
        #expect(decrypted(chained, key, .cbc(iv: zeros)) == plain + plain)
    }

    @Test func aesRefusesOtherLengths() {
        let block = [UInt8](repeating: 0, count: 16)
        #expect(decrypted(block, [1, 2, 3], .ecb) == nil)
        #expect(decrypted(block, block, .cbc(iv: [1])) == nil)
        #expect(decrypted([1, 2, 3], block, .ecb) == [])
        // Octets behind the last block are left out.
        #expect(decrypted(block + [1], block, .ecb)?.count == 16)
    }

    @Test func signedContentNeedsAMessage() {
        for bytes in [[], [0x30, 0x80, 0, 0]] as [[UInt8]] {
            let content = SignedContent.read(bytes.span)
            #expect(content == nil)
        }
    }
}
