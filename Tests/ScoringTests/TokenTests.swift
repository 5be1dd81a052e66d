import Bytes
import Foundation
import Testing

@testable import Scoring

@Suite("Tokens of a message")
struct TokenTests {
    /// Readable tokens of a message with these lines.
    static func texts(_ lines: [String]) -> Set<String> {
        Set(set(lines).texts.values)
    }

    static func set(_ lines: [String]) -> TokenSet {
        var extractor = TokenExtractor(keepsTexts: true)
        return extractor.tokens(of: Array(lines.joined(separator: "\r\n").utf8).span)
    }

    static func numbers(_ lines: [String]) -> Set<UInt64> { Set(set(lines).tokens) }

    @Test("words of subject and body, links and addresses of the header are there under their classes")
    func classes() {
        let texts = Self.texts([
            "From: Ann <ann@mail.example.com>", "Subject: cheap watches", "Message-ID: <a1@host.example.org>", "",
            "Visit https://shop.example.net/deal now",
        ])
        for expected in [
            "cheap", "watches", "H:cheap", "H:ann@mail.example.com", "H:.example.com", "H:host.example.org",
            "L:shop.example.net", "L:.example.net", "L:deal", "Visit", "2:cheap watches", "F:subject",
        ] {
            #expect(texts.contains(expected), "\(expected)")
        }
    }

    @Test("fields of filters and mailboxes are not learnt")
    func ownMarkup() {
        let plain = ["From: a@example.com", "Subject: x", "", "text"]
        for field in [
            "X-Spam-Status: Yes, score=12", "X-Mailreeve-Alert: spam", "X-Virus-Scanned: yes", "Status: RO",
            "X-Bogosity: Spam", "X-UID: 7",
        ] {
            var marked = plain
            marked.insert(field, at: 1)
            #expect(Self.numbers(marked) == Self.numbers(plain), "\(field)")
        }
    }

    @Test("text hidden by HTML has tokens of its own class")
    func hidden() {
        let texts = Self.texts([
            "Content-Type: text/html", "", "<p>shown</p><p style=\"display:none\">secretword</p>",
        ])
        #expect(texts.contains("shown"))
        #expect(texts.contains("I:secretword"))
        #expect(!texts.contains("secretword"))
    }

    @Test("what fields of forms show is text, what they do not is hidden")
    func formFields() {
        let texts = Self.texts([
            "Content-Type: text/html", "", "<p>shown</p><input readonly value='cheap watches'>",
            "<input style='display:none' value=secretword><input type=hidden value=otherword>",
        ])
        #expect(texts.isSuperset(of: ["shown", "cheap", "2:cheap watches", "I:secretword"]))
        #expect(texts.isDisjoint(with: ["secretword", "I:cheap", "otherword", "I:otherword"]))
    }

    @Test("the same text in other charsets and encodings has the same words")
    func charsets() {
        let utf8 = Self.numbers([
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "",
            // Купите дешево
            "0JrRg9C/0LjRgtC1INC00LXRiNC10LLQvg==",
        ])
        let koi8 = Self.numbers([
            "Content-Type: text/plain; charset=koi8-r", "Content-Transfer-Encoding: quoted-printable", "",
            "=EB=D5=D0=C9=D4=C5 =C4=C5=DB=C5=D7=CF",
        ])
        let common = utf8.intersection(koi8)
        #expect(common.count { TokenClass(of: $0) == .word } >= 3)
        #expect(common.count { TokenClass(of: $0) == .pair } == 1)
    }

