import Digests
import MailModel
import TestSupport
import Testing

@testable import Antivirus

/// Limits of libclamav that it keeps without a word: none of them hides what a signature describes.
extension ClamAVEngineTests {
    private static let trigger = "trigger word"

    private func outcomes(_ signature: (file: String, line: String), _ content: [UInt8], size: Int = 32 << 20) throws
        -> [ScanOutcome]
    {
        let scratch = try Scratch(.memory)
        try scratch.write(signature.file, signature.line + "\n")
        var settings = EngineSettings(database: scratch.path, maxScanSize: size, maxRecursion: 10, maxFiles: 100)
        settings.options = .standard
        let engine = try ClamAVEngine(settings)
        try engine.setTemporaryDirectory(scratch.path)
        return content.withUnsafeBytes { engine.scan($0, parsingMail: true).outcomes }
    }

    private static func pattern(_ pattern: String) -> (file: String, line: String) {
        let hex = trigger.utf8.map { String($0, radix: 16) }.joined()
        return ("test.ldb", "Pattern.Kind;Engine:81-255,Target:0;0&1;\(hex);0/\(pattern)/")
    }

    /// What a pattern tries long on stands in front of what it matches: more than 100,000 steps, libclamav's default.
    @Test(arguments: [4, 18])
    func stepsOfAMatchHideNothing(length: Int) throws {
        let text = "\(Self.trigger) z\(String(repeating: "x", count: length))z xxxxyEVILEND"
        #expect(
            try outcomes(Self.pattern("(x+x+)+yEVILEND"), Array(text.utf8)) == [.found("Pattern.Kind.UNOFFICIAL")])
    }

    /// A match that is deeper than 2,000 steps, libclamav's default, is found; one that is deeper than memory is told.
    @Test(arguments: [(100, false), (10_000, false), (4_000_000, true)])
    func depthOfAMatchHidesNothing(depth: Int, isTooDeep: Bool) throws {
        let text = "\(Self.trigger) Q\(String(repeating: "ab", count: depth))ZEND"
        let outcomes = try outcomes(Self.pattern("Q(a|b|cd)+?ZEND"), Array(text.utf8))
        if isTooDeep {
            guard case .overLimits? = outcomes.first else {
                Issue.record("a match that is too deep is \(outcomes)")
                return
            }
        } else {
            #expect(outcomes == [.found("Pattern.Kind.UNOFFICIAL")])
        }
    }

    /// The last of more partitions than 50, libclamav's default, is looked at, or the answer says that there are more.
    @Test(arguments: [(10, true), (60, true), (100, true), (500, false)])
    func partitionsHideNothing(count: Int, isFound: Bool) throws {
        let last = [UInt8](repeating: 0x56, count: 512)
        func number(_ value: Int, _ octets: Int) -> [UInt8] {
            (0..<octets).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func block(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: 512 - bytes.count) }
        func name(_ text: String) -> [UInt8] { Array(text.utf8) + [UInt8](repeating: 0, count: 32 - text.utf8.count) }
        // Apple's map (Inside Macintosh: Devices, chapter 3): a block for the driver, one for each entry, the content.
        let blocks = 1 + count + count
        var image = block(Array("ER".utf8) + number(512, 2) + number(blocks, 4))
        for index in 0..<count {
            let (start, type) = index == 0 ? (1, "Apple_partition_map") : (1 + count + index, "Apple_HFS")
            image += block(
                Array("PM".utf8) + [0, 0] + number(count, 4) + number(start, 4) + number(index == 0 ? count : 1, 4)
                    + name("p\(index)") + name(type))
        }
        for index in 0..<count {
            image += index == count - 1 ? last : number(index, 512)
        }
        // By digest, so that it is found in the partition alone.
        let digest = last.withUnsafeBytes { SHA256.digest($0) }
        let hash = digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let outcomes = try outcomes(("test.hsb", "\(hash):512:Partition.Kind:73"), image)
        if isFound {
            #expect(outcomes == [.found("Partition.Kind.UNOFFICIAL")])
        } else {
            #expect(outcomes == [.overLimits("Heuristics.Limits.Exceeded.MaxFiles")])
        }
    }
}
