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

    private func encrypted(_ bytes: [UInt8], _ key: [UInt8], _ mode: AES.Mode) -> [UInt8] {
        AES.encrypt(bytes.span, key: key, mode) ?? []
    }

    private func decrypted(_ bytes: [UInt8], _ key: [UInt8], _ mode: AES.Mode) -> [UInt8]? {
        AES.decrypt(bytes.span, key: key, mode)
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
