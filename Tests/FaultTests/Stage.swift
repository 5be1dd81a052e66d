import Foundation
import TestSupport
import Testing

/// A gateway between a test and a scripted next hop.
struct Stage {
    let hop: ScriptedNextHop
    let gateway: GatewayProcess

    /// Starts both. Where the gateway or its inspector are not as they usually are, the parameters say so.
    init(
        lmtp: Bool = false, beforeQueue: Bool = false, inspector: String = "mailreeve-inspector",
        _ change: (inout GatewayConfiguration) throws -> Void = { _ in }
    ) throws {
        hop = try ScriptedNextHop(lmtp: lmtp)
        var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: beforeQueue)
        try change(&configuration)
        gateway = try GatewayProcess(configuration, inspector: inspector)
    }

    /// The gateway still lives, takes mail and passes it on.
    func expectService(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(gateway.process.isRunning, sourceLocation: sourceLocation)
        let mail = Mail.clean(900_000)
        let reply = try send(mail, to: gateway.port)
        #expect(reply.code == 250, "\(reply)", sourceLocation: sourceLocation)
        #expect(
            hop.deliveries.contains { $0.relayed.digest == mail.digest }, "the message is not there",
            sourceLocation: sourceLocation)
    }

    /// What `mailreeve status` prints.
    func status(_ options: [String] = []) throws -> String {
        let configuration = gateway.disk.path + "/mailreeve.yaml"
        return try runTool(Programs.path("mailreeve"), ["status", "--config", configuration] + options).text
    }

    /// Ends the gateway as a service manager does.
    func expectCleanEnd(sourceLocation: SourceLocation = #_sourceLocation) {
        let inspectors = gateway.zygotes + gateway.workers
        #expect(gateway.terminate() == 0, "it did not end as told", sourceLocation: sourceLocation)
        expectEnd(of: inspectors, sourceLocation: sourceLocation)
        let complaints = ((try? gateway.log.all()) ?? []).filter { $0.hasPrefix("ERROR") || $0.contains("Fatal error") }
        #expect(complaints.isEmpty, sourceLocation: sourceLocation)
    }
}

/// Sends a message again until it is not put off any more: the log has the line of the first try before that is done with.
func sendLate(_ mail: Mail, _ stage: Stage, lmtp: Bool = false) throws -> [MailReply] {
    var final: [MailReply] = []
    try poll("the end of the first try") {
        final = try sendAll(mail, to: stage.gateway.port, lmtp: lmtp).final
        return final.allSatisfy { $0.code != 451 }
    }
    return final
}

/// The processes end by themselves, soon.
func expectEnd(of processes: [Int32], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: Never.self, sourceLocation: sourceLocation) {
        try poll("the end of the inspectors", seconds: 10) { processes.allSatisfy { !ProcessTable.isAlive($0) } }
    }
}

/// Longer versions of tests run when this variable of the environment is set.
let longTests = ProcessInfo.processInfo.environment["MAILREEVE_LONG_TESTS"] != nil
