import Digests
import Testing

@Suite struct SHA256Tests {
    private static func digest(_ bytes: [UInt8]) -> String {
        hexadecimal(bytes.withUnsafeBytes { SHA256.digest($0) })
    }

    /// The examples of FIPS 180-4 (NIST's `SHA256.pdf` and `SHA_All.pdf`).
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func agreesWithTheStandard(text: String, digest: String) {
        #expect(Self.digest(Array(text.utf8)) == digest)
    }

    @Test func aMillionLetters() {
        #expect(
            Self.digest([UInt8](repeating: 0x61, count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Pieces of every size around the block size of 64, empty ones between them.
    @Test func piecesMakeTheSameDigest() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let whole = Self.digest(bytes)
        for size in [1, 2, 63, 64, 65, 127, 128, 129, 999, 1000] {
            var sum = SHA256()
            var start = 0
            while start < bytes.count {
                let end = min(start + size, bytes.count)
                bytes.withUnsafeBytes { sum.update(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
                sum.update(UnsafeRawBufferPointer(start: nil, count: 0))
                start = end
            }
            #expect(hexadecimal(sum.finish()) == whole, "pieces of \(size)")
        }
    }

    @Test func oneBitMakesAnotherDigest() {
        #expect(Self.digest([0]) != Self.digest([1]))
        #expect(Self.digest([0]) != Self.digest([0, 0]))
    }

    @Test func hexadecimalIsLowerCaseWithLeadingZeros() {
        #expect(hexadecimal([0, 0x0A, 0xFF, 0x10]) == "000aff10")
        #expect(hexadecimal([]) == "")
        #expect(hexadecimal(Array(0...255)).count == 512)
    }
}
