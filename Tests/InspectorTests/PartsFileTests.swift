import InspectionLink
import Linux
import MailModel
import Testing

/// Decoded parts for scanners outside the inspector, and parts that a worker has scanned before.
@Suite struct PartsFileTests {
    private func worker(cachesScans: Bool = false) throws -> (TestGateway, TestGateway.Worker) {
        let gateway = try TestGateway()
        var settings = gateway.settings()
        settings.clamav?.cachesScans = cachesScans
        try gateway.configure(settings)
        return (gateway, try gateway.fork(1))
    }

    private func contents(_ report: Report, _ file: Descriptor) throws -> [String: String] {
        var out: [String: String] = [:]
        for item in report.materialised {
            out[report.parts[item.part].path] = String(
                decoding: try file.read(at: item.range.lowerBound, count: item.range.count), as: UTF8.self)
        }
        return out
    }

    @Test func decodedPartsAreHandedOut() throws {
        let (gateway, worker) = try worker()
        let message = try TestGateway.sealed(Messages.attached(Array("the content\r\n".utf8)))
        let file = try Descriptor.memory("test-parts")
        let report = try #require(
            try gateway.inspect(message, by: worker, context: InspectionContext(partsLimit: 1 << 20), parts: file))
        #expect(try contents(report, file).values.contains("the content\r\n"))
        #expect(report.unchecked.isEmpty)
        // Nothing of it afterwards: the file can be sealed, and no other message has parts in it.
        try file.seal()
        let plain = try gateway.report(on: Messages.plain("other"), by: worker)
        #expect(plain.materialised.isEmpty)
    }

    @Test(arguments: [(13, true), (12, false)])
    func sizeOfTheLimitAndOneLess(limit: Int, fits: Bool) throws {
        let (gateway, worker) = try worker()
        let content = Array("the content\r\n".utf8)
        let head = "From: a@example.org\r\nDate: Thu, 6 Mar 2025 07:05:30 +0000\r\nMIME-Version: 1.0\r\n"
        let message = try TestGateway.sealed(
            Array("\(head)Content-Type: application/x-test\r\n\r\n".utf8) + content)
        let file = try Descriptor.memory("test-parts")
        let report = try #require(
            try gateway.inspect(message, by: worker, context: InspectionContext(partsLimit: limit), parts: file))
        #expect(report.materialised.count == (fits ? 1 : 0), "\(report.parts)")
        #expect(report.limitsHit == (fits ? [] : ["scanner-parts"]))
        #expect(report.unchecked.map(\.reason) == (fits ? [] : [.overLimits]))
    }

    /// A part that was clean is not scanned again; what was found is found again.
    @Test(arguments: [true, false])
    func partsThatComeAgain(isOn: Bool) throws {
        let (gateway, worker) = try worker(cachesScans: isOn)
        func notes(_ report: Report) -> [String] {
            report.parts.flatMap(\.notes).filter { $0.hasPrefix("scanned before") }
        }
        let clean = Messages.attached(Array("the content\r\n".utf8))
        #expect(notes(try gateway.report(on: clean, by: worker)).isEmpty)
        let again = try gateway.report(on: clean, by: worker)
        #expect(notes(again).isEmpty != isOn)
        #expect(again.completedScanners == ["clamav"] && again.viruses.isEmpty)
        let infected = Messages.attached(Array(Messages.eicar.utf8))
        for _ in 0..<3 {
            #expect(try gateway.report(on: infected, by: worker).viruses.contains { $0.name == Messages.eicarName })
        }
    }
}
