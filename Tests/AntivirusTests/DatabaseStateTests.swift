import Foundation
import TestSupport
import Testing

@testable import Antivirus

/// What counts as a change of the signatures, however soon it comes after another.
@Suite struct DatabaseStateTests {
    @Test func everyChangeIsSeen() throws {
        let directory = try Scratch(.disk)
        #expect(DatabaseState(directory.path) == DatabaseState(directory.path))
        var before = DatabaseState(directory.path)
        func expectChange(_ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
            let now = DatabaseState(directory.path)
            #expect(now != nil && now != before, "\(what)", sourceLocation: sourceLocation)
            #expect(now == DatabaseState(directory.path), "\(what)", sourceLocation: sourceLocation)
            before = now
        }
        try directory.write("a.ndb", "A:0:*:6161616161\n")
        expectChange("a file has come")
        try directory.write("a.ndb", "B:0:*:6161616161\n")
        expectChange("another content of the same size")
        // File systems give the new one the inode of the one that has gone.
        try FileManager.default.removeItem(atPath: directory.path + "/a.ndb")
        try directory.write("b.ndb", "B:0:*:6161616161\n")
        expectChange("another one in its place")
        try FileManager.default.removeItem(atPath: directory.path + "/b.ndb")
        expectChange("none is left")
        try directory.write("freshclam.dat", "not a database")
        #expect(DatabaseState(directory.path) == before)
        #expect(DatabaseState(directory.path + "/none") == nil)
    }
}
