import Foundation
import TestSupport
import Testing

/// A gateway whose quarantine tells its recipients by digests, and what they make of them.
enum DigestStage {
    static let address = "release@local.example"

    static func stage(lmtp: Bool = false, _ settings: [String: String] = [:]) throws -> Stage {
        try Stage(lmtp: lmtp) { configuration in
            configuration.settings["local_domains"] = "[local.example]"
            configuration.settings["digests.release_address"] = address
            configuration.settings.merge(settings) { $1 }
            configuration.policies["default"]?["deny_senders"] = "[spam@example.org]"
            configuration.policies["default"]?["spam"] = "quarantine"
            configuration.policies["default"]?["digest"] = "yes"
        }
    }

    static func spam(_ number: Int = 1, to recipients: [String] = ["a@local.example"]) -> Mail {
        var mail = Mail.clean(number, to: recipients)
        mail.sender = "spam@example.org"
        return mail
    }

    static func digest(_ stage: Stage, _ arguments: String...) throws -> ToolResult {
        try runTool(
            Programs.path("mailreeve"),
            ["quarantine", "digest", "--config", stage.gateway.disk.path + "/mailreeve.yaml"] + arguments)
    }

    /// The tokens of a digest, by their actions.
    static func tokens(_ stage: Stage, for recipient: String = "a@local.example") -> [String: [String]] {
        let letters = stage.hop.deliveries.filter { $0.mail.hasPrefix("FROM:<>") && $0.recipients == [recipient] }
        let text = letters.map(\.notice).joined()
        let all = text.matches(of: #/\?subject=(mailreeve\.([ra])\.[A-Za-z0-9.]+)>/#)
        return Dictionary(grouping: all, by: { String($0.2) }).mapValues { $0.map { String($0.1) } }
    }

    static func request(
        _ token: String, to recipients: [String] = [address], from sender: String = "a@local.example"
    ) -> Mail {
        Mail(from: sender, to: recipients, text: "From: a@b\nSubject: \(token)\n\nwhatever X5O!\n")
    }

    static func released(_ stage: Stage, _ number: Int) -> [[String]] {
        stage.hop.deliveries.filter { delivery in
            // A mark stands on top.
            delivery.mail.hasPrefix("FROM:<spam@example.org>")
                && delivery.content.suffix(spam(number).content.count) == spam(number).content[...]
        }.map(\.recipients)
    }

    static func told(_ stage: Stage) -> [String] {
        stage.hop.deliveries.flatMap(\.recipients).map { String($0.prefix { $0 != "@" }) }
    }

    /// A command with the configuration of a gateway.
    static func command(_ stage: Stage, _ arguments: String...) throws -> ToolResult {
        try runTool(Programs.path("mailreeve"), arguments + ["--config", stage.gateway.disk.path + "/mailreeve.yaml"])
    }
}
