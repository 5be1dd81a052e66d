import TestSupport
import Testing

@testable import Codecs

/// Every decoder against the program that writes its format.
@Suite struct CodecTests {
    /// A command that compresses its input.
    struct Writer: CustomTestStringConvertible, Sendable {
        let codec: Codec
        let command: String
        var testDescription: String { command }
    }

    static let writers: [Writer] = [
        Writer(codec: .bzip2, command: "bzip2 -c"), Writer(codec: .xz, command: "xz -c"),
        Writer(codec: .xz, command: "xz -c --check=none"), Writer(codec: .xz, command: "xz -c --check=sha256"),
        Writer(codec: .xz, command: "xz -c --x86 --lzma2=dict=5KiB"),
        Writer(codec: .lzma, command: "xz -c --format=lzma"),
        Writer(codec: .lzma, command: "xz -c --format=lzma --lzma1=dict=5KiB,lc=1,lp=2,pb=0"),
        Writer(codec: .lzip, command: "lzip -c"), Writer(codec: .zstd, command: "zstd -q -c"),
        Writer(codec: .zstd, command: "zstd -q -c --no-check -19 --long"), Writer(codec: .lz4, command: "lz4 -q -c"),
        Writer(codec: .lz4, command: "lz4 -q -c -B4 -BD --content-size"), Writer(codec: .lz4, command: "lz4 -q -c -l"),
        Writer(codec: .brotli, command: "brotli -c"), Writer(codec: .brotli, command: "brotli -c -q 0"),
    ]

    private static let text = (0..<20_000).flatMap { Array("line \($0 &* 7919)\n".utf8) }

    private func write(_ writer: Writer, _ content: [UInt8]) throws -> [UInt8] {
        let result = try runTool("sh", ["-c", writer.command], input: content)
        try #require(result.status == 0, "\(writer.command)")
        return result.output
    }

    private func decode(_ codec: Codec, _ input: [UInt8], memory: Int = 1 << 28) -> (
        output: [UInt8], result: CodecResult
    ) {
        var output: [UInt8] = []
        let result = codec.pieces(input.span, memory: memory, while: { true }) { piece in
            piece.withUnsafeBufferPointer { output.append(contentsOf: $0) }
            return true
        }
        #expect(result.produced == output.count && result.consumed <= input.count)
        return (output, result)
    }

    @Test(arguments: writers) func decodesWhatTheProgramWrites(_ writer: Writer) throws {
        for content in [[], Array("x".utf8), Self.text] {
            let packed = try write(writer, content)
            let (output, result) = decode(writer.codec, packed)
            #expect(output == content)
            #expect(result.end == .complete && result.consumed == packed.count)
        }
    }

    /// What the programs of the formats do with files that were joined.
    @Test(arguments: writers.filter { $0.codec != .lzma && $0.codec != .brotli }) func streamsThatFollowEachOther(
        _ writer: Writer
    ) throws {
        let (first, second) = (try write(writer, Self.text), try write(writer, Array("second\n".utf8)))
        let (output, result) = decode(writer.codec, first + second)
        #expect(output == Self.text + Array("second\n".utf8))
        #expect(result.end == .complete && result.consumed == first.count + second.count)
    }

    /// Nothing behind a stream takes its content away.
    @Test(arguments: writers) func whatStandsBehindIsLeft(_ writer: Writer) throws {
        let packed = try write(writer, Self.text)
        for rest in [[0], [0, 0, 0], [UInt8](repeating: 0, count: 7), Array("rest of the file".utf8), [0xFF]] {
            // The legacy frame of LZ4 has no end of its own: what is no block's size ends it.
            if writer.command.hasSuffix("-l"), rest.count >= 4, rest != [UInt8](repeating: 0, count: 7) { continue }
            let (output, result) = decode(writer.codec, packed + rest)
            #expect(output == Self.text, "\(rest)")
            #expect(result.end == .complete && result.consumed == packed.count, "\(rest)")
        }
    }

    /// A stream that is cut off: what came before is there, and the end is said.
    @Test(arguments: writers) func cutOff(_ writer: Writer) throws {
        let packed = try write(writer, Self.text)
        for length in 0..<min(64, packed.count) {
            let (output, result) = decode(writer.codec, Array(packed[..<length]))
            #expect(Self.text.starts(with: output))
            if length >= 4 { #expect(result.end != .complete || output.isEmpty, "\(length)") }
        }
        for missing in [1, 4] {
            let (output, result) = decode(writer.codec, Array(packed[..<(packed.count - missing)]))
            #expect(result.end != .complete, "\(missing)")
            #expect(Self.text.starts(with: output))
            // Block formats lose a block at most.
            if writer.codec == .xz || writer.codec == .lzma || writer.codec == .lzip {
                #expect(output.count > Self.text.count - 4096, "\(missing)")
            }
        }
    }

    /// One wrong bit anywhere: an end that says so or the whole content, and never another complete one where there is a
    /// checksum.
    @Test(arguments: writers) func wrongBits(_ writer: Writer) throws {
        let packed = try write(writer, Array(Self.text.prefix(4000)))
        let hasCheck =
            writer.codec != .lzma && writer.codec != .brotli && !writer.command.contains("none")
            && !writer.command.contains("no-check")
            && !writer.command.hasSuffix("-l")
        for place in stride(from: 0, to: packed.count, by: max(1, packed.count / 150)) {
            var wrong = packed
            wrong[place] ^= 1 << UInt8(place % 8)
            let (output, result) = decode(writer.codec, wrong)
            if hasCheck, result.end == .complete, result.consumed == packed.count {
                #expect(output == Array(Self.text.prefix(4000)) || output.isEmpty, "\(place)")
            }
        }
    }

    @Test func whatIsNotDecodedIsNamed() throws {
        // A window of 1 GiB; a dictionary from elsewhere.
        let window = try runTool("sh", ["-c", "zstd -q -c --ultra -22 --long=30"], input: Self.text)
        try #require(window.status == 0)
        #expect(decode(.zstd, window.output).result.end == .memory)
        #expect(decode(.zstd, window.output, memory: 1 << 30).output == Self.text)
        #expect(decode(.zstd, window.output, memory: 1 << 30 - 1).result.end == .memory)
        let dictionary = try runTool(
            "sh", ["-c", "d=$(mktemp) && seq 1 500 > $d && lz4 -q -c -D $d; rm $d"], input: Self.text)
        try #require(dictionary.status == 0)
        if dictionary.output[4] & 1 != 0 { #expect(decode(.lz4, dictionary.output).result.end == .unsupported) }
    }

    @Test(arguments: writers) func stopsWhereTheReceiverWantsNoMore(_ writer: Writer) throws {
        let packed = try write(writer, Self.text)
        var pieces = 0
        let result = writer.codec.pieces(packed.span, memory: 1 << 28, while: { true }) { _ in
            pieces += 1
            return pieces < 2
        }
        #expect(result.end == .stopped && pieces == 2)
    }
}
