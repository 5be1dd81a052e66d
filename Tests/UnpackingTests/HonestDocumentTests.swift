import Members
import Testing

@testable import Unpacking

/// Documents of real programs are not held for what they are made of.
@Suite struct HonestDocumentTests {
    /// PowerPoint since 2007 keeps a package in each of some records of the old format.
    @Test(
        .enabled(if: Corpora.isPresent, "the corpora are not beside the package"), arguments: ["ppt", "pps", "pot"])
    func presentation(_ ending: String) throws {
        let found = Unpacked(try Corpora.bytes("oletools/oleobj/embedded-simple-2007.\(ending)"))
        let stream = try #require(found.entries.first { $0.names == ["PowerPoint Document"] })
        #expect(stream.types.first == "zip")
        #expect(found.problems.contains(ContainerProblem(.note, "more than one zip directory")))
        #expect(found.kinds == [])
        // Each of the packages is taken apart.
        let packages = found.entries.filter {
            $0.path.hasPrefix(stream.path + "/") && $0.names.contains("[Content_Types].xml")
        }
        #expect(packages.count > 1)
        // As a file somebody would open it, and programs would not agree on what is in it.
        let file = Unpacked(try #require(stream.content))
        #expect(file.problems.contains(ContainerProblem(.ambiguous, "more than one zip directory")))
    }
}
