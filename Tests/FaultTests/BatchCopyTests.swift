import Foundation
import TestSupport
import Testing

/// Copies outside the quarantine over the tries of a client: everybody for whom one is to be kept has one.
@Suite struct BatchCopyTests {
    private static func names(_ scratch: Scratch, _ directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/\(directory)")) ?? []).sorted()
    }

    /// Who is told of by each whole file of a directory.
    private static func recipients(_ scratch: Scratch, _ directory: String) throws -> [[String]] {
        try names(scratch, directory).filter { $0.hasSuffix(".bsmtp") }.map { name in
            let text = try String(contentsOfFile: "\(scratch.path)/\(directory)/\(name)", encoding: .utf8)
            #expect(text.hasSuffix("\r\n.\r\nQUIT\r\n"), "\(name) is cut")
            return text.components(separatedBy: "\r\n").filter { $0.hasPrefix("RCPT TO:") }.map {
                String($0.dropFirst(9).prefix { $0 != ">" })
            }
        }
    }

    /// The daemon is killed while the second of two copies is written: the client's next try brings it to its end.
    @Test func killedWhileItIsWritten() async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let stage = try Stage { configuration in
                configuration.policies["default"]?["deny_senders"] = "[sender@example.org]"
                configuration.policies["default"]?["spam"] = "quarantine"
                configuration.policies["default"]?["quarantine_to"] = "{spam: 'bsmtp:\(scratch.path)/A'}"
                configuration.settings["recipients"] =
                    "[{match: [two.example], quarantine_to: {spam: 'bsmtp:\(scratch.path)/B'}}]"
            }
            let (port, mail) = (
                stage.gateway.port, Mail.clean(1, size: 2_000_000, to: ["a@one.example", "b@two.example"])
            )
            let client = Promise { try? send(mail, to: port).code }
            // It takes some milliseconds to write: no pause between two looks.
            let end = Date().addingTimeInterval(60)
            while Self.names(scratch, "B").isEmpty, Date() < end {}
            stage.gateway.killHard()
            #expect(try client.get() == nil)
            let left = Self.names(scratch, "B")
            try #require(left.count == 1 && left[0].hasSuffix(".tmp"), "\(left)")
            try stage.gateway.restart()
            let reply = try send(mail, to: port)
            #expect(reply.code == 250, "\(reply)")
            #expect(try Self.recipients(scratch, "A") == [["a@one.example"]])
            #expect(try Self.recipients(scratch, "B") == [["b@two.example"]])
            stage.expectCleanEnd()
        }
    }
}
