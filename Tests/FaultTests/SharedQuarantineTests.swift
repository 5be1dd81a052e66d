import Foundation
import TestSupport
import Testing

/// Messages of several hosts in one PostgreSQL database (`quarantine.store: postgresql`).
@Suite(.enabled(if: PostgreSQLServer.programs != nil, "\(PostgreSQLServer.missing)"))
struct SharedQuarantineTests {
    private static func stage(_ database: String, _ keys: [String: String] = [:]) throws -> Stage {
        try Stage { configuration in
            configuration.settings["quarantine.postgresql"] = "\"\(database)\""
            configuration.settings["quarantine.store"] = "postgresql"
            configuration.settings.merge(keys) { $1 }
            configuration.policies["default"]?["deny_senders"] = "[spam@example.org]"
            configuration.policies["default"]?["spam"] = "quarantine"
        }
    }

    private static func spam(_ number: Int, size: Int = 1000) -> Mail {
        var mail = Mail.clean(number, size: size)
        mail.sender = "spam@example.org"
        return mail
    }

    /// What one host keeps another one shows, releases, requeues, proves, expires and deletes.
    @Test func anyHost() async throws {
        try await Lanes.run {
            let database = try PostgreSQLServer.shared.get().database()
            let (one, two) = (try Self.stage(database), try Self.stage(database, ["hostname": "two.example"]))
            let place = QuarantinePlace(two.gateway)
            let mail = Self.spam(1, size: 3_000_000)
            for sent in [mail, Self.spam(2), Self.spam(3)] {
                #expect(try send(sent, to: one.gateway.port).code == 250)
            }
            #expect(one.gateway.quarantined.isEmpty && two.gateway.quarantined.isEmpty)
            let listed = try place.listed()
            try #require(listed.count == 3)
            #expect(try place.run("list", "--json").lines.allSatisfy { $0.contains("\"node\":\"sql:\"") })
            let first = try #require(
                try place.run("list", "--subject", "message 1").lines.first.map { String($0.prefix { $0 != " " }) })
            let raw = try place.run("show", "--raw", first)
            #expect(raw.status == 0 && raw.output.suffix(mail.content.count) == mail.content[...])
            let released = try place.run("release", first)
            #expect(released.status == 0, "\(released)")
            let delivered = try #require(two.hop.deliveries.first).content
            #expect(delivered.suffix(mail.content.count) == mail.content[...])
            #expect(two.hop.deliveries.count == 1 && one.hop.deliveries.isEmpty)
            // The first one knows it.
            #expect(try QuarantinePlace(one.gateway).run("list", "--released").lines.count == 1)
            let rest = listed.filter { $0 != first }
            let requeued = try place.run("requeue", rest[0])
            #expect(requeued.status == 0, "\(requeued)")
            #expect(try place.listed().count == 4)
            let proof = try place.run("fsck")
            #expect(proof.status == 0 && proof.lines.first == "4 messages are whole", "\(proof)")
            #expect(try place.run("delete", rest[1]).status == 0)
            #expect(try QuarantinePlace(one.gateway).run("show", rest[1]).status == 1)
            #expect(try place.run("expire").text.hasPrefix("0 entries were too old"))
            one.expectCleanEnd()
            two.expectCleanEnd()
        }
    }

    /// The database is away: the client keeps the message, and gets rid of it when the database is back.
    @Test func aDatabaseThatIsAway() async throws {
        try await Lanes.run {
            let server = try PostgreSQLServer()
            let database = "host=127.0.0.1 port=\(server.port) user=mailreeve dbname=postgres"
            let stage = try Self.stage(database)
            let place = QuarantinePlace(stage.gateway)
            #expect(try send(Self.spam(1), to: stage.gateway.port).code == 250)
            server.stop()
            for number in 2..<5 {
                let reply = try send(Self.spam(number), to: stage.gateway.port)
                #expect(reply.description.hasPrefix("451 4.5.0 Error in processing, id="), "\(reply)")
            }
            try stage.gateway.log.wait(for: "quarantine: the database that keeps the messages cannot be used: ")
            // What is not to be kept goes on.
            try stage.expectService()
            for command in ["list", "fsck", "expire"] {
                let away = try place.run(command)
                #expect(away.status == 1 && away.output.isEmpty && !away.errors.isEmpty, "\(command): \(away)")
            }
            // Another one, without its tables, takes its place.
            let next = try PostgreSQLServer(port: server.port)
            let check = Self.spam(5)
            try poll("mail to be kept again") { try send(check, to: stage.gateway.port).code == 250 }
            let listed = try place.listed()
            #expect(listed.count == 1)
            #expect(try place.run("fsck").lines.first == "1 messages are whole")
            next.stop()
        }
    }

    /// Files from before are told of; what stands in them stays.
    @Test func filesOfBefore() async throws {
        try await Lanes.run {
            let database = try PostgreSQLServer.shared.get().database()
            let stage = try Self.stage(database, ["quarantine.store": "files"])
            #expect(try send(Self.spam(1), to: stage.gateway.port).code == 250)
            let id = try #require(stage.gateway.quarantined.first)
            _ = stage.gateway.terminate()
            stage.gateway.configuration.settings["quarantine.store"] = "postgresql"
            try stage.gateway.writeConfiguration()
            try stage.gateway.restart()
            try stage.gateway.log.wait(for: "quarantine: 1 messages lie in files of this host, of a time before")
            let place = QuarantinePlace(stage.gateway)
            let shown = try place.run("show", id)
            #expect(shown.status == 1 && shown.errorText.contains("; gateway.example keeps it"), "\(shown)")
            #expect(try place.listed() == [id] && stage.gateway.quarantined == [id])
            #expect(try place.run("fsck").lines.first == "0 messages are whole")
            stage.expectCleanEnd()
        }
    }
}
