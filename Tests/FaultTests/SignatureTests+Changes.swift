import Foundation
import TestSupport
import Testing

/// Signatures that change while the daemon runs.
extension SignatureTests {
    private static let badgers = Mail(text: "Subject: new\n\nfour green badgers read the almanac\n")

    private static func stage(_ settings: [String: String] = [:]) throws -> Stage {
        try Stage {
            $0.settings["clamav.self_check"] = "1"
            $0.settings.merge(settings) { $1 }
        }
    }

    private static func signature(of text: String) -> String {
        "Test.Badgers:0:*:" + text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\n"
    }

    /// Nobody says "reload".
    @Test(arguments: ["yes", "no"])
    func changedFilesAreNoticed(concurrently: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["clamav.concurrent_reload": concurrently])
            #expect(try send(Self.badgers, to: stage.gateway.port).code == 250)
            let before = stage.gateway.zygotes
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature(of: "green badgers read"))
            try stage.gateway.log.wait(for: "inspector generation 2 serves: 3 signatures")
            let reply = try send(Self.badgers, to: stage.gateway.port)
            #expect(reply.text.hasSuffix(" - INFECTED: Test.Badgers.UNOFFICIAL"), "\(reply)")
            try poll("one generation") { stage.gateway.zygotes.count == 1 }
            #expect(stage.gateway.zygotes != before)
            try FileManager.default.removeItem(atPath: stage.gateway.disk.path + "/signatures/new.ndb")
            try stage.gateway.log.wait(for: "inspector generation 3 serves: 2 signatures")
            #expect(try send(Self.badgers, to: stage.gateway.port).code == 250)
            try stage.expectService()
        }
    }

    /// A directory that goes (a disk that is not mounted) is told of; the signatures in memory serve on.
    @Test func aDirectoryThatGoesIsTold() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let path = stage.gateway.disk.path + "/signatures"
            #expect(rename(path, path + ".gone") == 0)
            try poll("the refusal") { try stage.status().contains("the one before serves") }
            #expect(try send(Mail(text: "Subject: x\n\n\(eicar)\n"), to: stage.gateway.port).text.contains("INFECTED"))
            #expect(rename(path + ".gone", path) == 0)
            try poll("the end of the refusal") { try !stage.status().contains("refused  ") }
            try stage.expectService()
        }
    }

    /// Installed before freshclam has ever run: the test signatures serve until the first real ones come.
    @Test func theFirstRealSignaturesAreNoticed() async throws {
        let official = try Scratch(.memory)
        try await Lanes.run {
            let stage = try Self.stage(["clamav.database": official.path])
            try stage.gateway.log.wait(for: "NO VIRUS SIGNATURES")
            #expect(try send(Self.badgers, to: stage.gateway.port).code == 250)
            try official.copy(Programs.signatures, to: "test.ndb")
            try stage.gateway.log.wait(for: "\(official.path) holds signatures now: loading them")
            try stage.gateway.log.wait(for: "reloaded")
            // From then on the inspector watches them.
            try official.write("new.ndb", Self.signature(of: "green badgers read"))
            try stage.gateway.log.wait(for: "the signatures have changed: loading them")
            try poll("the new signature in force") {
                try send(Self.badgers, to: stage.gateway.port).text.hasSuffix(" - INFECTED: Test.Badgers.UNOFFICIAL")
            }
            // What cannot be read is not empty.
            #expect(chmod(official.path, 0) == 0)
            #expect(try stage.gateway.reload().contains("clamav.database: opendir \(official.path): Permission denied"))
            #expect(chmod(official.path, 0o755) == 0)
            // Those for tests take the place of no real ones.
            for file in ["test.ndb", "new.ndb"] {
                try FileManager.default.removeItem(atPath: "\(official.path)/\(file)")
            }
            #expect(try stage.gateway.reload().contains("\(official.path): no signatures in it, those in force stay"))
            #expect(
                try send(Self.badgers, to: stage.gateway.port).text.hasSuffix(" - INFECTED: Test.Badgers.UNOFFICIAL"))
            try FileManager.default.removeItem(atPath: official.path)
            #expect(
                try stage.gateway.reload().contains(
                    "clamav.database: opendir \(official.path): No such file or directory"))
            #expect(!(try stage.status().contains("TEST ONLY")))
            try stage.expectService()
        }
    }

    /// A broken file, and one with which the test virus is not found any more: the old ones stay in force.
    @Test func whatCannotBeUsedChangesNothing() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            try stage.gateway.disk.write("signatures/broken.ndb", "this is no signature\n")
            try stage.gateway.log.wait(for: "inspector generation 2: ")
            try FileManager.default.removeItem(atPath: stage.gateway.disk.path + "/signatures/broken.ndb")
            // The names of what it finds end differently: ignored by name, the test file is found no more.
            try stage.gateway.disk.write("signatures/ignore.ign2", "Eicar-Test-Signature\n")
            try stage.gateway.log.wait(for: ": self-test failed: the test virus was not found")
            #expect(try send(Self.infected[0].1, to: stage.gateway.port).text.hasSuffix(Self.name))
            try poll("one generation") { stage.gateway.zygotes.count == 1 }
            try stage.expectService()
        }
    }

    /// The refused generation is not waited for: the only worker of the others is free at once.
    @Test(arguments: ["yes", "no"])
    func whatIsRefusedHoldsNoWorker(concurrently: String) async throws {
        try await Lanes.run {
            let stage = try Self.stage(["inspector.workers": "1", "clamav.concurrent_reload": concurrently])
            try stage.gateway.disk.write("signatures/ignore.ign2", "Eicar-Test-Signature\n")
            try stage.gateway.log.wait(for: ": self-test failed: the test virus was not found")
            try poll("a generation that serves") {
                try stage.status().contains(": 0 workers busy, 0 messages waiting")
            }
            let reply = try send(Self.badgers, to: stage.gateway.port).text
            #expect(concurrently == "yes" ? reply.hasPrefix("2.0.0") : reply.contains("scanner-failed"), "\(reply)")
            #expect(try stage.status().contains(": 0 workers busy, 0 messages waiting"))
            try FileManager.default.removeItem(atPath: stage.gateway.disk.path + "/signatures/ignore.ign2")
            try poll("the engine") { try send(Self.infected[0].1, to: stage.gateway.port).text.hasSuffix(Self.name) }
            try stage.expectService()
        }
    }

    /// The broken file is replaced while it is read: what came meanwhile is not forgotten when it is refused.
    @Test func whatIsRepairedWhileItLoadsIsTaken() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            let directory = stage.gateway.disk.path + "/signatures"
            // Who reads it waits for a writer, so that the file can change under a generation that is loading.
            let pipe = stage.gateway.disk.path + "/pipe"
            #expect(mkfifo(pipe, 0o644) == 0 && chmod(pipe, 0o644) == 0)
            #expect(link(pipe, directory + "/new.ndb") == 0)
            try stage.gateway.log.wait(for: "the signatures have changed: loading them")
            var writer: Int32 = -1
            try poll("a reader") {
                writer = open(pipe, O_WRONLY | O_NONBLOCK)
                return writer >= 0
            }
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature(of: "green badgers read"))
            try stage.gateway.log.wait(for: "the signatures have changed while others are loaded")
            #expect(Glibc.write(writer, "no signature\n", 13) == 13)
            close(writer)
            try stage.gateway.log.wait(for: "inspector generation 3 serves: 3 signatures")
            #expect(try send(Self.badgers, to: stage.gateway.port).text.contains("INFECTED: Test.Badgers"))
            try stage.expectService()
        }
    }

    /// The log names the signature that hits the clean message of the self-test.
    @Test func whatHitsTheCleanMessageIsNamed() async throws {
        try await Lanes.run {
            let stage = try Self.stage()
            try stage.gateway.disk.write("signatures/bad.ndb", "Test.Everything:0:*:46726f6d3a\n")
            try stage.gateway.log.wait(for: "self-test failed: a clean message is taken for Test.Everything")
            try stage.expectService()
        }
    }

    /// A finding that is points: the message passes, and what is a virus beside it is still one.
    @Test func namesThatArePoints() async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["clamav.virus_name_to_score"] = "[ '^Test\\.Badgers => 2.5' ]"
            }
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature(of: "green badgers read"))
            try stage.gateway.reload()
            #expect(try send(Self.badgers, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1)
            let both = Mail(text: "Subject: both\n\nfour green badgers read \(eicar)\n")
            #expect(try send(both, to: stage.gateway.port).text.hasSuffix(" - INFECTED: \(Self.name)"))
        }
    }

    /// What is done with mail may depend on the name of its virus, and a worse one counts beside it.
    @Test func aBankForAVirus() async throws {
        try await Lanes.run {
            let stage = try Stage {
                $0.settings["banks"] =
                    "[{name: BADGERS, viruses: [Badgers], infected: pass, subject_tags: {infected: '[X] '}}]"
            }
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature(of: "green badgers read"))
            try stage.gateway.reload()
            #expect(try send(Self.badgers, to: stage.gateway.port).code == 250)
            #expect(stage.hop.deliveries.count == 1)
            try stage.gateway.log.wait(for: "default/BADGERS")
            let both = Mail(text: "Subject: both\n\nfour green badgers read \(eicar)\n")
            _ = try send(both, to: stage.gateway.port)
            #expect(stage.hop.deliveries.count == 1)
        }
    }

    /// The same message again is not inspected again, until other signatures are there.
    @Test func messagesThatComeAgain() async throws {
        try await Lanes.run {
            let stage = try Self.stage(["cache.messages": "100"])
            func inspected() throws -> Int {
                let status = try runTool(
                    Programs.path("mailreeve"),
                    ["status", "--json", "--config", stage.gateway.disk.path + "/mailreeve.yaml"])
                let json = try JSONSerialization.jsonObject(with: Data(status.output)) as? [String: Any]
                return try #require((json?["inspector"] as? [String: Any])?["inspected"] as? Int)
            }
            for _ in 0..<3 {
                #expect(try send(Self.badgers, to: stage.gateway.port).code == 250)
                #expect(try send(Self.infected[0].1, to: stage.gateway.port).text.hasSuffix(Self.name))
            }
            #expect(try inspected() == 2)
            #expect(stage.hop.deliveries.count == 3)
            let configuration = stage.gateway.disk.path + "/mailreeve.yaml"
            let status = try runTool(Programs.path("mailreeve"), ["status", "--config", configuration])
            #expect(status.text.contains("2 messages, 4 hits, 2 misses"), "\(status.text)")
            try stage.gateway.disk.write("signatures/new.ndb", Self.signature(of: "green badgers read"))
            try stage.gateway.log.wait(for: "inspector generation 2 serves: 3 signatures")
            let reply = try send(Self.badgers, to: stage.gateway.port)
            #expect(reply.text.hasSuffix(" - INFECTED: Test.Badgers.UNOFFICIAL"), "\(reply)")
        }
    }
}
