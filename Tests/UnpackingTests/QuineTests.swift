import Compression
import Members
import Testing

@testable import Unpacking

/// A gzip file that decompresses to itself.
///
/// Deflate is a language in which programs can print themselves (Russ Cox, "Zip Files All The Way Down", 2010): stored blocks
/// print what follows them, matches repeat what was printed. Each command here takes five octets. The checksum of the
/// whole stands in it twice; as CRC-32 is linear, the value that fits is the solution of 32 equations.
@Suite struct QuineTests {
    private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

    /// A stored block (RFC 1951 section 3.2.4): prints so many octets behind it.
    private static func literal(_ count: Int) -> [UInt8] { [0] + octets(count, 2) + octets(count ^ 0xFFFF, 2) }

    /// A block of fixed codes with two matches of half the length each: prints the last octets again, 17 to 20 of them.
    private static func again(_ count: Int) -> [UInt8] {
        var bits = [0, 1, 0]
        // Codes have their highest bit first, what follows them its lowest.
        func code(_ value: Int, _ length: Int) { for bit in (0..<length).reversed() { bits.append(value >> bit & 1) } }
        for length in [count / 2, count - count / 2] {
            code(length - 2, 7)
            code(8, 5)
            for bit in 0..<3 { bits.append((count - 17) >> bit & 1) }
        }
        code(0, 7)
        return stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<8).reduce(0) { $0 | UInt8(bits[start + $1]) << UInt8($1) }
        }
    }

    /// The file, with any checksum.
    private static func file(_ checksum: UInt32, size: Int) -> [UInt8] {
        // The last block, which is empty, and the trailer (RFC 1952 section 2.3.1).
        let end = again(18) + [1, 0, 0, 0xFF, 0xFF] + octets(Int(checksum), 4) + octets(size, 4)
        let (repeats, five, twenty) = (again(20), literal(5), literal(20))
        let first = literal(10) + header + twenty
        let commands: [[UInt8]] = [
            first, first, repeats, five, repeats, five, five, twenty, repeats, five, five, twenty, repeats,
            twenty, repeats, twenty, repeats, twenty, repeats,
            twenty, repeats, literal(0), literal(0), literal(18), repeats, literal(0), literal(0), literal(18),
        ]
        return header + commands.flatMap { $0 } + end + end
    }

    static let quine: [UInt8] = {
        let size = file(0, size: 0).count
        let base = crc32(file(0, size: size).span)
        // What each bit of the checksum changes, in the file's and in itself; by the highest bit.
        var equations: [Int: (change: UInt32, bits: UInt32)] = [:]
        func reduced(_ value: UInt32) -> (rest: UInt32, bits: UInt32) {
            var (rest, bits): (UInt32, UInt32) = (value, 0)
            for place in (0..<32).reversed() where rest >> UInt32(place) & 1 == 1 {
                guard let equation = equations[place] else { continue }
                rest ^= equation.change
                bits ^= equation.bits
            }
            return (rest, bits)
        }
        for bit in 0..<32 {
            let flag: UInt32 = 1 << UInt32(bit)
            let (rest, bits) = reduced(crc32(file(flag, size: size).span) ^ base ^ flag)
            if rest != 0 { equations[31 - rest.leadingZeroBitCount] = (rest, bits ^ flag) }
        }
        return file(reduced(base).bits, size: size)
    }()

    @Test("F9: a file that holds itself") func holdsItself() throws {
        let quine = Self.quine
        var inflated: [UInt8] = []
        #expect(Inflate.append(quine.span, form: .gzip, to: &inflated, limit: 1000).end == .complete)
        #expect(inflated == quine)
        for content in [quine, zip([("a.gz", quine)])] {
            let result = Unpacked(content, messageSize: 1 << 20)
            #expect(result.limits == [.levels] && result.kinds.isEmpty)
            #expect(result.entries.count == UnpackingLimits().levels)
        }
    }
}
