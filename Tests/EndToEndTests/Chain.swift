import Foundation
import TestSupport
import Testing

/// Postfix, the gateway, and Postfix again.
struct Chain {
    let gateway: GatewayProcess
    let postfix: PostfixInstance
    /// Where the gateway hands mail back.
    let reinjection: Int

    init(
        _ mode: PostfixInstance.Mode, _ options: PostfixInstance.Options = PostfixInstance.Options(),
        _ change: (inout GatewayConfiguration) throws -> Void = { _ in }
    ) throws {
        reinjection = try Ports.free()
        var configuration = try GatewayConfiguration(
            nextHops: ["smtp:[127.0.0.1]:\(reinjection)"], beforeQueue: mode == .beforeQueue)
        try change(&configuration)
        gateway = try GatewayProcess(configuration)
        guard mode == .pipe else {
            postfix = try PostfixInstance(mode, gateway: gateway.port, reinjection: reinjection, options)
            return
        }
        // pipe(8) starts it as nobody, who may not be able to enter the build directory.
        let program = try gateway.disk.copy(Programs.path("mailreeve"), to: "mailreeve", mode: 0o755)
        postfix = try PostfixInstance(
            mode, reinjection: reinjection, program: (program, gateway.disk.path + "/mailreeve.yaml"), options)
    }

    /// Waits for the gateway's line on a message.
    @discardableResult
    func awaitLine(_ texts: String...) throws -> String {
        try gateway.log.wait(for: "\(texts)") { line in texts.allSatisfy { line.contains($0) } }
    }

    /// The octets that are kept in quarantine under this name.
    func quarantined(_ id: String) throws -> [UInt8] {
        let result = try runTool(
            Programs.path("mailreeve"),
            ["quarantine", "show", "--raw", "--config", gateway.disk.path + "/mailreeve.yaml", id])
        try #require(result.status == 0, "\(result)")
        return result.output
    }
}
