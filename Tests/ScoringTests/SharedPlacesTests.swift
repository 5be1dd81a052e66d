import Testing

@testable import MIME
@testable import Scoring

/// A class takes so many tokens of a message: what stands first does not take the places of what a person reads.
@Suite("Shared places of tokens")
struct SharedPlacesTests {
    private static func words(_ name: String, _ count: Int) -> String {
        (0..<count).map { "\(name)\($0)" }.joined(separator: " ")
    }

    private static func numbers(_ lines: [String], _ classes: Set<TokenClass>) -> Set<UInt64> {
        TokenTests.numbers(lines).filter { TokenClass(of: $0).map(classes.contains) == true }
    }

    private static let shownClasses: Set<TokenClass> = [.word, .pair, .gram]

    @Test("of several subjects the first and the last are shown, words of the others are hidden ones")
    func severalSubjects() {
        let texts = TokenTests.texts([
            "Subject: firstword", "subject: secondword", "From: a@example.com", "Subject: thirdword",
            "SUBJECT: lastword",
            "", "body",
        ])
        #expect(texts.isSuperset(of: ["firstword", "lastword", "I:secondword", "I:thirdword", "H:lastword"]))
        #expect(texts.isDisjoint(with: ["secondword", "thirdword", "H:secondword", "I:firstword", "I:lastword"]))
    }

    @Test("words of a subject behind what a reader shows of it are hidden ones")
    func longSubject() {
        let line = Self.words("line", 30)
        #expect(line.utf8.count < 256)
        let texts = TokenTests.texts(["Subject: \(line)", "", "body"])
        #expect(texts.contains("line29") && !texts.contains("I:line29"))
        for rest in [" \(Self.words("rest", 400))", "\r\n \(Self.words("rest", 400))"] {
            let texts = TokenTests.texts(["Subject: \(line)\(rest)", "", "body"])
            #expect(texts.isSuperset(of: ["line20", "I:rest50", "I:rest200"]))
            #expect(texts.isDisjoint(with: ["rest50", "rest200", "H:rest50"]))
        }
        // Two share it.
        let both = TokenTests.texts(["Subject: \(line)", "Subject: \(Self.words("other", 30))", "", "body"])
        #expect(both.isSuperset(of: ["line5", "other5", "I:line29", "I:other29"]))
        #expect(both.isDisjoint(with: ["line29", "other29"]))
    }

    /// Signs and words by turns, no two neighbours alike for long.
    private static let signs = (0..<2_000).map { number -> String in
        let letter = UnicodeScalar(UInt8(0x61 + number * 7 % 26))
        let sign = UnicodeScalar(UInt8(0x21 + number % 11))
        return "\(letter)\(sign)"
    }
    private static let ideographs = (0..<2_000).map { number -> String in
        let scalar = UnicodeScalar(UInt32(0x4E00 + number)) ?? "?"
        return "\(scalar)"
    }

    @Test(
        "subjects leave more than half of the places to the body, whatever they are made of",
        arguments: [words("W", 1_000), words("\u{417}", 1_000), ideographs.joined(), signs.joined()], [1, 2, 40])
    func subjectsLeavePlaces(_ subject: String, _ count: Int) {
        let size = subject.count / count
        let subjects = (0..<count).map { "Subject: \(subject.dropFirst($0 * size).prefix(size))" }
        for kind in Self.shownClasses {
            #expect(Self.numbers(subjects + ["", ""], [kind]).count < kind.limit / 2, "\(kind)")
        }
        let texts = TokenTests.texts(subjects + ["", "viagra zzunique"])
        #expect(texts.isSuperset(of: ["viagra", "zzunique", "2:viagra zzunique", "4:viag"]))
    }

    private static func parts(_ texts: [String], _ type: String = "text/plain") -> [String] {
        ["Content-Type: multipart/mixed; boundary=b", ""]
            + texts.flatMap { ["--b", "Content-Type: \(type)", "", $0] } + ["--b--"]
    }

    @Test("a text in parts has the words, pairs and runs of octets that it has in one")
    func textsInParts() {
        let (honest, spam) = (Self.words("honest", 600), Self.words("spam", 60))
        for texts in [[honest, spam], [spam, honest], ["", honest, "", spam], [honest, spam, honest]] {
            let whole = texts.filter { !$0.isEmpty }.joined(separator: "\r\n")
            let expected = Self.numbers(["Content-Type: text/plain", "", whole], Self.shownClasses)
            #expect(Self.numbers(Self.parts(texts), Self.shownClasses) == expected)
        }
        let inWords = Self.parts(honest.split(separator: " ").map(String.init) + [spam])
        #expect(TokenTests.texts(inWords).isSuperset(of: ["honest9", "spam5", "spam59"]))
        let html = Self.parts(["<p>\(honest)</p>", "<p>\(spam)</p>"], "text/html")
        #expect(TokenTests.texts(html).isSuperset(of: ["honest9", "spam5", "spam59"]))
    }

