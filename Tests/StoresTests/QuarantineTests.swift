import Digests
import Foundation
import Glibc
import Linux
import MailModel
import Stores
import Testing
import TestSupport

@Suite struct QuarantineTests {
    @Test(arguments: StoreKind.present)
    func whatIsPutComesBack(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        #expect(try quarantine.identifiers() == [])
        let entry = QuarantineSample.entry()
        let report = Array(#"{"category":"infected"}"#.utf8)
        let kept = try quarantine.put(entry, message: try QuarantineSample.message(), report: report)
        #expect(kept.digest == hexadecimal(QuarantineSample.content.withUnsafeBytes { SHA256.digest($0) }))
        #expect(try quarantine.entry(entry.id) == kept)
        #expect(try quarantine.report(of: kept) == report)
        #expect(try storedMessage(of: kept, in: quarantine) == QuarantineSample.content)
        #expect(try quarantine.identifiers() == [entry.id] && quarantine.contains(entry.id))
        #expect(try stage.leftovers() == [] && quarantine.strays(known: []) == [])
        let sizes = try ["message.gz", "envelope", "report"].map { try stage.read(entry.id, $0).count }
        #expect(kept.stored == sizes.reduce(0, +))
        try quarantine.remove(entry.id)
        #expect(try quarantine.identifiers() == [] && !quarantine.contains(entry.id))
        for call in [
            { _ = try quarantine.entry(entry.id) }, { try quarantine.remove(entry.id) },
            { _ = try quarantine.report(of: kept) }, { _ = try storedMessage(of: kept, in: quarantine) },
            { _ = try quarantine.keyName(entry.id) },
        ] as [() throws -> Void] {
            #expect(throws: Quarantine.Failure.unknown(entry.id)) { try call() }
        }
        #expect(quarantine.unreadable(entry.id) == nil)
        #expect(try stage.leftovers() == [])
    }

    /// Other people's mail: nobody else may look.
    @Test func modesOfFiles() throws {
        let directory = try TemporaryDirectory()
        let quarantine = Quarantine(directory: directory.path + "/q")
        let entry = QuarantineSample.entry()
        try quarantine.put(entry, message: try QuarantineSample.message(), report: [])
        #expect(directory.names("q/tmp") == [])
        let place = "q/\(entry.id.prefix(1))/\(entry.id)"
        for name in ["q", "q/tmp", "q/\(entry.id.prefix(1))", place]
            + ["message.gz", "envelope", "report"].map({ "\(place)/\($0)" })
        {
            var status = stat()
            #expect(stat("\(directory.path)/\(name)", &status) == 0 && status.st_mode & 0o077 == 0, "\(name)")
        }
    }

    /// What is stored is what came, by another program's reading of it.
    @Test(arguments: StoreKind.present)
    func aMessageOfManyChunksIsCopiedWhole(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        var random = SeededGenerator(seed: 3)
        for size in [0, 1, 65_535, 65_536, 65_537, 262_143, 262_144, 262_145, 600_000, 1_500_000] {
            let regular = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            // Noise does not shrink: gzip's output is then longer than its input.
            let noise = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            for bytes in [regular, noise] {
                var entry = QuarantineSample.entry()
                entry.size = size
                let kept = try quarantine.put(entry, message: try QuarantineSample.message(bytes), report: [])
                #expect(try storedMessage(of: kept, in: quarantine) == bytes, "\(size)")
                try stage.directory.write("copy.gz", try stage.read(entry.id, "message.gz"))
                let zcat = try runTool("gzip", ["-dc", "\(stage.directory.path)/copy.gz"])
                #expect(zcat.status == 0 && zcat.output == bytes, "\(size)")
            }
        }
    }

    @Test func entriesStandOnShelves() throws {
        let directory = try TemporaryDirectory()
        let quarantine = Quarantine(directory: directory.path)
        #expect(try Quarantine(directory: directory.path + "/absent").identifiers() == [])
        for id in ["Ca", "Aa", "Ab", "9z"] {
            try quarantine.put(QuarantineSample.entry(id), message: try QuarantineSample.message(), report: [])
        }
        #expect(try quarantine.identifiers().sorted() == ["9z", "Aa", "Ab", "Ca"])
        #expect(directory.names() == ["9", "A", "C", "tmp"])
        #expect(directory.names("A") == ["Aa", "Ab"])
        try quarantine.remove("Aa")
        #expect(directory.names("A") == ["Ab"] && directory.names("tmp") == [])
        #expect(throws: Quarantine.Failure.unknown("Aa")) { try quarantine.remove("Aa") }
        #expect(throws: Quarantine.Failure.unknown("Aa")) { try quarantine.entry("Aa") }
    }

    @Test(arguments: [
        (["a@x", "b@X"], "x"), (["a@x"], "x"), (["a@x", "b@y"], ""), (["postmaster"], ""), ([], ""),
        (["a@É.example"], "xn--9ca.example"),
    ])
    func tenants(_ recipients: [String], _ tenant: String) {
        var entry = QuarantineSample.entry()
        entry.envelope.recipients = recipients.map { Recipient(path: MailPath($0)) }
        #expect(entry.tenant == tenant)
    }

    @Test(arguments: StoreKind.present)
    func releaseIsRemembered(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        let entry = QuarantineSample.entry()
        try quarantine.put(entry, message: try QuarantineSample.message(), report: [])
        #expect(try quarantine.entry(entry.id).released == nil)
        try quarantine.markReleased(entry.id, time: 100)
        #expect(try quarantine.entry(entry.id).released == 100)
        // Left by a crash between write and rename: the next release is not kept from its work.
        if kind == .files { try stage.write(entry.id, "released.tmp", Array("junk".utf8)) }
        try quarantine.markReleased(entry.id, time: 200)
        #expect(try quarantine.entry(entry.id).released == 200)
        if kind == .files {
            let names = stage.directory.names(QuarantineSample.place(entry.id))
            #expect(names == ["envelope", "message.gz", "released", "report"])
        }
        #expect(throws: Quarantine.Failure.unknown("AbSent")) { try quarantine.markReleased("AbSent", time: 1) }
    }

    @Test func identifiersAreTwelveLettersAndDigits() {
        let ids = (0..<1000).map { _ in Quarantine.newID() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.utf8.count == 12 && $0.utf8.allSatisfy { isalnum(Int32($0)) != 0 } })
    }

