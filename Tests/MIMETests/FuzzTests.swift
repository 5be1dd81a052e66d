import Fuzzing
import MIME
import Testing

/// Random and damaged messages from a fixed seed: no trap, and everything that must always hold.
@Suite struct FuzzTests {
    private static let words: [String] = [
        "Content-Type: ", "multipart/mixed", "message/rfc822", "multipart/digest", "; boundary=", "b", "\"", "--b",
        "--b--",
        "--", "\r\n", "\n", "\r\n\r\n", "\r", " ", "\t", ";", "Content-Transfer-Encoding: ", "base64",
        "quoted-printable", "x-uuencode", "; name*0*=", "utf-8''%41", "; filename=\"=?utf-8?q?=41?=\"", "=?", "?=", "(",
        "\\", "\u{0}", "\u{FF}", "Content-Disposition: attachment", "QUJDREVG", "=3D", "=\r\n", "begin 644 a\n",
        "end\n",
        "=\n", "--B", "Content-Transfer-Encoding:", "\r--b\r", "=2\n0", "QQ==", "boundary*0*=", "(x)base64", "-_",
        "Q29udGVudC1UeXBlOiBtZXNzYWdlL3JmYzgyMg0KDQo=", ":", "From x", "X", "*1*=", "'",
    ]

    #if DEBUG
        private static let rounds = 1_500
    #else
        private static let rounds = 10_000
    #endif

    private static let limits = MIMELimits(
        parts: 12, depth: 4, headerBytes: 300, headerCount: 6, parameters: 4, boundaryLength: 10, nestedBytes: 400,
        readings: 5,
        alternativeBytes: 10)

    private func check(_ message: [UInt8], _ limits: MIMELimits, _ round: Int) {
        var tree = MIMEReader.read(message.span, limits: limits)
        let wrong = violations(tree, message, limits)
        #expect(wrong.isEmpty, "round \(round): \(message)")
        // Other ways to decode a part are appended behind it, so the list grows on the way.
        var index = 0
        while index < tree.parts.count {
            var out: [UInt8] = []
            let result = tree.decodeBody(of: index, in: message.span, into: &out, limit: 50)
            #expect(out.count <= 50)
            let added = tree.appendDecodings(of: index, notes: result.notes)
            #expect(added.allSatisfy { tree.parts[$0].reading > 0 && tree.parts[$0].cause != nil })
            index += 1
        }
        #expect(tree.parts.allSatisfy { Int($0.reading) <= limits.readings })
    }

    @Test func wordsInAnyOrder() {
        var random = Random(state: 2026)
        for round in 0..<Self.rounds {
            var message: [UInt8] = []
            for _ in 0..<random.below(60) {
                if random.below(8) == 0 {
                    message.append(UInt8(truncatingIfNeeded: random.next()))
                } else {
                    message += Array(Self.words[random.below(Self.words.count)].utf8)
                }
            }
            check(message, round % 2 == 0 ? MIMELimits() : Self.limits, round)
        }
    }

    @Test func damagedMessages() {
        var random = Random(state: 42)
        let sample = crlf(StructureTests.nested)
        for round in 0..<Self.rounds {
            var message = sample
            for _ in 0...random.below(6) {
                let at = random.below(message.count)
                switch random.below(4) {
                case 0: message[at] = UInt8(truncatingIfNeeded: random.next())
                case 1: message.removeSubrange(at..<min(message.count, at + random.below(40)))
                case 2: message.insert(contentsOf: Array(Self.words[random.below(Self.words.count)].utf8), at: at)
                default: message += message[..<random.below(at + 1)]
                }
                if message.isEmpty { message = sample }
            }
            check(message, round % 2 == 0 ? MIMELimits() : Self.limits, round)
        }
    }

    @Test func everyPrefix() {
        let sample = crlf(StructureTests.nested)
        for count in 0...sample.count { check(Array(sample[..<count]), MIMELimits(), count) }
    }
}
