import Configuration
import Foundation
import Testing

@Suite struct FuzzTests {
    /// SplitMix64: the same mutations in every run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// Pieces that mean something to YAML or to the reader.
    private static let pieces: [[UInt8]] = [
        ": ", "- ", "? ", "[", "]", "{", "}", "&a ", "*a", "!x ", "<<: ", "|\n", ">\n", "\"", "'", "#", "\t", "\n",
        "\r", "\r\n",
        "---\n", "...\n", "%YAML 1.1\n", "~", "null", "\\", "\"\\ud800\"", "\"\\0\"", "listeners:\n", "user: x\n", ", ",
        "  ", "@",
        "99999999999999999999", "smtp:[", "\u{FEFF}", "\u{E000}", "\u{1F600}",
    ].map { Array($0.utf8) }

    @Test(arguments: 0..<8)
    func mutationsOfTheShippedFileNeverCrash(_ seed: Int) throws {
        let shipped = try Array(Data(contentsOf: URL(fileURLWithPath: packageRoot + "/packaging/mailreeve.yaml")))
        var generator = Generator(state: UInt64(seed))
        // The comments are half of the file and hold nothing to break: also mutate the complete list of keys.
        let sources = [shipped, Array(ConfigurationFile.defaultsYAML().utf8).filter { $0 != 0x23 }, dense]
        var accepted = 0
        for round in 0..<250 {
            var octets = sources[round % sources.count]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let at = Int.random(in: 0...octets.count, using: &generator)
                let end = min(octets.count, at + Int.random(in: 0...12, using: &generator))
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: octets.removeSubrange(at..<end)
                case 1:
                    octets.insert(contentsOf: octets[at..<end], at: Int.random(in: 0...octets.count, using: &generator))
                case 2: octets.insert(UInt8.random(in: 0...255, using: &generator), at: at)
                case 3: octets.replaceSubrange(at..<end, with: FuzzTests.pieces.randomElement(using: &generator) ?? [])
                default: octets.insert(contentsOf: FuzzTests.pieces.randomElement(using: &generator) ?? [], at: at)
                }
            }
            if check(octets) { accepted += 1 }
        }
        // Both outcomes are met, so what `check` says about accepted files is said about some.
        #expect((1..<250).contains(accepted))
    }

    /// What holds for every input: positions lie in the file, and what is accepted is sound. True when it is accepted.
    private func check(_ octets: [UInt8]) -> Bool {
        let loaded = ConfigurationFile.parse(octets, file: "f")
        let lines = octets.count { $0 == 0x0A || $0 == 0x0D } + 1
        for problem in loaded.problems {
            #expect((0...lines + 1).contains(problem.line), "\(problem)")
            #expect(problem.column >= (problem.line == 0 ? 0 : 1), "\(problem)")
            #expect(!problem.message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "\(problem)")
        }
        guard !loaded.hasErrors else { return false }
        #expect(loaded.settings.policies["default"] != nil)
        #expect(!loaded.settings.listeners.isEmpty)
        for listener in loaded.settings.listeners { #expect(loaded.settings.policies[listener.policy] != nil) }
        for policy in loaded.settings.policies.values { #expect(!policy.nextHops.isEmpty) }
        return true
    }

    private var dense: [UInt8] {
        Array(
            """
            user: &a mail
            limits: {recipients: 200, message_size: 10M}
            listeners:
              - address: "[::1]:10024"
                policy: x
              - {address: unix:/run/l, mode: 0600, allowed_clients: [10.0.0.0/8]}
            policies:
              x:
                next_hops: ["lmtp:[::1]:24", maildir:/m]
                unchecked: {encrypted: pass}
                unchecked: {corrupt: *a}
            """.utf8)
    }
}
