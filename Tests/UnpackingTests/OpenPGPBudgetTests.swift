import Bytes
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Files in OpenPGP that are larger than what their message may unpack to.
@Suite(.enabled(if: GeneratorTests.installed("gpg"), "gpg is missing: make test-deps")) struct OpenPGPBudgetTests {
    private static let content = Array("Dear reader,\n".utf8) + [UInt8](repeating: 0x20, count: 2_900_000)

    /// - Parameter input: `in` has a length in each packet, `< in` is cut into pieces.
    private func stored(_ options: String, _ input: String) throws -> [UInt8] {
        let script =
            "d=$(mktemp -d); export GNUPGHOME=$d; cd $d; cat > in; gpg --batch --store \(options) -o out \(input) 2> log"
            + " && cat out; rm -r $d"
        let made = try runTool("sh", ["-c", script], input: Self.content)
        try #require(made.status == 0 && !made.output.isEmpty)
        return made.output
    }

    /// The limit of the message is told, and nothing else; what came before it is handed on.
    @Test(arguments: ["zip", "zlib", "bzip2"], ["in", "< in"]) func overTheBudget(_ algorithm: String, _ input: String)
        throws
    {
        let packed = try stored("--compress-algo \(algorithm)", input)
        let cut = Unpacked(packed)
        #expect(cut.limits == [.bytes] && cut.kinds.isEmpty, "\(cut.problems)")
        let largest = cut.entries.compactMap(\.content).max { $0.count < $1.count } ?? []
        let start = largest.span.firstIndex(of: Array(Self.content.prefix(1000)), from: 0)
        #expect(largest.count > 50_000 && start != nil)
        let whole = Unpacked(packed, messageSize: 1 << 20)
        #expect(whole.entries.contains { $0.content == Self.content } && !whole.isMarked, "\(whole.problems)")
    }
}
