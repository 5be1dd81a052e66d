@testable import Gateway
import MIME
import MailModel
import Stores
import Testing
import TestSupport

@Suite struct HeaderFactsTests {
    /// The size of the first read; blocks around it are read again.
    private static let first = 16_384
    private static let limit = 100_000

    private let messages: StoredMessages

    init() throws { messages = try StoredMessages() }

    private func facts(_ bytes: [UInt8], limit: Int = limit) throws -> HeaderFacts {
        try HeaderFacts(of: try messages.store(bytes), limit: limit)
    }

    private func facts(_ text: String, limit: Int = limit) throws -> HeaderFacts {
        try facts(Array(text.utf8), limit: limit)
    }

    @Test(arguments: [
        ("one two\r\n three", "one two three"), ("one\r\n\tthree", "one three"),
        ("=?utf-8?b?0J/RgNC4?=\r\n =?utf-8?b?0LLQtdGC?=", "\u{41F}\u{440}\u{438}\u{432}\u{435}\u{442}"),
        ("=?utf-8?q?a?=\r\n\t=?utf-8?q?=0D=0Ab?=", "a\r\nb"),
    ])
    func subjectAsPeopleReadIt(field: String, text: String) throws {
        #expect(try facts("Subject: \(field)\r\n\r\n").subjectText == text)
    }

    /// All of them, whatever stands below, and however many octets are looked at.
    @Test(arguments: [
        ("", ""), (" a\r\n\tb\r\n", ""), (" \r\n", ""), ("\ta\r\n", "no field\r\nX: y\r\n"), (" a", ""),
        (" a\r\n", "\r\nbody"),
        (" a\r\n", "\r\n body"), (String(repeating: " a\r\n", count: 200), "X: y\r\n b\r\n"),
        (" " + String(repeating: "a", count: 1000) + "\r\n", ""),
        (String(repeating: "\ta\r\n", count: 20_000), "X: y\r\n\r\n"),
    ])
    func continuationOfNoField(lines: String, rest: String) throws {
        let rest = rest.isEmpty && lines.hasSuffix("\n") ? "Subject: x\r\n y\r\n\r\n z\r\n" : rest
        for limit in [16, 255, 256, 257, Self.limit] {
            let found = try facts(lines + rest, limit: limit).leadingContinuation
            #expect(found == 0..<lines.utf8.count, "\(limit)")
        }
    }

    @Test func signaturesOverTheBody() throws {
        for name in ["DKIM-Signature", "dkim-signature", "ARC-Message-Signature", "DomainKey-Signature"] {
            #expect(try facts("Subject: x\r\n\(name): v=1\r\n\r\n").isSigned, "\(name)")
        }
        for text in [
            "X-DKIM-Signature: v=1", "ARC-Seal: i=1", "Subject: DKIM-Signature: v=1", "A: b\r\n DKIM-Signature: c",
        ] {
            #expect(try !facts("\(text)\r\n\r\nDKIM-Signature: in the body\r\n").isSigned, "\(text)")
        }
    }

    /// Fields that are together exactly so many octets long.
    private static func filler(_ octets: Int) -> String {
        var (out, left) = ("", octets)
        while left > 0 {
            // "X: " and CRLF are five octets; what is left for the last line must not be less.
            let line = left <= 1000 ? left : left - 900 < 5 ? 800 : 900
            out += "X: " + String(repeating: "a", count: line - 5) + "\r\n"
            left -= line
        }
        return out
    }

    private static let forged = "X-Virus-Scanned: evil\r\n\tand folded\r\n"

    @Test func whatIsRead() throws {
        let facts = try facts(
            "Received: a\r\nreceived: b\r\n\tc\r\nSubject:  hello \r\n world\r\n"
                + "MESSAGE-ID: <1@x> \r\nX-Virus-Scanned: evil\r\nSubject: second\r\nRECEIVED : d\r\n"
                + "\r\nReceived: in the body\r\nX-Virus-Scanned: body\r\n")
        #expect(facts.hops == 3)
        #expect(facts.subject == Array("hello \r\n world".utf8))
        #expect(facts.messageID == Array("<1@x>".utf8))
        #expect(facts.forged.count == 1)
        #expect(String(decoding: facts.block.suffix(10), as: UTF8.self) == "ED : d\r\n\r\n")
    }

