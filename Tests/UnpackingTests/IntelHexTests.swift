import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Intel HEX: files in it, as programs write and read them.
@Suite struct IntelHexTests {
    private static func record(_ address: Int, _ kind: UInt8, _ data: [UInt8]) -> String {
        let octets =
            [UInt8(data.count), UInt8(truncatingIfNeeded: address >> 8), UInt8(truncatingIfNeeded: address), kind]
            + data
        return ":" + (octets + [0 &- octets.reduce(0, &+)]).map { String(format: "%02X", $0) }.joined()
    }

    private static func records(_ content: [UInt8], at base: Int = 0) -> [String] {
        stride(from: 0, to: content.count, by: 16).map {
            record(base + $0, 0, Array(content[$0..<min($0 + 16, content.count)]))
        }
    }

    private static let end = ":00000001FF"

    private func unpacked(_ lines: [String], separator: String = "\r\n") -> Unpacked {
        Unpacked(Array(lines.joined(separator: separator).utf8), messageSize: 1 << 20)
    }

    /// objcopy writes a file of more than 64 KiB.
    @Test(.enabled(if: GeneratorTests.installed("objcopy"))) func fileOfAnotherProgram() throws {
        let archive = zip([("a.com", eicar), ("b", (0..<80_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 7) })])
        let scratch = try Scratch(.memory)
        let made = try runTool(
            "sh", ["-c", "cd \(scratch.path) && cat > in && objcopy -I binary -O ihex in out && cat out"],
            input: archive)
        let result = Unpacked(made.output, messageSize: 1 << 20)
        #expect(result.types == ["ihex", "asc"] && !result.isMarked, "\(result.types) \(result.problems)")
        #expect(!result.places(of: archive).isEmpty && !result.places(of: eicar).isEmpty)
    }

    @Test(arguments: ["\r\n", "\n", "\r", "", "  \n\n"]) func lines(_ separator: String) {
        for lines in [Self.records(eicar), Self.records(eicar) + [Self.end, "words"]] {
            for lines in [lines, lines.map { $0.lowercased() }] {
                let result = unpacked(lines, separator: separator)
                #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
            }
        }
    }

    /// Parts that do not follow each other are files of their own.
    @Test func parts() {
        let high = Self.record(0, 4, [0x08, 0x00])
        let segment = Self.record(0, 2, [0x10, 0x00])
        let start = Self.record(0, 5, [0x08, 0, 0, 1])
        for front in [
            Self.records([1, 2, 3], at: 0x200), [high, start], [segment],
            Self.records([1, 2, 3]) + [high], Self.records([1, 2, 3], at: 0xFF00) + [segment],
        ] {
            let result = unpacked(front + Self.records(eicar) + Self.records([4, 5], at: 0x9000) + [Self.end])
            #expect(!result.places(of: eicar).isEmpty && !result.places(of: [4, 5]).isEmpty)
        }
        // Many small ones are no reason to complain, nor hide what comes behind them.
        let many = (0..<600).flatMap { Self.records([UInt8(truncatingIfNeeded: $0), 1], at: $0 * 64) }
        let result = unpacked(many + Self.records(eicar, at: 0xF000) + [Self.end])
        #expect(!result.isMarked && result.entries.count <= 256, "\(result.problems)")
        #expect(result.entries.contains { $0.content?.suffix(eicar.count) == eicar[...] })
    }

    @Test func whatIsNone() {
        let lines = Self.records(eicar)
        var broken = lines
        broken[0] = String(broken[0].dropLast(2)) + "00"
        for text in [
            broken, ["", ": words"], [":10"], [":"], ["::label"], [":zz000001FF"], ["words"] + lines,
            [String(lines[0].dropLast())],
        ] {
            let result = unpacked(text)
            #expect(!result.types.contains("ihex"), "\(text)")
        }
        // What stands before a record that is none is read.
        var later = lines + Self.records(eicar)
        later[lines.count] = ":zz"
        let result = unpacked(later)
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked)
    }
}
