import Checks
import Patterns
import Testing

/// Tables of the lists whose texts were decoded match characters.
@Suite struct CharacterTests {
    private func fires(_ rule: String, _ text: String, _ type: TableType = .pcre) -> Bool {
        let table = PatternTable(
            RuleTable(TableName(type: type, place: "t"), text: Array("\(rule) x\n".utf8)), readsCharacters: true)
        let session = MatchSession()
        let found = table.lookup(Array(text.utf8).span, session) != nil
        #expect(session.failureCount == 0)
        return found
    }

    @Test(arguments: [
        ("/GR\u{DC}N/", "das gr\u{FC}ne Haus"), ("/\u{412}\u{418}\u{410}/", "\u{432}\u{438}\u{430}"),
        ("/gr.n wald/", "gr\u{FC}n wald"), ("/^.{3}$/", "\u{4E2D}\u{6587}\u{1F600}"),
        ("/[\u{E4}\u{F6}\u{FC}]ber/", "\u{DC}ber"), ("/\\b\u{432}\u{438}\u{430}\\b/", "x \u{412}\u{418}\u{410}, y"),
        ("/^\\w+$/", "stra\u{DF}e"), ("/\\xfcber/", "\u{FC}ber"), ("/ka\u{DF}/", "\u{212A}A\u{1E9E}"),
        ("/gr(\u{FC}|\u{E9})n/", "GR\u{C9}N"),
    ])
    func charactersMatch(_ rule: String, _ text: String) {
        #expect(fires(rule, text))
    }

    @Test func caseIsHeededWhereItIsAskedFor() {
        #expect(!fires("/GR\u{DC}N/i", "gr\u{FC}n"))
        #expect(fires("if /\u{DC}/\n/x/", "x") == false)
    }

    /// A pattern that is no UTF-8 matches octets, as all of regexp tables do.
    @Test func whatIsNoTextMatchesOctets() {
        let rule = Array("/gr".utf8) + [0xC3] + Array("/ x\n".utf8)
        let table = PatternTable(RuleTable(TableName(type: .pcre, place: "t"), text: rule), readsCharacters: true)
        #expect(table.problems.isEmpty)
        #expect(table.lookup(Array("gr\u{FC}n".utf8).span, MatchSession())?.line == 1)
        #expect(!fires("/^gr.n$/", "gr\u{FC}n", .regexp) && fires("/^gr..n$/", "gr\u{FC}n", .regexp))
    }
}
