import Foundation
import TestSupport
import Testing

/// Levels of recipients: one message, looked at once, with one score, is spam to some of them, marked for others and clean to the rest.
@Suite(.enabled(if: Clients.arePossible, Clients.missing)) struct RecipientLevelsTests {
    /// - Parameter beforeQueue: one reply for all of them, which nobody's level may change.
    @Test(arguments: [false, true])
    func oneScoreAndLevelsOfEach(_ beforeQueue: Bool) async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address], beforeQueue: beforeQueue)
            configuration.settings["header_checks"] = #""pcre:{{/^Subject: offer/ SCORE 5 OFFER}}""#
            configuration.settings["local_domains"] = "[ example.net ]"
            configuration.settings["recipients"] = """
                [{match: [strict@example.net], levels: {tag2: 2, kill: 5}}, \
                {match: [marked@example.net], levels: {tag2: 5, kill: 5.1}}, \
                {match: [told@example.net], levels: {tag: 4.9, tag2: 5.1, kill: 5.1}}, \
                {match: [open@example.net], levels: {tag: 5.1, tag2: 6, kill: 7}}]
                """
            configuration.policies["default"]?["spam"] = "discard"
            let gateway = try GatewayProcess(configuration)
            let names = ["strict", "marked", "told", "open"]
            let mail = Mail(
                from: "a@example.org", to: names.map { "\($0)@example.net" }, text: "Subject: offer\n\nshort\n")
            #expect(try send(mail, to: gateway.port).code == 250)
            var status: [String: String] = [:]
            for delivery in hop.deliveries {
                let text = String(decoding: delivery.content, as: UTF8.self)
                let field = text.replacing("\r\n\t", with: " ").split(separator: "\r\n").first {
                    $0.hasPrefix("X-Spam-Status: ")
                }
                for path in delivery.recipients {
                    #expect(status.updateValue(field.map(String.init) ?? "", forKey: path) == nil)
                }
            }
            #expect(status.keys.sorted() == ["marked@example.net", "open@example.net", "told@example.net"])
            let marked = status["marked@example.net"] ?? ""
            #expect(marked.contains(" Yes, score=5") && marked.contains("required=5 "), "\(marked)")
            let told = status["told@example.net"] ?? ""
            #expect(told.contains(" No, score=5") && told.contains("required=5.1 "), "\(told)")
            #expect(status["open@example.net"] == "", "\(status)")
            // One line for whom it passed, one for whom it did not, of one inspection.
            let lines = try gateway.awaitMessageLines(2)
            #expect(lines.count { $0.contains(" Passed ") } == 1 && lines.count { $0.contains(" Blocked SPAM ") } == 1)
            #expect(lines.allSatisfy { $0.contains("Hits: 5, ") || $0.contains("Hits: 5.0, ") }, "\(lines)")
        }
    }

    /// A filter that seeks spam is asked where one recipient wants to know.
    @Test func whoSeeksSpamIsNotAskedForNobody() async throws {
        try #require(SpamFilter.isThere(.spamd), "spamd is not installed (make test-deps)")
        try await Lanes.run {
            let filter = try SpamFilter(.spamd)
            let hop = try ScriptedNextHop(lmtp: false)
            var configuration = try GatewayConfiguration(nextHops: [hop.address])
            configuration.scanners = [filter.entry(["on_failure": "pass-marked"])]
            configuration.policies["default"]?["levels"] = "{tag: -100, tag2: 50, kill: 50}"
            configuration.settings["local_domains"] = "[ example.net ]"
            configuration.settings["recipients"] =
                "[{match: [all@example.net, more@example.net], bypass: [spam]}]"
            let gateway = try GatewayProcess(configuration)
            func content(_ names: [String]) throws -> String {
                let text = "Subject: x\nFrom: a@example.org\n\n\(SpamFilter.words)\n"
                let before = hop.deliveries.count
                let to = names.map { "\($0)@example.net" }
                #expect(try send(Mail(from: "a@example.org", to: to, text: text), to: gateway.port).code == 250)
                return hop.deliveries[before...].map { String(decoding: $0.content, as: UTF8.self) }.joined()
            }
            #expect(try content(["all", "some"]).contains("TEST_WORDS="))
            // Whom nobody asks cannot fail.
            filter.signalAll(SIGKILL)
            #expect(try !content(["all", "more"]).contains("spamd"))
            #expect(try content(["some", "more"]).contains("spamd"))
        }
    }
}
