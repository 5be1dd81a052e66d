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

    /// Names of main.cf that are not read say what to write.
    @Test(arguments: [
        ("proxy:pcre:/x", "leave out proxy:"), ("unionmap:{pcre:/a, pcre:/b}", "one by one"),
        ("pipemap:{pcre:/a, pcre:/b}", "one by one"), ("$config_directory/x", "parameters of main.cf"),
        ("pcre:${config_directory}/x", "parameters of main.cf"), ("hash:/x", "whole lines"),
        ("/x", "write pcre:/x or regexp:/x"),
    ])
    func saysWhatToWrite(_ name: String, _ text: String) {
        #expect { try TableName(name) } throws: { ($0 as? TableNameError)?.description.contains(text) ?? false }
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
