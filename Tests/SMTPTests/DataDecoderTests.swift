import MailModel
import SMTP
import Testing
import TestSupport

@Suite("DATA: decoding")
struct DataDecoderTests {
    private struct Outcome: Equatable {
        var message: [UInt8] = []
        var facts = IntakeFacts()
        var fault: DataDecoder.Fault?
        var used: Int?
    }

    private func decode(
        _ pieces: [[UInt8]], _ lineEndings: LineEndings = .normalize, limit: Int = 1 << 40
    ) -> Outcome {
        var decoder = DataDecoder(maximumSize: limit, lineEndings: lineEndings)
        var outcome = Outcome()
        var used = 0
        for piece in pieces where !decoder.isComplete {
            used += decoder.decode(piece.span, into: &outcome.message)
        }
        outcome.facts = decoder.facts
        outcome.fault = decoder.fault
        outcome.used = decoder.isComplete ? used : nil
        if decoder.fault != nil { outcome.message = [] }
        return outcome
    }

    private func decodeEverySplit(_ text: [UInt8], _ lineEndings: LineEndings = .normalize) -> Outcome {
        let whole = decode([text], lineEndings)
        #expect(decode(text.map { [$0] }, lineEndings) == whole)
        for position in 0...text.count {
            #expect(decode([Array(text[..<position]), Array(text[position...])], lineEndings) == whole)
        }
        return whole
    }

    @Test(arguments: [
        (".\r\n", ""), ("a\r\n.\r\n", "a\r\n"), ("..\r\n.\r\n", ".\r\n"), ("...\r\n.\r\n", "..\r\n"),
        (".a\r\n.\r\n", "a\r\n"), ("a.\r\n.\r\n", "a.\r\n"), ("\r\n.\r\n", "\r\n"), ("\r\n\r\n.\r\n", "\r\n\r\n"),
        ("a\r\n..\r\n...\r\n....\r\n.\r\n", "a\r\n.\r\n..\r\n...\r\n"), (". \r\n.\r\n", " \r\n"),
        ("a\n.b\r\n.\r\n", "a\r\n.b\r\n"), ("a\r.b\r\n.\r\n", "a\r\n.b\r\n"), (".\n.\r\n.\r\n", "\r\n.\r\n"),
        (".\r.\r\n.\r\n", "\r\n.\r\n"), ("\r\r\n.\r\n", "\r\n\r\n"), ("\n\r\n.\r\n", "\r\n\r\n"),
        ("a\r\n.\r\r\n.\r\n", "a\r\n\r\n\r\n"), ("\r\n\r.\r\n.\r\n", "\r\n\r\n.\r\n"),
    ])
    func decoded(raw: String, message: String) {
        let outcome = decodeEverySplit(Array(raw.utf8))
        #expect(String(decoding: outcome.message, as: UTF8.self) == message)
        #expect(outcome.used == raw.utf8.count)
        #expect(outcome.facts.octets == message.utf8.count)
    }

    @Test func stopsAtTheEnd() {
        let outcome = decode([Array("a\r\n.\r\nQUIT\r\n".utf8)])
        #expect(outcome.used == 6)
        #expect(outcome.message == Array("a\r\n".utf8))
    }

    @Test func countsAndOffsets() {
        let outcome = decodeEverySplit(Array("..ab\rc\n\0d\r\n\0\u{E9}\n\r\n.\r\n".utf8))
        // .ab CRLF c CRLF NUL d CRLF NUL C3 A9 CRLF CRLF
        #expect(outcome.facts.bareCR == Occurrences(count: 1, firstOffset: 3))
        #expect(outcome.facts.bareLF == Occurrences(count: 2, firstOffset: 6))
        #expect(outcome.facts.nul == Occurrences(count: 2, firstOffset: 8))
        #expect(outcome.facts.hasEightBit)
        #expect(outcome.facts.octets == outcome.message.count)
        #expect(outcome.message[8] == 0)
    }

    @Test func noEightBitWithoutOne() {
        #expect(!decode([Array(0...127) + Array("\r\n.\r\n".utf8)]).facts.hasEightBit)
        #expect(decode([[0x80] + Array("\r\n.\r\n".utf8)]).facts.hasEightBit)
    }

    @Test func rejectKeepsInStep() {
        for text in ["a\nb\r\n.\r\n", "a\rb\r\n.\r\n", "\r\n.\n.\r\n.\r\n", ".\r\r\n.\r\n"] {
            let outcome = decodeEverySplit(Array(text.utf8), .reject)
            #expect(outcome.fault == .bareLineEnding)
            #expect(outcome.used == text.utf8.count)
        }
        #expect(decodeEverySplit(Array("a\r\n.\r\n".utf8), .reject).fault == nil)
    }

    @Test(arguments: [(7, nil), (6, DataDecoder.Fault.tooLarge)])
    func sizeCountsDecodedOctets(limit: Int, fault: DataDecoder.Fault?) {
        // Decoded: ".a" CRLF "b" CRLF, seven octets.
        let text = Array("..a\r\nb\r\n.\r\n".utf8)
        #expect(decode([text], limit: limit).fault == fault)
        #expect(decode(text.map { [$0] }, limit: limit).fault == fault)
    }

