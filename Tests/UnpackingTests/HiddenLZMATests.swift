import Bytes
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Files of LZMA behind other content. They have no mark and no checksum, and tables of programs decode for a while.
@Suite struct HiddenLZMATests {
    private static let program: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0x90, count: 500)
    /// A usual header, and zeros that decode to zeros.
    private static let table =
        [0x5D, 0, 0, 0x10, 0] + [UInt8](repeating: 0xFF, count: 8) + [UInt8](repeating: 0, count: 300)

    /// Octets that decode to more than the proof of other formats, and then not at all.
    @Test func tablesOfProgramsAreNothing() {
        let noise = (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31 >> 3) | 0x80 }
        let isLZMA = StructureChecks.isLZMA((Self.table + noise).span)
        #expect(isLZMA)
        let result = Unpacked(Self.program + Self.table + noise + noise, messageSize: 1 << 20)
        #expect(result.kinds.isEmpty, "\(result.problems)")
    }

    /// What is cut off or damaged early counts where it shows what it is.
    @Test func damagedFilesOfKnownTypes() throws {
        let tar = try Self.make("ustar.tar", eicar + [UInt8](repeating: 0x20, count: 4000))
        let file = try Self.make("lzma", tar)
        #expect(file.count < 1024)
        let cut = Unpacked(Self.program + file.dropLast(12), messageSize: 1 << 20)
        #expect(cut.kinds.contains(.corrupt), "\(cut.problems) \(cut.types)")
        let text = try Self.make("lzma", [UInt8](repeating: 0xF1, count: 4000))
        #expect(Unpacked(Self.program + text.dropLast(12) + [0xFF, 0xFF], messageSize: 1 << 20).kinds.isEmpty)
    }

    /// Whatever it is, where enough of it decodes.
    @Test func damagedFilesOfSomeSize() throws {
        var state: UInt32 = 1
        let content = (0..<20_000).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24) & 0x7F | 0x40
        }
        let file = try Self.make("lzma", content)
        #expect(file.count > 4096)
        let cut = Unpacked(Self.program + file.prefix(3000), messageSize: 1 << 20)
        #expect(cut.kinds.contains(.corrupt), "\(cut.problems) \(cut.types)")
    }

    private static func make(_ suffix: String, _ content: [UInt8]) throws -> [UInt8] {
        try #require(GeneratorTests.makers.first { $0.suffix == suffix }).make(content)
    }
}
