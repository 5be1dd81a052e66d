import Foundation
import Fuzzing
import Testing

/// The fuzzer's corpus, as it is and damaged, without the fuzzer: a short run of what `make fuzz` does.
@Suite struct FuzzCorpusTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzzer/Corpus")

    #if DEBUG
        private static let rounds = 60
    #else
        private static let rounds = 5_000
    #endif

    private static func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let files = Corpora.files(in: corpus.appendingPathComponent(target.rawValue))
        return try files.map { ($0.lastPathComponent, [UInt8](try Data(contentsOf: $0))) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func asItIs(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(target)
        #expect(!inputs.isEmpty)
        for input in inputs {
            let wrong = target.violations(input.bytes)
            #expect(wrong.isEmpty, "\(target) \(input.name)")
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func damaged(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(target).map(\.bytes)
        var random = Random(state: 77)
        for round in 0..<Self.rounds {
            var input = inputs[random.below(inputs.count)]
            // Two in one: the start of this one and the end of another.
            if random.below(4) == 0 {
                let other = inputs[random.below(inputs.count)]
                input = Array(input.prefix(random.below(input.count + 1)) + other.suffix(random.below(other.count + 1)))
            }
            input = MIMETests.damaged(input, &random)
            let wrong = target.violations(input)
            #expect(wrong.isEmpty, "\(target) round \(round): \(input)")
        }
    }
}