    @Test("scripts without blanks between words give single characters and their pairs")
    func ideographs() {
        let texts = Self.texts(["Content-Type: text/plain; charset=utf-8", "", "免费发票"])
        for expected in ["免", "费", "2:免 费", "2:发 票"] { #expect(texts.contains(expected), "\(expected)") }
    }

    @Test("a message of one image has structural tokens")
    func imageOnly() {
        let texts = Self.texts([
            "Content-Type: text/html", "", "<a href=\"http://192.0.2.7/x\"><img src=\"cid:1\"></a>",
        ])
        #expect(texts.contains("S:image-only=1"))
        #expect(texts.contains("L:192.0.2.7"))
        #expect(texts.contains("L:192.0.2."))
    }

    @Test("a class never has more tokens than its limit, however long the message is")
    func limits() {
        let words = (0..<20_000).map { "word\($0)x" }.joined(separator: " ")
        let set = Self.set(["Subject: many", "", words])
        var counts: [TokenClass: Int] = [:]
        for token in set.tokens { if let found = TokenClass(of: token) { counts[found, default: 0] += 1 } }
        for (tokenClass, count) in counts { #expect(count <= tokenClass.limit) }
        #expect(counts[.word] == TokenClass.word.limit)
        #expect(set.full.contains(.word) && set.full.contains(.pair))
    }

    @Test("tokens are the same whatever was read before")
    func independence() {
        var extractor = TokenExtractor()
        let one = Array("Subject: one\r\n\r\nfirst message here".utf8)
        let two = Array("Subject: two\r\n\r\nsecond message there".utf8)
        let alone = extractor.tokens(of: one.span)
        _ = extractor.tokens(of: two.span)
        #expect(extractor.tokens(of: one.span) == alone)
    }

    @Test("any bytes give tokens in ascending order, and nothing traps")
    func hostile() {
        var extractor = TokenExtractor(keepsTexts: true)
        var state: UInt64 = 7
        for round in 0..<400 {
            var bytes = round % 2 == 0 ? Array("Content-Type: text/html\r\nReceived: from".utf8) : []
            for _ in 0..<(round * 3) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let byte = UInt8(truncatingIfNeeded: state >> 56)
                bytes.append(round % 3 == 0 ? byte : Array("<>@:/.\r\n =?a\u{e9}".utf8)[Int(byte) % 14])
            }
            let set = extractor.tokens(of: bytes.span)
            #expect(zip(set.tokens, set.tokens.dropFirst()).allSatisfy(<))
        }
    }

    @Test("long words count by their beginning and form")
    func longWords() {
        let long = Self.numbers(["", "abcdefghijklmnopqrstuvwxyz1234567890"])
        let other = Self.numbers(["", "abcdefghijklmnopqrstuvwxyz9999999999"])
        #expect(long.filter { TokenClass(of: $0) == .word } == other.filter { TokenClass(of: $0) == .word })
    }

    @Test(
        "long words count by letters, in every script",
        arguments: [
            ("зарегистрироваться", "заретушированного"), ("καταχωρηθήκατε", "καταχωνιασμένος"),
            ("დარეგისტრირდით", "დარეგულირებული"), ("पंजीकरणकर्ताओं", "पंजीकृतकर्ताओं"),
            ("등록하십시오지금바로", "등록하십시오내일까지"),
        ])
    func longWordsOfScripts(_ first: String, _ second: String) {
        func words(_ text: String) -> Set<UInt64> {
            Self.numbers(["Content-Type: text/plain; charset=utf-8", "", text])
                .filter { TokenClass(of: $0) == .word }
        }
        #expect(!words(first).isEmpty && words(first).isDisjoint(with: words(second)))
    }

    @Test(
        "capitals have the words of small letters, in every script that has them",
        arguments: [
            ("ｖｉａｇｒａ ＶＩＡＧＲＡ １２３", "viagra viagra 123"), ("𝐯𝐢𝐚𝐠𝐫𝐚 𝓥𝓲𝓪𝓰𝓻𝓪 𝟏𝟐𝟑", "viagra viagra 123"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("İSTANBUL", "istanbul"), ("ștampilă ȚĂRI", "ştampilă ţări"),
            ("مُحَمَّد مـحـمـد", "محمد محمد"),
            ("ŁÓDŹ ŻÓŁĆ ŃŇĽĹ ŽŠ", "łódź żółć ńňľĺ žš"), ("ΆΈΉΊΌΎΏΪΫ", "άέήίόύώϊϋ"),
            ("ĐƯỜNG PHỐ VIỆT", "đường phố việt"),
            ("ＶＩＡＧＲＡ", "ｖｉａｇｒａ"), ("ЁЖИКЪ ЇҐЄ", "ёжикъ їґє"), ("ՀԱՅԵՐԵՆ", "հայերեն"), ("ŸǍǞȘȚ", "ÿǎǟșț"),
        ])
    func capitals(_ large: String, _ small: String) {
        func words(_ text: String) -> Set<UInt64> {
            Self.numbers(["Content-Type: text/plain; charset=utf-8", "", text])
                .filter { TokenClass(of: $0) == .word }
        }
        #expect(words(large).isSuperset(of: words(small)))
    }

    @Test(
        "a word is the same token with its marks within or behind its letters",
        arguments: [
            "café CAFÉ Café", "žluťoučký kůň ŽLUŤOUČKÝ", "đường phố việt nam Ệ", "ёжик йод Їжак", "Ἀθῆναι ᾧ ψυχῇ",
            "한국어 스팸메일 값", "İstanbul ñandú Øre ǖ", "naïveté-coöperation señor's",
            "abcdefgé abcdefghé abcdefghijklmnopqrstuvwé abcdefghijklmnopqrstuvwxé",
        ])
    func spellings(_ text: String) {
        func words(_ text: String) -> Set<UInt64> {
            Self.numbers(["Content-Type: text/plain; charset=utf-8", "", text])
                .filter { TokenClass(of: $0) == .word || TokenClass(of: $0) == .pair }
        }
        let (one, other) = (text.precomposedStringWithCanonicalMapping, text.decomposedStringWithCanonicalMapping)
        #expect(!one.utf8.elementsEqual(other.utf8) && !words(one).isEmpty)
        #expect(words(one) == words(other))
    }

    @Test(
        "marks that make no other letter are passed over",
        arguments: [
            ("v\u{336}i\u{336}a\u{336}g\u{336}r\u{336}a\u{336}", "viagra"), ("v\u{20E0}iagra\u{FE20}", "viagra"),
            ("z\u{334}\u{31B}\u{315}a\u{338}p", "zap"), ("שָׁלוֹם", "שלום"), ("a\u{30A}\u{336}b", "\u{E5}b"),
        ])
    func marks(_ marked: String, _ plain: String) {
        func words(_ text: String) -> Set<UInt64> {
            Self.numbers(["Content-Type: text/plain; charset=utf-8", "", text]).filter { TokenClass(of: $0) == .word }
        }
        #expect(words(marked) == words(plain) && !words(plain).isEmpty)
        #expect(words("\u{336}\u{301} x").isSuperset(of: words("x")))
    }

    private static func multipart(_ kind: String, _ parts: [(type: String, text: String)]) -> [String] {
        ["Content-Type: multipart/\(kind); boundary=\(kind)", ""]
            + parts.flatMap { ["--\(kind)", "Content-Type: \($0.type)", "", $0.text] } + ["--\(kind)--"]
    }

    private static let shownHTML = (type: "text/html", text: "<p>shown payload</p>")

    /// What stands in place of `shown honestword` where a reader shows the HTML.
    private static let unshownForms: [[String]] = {
        let honest = "shown honestword"
        let inner = multipart("mixed", [("text/plain", honest)])
        let nested =
            [
                "Content-Type: multipart/alternative; boundary=alternative", "", "--alternative",
            ] + inner + ["--alternative", "Content-Type: text/html", "", shownHTML.text, "--alternative--"]
        return [
            multipart("alternative", [("text/plain", honest), shownHTML]),
            multipart("alternative", [shownHTML, ("text/plain", honest)]),
            multipart("alternative", [("text/plain", "shown"), ("text/plain", honest), shownHTML]),
            multipart("alternative", [("text/html", "<p>\(honest)</p>"), shownHTML]),
            multipart("alternative", [("text/enriched", honest), shownHTML]),
            multipart("alternative", [("text/x-unknown", honest), shownHTML]),
            multipart("alternative", [shownHTML, ("text/calendar", honest)]),
            multipart("related", [shownHTML, ("text/html", "<p>\(honest)</p>")]), nested,
            // Before the first delimiter, and behind the last.
            Array(multipart("mixed", [shownHTML]).prefix(2)) + [honest] + multipart("mixed", [shownHTML]).dropFirst(2),
            multipart("mixed", [shownHTML]) + [honest],
        ]
            + ["mixed", "signed", "report", "digest", "alternative", "related"].flatMap { kind in
                let whole = multipart(kind, [shownHTML])
                return [whole[..<2] + [honest] + whole[2...], whole[...] + [honest]].map { Array($0) }
            }
    }()

    @Test("words of a text in whose place another is shown are hidden ones", arguments: unshownForms)
    func unshown(_ lines: [String]) {
        let texts = Self.texts(lines)
        #expect(texts.isSuperset(of: ["shown", "payload", "I:honestword"]))
        #expect(texts.isDisjoint(with: ["honestword", "I:shown", "2:shown honestword"]))
    }

    private static func attached(_ disposition: String, first: Bool = false, in kind: String = "mixed") -> [String] {
        let parts = [
            ["--\(kind)", "Content-Type: text/html", "", shownHTML.text],
            ["--\(kind)", "Content-Type: text/plain", "Content-Disposition: \(disposition)", ""]
                + ["shown honestword"],
        ]
        return ["Content-Type: multipart/\(kind); boundary=\(kind)", ""]
            + (first ? parts.reversed() : parts).flatMap { $0 } + ["--\(kind)--"]
    }

    @Test("words of an attached text are hidden ones, unless nothing else is shown")
    func attachedTexts() {
        for lines in [
            Self.attached("attachment"), Self.attached("ATTACHMENT; filename=a.txt"),
            Self.attached("attachment", in: "report"), Self.attached("attachment", first: true),
            Self.attached("inline; filename=a.txt"), Self.attached("inline; filename=a.txt", first: true),
        ] {
            let texts = Self.texts(lines)
            #expect(texts.contains("I:honestword") && texts.isDisjoint(with: ["honestword", "I:shown"]), "\(lines)")
        }
        for lines in [Self.attached("inline"), Self.attached("(x) attachment")] {
            let texts = Self.texts(lines)
            #expect(texts.contains("honestword") && !texts.contains("I:honestword"), "\(lines)")
        }
        let alone = Self.texts(
            [
                "Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: image/png", "", "x", "--a",
                "Content-Type: text/plain", "Content-Disposition: attachment", "", "honestword", "--a--",
            ])
        #expect(alone.contains("honestword"), "\(alone)")
    }

    /// A shown text and a part beside it with these fields that holds `honestword`.
    private static func beside(_ fields: [String], _ body: [String], in kind: String = "mixed", first: Bool = false)
        -> [String]
    {
        let parts = [["Content-Type: text/html", "", shownHTML.text], fields + [""] + body]
        return ["Content-Type: multipart/\(kind); boundary=\(kind)", ""]
            + (first ? parts.reversed() : parts).flatMap { ["--\(kind)"] + $0 } + ["--\(kind)--"]
    }

    private static let message = ["Subject: x", "", "shown honestword"]
    private static let nestedMessage = [
        "Content-Type: multipart/mixed; boundary=inner", "", "--inner", "", "shown honestword", "--inner--",
    ]
    private static let attachment = "Content-Disposition: attachment; filename=a.eml"

    @Test(
        "words of attached messages and of parts that no reader shows are hidden ones",
        arguments: [
            beside(["Content-Type: message/rfc822", attachment], message),
            beside(["Content-Type: message/rfc822"], message),
            beside(["Content-Type: message/rfc822", attachment], nestedMessage),
            beside(["Content-Type: application/octet-stream; name=a.eml", attachment], message),
            beside(["Content-Type: message/rfc822"], message, in: "report"),
            beside(["Content-Type: text/rfc822-headers"], ["Subject: honestword"], in: "report"),
            beside(["Content-Type: text/x-vcard"], ["BEGIN:VCARD", "NOTE: honestword", "END:VCARD"]),
            beside(["Content-Type: text/calendar"], ["BEGIN:VCALENDAR", "X: honestword", "END:VCALENDAR"]),
            beside(["Content-Type: text/rtf", "Content-Disposition: inline; filename=a"], ["honestword"], first: true),
            beside(["Content-Type: text/csv"], ["honestword"]),
            beside(["Content-Type: text/x-patch"], ["honestword"], in: "report", first: true),
            beside(["Content-Type: text/plain"], ["honestword"], in: "encrypted"),
            beside(["Content-Type: text/plain"], ["honestword"], in: "signed"),
        ])
    func attachedMessages(_ lines: [String]) {
        let texts = Self.texts(lines)
        #expect(texts.contains("I:honestword") && texts.isDisjoint(with: ["honestword", "I:shown"]), "\(lines)")
    }

    @Test("words of a message that is the content are shown ones")
    func messagesAsContent() {
        for lines in [
            ["Content-Type: message/rfc822", ""] + Self.message,
            [
                "Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: message/rfc822", Self.attachment,
                "",
            ]
                + Self.message + ["--a--"],
            // Forwarded without a word.
            ["Content-Type: multipart/mixed; boundary=a", "", "--a", "", "", "--a", "Content-Type: message/rfc822", ""]
                + Self.message + ["--a--"],
            Self.beside(["Content-Type: text/plain"], ["honestword"], in: "signed", first: true),
            Self.beside(["Content-Type: text/plain", "Content-Disposition: inline"], ["honestword"]),
            Self.beside(["Content-Type: text/enriched"], ["honestword"]), ["Content-Type: text/csv", "", "honestword"],
            Self.multipart("mixed", [("image/png", "x"), ("text/csv", "honestword")]),
            Self.multipart("mixed", [("text/rtf", "honestword"), ("text/html", "<p></p>")]),
        ] {
            let texts = Self.texts(lines)
            #expect(texts.contains("honestword") && !texts.contains("I:honestword"), "\(lines)")
        }
    }

    @Test("words of a text that is shown are not hidden ones")
    func shownAlternatives() {
        for lines in [
            Self.multipart("alternative", [("text/plain", "honestword")]),
            Self.multipart("alternative", [("text/plain", "honestword"), ("text/html", "<p></p>")]),
            Self.multipart("alternative", [("text/plain", "honestword"), ("text/calendar", "x")]),
            Self.multipart("alternative", [("text/x-one", "other"), ("text/x-two", "honestword")]),
            Self.multipart("mixed", [("text/html", "<p>x</p>"), ("text/plain", "honestword")]),
            Self.multipart("related", [("text/html", "<p>honestword</p>"), ("image/png", "x")]),
            // No part but what stands before a first delimiter, which some readers show.
            ["Content-Type: multipart/mixed; boundary=mixed", "", "honestword"],
            // With text before the first delimiter.
            ["Content-Type: multipart/related; boundary=related", "", "This is a message in parts"]
                + Self.multipart("related", [("text/html", "<p>honestword</p>"), ("image/png", "x")]).dropFirst(2),
        ] {
            #expect(Self.texts(lines).contains("honestword"), "\(lines)")
            #expect(!Self.texts(lines).contains("I:honestword"), "\(lines)")
        }
        // What is held back belongs to no other message.
        var extractor = TokenExtractor(keepsTexts: true)
        _ = extractor.tokens(
            of: Array(Self.unshownForms[0].joined(separator: "\r\n").utf8).span)
        let next = extractor.tokens(of: Array("Content-Type: text/html\r\n\r\nother".utf8).span)
        #expect(!next.texts.values.contains { $0.contains("honestword") })
    }

    @Test(
        "characters that show nothing cut no words, in HTML as in plain text",
        arguments: [
            ("html", "via&shy;gra"), ("html", "via&#8203;gra"), ("html", "via&zwnj;gra"), ("html", "via\u{200B}gra"),
            ("html", "via\u{34F}gra"), ("html", "<i>via</i>&lrm;gra"), ("plain", "via\u{200B}gra"),
            ("plain", "via\u{AD}gra"),
        ])
    func nothings(_ type: String, _ text: String) {
        func texts(_ text: String) -> Set<String> {
            Self.texts(["Content-Type: text/\(type); charset=utf-8", "", text])
        }
        #expect(texts("buy \(text) now").isSuperset(of: ["viagra", "2:buy viagra"]))
        if type == "html" { #expect(texts("x<p style=\"display:none\">\(text)</p>").contains("I:viagra")) }
    }
}
