import MIME
import TestSupport
import Testing

@testable import Scoring

/// Mail in scripts of which nothing was learnt: the tokens are strange ones, and nothing may be claimed from that.
@Suite("Languages that were not learnt")
struct LanguageTests {
    private struct Mail {
        let name: String
        let features: Features
        /// Scripts of its text, besides Latin.
        let scripts: Set<String>
    }

    /// The messages of a mailbox of `corpus/`.
    private static func mailbox(_ name: String) throws -> [Mail] {
        let bytes = try runTool("cat", ["\(Programs.package)/corpus/\(name).mbox"]).output
        return Mbox.messages(in: bytes.span, separators: .likeTheFirst).enumerated().map { number, range in
            let message = Mbox.canonical(Mbox.unquoted(bytes.span.extracting(range)))
            return Mail(name: "\(name) \(number)", features: features(message), scripts: scripts(message))
        }
    }

    private static func features(_ message: [UInt8]) -> Features {
        var extractor = TokenExtractor()
        return Features(tokens: extractor.tokens(of: message.span).tokens)
    }

    private static func scripts(_ message: [UInt8]) -> Set<String> {
        let tree = MIMEReader.read(message.span)
        var found: [String: Int] = [:]
        for index in tree.parts.indices where TextContent.isText(tree.parts[index].mediaType) {
            let part = tree.parts[index]
            var content: [UInt8] = []
            _ = tree.decodeBody(of: index, in: message.span, into: &content, limit: 1 << 20)
            let read = TextContent.read(
                content.span, mediaType: part.mediaType, charset: part.charset, limit: 1 << 20)
            for letter in String(decoding: read.html?.visible ?? read.text, as: UTF8.self).unicodeScalars {
                switch letter.value {
                case 0x370..<0x400: found["Greek", default: 0] += 1
                case 0x400..<0x530: found["Cyrillic", default: 0] += 1
                case 0x600..<0x700: found["Arabic", default: 0] += 1
                case 0x3040..<0x3100: found["kana", default: 0] += 1
                case 0x4E00..<0xA000: found["Han", default: 0] += 1
                case 0xAC00..<0xD7B0: found["Hangul", default: 0] += 1
                default: break
                }
            }
        }
        return Set(found.filter { $0.value >= 10 }.keys)
    }

    /// Messages of two kinds in made words: those of their kind and those that all mail has.
    private static func made(
        _ count: Int, first: Int = 0, letters: [Character], seed: UInt64
    ) -> [CommitteeTrainer.Example] {
        var generator = SeededGenerator(seed: seed)
        func words(_ count: Int) -> [String] {
            (0..<count).map { _ in
                String(
                    (0..<Int.random(in: 3...9, using: &generator)).map { _ in
                        letters[Int.random(in: 0..<letters.count, using: &generator)]
                    })
            }
        }
        let (common, own) = (words(300), [words(150), words(150)])
        generator = SeededGenerator(seed: seed &+ UInt64(first) &+ 1)
        return (0..<count).map { number in
            let kind = number % 2
            func text(_ count: Int) -> String {
                (0..<count).map { place in
                    let from = place % 3 == 0 ? own[kind] : common
                    return from[Int.random(in: 0..<from.count, using: &generator)]
                }.joined(separator: " ")
            }
            let message = """
                Received: from mail\(number % 7).example.com ([192.0.2.\(number % 50)]) by mx.example.org; Sat, 1 Jan 2000 00:00:00 +0000\r
                From: Sender <sender\(number % 40)@\(kind == 0 ? "shop" : "office")\(number % 11).example>\r
                To: joe@example.org\r
                Subject: =?utf-8?B?\(base64(Array(text(5).utf8)))?=\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: 8bit\r
                \r
                \(text(80))\r

                """
            return CommitteeTrainer.Example(features: features(Array(message.utf8)), isSpam: kind == 0)
        }
    }

    private static let latin = Array("etaoinshrdlucmfwypvbgk")
    private static let cyrillic = Array("оеаинтсрвлкмдпуяыьгзб")
    private static let han = Array("的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年")

    /// Near one half, and in none of the outermost bands.
    /// - Parameter exceptions: how many may be a little further from it.
    private static func expectNothingIsClaimed(_ memory: LearntMemory, exceptions: Int = 0) throws {
        let mail = try (mailbox("spam") + mailbox("ham")).filter { !$0.scripts.isEmpty }
        #expect(mail.count >= 20)
        for script in ["Cyrillic", "Han", "kana", "Hangul"] {
            #expect(mail.contains { $0.scripts.contains(script) }, "no mail in \(script)")
        }
        let far = mail.map { abs(memory.judge($0.features).probability - 0.5) }
        #expect(far.count { $0 >= 0.1 } <= exceptions && far.allSatisfy { $0 < 0.15 }, "\(far)")
    }

    @Test("made mail in Latin letters teaches nothing of other scripts")
    func madeMail() throws {
        let memory = try #require(LearntMemory(Self.made(600, letters: Self.latin, seed: 1)))
        // It does judge what it knows.
        for example in Self.made(100, first: 600, letters: Self.latin, seed: 1) {
            let probability = memory.judge(example.features).probability
            #expect(example.isSpam ? probability > 0.9 : probability < 0.1, "\(probability)")
        }
        try Self.expectNothingIsClaimed(memory)
        for example in Self.made(40, letters: Self.cyrillic, seed: 2) + Self.made(40, letters: Self.han, seed: 3) {
            let probability = memory.judge(example.features).probability
            #expect(abs(probability - 0.5) < 0.1, "\(probability)")
        }
    }

    @Test("learnt, the same scripts are judged", arguments: ["Cyrillic", "Han"])
    func learntScripts(_ script: String) throws {
        let letters = script == "Han" ? Self.han : Self.cyrillic
        let examples = Self.made(600, letters: Self.latin, seed: 1) + Self.made(600, letters: letters, seed: 2)
        let memory = try #require(LearntMemory(examples))
        for example in Self.made(60, first: 600, letters: letters, seed: 2) {
            let probability = memory.judge(example.features).probability
            #expect(example.isSpam ? probability > 0.9 : probability < 0.1, "\(probability)")
        }
    }

    @Test(
        "real mail in Latin letters teaches nothing of other scripts",
        .enabled(if: SharedCorpora.path != nil, "needs the corpora beside the package"))
    func realMail() throws {
        let index = try #require(SharedCorpora.bytes("spamassassin/index.tsv"))
        let labels = String(decoding: index, as: UTF8.self).split(separator: "\n")
        let isSpam = try labels.dropFirst().enumerated().filter { $0.offset % 6 == 0 }.map { row in
            let fields = row.element.split(separator: "\t", omittingEmptySubsequences: false)
            let column = labels[0].split(separator: "\t").firstIndex(of: "label")
            return fields[try #require(column)] != "ham"
        }
        let messages = try SharedCorpora.spamAssassin(every: 6)
        // Some of it is in those scripts.
        let charsets = ["gb2312", "big5", "euc-kr", "ks_c_5601", "iso-2022", "koi8", "1251"]
        let examples = zip(messages, isSpam).filter { message, _ in
            let text = String(decoding: message, as: UTF8.self).lowercased()
            return message.count { $0 >= 0x80 } < 20 && !charsets.contains { text.contains($0) }
        }.map { CommitteeTrainer.Example(features: Self.features(Mbox.canonical($0)), isSpam: $1) }
        #expect(examples.count { $0.isSpam } > 200)
        // Of a few words with a link what a link is made of is known, and the header decides.
        try Self.expectNothingIsClaimed(try #require(LearntMemory(examples)), exceptions: 1)
    }
}
