import Checks
import Patterns
import TestSupport
import Testing

/// Postfix's own tests of its pcre and regexp tables.
@Suite(.enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"))
struct PostfixReferenceTests {
    @Test(arguments: [("dict_pcre", TableType.pcre), ("dict_regexp", .regexp)])
    func answersAsPostfix(_ name: String, _ type: TableType) throws {
        let folder = "mime/postfix/util/"
        let text = try #require(SharedCorpora.bytes("\(folder)\(name).map"))
        let tableName = TableName(type: type, place: "\(name).map")
        let table = PatternTable(RuleTable(tableName, text: text))
        var out = table.problems.map { "./dict_open: warning: \($0.logged(tableName))" }
        out.append("owner=untrusted (uid=USER)")
        var query = TableQuery([.success(table)], demandsUTF8: true)
        let input = String(decoding: try #require(SharedCorpora.bytes("\(folder)\(name).in")), as: UTF8.self)
        for line in input.split(separator: "\n") {
            let key = String(line.dropFirst(4))
            let bytes = Array(key.utf8)
            out.append("> \(line)")
            if let answer = try query.answer(bytes.span) {
                out.append("\(key)=\(String(decoding: answer.value, as: UTF8.self))")
            } else {
                out.append("\(key): not found")
            }
        }
        let expected = String(decoding: try #require(SharedCorpora.bytes("\(folder)\(name).ref")), as: UTF8.self)
        #expect(out == expected.split(separator: "\n").map(String.init))
    }
}
