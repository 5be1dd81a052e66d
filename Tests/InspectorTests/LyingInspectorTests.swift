import InspectionLink
import Linux
import MailModel
import Testing

/// The lying inspector is a tool of the gateway's tests; here it is only shown that it speaks and lies.
@Suite struct LyingInspectorTests {
    private func gateway(_ path: String) throws -> TestGateway {
        let gateway = try TestGateway(executable: "lying-inspector")
        try gateway.configure(gateway.settings(database: path))
        return gateway
    }

    private let message = Messages.plain("text")

    @Test func honestWorkersAreBelieved() throws {
        let gateway = try gateway("/lie/honest")
        let report = try gateway.report(on: message, by: gateway.fork(1))
        #expect(report.messageSize == message.count && report.viruses.isEmpty)
        let infected = try self.gateway("/lie/infected")
        #expect(try infected.report(on: message, by: infected.fork(1)).findings.map { $0.name } == ["Lie.Test"])
    }

    @Test(arguments: [
        "truncated", "trailing", "wrong-version", "wrong-type", "huge-count", "many-parts", "part-index",
        "unknown-word", "long-name", "negative-length",
    ])
    func brokenReportsAreNotRead(lie: String) throws {
        let gateway = try gateway("/lie/\(lie)")
        let worker = try gateway.fork(1)
        #expect(throws: RecordError.self) { try gateway.report(on: message, by: worker) }
    }

    @Test func onlyTheFirstWorkerLiesWhenAsked() throws {
        let gateway = try gateway("/lie/once/exit")
        #expect(try gateway.inspect(TestGateway.sealed(message), by: gateway.fork(1)) == nil)
        #expect(try gateway.event()?.0 == .exited(worker: 1, status: "exit 0"))
        #expect(try gateway.report(on: message, by: gateway.fork(2)).messageSize == message.count)
    }
}