    @Test(
        arguments: [
            "", ".", "..", "../x", "a/b", "/etc/passwd", "tmp", "a b", "a\n", "a\u{0}b", "é", "a.b", "-rf", "\u{202E}x",
            String(repeating: "a", count: 65), "ABCDEF/../../secret",
        ], StoreKind.present)
    func namesThatAreNoIdentifiersAreRefused(id: String, kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let directory = stage.directory
        try directory.write("secret", [1])
        let quarantine = kind == .files ? Quarantine(directory: directory.path + "/q") : stage.quarantine()
        let unknown = Quarantine.Failure.unknown(id)
        #expect(throws: unknown) { try quarantine.entry(id) }
        #expect(throws: unknown) { try quarantine.remove(id) }
        #expect(throws: unknown) { try quarantine.remains(id) }
        #expect(throws: unknown) { try quarantine.markReleased(id, time: 1) }
        #expect(throws: unknown) {
            try quarantine.put(QuarantineSample.entry(id), message: try QuarantineSample.message(), report: [])
        }
        #expect(throws: unknown) { try quarantine.keyName(id) }
        #expect(try !quarantine.contains(id))
        #expect(directory.names() == ["secret"])
        #expect(!unknown.description.contains("\n") && !unknown.description.contains("\u{202E}"))
    }

    @Test func aLinkIsNotFollowed() throws {
        let directory = try TemporaryDirectory()
        let quarantine = Quarantine(directory: directory.path)
        let entry = QuarantineSample.entry()
        try quarantine.put(entry, message: try QuarantineSample.message(), report: [])
        let message = "\(directory.path)/\(QuarantineSample.place(entry.id))/message.gz"
        unlink(message)
        #expect(symlink("/etc/passwd", message) == 0)
        #expect(throws: Quarantine.Failure.self) { try storedMessage(of: entry, in: quarantine) }
    }

    @Test(arguments: StoreKind.present)
    func hostileValuesComeBack(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        var random = SeededGenerator(seed: 2)
        for round in 0..<300 {
            func bytes(_ count: Int = 20) -> [UInt8] {
                (0..<Int.random(in: 0...count, using: &random)).map { _ in
                    [0x0A, 0x0D, 0x20, 0x2B, 0x3D, 0x00, UInt8.random(in: 0...255, using: &random)].randomElement(
                        using: &random) ?? 0
                }
            }
            var entry = QuarantineSample.entry("R\(round)", time: Int.random(in: Int.min...Int.max, using: &random))
            entry.category = MailModel.Category.allCases.randomElement(using: &random) ?? .clean
            entry.reason = String(decoding: bytes(), as: UTF8.self)
            entry.size = Int.random(in: 0...Int.max, using: &random)
            entry.subject = String(decoding: bytes(), as: UTF8.self)
            entry.messageID = String(decoding: bytes(), as: UTF8.self)
            entry.envelope.reversePath = MailPath(bytes: bytes())
            entry.envelope.client.address = String(decoding: bytes(), as: UTF8.self)
            entry.envelope.client.forwarded?.address = bytes()
            entry.envelope.client.forwarded?.proto = bytes()
            entry.envelope.parameters.envelopeID = bytes()
            entry.envelope.recipients = (0..<3).map { _ in
                Recipient(
                    path: MailPath(bytes: bytes()),
                    notify: NotifyConditions(rawValue: UInt8.random(in: 0...7, using: &random)),
                    originalRecipient: bytes())
            }
            let kept = try quarantine.put(entry, message: try QuarantineSample.message(), report: [])
            #expect(try quarantine.entry(entry.id) == kept)
        }
        // No value made a line of its own.
        let names: Set<Substring> = [
            "mailreeve-quarantine", "id", "secret", "message-sha256", "report-sha256", "subject", "message-id", "time",
            "category",
            "size", "reason", "sender", "listener", "policy", "client", "forwarded", "protocol", "body",
            "smtputf8", "ret", "envid", "recipient", "sha256",
        ]
        for round in 0..<300 {
            let lines = String(decoding: try stage.read("R\(round)", "envelope"), as: UTF8.self).split(
                separator: "\n")
            #expect(lines.allSatisfy { names.contains($0.prefix { $0 != " " }) })
        }
    }

    // MARK: - Disks

    @Test func aDirectoryThatCannotBeMade() throws {
        let directory = try TemporaryDirectory()
        let absent = Quarantine(directory: directory.path + "/no/such/place")
        #expect(throws: Quarantine.Failure.self) {
            try absent.put(QuarantineSample.entry(), message: try QuarantineSample.message(), report: [])
        }
        #expect(directory.names() == [])
        try directory.write("file", [])
        let file = Quarantine(directory: directory.path + "/file")
        #expect(throws: Quarantine.Failure.self) {
            try file.put(QuarantineSample.entry(), message: try QuarantineSample.message(), report: [])
        }
        #expect(throws: Quarantine.Failure.self) { try file.identifiers() }
        #expect(directory.names() == ["file"])
    }

    @Test(arguments: StoreKind.present)
    func anIdentifierThatIsTakenIsNotOverwritten(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        let entry = try quarantine.put(
            QuarantineSample.entry("Same"), message: try QuarantineSample.message(), report: [1])
        #expect(throws: Quarantine.Failure.self) {
            try quarantine.put(
                QuarantineSample.entry("Same", time: 9), message: try QuarantineSample.message([1]), report: [2])
        }
        #expect(try quarantine.entry("Same") == entry)
        #expect(try quarantine.report(of: entry) == [1])
        #expect(try stage.leftovers() == [] && storedMessage(of: entry, in: quarantine) == QuarantineSample.content)
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "needs root to mount a small tmpfs"))
    func aFullDiskLeavesNothing() throws {
        let disk = try SmallFileSystem()
        let quarantine = Quarantine(directory: disk.path + "/q")
        let kept = try quarantine.put(
            QuarantineSample.entry("Kept"), message: try QuarantineSample.message(), report: [])
        for (size, report) in [(SmallFileSystem.octets * 2, 0), (SmallFileSystem.octets / 2, SmallFileSystem.octets)] {
            // Noise: octets that gzip cannot make fewer.
            var random = SeededGenerator(seed: 4)
            let message = try QuarantineSample.message(
                (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
            let error = #expect(throws: Quarantine.Failure.self) {
                try quarantine.put(
                    QuarantineSample.entry("Large"), message: message, report: [UInt8](repeating: 0x20, count: report))
            }
            guard case .system(let cause) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(cause.code == ENOSPC)
            #expect(disk.names("q/tmp") == [])
            #expect(try quarantine.identifiers() == ["Kept"])
        }
        #expect(try quarantine.entry("Kept") == kept)
        // The room is free again.
        try quarantine.put(
            QuarantineSample.entry("Next"), message: try QuarantineSample.message([UInt8](repeating: 1, count: 65_536)),
            report: [])
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "needs root to mount a small tmpfs"))
    func aReadOnlyDiskLeavesNothing() throws {
        let disk = try SmallFileSystem()
        let quarantine = Quarantine(directory: disk.path + "/q")
        try quarantine.put(QuarantineSample.entry("Kept"), message: try QuarantineSample.message(), report: [])
        let flags = UInt(MS_REMOUNT) | UInt(MS_RDONLY)
        try #require(mount("none", disk.path, "tmpfs", flags, "size=\(SmallFileSystem.octets)") == 0)
        #expect(throws: Quarantine.Failure.self) {
            try quarantine.put(QuarantineSample.entry("Other"), message: try QuarantineSample.message(), report: [])
        }
        #expect(throws: Quarantine.Failure.self) { try quarantine.markReleased("Kept", time: 1) }
        #expect(throws: Quarantine.Failure.self) { try quarantine.remove("Kept") }
        #expect(try quarantine.identifiers() == ["Kept"])
        #expect(disk.names("q/tmp") == [])
    }
}