    @Test(
        "beginning and end are read, however much is between them",
        arguments: [[100_000], [40_000, 40_000], [500, 200_000, 500], Array(repeating: 3_000, count: 60)])
    func longTexts(_ sizes: [Int]) {
        // Few words, which leave places.
        let filler = String(repeating: Self.words("w", 50) + " ", count: 2_000)
        var texts = sizes.map { String(filler.prefix($0)) }
        texts[0] = "firstword \(texts[0])"
        texts[sizes.count - 1] += " https://last.example/ lastword"
        let found = TokenTests.texts(Self.parts(texts))
        #expect(found.isSuperset(of: ["firstword", "lastword", "L:last.example"]))
    }

    @Test("texts belong to one message, and where none is shown what stands in its place is read")
    func oneMessage() {
        var extractor = TokenExtractor(keepsTexts: true)
        for index in 0..<3 {
            extractor.add(text: Array("shown\(index)".utf8).span)
            extractor.add(hidden: Array("hidden\(index)".utf8).span)
            let texts = Set(extractor.finish().texts.values)
            #expect(texts.count { $0.hasPrefix("shown") } == 1 && texts.contains("shown\(index)"))
        }
        #expect(extractor.finish().texts.values.allSatisfy { ["S:", "O:"].contains($0.prefix(2)) })
    }

    private static func anchors(_ count: Int, _ name: String, _ text: String = "") -> String {
        (0..<count).map { "<a href=\"https://\(name)\($0).example/path\($0)\">\(text)</a>" }.joined()
    }

    @Test(
        "links that a person sees are read before those that nobody does, first and last ones before others",
        arguments: [
            "<div style=\"display:none\">\(anchors(200, "honest", "x"))</div>", anchors(200, "honest"),
            (0..<200).map { "<img src=\"https://honest\($0).example/a\">" }.joined(), anchors(300, "honest", "x"),
        ])
    func links(_ before: String) {
        let html = "<body>\(before)<p><a href=\"https://last.example/now\">go</a>"
        let found = TokenTests.texts(["Content-Type: text/html", "", html])
        #expect(found.isSuperset(of: ["L:last.example", "L:now", "S:link-hidden=0"]))
    }

    @Test("links of a text in whose place another is shown come behind those of that")
    func unshownLinks() {
        let found = TokenTests.texts(
            ["Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/html", ""]
                + [Self.anchors(200, "honest", "x"), "--b", "Content-Type: text/html", ""]
                + ["<a href=\"https://last.example/now\">go</a>", "--b--"])
        #expect(found.contains("L:last.example"))
    }

    @Test(
        "links that nobody sees are hidden words, and take no places of those that are shown",
        arguments: [
            [
                "Content-Type: text/html", "",
                "<div style=\"display:none\">\(anchors(300, "honest", "x"))</div>" + payload,
            ],
            [
                "Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/html", "",
                anchors(300, "honest", "x"), "--b", "Content-Type: text/html", "", payload, "--b--",
            ],
            [
                "Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain", "",
                (0..<300).map { "https://honest\($0).example/path\($0) a@honest\($0).example" }.joined(separator: " "),
                "--b", "Content-Type: text/html", "", payload, "--b--",
            ],
        ])
    func hiddenLinks(_ lines: [String]) {
        let found = TokenTests.texts(lines)
        #expect(found.isSuperset(of: ["L:last.example", "L:now", "I:honest0.example"]), "\(lines[0])")
        #expect(!found.contains { $0.hasPrefix("L:honest") } && !found.contains("I:last.example"), "\(lines[0])")
    }

    private static let payload = "<p>go <a href=\"https://last.example/now\">there</a> or https://last.example/now"

    @Test("links of documents are hidden words beside a text, and links of mail without one")
    func documentLinks() {
        for (text, prefix) in [("", "L:"), ("shown", "I:")] {
            var extractor = TokenExtractor(keepsTexts: true)
            extractor.add(text: Array(text.utf8).span)
            extractor.add(documentLink: Array("https://document.example/way".utf8).span)
            let found = Set(extractor.finish().texts.values)
            #expect(found.contains("\(prefix)document.example"), "\(found)")
        }
    }

    @Test(
        "of links of a kind the first and the last are taken, in their order",
        arguments: [1, 199, 200, 201, 299, 300, 1_000])
    func firstAndLastLinks(_ count: Int) {
        var links = FoundLinks()
        for number in 0..<count {
            links.add(
                HTMLLink(kind: .anchor, target: Array("\(number)".utf8), text: [0x78], isHidden: false, offset: 0),
                isShown: true)
        }
        let taken = links.shownInOrder.map { String(decoding: $0.target, as: UTF8.self) }
        let expected =
            count <= 200 ? Array(0..<count) : Array(0..<100) + Array(count - 100..<count)
        #expect(taken.compactMap(Int.init).sorted() == expected)
        #expect(taken.first == "0" && (count == 1 || taken[1] == "\(count - 1)"))
    }
}
