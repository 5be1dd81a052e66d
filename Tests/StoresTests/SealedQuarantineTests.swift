import Glibc
import Linux
import MailModel
import SQLiteStores
import Stores
import Testing
import TestSupport

/// Files of the quarantine that are encrypted: what is read, and what is noticed.
@Suite struct SealedQuarantineTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// A key file; its octets follow from the number.
    @discardableResult
    private func key(_ number: UInt8, mode: mode_t = 0o400, size: Int = 32) throws -> String {
        let path = "\(directory.path)/key\(number)"
        unlink(path)
        try directory.write("key\(number)", (0..<size).map { number &+ UInt8(truncatingIfNeeded: $0) })
        #expect(chmod(path, mode) == 0)
        return path
    }

    private func quarantine(
        _ writing: UInt8?, _ reading: [UInt8] = [], in stage: StoreStage
    ) throws -> Quarantine {
        let keys = try QuarantineKeys(
            writing: try writing.map { try key($0) } ?? "", reading: try reading.map { try key($0) })
        return stage.quarantine(keys)
    }

    private static func isDamaged(_ error: Quarantine.Failure?) -> Bool {
        if case .damaged = error { true } else { false }
    }

    private static let files = ["message.gz", "envelope", "report"]

    @Test(arguments: StoreKind.present)
    func whatIsPutComesBack(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = try quarantine(1, in: stage)
        var random = SeededGenerator(seed: 7)
        // Noise keeps its size: chunks of 65,536 octets end where it is said here, with the frame of gzip around it.
        for size in [0, 1, 65_000, 65_500, 65_536, 131_000, 131_072, 300_000] {
            let content = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            var entry = QuarantineSample.entry("Size\(size)")
            entry.size = size
            let report = Array(#"{"subject":"confidential"}"#.utf8) + [UInt8](repeating: 0x20, count: size)
            let kept = try quarantine.put(entry, message: try QuarantineSample.message(content), report: report)
            #expect(try quarantine.entry(entry.id) == kept)
            #expect(try storedMessage(of: kept, in: quarantine) == content, "\(size)")
            #expect(try quarantine.report(of: kept) == report, "\(size)")
            #expect(try quarantine.remains(entry.id).loss == nil)
        }
        let stored = try Self.files.map { try stage.read("Size1", $0) }
        for bytes in stored {
            #expect(bytes.starts(with: Array("mailreeve-sealed 1\n".utf8)))
            for word in ["confidential", "recipient", "a@x", "secret"] {
                #expect(bytes.firstRange(of: Array(word.utf8)) == nil, "\(word)")
            }
        }
        // No two files are encrypted alike.
        #expect(Set(stored.map { $0[19..<27] }).count == 1 && Set(stored.map { $0[27..<43] }).count == 3)
    }

    /// A message whose compressed form has every number of octets about a chunk.
    @Test(arguments: StoreKind.present)
    func everySizeAboutAChunk(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = try quarantine(1, in: stage)
        var random = SeededGenerator(seed: 8)
        let noise = (0..<65_700).map { _ in UInt8.random(in: 0...255, using: &random) }
        var sizes: Set<Int> = []
        for size in 65_440..<65_560 {
            var entry = QuarantineSample.entry("Size\(size)")
            entry.size = size
            let kept = try quarantine.put(
                entry, message: try QuarantineSample.message(Array(noise[..<size])), report: [])
            #expect(try storedMessage(of: kept, in: quarantine) == Array(noise[..<size]), "\(size)")
            sizes.insert(try stage.read(entry.id, "message.gz").count)
            try quarantine.remove(entry.id)
        }
        // One chunk, one that is full, two.
        for size in [43 + 65_535 + 16, 43 + 65_536 + 16, 43 + 65_537 + 32] { #expect(sizes.contains(size), "\(size)") }
    }

    @Test(arguments: StoreKind.present)
    func everyChangeIsNoticed(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = try quarantine(1, in: stage)
        var random = SeededGenerator(seed: 9)
        let content = (0..<200_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        func put(_ id: String) throws -> Quarantine.Entry {
            var entry = QuarantineSample.entry(id)
            entry.size = content.count
            return try quarantine.put(entry, message: try QuarantineSample.message(content), report: [0x7B, 0x7D])
        }
        let entry = try put("Entry")
        let whole = try stage.read("Entry", "message.gz")
        let (head, chunk) = (43, 65_552)
        func expectDamage(_ bytes: [UInt8], _ what: String) throws {
            try stage.write("Entry", "message.gz", bytes)
            let error = #expect(throws: Quarantine.Failure.self, "\(what)") {
                try storedMessage(of: entry, in: quarantine)
            }
            #expect(Self.isDamaged(error), "\(what): \(String(describing: error))")
        }
        func chunks(_ order: [Int]) -> [UInt8] {
            order.reduce(Array(whole[..<head])) {
                $0 + whole[(head + $1 * chunk)..<min(whole.count, head + ($1 + 1) * chunk)]
            }
        }
        #expect(chunks([0, 1, 2, 3]) == whole)
        for order in [[0, 1, 2], [0, 1], [0], [], [1, 0, 2, 3], [0, 2, 3], [0, 1, 1, 2, 3], [0, 1, 2, 3, 3], [3]] {
            try expectDamage(chunks(order), "chunks \(order)")
        }
        for length in Array(27..<100) + [head + chunk - 1, head + chunk + 1, whole.count - 17, whole.count - 1] {
            try expectDamage(Array(whole[..<length]), "\(length) octets")
        }
        try expectDamage(whole + [0], "an octet more")
        for _ in 0..<300 {
            var bytes = whole
            // What names the key, or says that there is one, is looked at below.
            bytes[Int.random(in: 27..<whole.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            try expectDamage(bytes, "a bit")
        }
        // The file of another entry, or another one of the same, is not this one.
        _ = try put("Eother")
        try expectDamage(try stage.read("Eother", "message.gz"), "another entry's")
        let report = try stage.read("Entry", "report")
        try stage.write("Entry", "message.gz", whole)
        for file in ["envelope", "report"] {
            try stage.write("Entry", file, try stage.read("Eother", file))
        }
        #expect(throws: Quarantine.Failure.damaged("Entry/envelope")) { try quarantine.entry("Entry") }
        #expect(throws: Quarantine.Failure.damaged("Entry/report")) { try quarantine.report(of: entry) }
        try stage.write("Entry", "report", report)
        #expect(try quarantine.report(of: entry) == [0x7B, 0x7D])
        // Its message can still be had.
        #expect(try quarantine.remains("Entry").loss == .envelopeAndDigest)
        #expect(try storedMessage(of: try quarantine.remains("Entry").entry, in: quarantine) == content)
    }

    @Test(arguments: StoreKind.present)
    func keysOfThen(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        // An index that is not there when mail is would be a lost one.
        _ = try stage.index.identifiers()
        let content = QuarantineSample.content
        func put(_ quarantine: Quarantine, _ id: String) throws {
            try quarantine.put(QuarantineSample.entry(id), message: try QuarantineSample.message(), report: [0x31])
        }
        try put(try quarantine(nil, in: stage), "Plain")
        try put(try quarantine(1, in: stage), "First")
        try put(try quarantine(2, [1], in: stage), "Second")
        func expectReadable(_ quarantine: Quarantine, _ readable: [String], _ locked: [String]) throws {
            for id in readable {
                let entry = try quarantine.entry(id)
                #expect(
                    try storedMessage(of: entry, in: quarantine) == content && quarantine.report(of: entry) == [0x31])
            }
            for id in locked {
                for read in [{ _ = try quarantine.entry(id) }, { _ = try quarantine.remains(id) }]
                    as [() throws -> Void]
                {
                    let error = #expect(throws: Quarantine.Failure.self) { try read() }
                    guard case .locked(id, let key) = error else {
                        Issue.record("\(id): \(String(describing: error))")
                        continue
                    }
                    #expect(try quarantine.keyName(id) == key)
                    #expect(
                        "\(String(describing: error))".contains("quarantine.old_key_files") == false || key.count == 16)
                }
            }
        }
        try expectReadable(try quarantine(2, [1], in: stage), ["Plain", "First", "Second"], [])
        try expectReadable(try quarantine(nil, [1, 2], in: stage), ["Plain", "First", "Second"], [])
        try expectReadable(try quarantine(2, in: stage), ["Plain", "Second"], ["First"])
        try expectReadable(try quarantine(nil, in: stage), ["Plain"], ["First", "Second"])
        try expectReadable(try quarantine(3, in: stage), ["Plain"], ["First", "Second"])
        #expect(try quarantine(3, in: stage).keyName("Plain") == nil)

        // Without the key nothing is forgotten or made new, and everything can be removed.
        let indexed = IndexedQuarantine(
            files: try quarantine(3, in: stage), index: stage.index
        ) { Issue.record("\($0)") }
        let all = IndexedQuarantine(files: try quarantine(2, [1], in: stage), index: indexed.index) {
            Issue.record("\($0)")
        }
        #expect(try all.check(own: SQLiteQuarantineIndex.files).whole == 3)
        let findings = try indexed.check(own: SQLiteQuarantineIndex.files)
        #expect(findings.whole == 1 && findings.forgotten == 0 && findings.damaged == [] && findings.locked.count == 2)
        #expect(
            findings.locked.allSatisfy { $0.contains("is encrypted with key ") }
                && findings.keys.values.sorted() == [1, 1])
        #expect(try indexed.search(QuarantineQuery(limit: 9)).count == 3)
        let subjects = try indexed.search(QuarantineQuery(limit: 9)).map(\.subject)
        try indexed.remove("First")
        #expect(try all.check(own: SQLiteQuarantineIndex.files).whole == 2)
        // An index that was lost meanwhile has them, without what only the key can tell; with it `fsck` says all again.
        try indexed.index.reset()
        let made = try indexed.reconcile()
        #expect(made.added == 2 && made.whole == 1 && made.damaged == [] && made.locked.count == 1)
        #expect(
            try indexed.search(QuarantineQuery(limit: 9)).filter { $0.category == .unchecked }.map(\.id) == ["Second"])
        #expect(try all.check(own: SQLiteQuarantineIndex.files).corrected == 1)
        #expect(try indexed.search(QuarantineQuery(limit: 9)).allSatisfy { subjects.contains($0.subject) })
        #expect(try indexed.search(QuarantineQuery(limit: 9)).allSatisfy { $0.category == .infected })
    }

    @Test func keyFiles() throws {
        func fault(_ writing: String, _ reading: [String] = []) throws -> String {
            let error = #expect(throws: QuarantineKeys.Fault.self) {
                try QuarantineKeys(writing: writing, reading: reading)
            }
            return error?.description ?? ""
        }
        for mode: mode_t in [0o400, 0o440, 0o600, 0o640] {
            _ = try QuarantineKeys(writing: try key(1, mode: mode), reading: [])
        }
        for mode: mode_t in [0o404, 0o444, 0o644, 0o660, 0o402, 0o410, 0o401] {
            #expect(try fault(try key(1, mode: mode)).contains("others could read or change it"), "\(mode)")
        }
        for size in [0, 31, 33, 64] { #expect(try fault(try key(1, size: size)).hasSuffix("a key file has 32 octets")) }
        let good = try key(2)
        #expect(try fault(good, [directory.path + "/absent"]).contains("/absent: a key file cannot be read: "))
        #expect(try fault(directory.path).contains("a key file cannot be read: "))
        #expect(try fault("/dev/zero").contains("a key file cannot be read: "))
        _ = try QuarantineKeys(writing: "", reading: [good, good])
        if geteuid() == 0 {
            #expect(chown(good, 12_345, 0) == 0)
            #expect(try fault(good).contains("belongs to root or to the user of the gateway"))
        }
    }

    @Test(.enabled(if: SmallFileSystem.isPossible, "needs root to mount a small tmpfs"))
    func aFullDiskLeavesNothing() throws {
        let disk = try SmallFileSystem()
        let keys = try QuarantineKeys(writing: try key(1), reading: [])
        let quarantine = Quarantine(directory: disk.path + "/q", keys: keys)
        var random = SeededGenerator(seed: 4)
        let noise = (0..<(SmallFileSystem.octets * 2)).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(throws: Quarantine.Failure.self) {
            try quarantine.put(
                QuarantineSample.entry("Large"), message: try QuarantineSample.message(noise), report: [])
        }
        #expect(disk.names("q/tmp") == [])
        #expect(try quarantine.identifiers() == [])
    }
}
