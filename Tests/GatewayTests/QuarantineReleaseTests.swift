import Configuration
import Linux
import MailModel
import Stores
import TestSupport
import Testing

@testable import Gateway

/// What a release does before anybody is asked to take the message.
@Suite struct QuarantineReleaseTests {
    private let directory: TemporaryDirectory
    private let quarantine: IndexedQuarantine
    private var settings = Settings()

    init() throws {
        directory = try TemporaryDirectory(.disk)
        settings.stateDirectory = directory.path
        quarantine = try settings.openQuarantine { _ in }
    }

    @discardableResult
    private func put(
        _ id: String, _ category: Category = .spam, size: Int = 100, report: String = "{}"
    ) throws -> Quarantine.Entry {
        let file = try Descriptor.memory("test")
        try file.write([UInt8](repeating: 0x61, count: size))
        let entry = Quarantine.Entry(
            id: id, time: 1000, category: category, reason: "test",
            envelope: Envelope(reversePath: MailPath("s@y"), recipients: [Recipient(path: MailPath("r@x"))]), size: size
        )
        try quarantine.put(entry, message: file, report: Array(report.utf8))
        return try quarantine.files.entry(id)
    }

    /// The way that mail came is the way that it goes on, as long as there is one.
    @Test func theWayItCame() throws {
        var settings = settings
        for (name, hop) in [("default", "smtp:[127.0.0.1]:1"), ("other", "smtp:[127.0.0.1]:2")] {
            settings.policies[name, default: Settings.PolicySettings()].nextHops = [try NextHopAddress(parsing: hop)]
        }
        settings.policies["other"]?.nextHopTLS = .encrypt
        settings.listeners = try ["127.0.0.1:11", "127.0.0.1:12"].map {
            var listener = Settings.Listener()
            listener.address = try ListenAddress(parsing: $0)
            return listener
        }
        var entry = try put("Aa")
        func hops(_ destination: QuarantineRelease.Destination) throws -> [String] {
            try QuarantineRelease(id: "Aa", to: destination).route(entry, settings).hops.map(\.description)
        }
        // An entry of a time when it was not kept.
        #expect(try hops(.policy(nil)) == ["smtp:[127.0.0.1]:1"])
        #expect(try hops(.listener(nil)) == ["smtp:[127.0.0.1]:11"])
        (entry.listener, entry.policy) = ("127.0.0.1:12", "other")
        #expect(try hops(.policy(nil)) == ["smtp:[127.0.0.1]:2"])
        #expect(try QuarantineRelease(id: "Aa", to: .policy(nil)).route(entry, settings).tls == .encrypt)
        #expect(try hops(.policy("default")) == ["smtp:[127.0.0.1]:1"])
        #expect(try hops(.listener(nil)) == ["smtp:[127.0.0.1]:12"])
        #expect(try hops(.listener(settings.listeners[0].address.asNextHop)) == ["smtp:[127.0.0.1]:11"])
        (entry.listener, entry.policy) = ("127.0.0.1:99", "gone")
        #expect(try hops(.policy(nil)) == ["smtp:[127.0.0.1]:1"])
        #expect(try hops(.listener(nil)) == ["smtp:[127.0.0.1]:11"])
        #expect(throws: GatewayError.self) { try hops(.policy("gone")) }
        settings.listeners = []
        #expect(throws: GatewayError.self) { try hops(.listener(nil)) }
    }

    /// What is released takes its place in the spool, and is in a file when it is large.
    @Test func whatIsReleasedIsSpooled() throws {
        let spool = Spool(
            limits: Spool.Limits(
                directory: directory.path, memoryPerMessage: 1000, totalBytes: 2500, messages: 2, freeSpace: 0))
        let (small, large) = (try put("Aa", size: 1000), try put("Bb", size: 1001))
        do {
            let first = try QuarantineRelease.stored(small, quarantine.files, spool)
            let second = try QuarantineRelease.stored(large, quarantine.files, spool)
            #expect(first.file.inMemory && !second.file.inMemory && second.file.count == 1001)
            #expect(spool.bytes == 2001 && spool.messages == 2)
            // No place for a third one.
            #expect(throws: GatewayError.self) { try QuarantineRelease.stored(small, quarantine.files, spool) }
        }
        #expect(spool.bytes == 0 && spool.messages == 0)
        let huge = try put("Cc", size: 2501)
        #expect(throws: GatewayError.self) { try QuarantineRelease.stored(huge, quarantine.files, spool) }
        #expect(spool.messages == 0)
    }

    /// Whatever an entry was kept for, a virus that its report knows is not released by mistake.
    @Test func aVirusUnderAnotherName() async throws {
        try put("Aa", .infected)
        try put("Bb", report: #"{"findings":[{"class":"spam"},{"class":"virus","name":"Eicar"}]}"#)
        for id in ["Aa", "Bb"] {
            let error = await #expect(throws: QuarantineRelease.Infected.self) {
                _ = try await QuarantineRelease(id: id, to: .nextHops([])).run(settings, quarantine)
            }
            #expect("\(String(describing: error))".contains("--force"))
        }
        // A report that says nothing that can be read.
        try put("Cc", report: "{")
        await #expect(throws: QuarantineRelease.Unknown.self) {
            _ = try await QuarantineRelease(id: "Cc", to: .nextHops([])).run(settings, quarantine)
        }
        // No virus, and one that is forced: they get as far as the next hops, of which there are none.
        try put("Dd", report: #"{"findings":[{"class":"spam"}]}"#)
        for (id, force) in [("Dd", false), ("Bb", true), ("Cc", true)] {
            var release = QuarantineRelease(id: id, to: .nextHops([]))
            release.force = force
            await #expect(throws: GatewayError.self) { _ = try await release.run(settings, quarantine) }
        }
    }
}
