import Foundation
import TestSupport
import Testing

/// What tests of the quarantine's commands begin with.
enum QuarantineStage {
    /// A gateway that keeps one infected message, and its identifier.
    static func stage() throws -> (hop: ScriptedNextHop, gateway: GatewayProcess, id: String) {
        let hop = try ScriptedNextHop(lmtp: false)
        let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
        var mail = Mail(to: ["a@example.net", "b@example.net"], content: try Samples.sample("eicar-attached"))
        mail.parameters = "ENVID=kept1"
        #expect(try send(mail, to: gateway.port).code == 250)
        return (hop, gateway, try #require(gateway.quarantined.first))
    }

    /// Who runs the tests.
    static func userName() -> String {
        if getuid() == 0, let caller = ProcessInfo.processInfo.environment["SUDO_USER"] { return caller }
        return getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "?"
    }
}