    @Test func firstFaultStays() {
        let text = Array("aaaa\nbbbb\r\n.\r\n".utf8)
        for limit in [3, 4] {
            let expected: DataDecoder.Fault = limit == 3 ? .tooLarge : .bareLineEnding
            #expect(decode([text], .reject, limit: limit).fault == expected)
            #expect(decode(text.map { [$0] }, .reject, limit: limit).fault == expected)
        }
    }

    @Test("agrees with the reference on random input", arguments: 0..<40)
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let alphabet: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x2E, 0x2E, 0x61, 0x00, 0xE9]
        for _ in 0..<100 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<60, using: &generator) {
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    text += [0x0D, 0x0A]
                } else {
                    text.append(alphabet.randomElement(using: &generator) ?? 0)
                }
            }
            text += Array("\r\n.\r\n".utf8)
            var pieces: [[UInt8]] = []
            var rest = text[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...8, using: &generator))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            let expected = ReferenceDecoder.decode(text)
            for outcome in [decode([text]), decode(pieces)] {
                #expect(outcome.message == expected.message, "seed \(seed): \(text)")
                #expect(outcome.used == expected.used, "seed \(seed): \(text)")
                #expect(outcome.facts.bareCR.count == expected.bareCR, "seed \(seed): \(text)")
                #expect(outcome.facts.bareLF.count == expected.bareLF, "seed \(seed): \(text)")
            }
        }
    }

    @Test("a flood of one line end does not make the search for the other quadratic")
    func floods() {
        // Two million of one octet in one piece: at a search of the rest for each it would be 10^12 steps.
        for byte in [UInt8](arrayLiteral: 0x0D, 0x0A, 0x00) {
            let outcome = decode([Array(repeating: byte, count: 2_000_000) + Array("x\r\n.\r\n".utf8)])
            #expect(outcome.facts.bareCR.count == (byte == 0x0D ? 2_000_000 : 0))
            #expect(outcome.facts.bareLF.count == (byte == 0x0A ? 2_000_000 : 0))
            #expect(outcome.facts.nul.count == (byte == 0x00 ? 2_000_000 : 0))
            #expect(outcome.used == 2_000_006)
        }
    }
}

@Suite("DATA: dot-stuffing")
struct DotStufferTests {
    private func stuff(_ pieces: [[UInt8]]) -> [UInt8] {
        var stuffer = DotStuffer()
        var out: [UInt8] = []
        for piece in pieces { stuffer.stuff(piece.span, into: &out) }
        return out + stuffer.terminator
    }

    @Test(arguments: [
        ("", ".\r\n"), ("a\r\n", "a\r\n.\r\n"), ("a", "a\r\n.\r\n"), (".", "..\r\n.\r\n"), (".\r\n", "..\r\n.\r\n"),
        ("..\r\n...\r\n", "...\r\n....\r\n.\r\n"), ("a\r\n.\r\n.b", "a\r\n..\r\n..b\r\n.\r\n"),
        ("a\r\n\r\n.\r\n", "a\r\n\r\n..\r\n.\r\n"), ("a.\r\n", "a.\r\n.\r\n"), ("a\r", "a\r\r\n.\r\n"),
    ])
    func stuffed(body: String, wire: String) {
        let bytes = Array(body.utf8)
        let expected = Array(wire.utf8)
        #expect(stuff([bytes]) == expected)
        #expect(stuff(bytes.map { [$0] }) == expected)
        for position in 0...bytes.count {
            #expect(stuff([Array(bytes[..<position]), [], Array(bytes[position...])]) == expected)
        }
    }

    @Test("decoding what was stuffed gives the body back", arguments: 0..<40)
    func identity(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let words: [[UInt8]] = [
            [0x2E], [0x2E, 0x2E], [0x0D, 0x0A], [0x0D, 0x0A], [0x61], [0x00], [0xC3, 0xA9], Array("Zm9vYmFy".utf8),
        ]
        for _ in 0..<50 {
            var body: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<200, using: &generator) {
                body += words.randomElement(using: &generator) ?? []
            }
            if !body.isEmpty { body += [0x0D, 0x0A] }
            let size = Int.random(in: 1...4096, using: &generator)
            let pieces = stride(from: 0, to: body.count, by: size).map {
                Array(body[$0..<min($0 + size, body.count)])
            }
            let wire = stuff(pieces)
            var decoder = DataDecoder(maximumSize: .max, lineEndings: .reject)
            var out: [UInt8] = []
            var used = 0
            let other = Int.random(in: 1...64, using: &generator)
            for start in stride(from: 0, to: wire.count, by: other) {
                #expect(!decoder.isComplete, "seed \(seed): ended early")
                used += decoder.decode(Array(wire[start..<min(start + other, wire.count)]).span, into: &out)
            }
            #expect(decoder.isComplete && decoder.fault == nil && used == wire.count, "seed \(seed)")
            #expect(out == body, "seed \(seed)")
        }
    }
}
