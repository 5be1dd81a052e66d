import Checks
import Documents
import Testing
import Unpacking

/// Rules on files may ask for everything that an inspection can say of one.
@Suite struct BannedWordsTests {
    private func problems(_ rule: String) -> [BannedProblem] {
        BannedRules([BannedRules.Source(name: "f", text: Array(rule.utf8))]).problems
    }

    @Test(arguments: FileType.all.map(\.name)) func everyTypeIsKnown(_ name: String) {
        #expect(problems("ban detected \(name)\n").isEmpty)
        #expect(ShortTypes.names(of: name).allSatisfy { problems("ban detected \($0)\n").isEmpty })
    }

    @Test(arguments: DocumentFact.Kind.allCases) func everyFactIsKnown(_ kind: DocumentFact.Kind) {
        #expect(problems("ban \(kind.rawValue)\n").isEmpty)
    }

    /// Words for several types stand for what the unpacker takes for such.
    @Test func wordsForSeveralTypes() throws {
        let archives = try #require(ShortTypes.classes["archive"])
        let disks = try #require(ShortTypes.classes["disk"])
        for type in FileType.all where type.opening.isArchive {
            let names = ShortTypes.names(of: type.name)
            #expect(names.contains { archives.contains($0) || disks.contains($0) }, "\(type.name)")
        }
        for names in ShortTypes.classes.values {
            #expect(names.allSatisfy(ShortTypes.known.contains))
        }
    }
}