    private static let trace = "Received: from x by mx with ESMTP id 1; date\r\n"
    private static let signed = "Authentication-Results: mx; dkim=pass header.d=Bank.example\r\n"

    @Test func anAuthorForWhomTheMTAVouches() throws {
        func author(_ text: String, believing names: String...) throws -> String? {
            let facts = try facts(text + "\r\ntext\r\n")
            return facts.vouchedAuthor(believing: names.map { Array($0.utf8) }).map { "\($0.path)" }
        }
        let from = "From: Bank <info@mail.bank.example>\r\n"
        #expect(try author(Self.signed + Self.trace + from) == "info@mail.bank.example")
        #expect(try author(Self.signed + Self.trace + from, believing: "other", "mx") == "info@mail.bank.example")
        #expect(try author(Self.signed + Self.trace + from, believing: "other") == nil)
        // Somebody else's results, which the sender wrote where the MTA takes its own trace out.
        #expect(try author(Self.signed.replacing("mx;", with: "far.example;") + Self.trace + from) == nil)
        for helo in ["foo??dkim=pass?header.d=bank.example", "f\u{E9}", "\"a b\""] {
            #expect(
                try author(Self.signed + Self.trace.replacing("from x", with: "from \(helo)") + from) == nil, "\(helo)")
            #expect(
                try author(Self.signed + Self.trace.replacing("from x", with: "from \(helo)") + from, believing: "mx")
                    == nil)
        }
        for helo in ["mail-1.far_away.example", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            let trace = Self.trace.replacing("from x", with: "from \(helo)")
            #expect(try author(Self.signed + trace + from) == "info@mail.bank.example", "\(helo)")
        }
        let odd = "DKIM-Signature: v=1; d=evil.example; s=s; b=x=; i=x=3B=20dkim=3Dpass@evil.example\r\n"
        #expect(try author(Self.signed + Self.trace + odd + from) == nil)
        let plain =
            "DKIM-Signature: v=1; a=rsa-sha256; d=bank.example; s=s; i=@bank.example;\r\n\th=from:to; z=x=3Dy; bh=+/=; b=Ab+/\r\n\tc==\r\n"
        #expect(try author(Self.signed + plain + Self.trace + plain + from) == "info@mail.bank.example")
        #expect(
            try author(
                "Authentication-Results: mx; dkim=pass header.d=xn--bcher-kva.example\r\n" + Self.trace
                    + "From: a@bücher.example\r\n")
                == "a@bücher.example")
        // Below the trace field of our MTA, or without one, anybody may have written it.
        #expect(try author(Self.trace + Self.signed + from) == nil)
        #expect(try author(Self.signed + from) == nil)
        // Two authors, none, another one, one that some readers do not see.
        for other in [
            from + from, "", "From: info@bank.example, x@evil.example\r\n", "From: x@evil.example\r\n",
            from + "broken\r\n" + from,
        ] {
            #expect(try author(Self.signed + Self.trace + other) == nil, "\(other)")
        }
        #expect(try author(" folded\r\n" + Self.signed + Self.trace + from) == nil)
    }

    @Test(arguments: ["", "\r\n", "\r\n\r\n", "body without header", ": x\r\n", "Subject", "Subject:", "\u{0}"])
    func messagesWithoutFields(text: String) throws {
        let facts = try facts(text)
        #expect(facts.hops == 0 && facts.forged == [] && facts.subject == [] && facts.messageID == [])
    }

    /// Every name of ours, in any case, with blanks before the colon, folded, repeated, at the start and at the end.
    @Test func forgedFieldsAreFoundWhereverTheyStand() throws {
        for name in ["X-Virus-Scanned", "x-virus-scanned", "X-QUARANTINE-ID", "X-Mailreeve-Unchecked"] {
            for colon in [":", " :", "\t :"] {
                for (before, after) in [("", ""), ("A: b\r\n", ""), ("", "A: b\r\n"), ("A: b\r\n", "C: d\r\n")] {
                    let field = "\(name)\(colon) evil\r\n more\r\n"
                    let text = before + field + after + "\r\nbody\r\n"
                    let facts = try facts(text)
                    let start = before.utf8.count
                    #expect(facts.forged == [start..<(start + field.utf8.count)], "\(text)")
                }
            }
        }
        for name in ["X-Virus-Scanned2", "XX-Virus-Scanned", "X-Virus", "X-Virus-Scanne"] {
            #expect(try facts("\(name): x\r\n\r\n").forged == [])
        }
    }

    /// A forged field at each distance from the first cut: found whole, whatever part of it is behind the cut, also when
    /// the block ends right there.
    @Test func aForgedFieldAcrossTheFirstCutIsRemovedWhole() throws {
        let length = Self.forged.utf8.count
        for start in (Self.first - length - 8)...(Self.first + 8) {
            for (after, label) in [("\r\nbody\r\n", "last"), ("Y: z\r\n\r\nbody\r\n", "followed"), ("", "all")] {
                let text = Self.filler(start) + Self.forged + after
                let facts = try facts(text)
                #expect(facts.forged == [start..<(start + length)], "at \(start), \(label)")
            }
        }
    }

    @Test(arguments: [-2, -1, 0, 1, 2])
    func blocksAroundTheFirstRead(difference: Int) throws {
        let last = "Received: last\r\n"
        let size = Self.first + difference
        // Once the block with its blank line is so long, once without it.
        for end in ["\r\n", "\r\nbody\r\n"] {
            for blank in [0, 2] {
                let text = Self.filler(size - last.utf8.count - blank) + last + end
                let facts = try facts(text)
                #expect(facts.hops == 1)
                #expect(facts.block.count == size - blank + 2)
            }
        }
    }

    /// At the limit the field is seen, one above it is not. A block longer than that is `over-limits` for the inspector,
    /// which counts in the same way: no field is between the two.
    @Test func theLimitIsTheInspectors() throws {
        let length = Self.forged.utf8.count
        for limit in [length, 1000, Self.first, Self.first + 1, Self.limit] {
            for above in [0, 1] {
                for after in ["\r\nbody\r\n", "Y: z\r\n\r\nbody\r\n"] {
                    let start = limit - length + above
                    guard start == 0 || start >= 5 else { continue }
                    let text = Array((Self.filler(start) + Self.forged + after).utf8)
                    let facts = try facts(text, limit: limit)
                    let limits = MIMELimits(headerBytes: limit)
                    let isFlagged = MIMEReader.read(text.span, limits: limits).limitsHit.contains(.headerBytes)
                    #expect(isFlagged == (above == 1 || after.count > 10), "limit \(limit), \(above) above")
                    if above == 0 || !isFlagged {
                        #expect(facts.forged == [start..<(start + length)], "limit \(limit), \(above) above")
                    }
                    #expect(facts.forged.allSatisfy { $0 == start..<(start + length) }, "never half of it")
                }
            }
        }
    }

    /// What Postfix 3.x writes for a client that has authenticated.
    @Test(arguments: ["ESMTPA", "ESMTPSA", "UTF8SMTPSA"])
    func authenticationInPostfixsForm(proto: String) throws {
        let facts = try facts(
            "Received: from [192.0.2.7] (host.example [192.0.2.7])\r\n\t(using TLSv1.3 with cipher AES (256/256 bits)\r\n"
                + "\t key-exchange X25519)\r\n\t(No client certificate requested)\r\n\t(Authenticated sender: u@a)\r\n"
                + "\tby mx.example (Postfix) with \(proto) id 4ABC\r\n\tfor <r@b>; Thu, 26 Nov 2026 01:00:00 +0000 (UTC)\r\n"
                + "\r\n")
        #expect(facts.saysAuthenticated)
    }

    /// HELO is the client's to choose, and nothing but the place of Postfix's own word counts.
    @Test(arguments: [
        "from with esmtpa (unknown [192.0.2.9])\r\n\tby mx (Postfix) with SMTP id 4ABC\r\n\tfor <x@a>; date",
        "from by (unknown [192.0.2.9])\r\n\tby mx (Postfix) with SMTP id 4ABC; date",
        "from x by y with esmtpa id z (unknown [192.0.2.9])\r\n\tby mx (Postfix) with SMTP id 4ABC; date",
        "from x (\\) by y with esmtpa id z (\r\n\tby mx (Postfix) with SMTP id 4ABC; date",
        "from x (a) by y with esmtpa id z (b\r\n\tby mx (Postfix) with SMTP id 4ABC; date",
        "from x) by y with esmtpa id z", "from \"x\" by y with esmtpa id z", "from x by y with esmtpa",
        "from x by y with smtp id esmtpa", "from x by y via tcp with esmtpa id z", "by y with esmtpa id z",
        "from x (h [192.0.2.9]) by y (Postfix) with ESMTPS id z; with esmtpa id", "", "with esmtpa",
    ])
    func authenticationThatIsNotSaid(value: String) throws {
        #expect(try !facts("Received: \(value)\r\n\r\n").saysAuthenticated)
    }

    /// Behind lines that are no fields, wherever the first read is cut, up to the first empty line.
    @Test func forgedFieldsBehindBrokenLines() throws {
        for size in [0, 5, Self.first - 40, Self.first - 20, Self.first - 8, Self.first, Self.first + 9] {
            let filler = size < 5 ? "" : Self.filler(size)
            let text = "A: b\r\nbroken\r\n folded\r\n\(filler)\r" + "x\r\n\(Self.forged)From x\r\nPrecedence: bulk\r\n"
            let facts = try facts(text + "\r\n" + Self.forged)
            #expect(facts.forged.count == 1 && facts.isBulk && facts.block == Array("A: b\r\n".utf8))
            let range = try #require(facts.forged.first)
            #expect(Array(text.utf8)[range].elementsEqual(Self.forged.utf8))
        }
        // Bounded.
        let text = "broken\r\n" + Self.filler(500)
        #expect(try facts(text + Self.forged + "\r\n", limit: 500 + 8 + Self.forged.utf8.count).forged.count == 1)
        #expect(try facts(text + Self.forged + "\r\n", limit: 500 + 7 + Self.forged.utf8.count).forged.isEmpty)
    }

    @Test func hopsAreCountedInLongBlocks() throws {
        let line = "Received: from a by b; date\r\n"
        let text = String(repeating: line, count: 2000) + "\r\n"
        #expect(try facts(text).hops == 2000)
        #expect(try facts(text, limit: line.utf8.count * 100).hops == 100)
    }

    @Test func randomBlocksNeverLoseAForgedField() throws {
        var random = SeededGenerator(seed: 17)
        let pieces = [
            "X-Virus-Scanned: a\r\n", " folded\r\n", "\tfolded\r\n", "A: b\r\n", "Subject: c\r\n", Self.filler(300),
            Self.filler(4000),
        ]
        for _ in 0..<300 {
            var text = "A: b\r\n"
            while text.utf8.count < Int.random(in: 0...40_000, using: &random) {
                text += pieces.randomElement(using: &random) ?? ""
            }
            text += "\r\nbody\r\n"
            let bytes = Array(text.utf8)
            let facts = try facts(bytes)
            // What is left holds no line that begins with our name, and nothing else was taken.
            var rest = bytes
            for range in facts.forged.sorted(by: { $0.lowerBound > $1.lowerBound }) { rest.removeSubrange(range) }
            let lines = String(decoding: rest, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
            #expect(!lines.contains { $0.hasPrefix("X-Virus-Scanned") })
            let plain = text.split(separator: "\r\n", omittingEmptySubsequences: false)
            var expected: [Substring] = []
            var removing = false
            for line in plain {
                if !line.hasPrefix(" "), !line.hasPrefix("\t") { removing = line.hasPrefix("X-Virus-Scanned") }
                if !removing { expected.append(line) }
            }
            #expect(lines == expected)
        }
    }
}
