import Testing

@testable import Scoring

@Suite("Whether the text names whom it is addressed to")
struct RecipientTests {
    private static func mention(to field: String, _ text: String) -> Set<String> {
        let tokens = TokenTests.texts([field, "Content-Type: text/plain; charset=utf-8", "", text])
        // Those that say one thing.
        let single = tokens.filter { $0.hasPrefix("O:recipient") && !$0.contains("&") }
        return Set(single.map { String($0.dropFirst(2)) })
    }

    private static let far = (0..<20).map { "word\($0)" }.joined(separator: " ")

    @Test(
        "by a name in front of the address, in capitals or not, encoded or not, of any of several recipients",
        arguments: [
            ("To: Ann Miller <ann@example.com>", "Dear Ann, here it is", "recipientGreeted"),
            ("to: \"Miller, Ann\" <ann@example.com>", "Dear Mrs MILLER, here it is", "recipientGreeted"),
            ("To: =?utf-8?Q?J=C3=BCrgen?= <j@example.com>", "Hallo Jürgen!", "recipientGreeted"),
            ("To: Bob <b@example.org>,\r\n Ann <ann@example.com>", "Hi Ann", "recipientGreeted"),
            ("To: Ann <ann@example.com>", "\(far) thanks, Ann", "recipientNamed"),
            ("To: Ann <ann@example.com>", "Anna and Hannah came", "recipientUnnamed"),
            ("To: Ann <ann@example.com>", "Dear customer", "recipientUnnamed"),
        ])
    func names(_ field: String, _ text: String, _ expected: String) {
        #expect(Self.mention(to: field, text) == [expected], "\(field): \(text)")
    }

    @Test(
        "nothing is said where no name is known, or no text is there",
        arguments: [
            ("To: ann@example.com", "Dear ann"), ("To: <ann@example.com>", "Dear ann"),
            // Programs write the address in the place of the name.
            ("To: \"ann@example.com\" <ann@example.com>", "Dear ann"), ("To: Al <al@example.com>", "Dear Al"),
            ("To: undisclosed-recipients:;", "Dear recipients"), ("To:", "Dear Ann"), ("To: Ann", "Dear Ann"),
            ("To: <<<>>>,,,@@", "Dear Ann"), ("Cc: Ann <ann@example.com>", "Dear Ann"),
            ("To: Ann <ann@example.com>", ""), ("To: Ann <ann@example.com>", "--- *** ---"),
        ])
    func unknown(_ field: String, _ text: String) {
        #expect(Self.mention(to: field, text) == [], "\(field): \(text)")
    }

    @Test("only so many names and words count: a list of recipients, or a long text, takes no time")
    func limits() {
        let many = (0..<9).map { "Name\($0) <n\($0)@example.com>" }.joined(separator: ", ")
        #expect(Self.mention(to: "To: \(many)", "Dear Name7") == ["recipientGreeted"])
        #expect(Self.mention(to: "To: \(many)", "Dear Name8") == ["recipientUnnamed"])
        let words = { (count: Int) in [String](repeating: "word", count: count).joined(separator: " ") + " Ann" }
        #expect(Self.mention(to: "To: Ann <a@example.com>", words(999)) == ["recipientNamed"])
        #expect(Self.mention(to: "To: Ann <a@example.com>", words(1000)) == ["recipientUnnamed"])
    }

    @Test("each message has its own recipient")
    func apart() {
        var extractor = TokenExtractor(keepsTexts: true)
        let first = extractor.tokens(of: Array("To: Ann <a@example.com>\r\n\r\nHello Ann".utf8).span)
        let second = extractor.tokens(of: Array("To: b@example.com\r\n\r\nHello Ann".utf8).span)
        #expect(first.texts.values.contains("O:recipientGreeted"))
        #expect(!second.texts.values.contains { $0.hasPrefix("O:recipient") })
    }
}
