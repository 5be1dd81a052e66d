import InspectionLink
import MailModel
import Testing

/// Readings in reports: what is found in one, and when a message is ambiguous.
@Suite struct ReadingInspectionTests {
    private static func report(_ fields: String, content: String) throws -> Report {
        let gateway = try TestGateway()
        try gateway.configure()
        let message = "From: a@example.com\r\nMIME-Version: 1.0\r\n\(fields)\r\n\r\n\(content)\r\n"
        return try gateway.report(on: Array(message.utf8), by: try gateway.fork(1))
    }

    private static let attachment = Messages.base64(Array(Messages.eicar.utf8))

    /// No honest software writes two encodings: ambiguous, with a virus and without.
    @Test(arguments: [true, false])
    func deceptionIsAmbiguousWhateverIsFound(isInfected: Bool) throws {
        let report = try Self.report(
            "Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64",
            content: isInfected ? Self.attachment : "nothing")
        #expect(report.viruses.isEmpty != isInfected)
        #expect(report.deceptions == [.conflictingTransferEncoding])
        // What was checked was checked: ambiguity is no failure of the scanner.
        #expect(report.completedScanners == ["clamav"])
        if isInfected {
            let places = report.viruses.compactMap { $0.part }.map { report.parts[$0].reading }
            // Files that are written out in text are found in the ordinary reading too.
            #expect(places.contains { $0 > 0 })
        }
    }

    /// Wrong but honest: every reading is scanned, and nothing is held for it.
    @Test func sloppinessIsNotAmbiguous() throws {
        let report = try Self.report("Content-Transfer-Encoding: x-foo", content: Self.attachment)
        #expect(!report.viruses.isEmpty)
        #expect(report.unchecked.isEmpty)
    }

    /// Readers that know nothing of bodies elsewhere show what stands behind the second header.
    @Test func theBodyOfAnExternalBodyIsScanned() throws {
        let inner = "Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n\(Self.attachment)"
        let report = try Self.report("Content-Type: message/external-body; access-type=URL", content: inner)
        #expect(!report.viruses.isEmpty)
        #expect(report.unchecked.isEmpty)
    }

    @Test func otherDecodingsAreScanned() throws {
        let junk = Self.attachment.prefix(40) + "-_" + Self.attachment.dropFirst(40)
        let report = try Self.report("Content-Transfer-Encoding: base64", content: junk + "\r\n\r\nQUJD")
        #expect(!report.viruses.isEmpty)
        #expect(report.parts.count > 1)
        #expect(report.parts.dropFirst().allSatisfy { $0.reading > 0 && $0.path == "1" })
        #expect(Set(report.parts.map { $0.reading }).count == report.parts.count)
    }

    /// A file in uuencode within the text is a part of its own, after which parts of the tree keep their places.
    @Test func filesInTextAreParts() throws {
        let block = "begin 644 a.com\r\n#04)#\r\n`\r\nend\r\n"
        let report = try Self.report(
            "Content-Type: multipart/mixed; boundary=b",
            content: "--b\r\n\r\nlook\r\n\r\n\(block)\r\n--b\r\n\r\n\(Messages.eicar)\r\n--b--")
        let file = try #require(report.parts.firstIndex { $0.origin == .embedded })
        #expect(report.parts[file].path == "1.1.uuencode-1")
        #expect(report.parts[file].names == ["a.com"])
        #expect(report.parts[file].size == 3)
        #expect(report.viruses.compactMap { $0.part }.map { report.parts[$0].path } == ["1.2"])
    }
}
