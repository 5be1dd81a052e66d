import Checks
import Testing

@Suite struct TableNameTests {
    @Test func readsLists() throws {
        #expect(
            try TableName.list(" pcre:/a, regexp:/b\tpcre:{{/x, y/ a b}, {/c/ d}} ") == [
                TableName(type: .pcre, place: "/a"), TableName(type: .regexp, place: "/b"),
                TableName(type: .pcre, place: "{{/x, y/ a b}, {/c/ d}}"),
            ])
        #expect(try TableName.list("").isEmpty)
    }

    @Test(arguments: ["hash:/x", "/x", "pcre:", "PCRE:/x", ":x"])
    func refusesOthers(_ name: String) {
        #expect(throws: TableNameError.self) { try TableName(name) }
    }

    @Test func readsInlineRules() throws {
        func lines(_ place: String) throws -> String {
            String(decoding: try TableName(type: .pcre, place: place).inlineLines(), as: UTF8.self)
        }
        #expect(try lines("{}") == "")
        #expect(try lines("{ { /a{2}/ ok },{/b/  c }  }") == "/a{2}/ ok\n/b/  c\n")
        for wrong in ["{{/a/ x}", "{/a/ x}", "{{/a/ x}}y", "{{/a/ x} {/b/ y}z}"] {
            #expect(throws: TableNameError.self) { try lines(wrong) }
        }
    }

    @Test func findsRulesByLine() {
        let table = RuleTable(
            TableName(type: .pcre, place: "t"),
            text: Array("# c\n/a/ x\n\n/b/\n  y\nif /c/\nbroken\n/d/ z\nendif\n".utf8))
        #expect(table.rule(line: 2)?.line == 2)
        #expect(table.rule(line: 4)?.line == 4)
        #expect(table.rule(line: 5) == nil)
        #expect(table.rule(line: 7) == nil)
        #expect(table.rule(line: 8)?.line == 8)
        #expect(table.rule(line: 9)?.operation == .endif)
        #expect(table.rule(line: 99) == nil)
        #expect(table.rule(line: -1) == nil)
    }
}
