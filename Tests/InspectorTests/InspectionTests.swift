import Glibc
import InspectionLink
import Linux
import MailModel
import Testing

/// Messages through a real zygote and a real worker.
@Suite struct InspectionTests {
    private func report(
        on message: [UInt8], limits: InspectionLimits = TestGateway.limits,
        _ change: (inout Configure) -> Void = { _ in }
    ) throws -> Report {
        let gateway = try TestGateway()
        var settings = gateway.settings()
        change(&settings)
        try gateway.configure(settings)
        return try gateway.report(on: message, by: try gateway.fork(1), limits: limits)
    }

    /// Paths of the parts in which something was found; the message as a whole is "".
    private func places(_ report: Report) -> [String] {
        report.viruses.map { finding in finding.part.map { report.parts[$0].path } ?? "" }
    }

    @Test func cleanMail() throws {
        let message = Messages.attached(Array("nothing of interest".utf8))
        let report = try report(on: message)
        #expect(report.messageSize == message.count)
        #expect(report.viruses.isEmpty)
        #expect(report.unchecked.isEmpty)
        #expect(report.limitsHit.isEmpty)
        #expect(report.completedScanners == ["clamav"])
        #expect(
            report.timings.map { $0.stage }
                == ["mime", "rules", "decode", "text", "tokens", "unpack", "digest", "clamav"])
    }

    @Test func partsAreDescribed() throws {
        let report = try report(on: Messages.attached(Array("abc".utf8), name: "letters.txt"))
        #expect(report.parts.map { $0.path } == ["1", "1.1", "1.2"])
        #expect(
            report.parts.map { $0.declaredType } == ["multipart/mixed", "text/plain", "application/octet-stream"])
        #expect(report.parts[2].names == ["letters.txt"])
        #expect(report.parts.map { $0.size } == [0, 21, 3])
        #expect(report.parts[0].sha256.isEmpty)
        // FIPS 180-4, example B.1.
        let digest: [UInt8] = [
            0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40, 0xDE, 0x5D, 0xAE, 0x22, 0x23, 0xB0, 0x03,
            0x61, 0xA3, 0x96, 0x17, 0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD,
        ]
        #expect(report.parts[2].sha256 == digest)
    }

    @Test func virusInAnAttachment() throws {
        let report = try report(on: Messages.attached(Array(Messages.eicar.utf8)))
        #expect(places(report) == ["1.2"])
        #expect(report.viruses.first?.name == Messages.eicarName)
        #expect(report.viruses.first?.scanner == "clamav")
        #expect(report.viruses.first?.kind == .virus)
    }

    @Test func virusInAMessageInAMessage() throws {
        let inner = Messages.attached(Array(Messages.eicar.utf8))
        let middle = Messages.forwarded(inner, boundary: "middle")
        let report = try report(on: Messages.forwarded(middle, boundary: "outer"))
        #expect(places(report) == ["1.2.1.2.1.2"])
    }

    @Test func virusInTheTextIsInBothReadings() throws {
        let report = try report(on: Messages.plain(Messages.eicar))
        #expect(places(report) == ["", "1"])
    }

    @Test func sentenceOfTheShippedDatabase() throws {
        let text = "Seven copper herons audit the lighthouse ledger at noon"
        let report = try report(on: Messages.attached(Array(text.utf8)))
        #expect(report.viruses.map { $0.name } == ["Mailreeve.Test.Body.UNOFFICIAL"])
    }

    @Test func withoutAScanner() throws {
        let report = try report(on: Messages.attached(Array(Messages.eicar.utf8))) { $0.clamav = nil }
        #expect(report.viruses.isEmpty)
        #expect(report.completedScanners.isEmpty)
        #expect(report.parts.count == 3)
    }

    @Test func emptyMessage() throws {
        let report = try report(on: [])
        #expect(report.messageSize == 0)
        #expect(report.viruses.isEmpty)
        #expect(report.completedScanners == ["clamav"])
    }

    @Test func decodedBytesAtTheLimitAndOneBeyond() throws {
        let message = Messages.attached([UInt8](repeating: 0x61, count: 5000))
        var limits = TestGateway.limits
        limits.decodedBytes = 5000
        let whole = try report(on: message, limits: limits)
        #expect(whole.unchecked.isEmpty && whole.completedScanners == ["clamav"])
        limits.decodedBytes = 4999
        let cut = try report(on: message, limits: limits)
        #expect(cut.limitsHit == ["decoded-bytes"])
        #expect(cut.unchecked == [Unchecked(.overLimits, part: 2, detail: "decoded-bytes")])
        #expect(cut.completedScanners.isEmpty)
        #expect(cut.parts[2].size == 4999)
        #expect(cut.parts[2].sha256.isEmpty)
    }

    /// What a limit leaves undivided is reported as unchecked, and still scanned as it stands.
    @Test func partsAtTheLimitAndOneBeyond() throws {
        var limits = TestGateway.limits
        limits.mimeParts = 3
        #expect(try report(on: Messages.attached([1]), limits: limits).unchecked.isEmpty)
        limits.mimeParts = 2
        let cut = try report(on: Messages.attached([1]), limits: limits)
        #expect(cut.unchecked.map { $0.reason } == [.overLimits])
        #expect(cut.limitsHit == ["mime-parts"])
    }

    @Test func scannerLimitIsNotAFinding() throws {
        let message = Messages.attached([UInt8](repeating: 0x61, count: 50_000))
        let report = try report(on: message) { $0.clamav?.maxScanSize = 49_999 }
        #expect(report.viruses.isEmpty)
        #expect(report.completedScanners.isEmpty)
        #expect(Set(report.unchecked.map { $0.reason }) == [.overLimits])
        // The raw message and the part are over it, the text is not.
        #expect(report.unchecked.map { $0.part } == [nil, 2])
    }

    @Test func messageInAFileWithoutAName() throws {
        let gateway = try TestGateway()
        try gateway.configure()
        let worker = try gateway.fork(1)
        let path = gateway.workspace + "/message"
        let writer = try Descriptor.open(path, O_WRONLY | O_CREAT)
        let message = Messages.attached([UInt8](repeating: 0x61, count: 2_000_000) + Array(Messages.eicar.utf8))
        try writer.write(message)
        let reader = try Descriptor.open(path, O_RDONLY)
        unlink(path)
        let report = try #require(try gateway.inspect(reader, by: worker))
        #expect(report.messageSize == message.count)
        #expect(places(report) == ["1.2"])
    }

    /// The directory of each message is empty after it (`TestGateway.inspect` removes it), and a worker that lost a
    /// descriptor with each message would not get far: it may have 64.
    @Test func thousandMessagesByOneWorker() throws {
        let gateway = try TestGateway()
        try gateway.configure()
        let worker = try gateway.fork(1)
        for number in 0..<1000 {
            let infected = number % 7 == 0
            let content = infected ? Messages.eicar : "page \(number)"
            let report = try gateway.report(on: Messages.attached(Array(content.utf8)), by: worker)
            #expect(report.viruses.count == (infected ? 1 : 0))
            #expect(report.completedScanners == ["clamav"])
        }
    }
}
