import Testing

@testable import Compression

/// Streams made by Python's zlib: 5,000 lines of `line N`, and zeros.
@Suite struct InflateTests {
    static let lines: [UInt8] = (0..<5000).flatMap { Array("line \($0)\n".utf8) }

    /// Stored blocks (RFC 1951 section 3.2.4): a compressor for tests that needs no library.
    static func stored(_ bytes: [UInt8], piece: Int = 30_000) -> [UInt8] {
        var out: [UInt8] = []
        var start = 0
        repeat {
            let end = min(bytes.count, start + piece)
            let count = UInt16(end - start)
            out += [end == bytes.count ? 1 : 0, UInt8(count & 255), UInt8(count >> 8)]
            out += [UInt8(~count & 255), UInt8(~count >> 8)]
            out += bytes[start..<end]
            start = end
        } while start < bytes.count
        return out
    }

    /// `zlib.compress(b"a" * 1000)` of Python, level 9.
    static let thousand: [UInt8] = [
        0x78, 0xDA, 0x4B, 0x4C, 0x1C, 0x05, 0xA3, 0x60, 0x14, 0x0C, 0x77, 0x00, 0x00, 0xF9, 0xD8, 0x7A, 0xF8,
    ]

    /// Split at every position, and cut, damaged and too long.
    @Test func pieceByPiece() throws {
        let wanted = [UInt8](repeating: 0x61, count: 1000)
        func run(_ pieces: [ArraySlice<UInt8>], limit: Int = 1000) throws -> (InflateResult.End?, [UInt8]) {
            let inflate = try #require(PiecewiseInflate(.zlib, limit: limit))
            var out: [UInt8] = []
            for piece in pieces {
                Array(piece).span.withUnsafeBufferPointer { octets in
                    inflate.append(octets.span) { lent in
                        for index in lent.indices { out.append(lent[index]) }
                        return true
                    }
                }
            }
            #expect(inflate.produced == out.count)
            return (inflate.end, out)
        }
        let whole = Self.thousand
        for index in whole.indices {
            let (end, out) = try run([whole[..<index], whole[index...]])
            #expect(end == .complete && out == wanted, "\(index)")
            #expect(try run([whole[..<index]]).0 == nil, "\(index)")
        }
        #expect(try run(whole.indices.map { whole[$0...$0] }).1 == wanted)
        #expect(try run([whole[...], [0]]).0 == .corrupt && run([whole + [0]]).0 == .corrupt)
        #expect(try run([whole[...], []]).0 == .complete)
        var damaged = whole
        damaged[whole.count - 1] ^= 1
        #expect(try run([damaged[...]]).0 == .corrupt)
        let (end, out) = try run([whole[...]], limit: 999)
        #expect(end == .limit && out == Array(wanted.dropLast()))
        // A stream without a trailer, whose last octets stand for more than one buffer holds.
        let writer = try #require(GzipWriter())
        let long = [UInt8](repeating: 0x62, count: 655_360)
        var packed: [UInt8] = []
        writer.append(long.span, to: &packed)
        writer.finish(to: &packed)
        let raw = Array(packed[10..<(packed.count - 8)])
        for step in [1, 7, raw.count] {
            let inflate = try #require(PiecewiseInflate(.raw, limit: long.count))
            var count = 0
            for start in stride(from: 0, to: raw.count, by: step) {
                inflate.append(Array(raw[start..<min(raw.count, start + step)]).span) { lent in
                    count += lent.count
                    return true
                }
            }
            #expect(inflate.end == .complete && count == long.count, "\(step)")
        }
        let stopped = try #require(PiecewiseInflate(.zlib, limit: 1000))
        stopped.append(whole.span) { _ in false }
        #expect(stopped.end == .stopped)
    }

    private func inflate(_ input: [UInt8], _ form: DeflateForm, expected: Int? = nil, limit: Int) -> (
        InflateResult, [UInt8]
    ) {
        var output: [UInt8] = []
        let result = Inflate.append(input.span, form: form, to: &output, expected: expected, limit: limit)
        var pieced: [UInt8] = []
        let other = Inflate.pieces(input.span, form: form, limit: limit) { piece in
            for index in piece.indices { pieced.append(piece[index]) }
            return true
        }
        #expect(output == pieced)
        #expect(result == other)
        return (result, output)
    }

    @Test func oracleOfPython() {
        let (result, output) = inflate(Self.thousand, .zlib, limit: 1000)
        #expect(result == InflateResult(consumed: 17, produced: 1000, end: .complete))
        #expect(output == [UInt8](repeating: 0x61, count: 1000))
        let raw = Array(Self.thousand[2..<13])
        #expect(inflate(raw, .raw, limit: 1000).1 == output)
    }

    @Test(arguments: [nil, 0, 1, 44_444, 48_890, 1 << 40])
    func claimedSizeIsOnlyAHint(_ expected: Int?) {
        let (result, output) = inflate(Self.stored(Self.lines), .raw, expected: expected, limit: 1 << 30)
        #expect(result.end == .complete)
        #expect(output == Self.lines)
    }

    @Test func limits() {
        #expect(inflate(Self.thousand, .zlib, limit: 1000).0.end == .complete)
        let (over, output) = inflate(Self.thousand, .zlib, limit: 999)
        #expect(over.end == .limit)
        #expect(output.count == 999)
        #expect(inflate(Self.thousand, .zlib, limit: 0).0.end == .limit)
        #expect(inflate(Self.thousand, .zlib, limit: -1).1.isEmpty)
        #expect(inflate(Self.stored([]), .raw, limit: 0).0.end == .complete)
    }

    @Test func truncatedAtEveryOctet() {
        for length in 0..<Self.thousand.count {
            let (result, output) = inflate(Array(Self.thousand[..<length]), .zlib, limit: 1 << 20)
            #expect(result.end == .truncated)
            #expect(output.count <= 1000)
        }
    }

    @Test func trailingOctetsAreLeft() {
        let (result, _) = inflate(Self.thousand + [1, 2, 3], .zlib, limit: 1 << 20)
        #expect(result == InflateResult(consumed: 17, produced: 1000, end: .complete))
    }

    @Test func damageKeepsWhatCameBefore() {
        var input = Self.stored(Self.lines, piece: 10_000)
        input[10_005] = 0x06
        let (result, output) = inflate(input, .raw, limit: 1 << 20)
        #expect(result.end == .corrupt)
        #expect(output == Array(Self.lines[..<10_000]))
        var sum = Self.thousand
        sum[16] ^= 1
        let (wrong, all) = inflate(sum, .zlib, limit: 1 << 20)
        #expect(wrong.end == .corrupt)
        #expect(all.count == 1000)
    }

    @Test func receiverMayStop() {
        let result = Inflate.pieces(Self.stored(Self.lines).span, form: .raw, limit: 1 << 20) { _ in false }
        #expect(result.end == .stopped)
    }

    private func checksum(_ text: String, seed: UInt32 = 0) -> UInt32 {
        let bytes = Array(text.utf8)
        return crc32(bytes.span, seed: seed)
    }

    @Test func checksumOfTheStandard() {
        #expect(checksum("123456789") == 0xCBF4_3926)
        #expect(checksum("6789", seed: checksum("12345")) == 0xCBF4_3926)
        #expect(checksum("") == 0)
    }
}
