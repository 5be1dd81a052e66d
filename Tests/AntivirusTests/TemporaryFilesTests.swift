import MailModel
import TestSupport
import Testing

@testable import Antivirus

/// What libclamav writes down to look at it: a page without its tags and comments, for one. It calls a content clean of which it
/// could write nothing.
extension ClamAVEngineTests {
    /// Found in the page as it was written down alone.
    private static let signature =
        "Page.Address:3:*:" + "<iframe src=\"http://bad.example/zz\"".utf8.map { String($0, radix: 16) }.joined()
    private static let page =
        Array("<html><body>".utf8) + (0..<20_000).flatMap { Array("<P>word \($0) of a page</P>\n".utf8) }
        + Array("<IFRAME   SRC='http://bad.example/zz'></body></html>".utf8)

    private static func engine(_ database: Scratch) throws -> ClamAVEngine {
        try database.write("test.ndb", signature + "\n")
        var settings = EngineSettings(
            database: database.path, maxScanSize: 32 << 20, maxRecursion: 10, maxFiles: 100)
        settings.options = .standard
        return try ClamAVEngine(settings)
    }

    private static func scan(_ engine: ClamAVEngine) -> [ScanOutcome] {
        page.withUnsafeBytes { engine.scan($0, parsingMail: true).outcomes }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func noRoomForOctets() throws {
        let database = try Scratch(.memory)
        let engine = try Self.engine(database)
        let disk = try SmallDisk(megabytes: 8)
        try engine.setTemporaryDirectory(disk.path)
        #expect(Self.scan(engine) == [.found("Page.Address.UNOFFICIAL")])
        try disk.fill()
        let outcomes = Self.scan(engine)
        #expect(outcomes.count == 1 && outcomes.allSatisfy(\.isFull), "\(outcomes)")
        try disk.clear()
        #expect(Self.scan(engine) == [.found("Page.Address.UNOFFICIAL")])
    }

    /// Each number of entries that are left, from none to as many as are needed.
    @Test(.enabled(if: SmallDisk.isPossible, "mounting a small file system needs root"))
    func noRoomForFiles() throws {
        let database = try Scratch(.memory)
        let engine = try Self.engine(database)
        let disk = try SmallDisk(megabytes: 8, entries: 1100)
        try engine.setTemporaryDirectory(disk.path)
        #expect(Self.scan(engine) == [.found("Page.Address.UNOFFICIAL")])
        let taken = disk.fillEntries()
        for left in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100, 1000] {
            try disk.resize(entries: 1100 + left)
            let outcomes = Self.scan(engine)
            #expect(outcomes.count == 1 && outcomes.allSatisfy(\.isFull), "\(left) left: \(outcomes)")
        }
        try disk.clearEntries(taken)
        #expect(Self.scan(engine) == [.found("Page.Address.UNOFFICIAL")])
    }
}
