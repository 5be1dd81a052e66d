import CCompression
import Foundation
import Testing

@testable import Compression

@Suite struct ChecksumTests {
    private static let bytes = (0..<700).map { UInt8(truncatingIfNeeded: $0 * 7 ^ $0 >> 5) }

    /// ISO 3309, bit by bit.
    private static func plain(_ bytes: some Sequence<UInt8>, seed: UInt32 = 0) -> UInt32 {
        ~bytes.reduce(~seed) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
        }
    }

    /// Every length around those that are folded, at odd places, behind others and not.
    @Test func everyLength() {
        #expect(Self.sum(Array("123456789".utf8)) == 0xCBF4_3926)
        for count in 0..<Self.bytes.count {
            let start = min(count % 3, Self.bytes.count - count)
            let part = Array(Self.bytes[start..<start + count])
            let seed = UInt32(truncatingIfNeeded: count) &* 0x9E37_79B9
            #expect(Self.sum(part, seed: seed) == Self.plain(part, seed: seed), "\(count) octets")
        }
    }

    /// In two pieces as in one.
    @Test func pieces() {
        let whole = Self.plain(Self.bytes)
        for cut in [0, 1, 127, 128, 129, 255, 256, 257, 699, 700] {
            let first = Self.sum(Array(Self.bytes[..<cut]))
            #expect(Self.sum(Array(Self.bytes[cut...]), seed: first) == whole)
        }
    }

    #if arch(x86_64)
        /// Two lanes and four, each where the processor has them, whichever is taken for that length.
        @Test func lanes() throws {
            let flags = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: " ")
            guard flags.contains("vpclmulqdq") else { return }
            for count in Int(MAILREEVE_TWO_LANES)..<Self.bytes.count {
                let part = Array(Self.bytes[..<count])
                let seed = UInt32(count)
                let expected = Self.plain(part, seed: seed)
                #expect(mailreeve_crc32_of_two(seed, part, count) == expected, "\(count) octets")
                guard flags.contains("avx512f"), count >= Int(MAILREEVE_FOUR_LANES) else { continue }
                #expect(mailreeve_crc32_of_four(seed, part, count) == expected, "\(count) octets")
            }
        }
    #endif

    private static func sum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 { crc32(bytes.span, seed: seed) }
}
