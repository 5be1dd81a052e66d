import MailModel
import Testing

/// Texts with places for facts.
@Suite struct TextTemplateTests {
    @Test func everyFactHasAPlace() throws {
        let facts = Dictionary(uniqueKeysWithValues: TextTemplate.Fact.allCases.map { ($0, "<\($0.rawValue)>") })
        for fact in TextTemplate.Fact.allCases {
            let template = try TextTemplate(
                "a ${\(fact.rawValue)}${\(fact.rawValue)} b", facts: TextTemplate.Fact.allCases)
            #expect(template.filled(facts) == "a <\(fact.rawValue)><\(fact.rawValue)> b")
            #expect(template.names(fact))
            #expect(TextTemplate.Fact.allCases.filter(template.names) == [fact])
        }
    }

    /// What stands in a fact is no word, and what is no place stays as it is.
    @Test func factsAreFilledInOnce() throws {
        let template = try TextTemplate("$ {id} $id ${subject}}")
        #expect(template.filled([.subject: "${id}", .id: "no"]) == "$ {id} $id ${id}}")
        #expect(try TextTemplate("[${reason}]").filled([:]) == "[]")
        #expect(try TextTemplate("").filled([:]) == "")
    }

    @Test(arguments: ["${", "${id", "${}", "${ID}", "a ${id} ${nobody} b", "${ id}", "${id}${"])
    func unknownWords(_ text: String) {
        #expect(throws: TextTemplate.UnknownWord.self) { try TextTemplate(text) }
    }
}
