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

    /// Kills the daemon as soon as it writes the second copy of a message, and starts it again.
    /// - Returns: the message; nil when the kill came too late: the copy was whole, and is gone as the first one is.
    private static func killed(_ stage: Stage, _ scratch: Scratch, _ number: Int) throws -> Mail? {
        let mail = Mail.clean(number, size: 16_000_000, to: ["a@one.example", "b@two.example"])
        let port = stage.gateway.port
        let client = Promise { try? send(mail, to: port).code }
        // It takes some hundredths of a second to write: no pause between two looks.
        let end = Date().addingTimeInterval(60)
        while names(scratch, "B").isEmpty, Date() < end {}
        stage.gateway.killHard()
        let code = try client.get()
        let left = names(scratch, "B")
        try #require(!left.isEmpty, "no copy was begun")
        let isCut = left.count == 1 && left[0].hasSuffix(".tmp")
        if isCut {
            #expect(code == nil)
        } else {
            for place in ["A", "B"] { try FileManager.default.removeItem(atPath: "\(scratch.path)/\(place)") }
        }
        try stage.gateway.restart()
        return isCut ? mail : nil
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
            // Whoever looks for the copy may be kept from running until it is whole: then another message is tried.
            var cut: Mail?
            for number in 1...10 where cut == nil { cut = try Self.killed(stage, scratch, number) }
            let mail = try #require(cut, "no kill came while the copy was written")
            let reply = try send(mail, to: stage.gateway.port)
            #expect(reply.code == 250, "\(reply)")
            #expect(try Self.recipients(scratch, "A") == [["a@one.example"]])
            #expect(try Self.recipients(scratch, "B") == [["b@two.example"]])
            // What was cut went at the start.
            #expect(Self.names(scratch, "B").count == 1)
            stage.expectCleanEnd()
        }
    }

    /// What the copies at a place say, each, of whom they are for.
    private static func made(_ stage: Stage, _ scratch: Scratch, _ place: String) throws -> [[String]] {
        func addresses(_ text: String) throws -> [String] {
            let line = try #require(
                text.components(separatedBy: .newlines).first { $0.hasPrefix("X-Envelope-To: ") })
            return line.dropFirst(15).split(separator: ",").map { String($0.dropFirst().dropLast()) }
        }
        switch place.prefix(while: { $0 != ":" }) {
        case "bsmtp": return try recipients(scratch, "P").sorted { $0[0] < $1[0] }
        case "maildir":
            return try names(scratch, "P/new").map {
                try addresses(String(contentsOfFile: "\(scratch.path)/P/new/\($0)", encoding: .utf8))
            }.sorted { $0[0] < $1[0] }
        case "mbox":
            let box = (try? String(contentsOfFile: "\(scratch.path)/P", encoding: .utf8)) ?? ""
            return try box.components(separatedBy: "From sender@").dropFirst().map(addresses)
        default:
            return try stage.hop.deliveries.filter { $0.recipients == [place] }.map {
                try addresses(String(decoding: $0.content, as: UTF8.self))
            }
        }
    }

    /// Between two tries the mail becomes spam for one more recipient, whom the first copy does not name: he has one of his own.
    @Test(arguments: ["bsmtp:DIR/P", "mbox:DIR/P", "maildir:DIR/P", "q@mail.example"])
    func spamForOneMoreAtTheNextTry(_ place: String) async throws {
        try await Lanes.run {
            let scratch = try Scratch(.disk)
            let stage = try Stage { configuration in
                configuration.policies["default"]?["deny_senders"] = "[sender@example.org]"
                configuration.policies["default"]?["spam"] = "quarantine"
                configuration.policies["default"]?["quarantine_to"] =
                    "{spam: '\(place.replacing("DIR", with: scratch.path))'}"
                configuration.settings["recipients"] =
                    "[{match: [two.example], spam: pass, quarantine_to: {spam: none}}]"
            }
            let (port, mail) = (stage.gateway.port, Mail.clean(1, to: ["a@one.example", "b@two.example"]))
            let refusing = MailedCopyTests.Carriers()
            stage.hop.answer { step, number, command in
                if step == .rcpt { refusing.note(number, command.contains("b@two.example")) }
                return step == .dot && refusing.has(number) ? .reply("450 4.2.0 later") : .usual
            }
            for _ in 0..<2 {
                #expect(try send(mail, to: port).isTemporary)
                #expect(try Self.made(stage, scratch, place) == [["a@one.example"]])
            }
            stage.gateway.configuration.settings["recipients"] = nil
            try stage.gateway.writeConfiguration()
            #expect(try stage.gateway.reload().contains("reloaded"))
            let reply = try send(mail, to: port)
            #expect(reply.code == 250, "\(reply)")
            #expect(try Self.made(stage, scratch, place) == [["a@one.example"], ["b@two.example"]])
            stage.expectCleanEnd()
        }
    }
}
