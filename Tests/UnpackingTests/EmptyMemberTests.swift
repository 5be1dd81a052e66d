import Members
import TestSupport
import Testing

@testable import Unpacking

/// A file without octets has a content in every format, which is empty, and a directory has none.
@Suite struct EmptyMemberTests {
    private static let tools = ["bsdtar", "genisoimage", "arj"]

    @Test(
        .enabled(if: tools.allSatisfy(GeneratorTests.installed), "make test-deps installs them"),
        arguments: [
            "bsdtar --format=pax -cf out d", "bsdtar --format=newc -cf out d",
            "bsdtar --format=zip -cf out d", "bsdtar --format=iso9660 -cf out d",
            "bsdtar --format=xar -cf out d", "bsdtar --format=7zip -cf out d",
            "genisoimage -quiet -R -graft-points -o out d=d", "genisoimage -quiet -J -graft-points -o out d=d",
            "genisoimage -quiet -udf -R -graft-points -o out d=d", "arj a -r out.arj d && mv out.arj out",
        ])
    func contents(_ command: String) throws {
        let scratch = try Scratch(.memory)
        let script =
            "cd \(scratch.path) && mkdir -p d/below && : > d/empty && echo full > d/full && \(command) > log 2>&1"
        try #require(try runTool("sh", ["-c", script]).status == 0, "\(command)")
        let result = Unpacked(try read("\(scratch.path)/out"), messageSize: 1 << 20)
        #expect(!result.isMarked, "\(result.problems)")
        let files = result.entries.filter { $0.names.contains { $0.lowercased().hasSuffix("d/empty") } }
        #expect(!files.isEmpty && files.allSatisfy { $0.content == [] }, "\(command) \(result.entries)")
        for entry in result.entries where entry.flags.contains(.directory) {
            #expect(entry.content == nil, "\(command) \(entry.names)")
        }
        #expect(!result.places(of: Array("full\n".utf8)).isEmpty)
    }
}
