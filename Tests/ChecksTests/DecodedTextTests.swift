import Checks
import Testing

/// Texts of the lists that Postfix does not have.
@Suite struct DecodedTextTests {
    private func seen(_ text: String) -> String {
        String(decoding: DecodedTexts.seen(Array(text.utf8)), as: UTF8.self)
    }

    @Test func whatIsNotShownIsLeftOut() {
        #expect(seen("fr\u{200B}ee mon\u{AD}ey\u{2060}\u{FEFF}") == "free money")
        #expect(seen("free\u{A0}money\u{3000}now\u{2009}!") == "free money now !")
        #expect(seen("plain\ttext\r\n") == "plain\ttext\r\n")
        #expect(seen("gr\u{FC}n \u{4E2D}\u{6587} \u{1F600}") == "gr\u{FC}n \u{4E2D}\u{6587} \u{1F600}")
    }

    /// Padding keeps nothing from being looked up.
    @Test func linesFarBehindAreGiven() {
        let text = Array((String(repeating: "filler\r\n", count: 20_000) + "last").utf8)
        var lines: [[UInt8]] = []
        DecodedTexts.lines(text.span, lineLength: 2048) { line in
            lines.append(line.withUnsafeBufferPointer { Array($0) })
            return true
        }
        #expect(lines.count == 20_001)
        #expect(lines.last == Array("last".utf8))
    }

    /// Pieces of a long line begin and end at characters, whatever the limit.
    @Test func noCharacterIsCut() {
        let text = Array("a\u{FC}\u{20AC}\u{1F600}b\u{4E2D}\u{6587}".utf8)
        for limit in 0...(text.count + 1) {
            var pieces: [[UInt8]] = []
            DecodedTexts.lines(text.span, lineLength: limit) { line in
                pieces.append(line.withUnsafeBufferPointer { Array($0) })
                return true
            }
            #expect(pieces.flatMap(\.self) == text)
            #expect(pieces.allSatisfy { !$0.isEmpty && String(validating: $0, as: UTF8.self) != nil }, "\(limit)")
            #expect(pieces.allSatisfy { $0.count < max(1, limit) + 4 })
        }
    }
}
