import Foundation
import Fuzzing
import MIME
import Testing

/// Every file of the corpora, message or not, is read; nothing is expected of it but what must always hold.
@Suite struct CorpusTests {
    @Test(.enabled(if: Corpora.isPresent, "corpora are not beside the package"))
    func invariantsHoldForEveryFile() throws {
        var read = 0
        for file in Corpora.files(in: Corpora.mime) {
            let message = [UInt8](try Data(contentsOf: file))
            for limits in [
                MIMELimits(), MIMELimits(parts: 3, depth: 1, headerCount: 4, parameters: 1, nestedBytes: 100),
            ] {
                let tree = MIMEReader.read(message.span, limits: limits)
                let wrong = violations(tree, message, limits)
                #expect(wrong.isEmpty, "\(file.lastPathComponent)")
                for index in tree.parts.indices where tree.parts[index].kind.hasContent {
                    #expect(decoded(tree, index, message).count <= message.count)
                }
            }
            read += 1
        }
        #expect(read > 1_000)
    }
}
