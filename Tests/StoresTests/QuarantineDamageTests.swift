import Glibc
import Linux
import MailModel
import SQLiteStores
import Stores
import Testing
import TestSupport

/// What crashes and bad disks do to the files of the quarantine.
@Suite struct QuarantineDamageTests {
    /// What a crash may leave at any step of `put` is never taken for mail that was kept.
    @Test func unfinishedEntriesAreNotListed() throws {
        let directory = try TemporaryDirectory()
        let quarantine = Quarantine(directory: directory.path)
        let whole = try quarantine.put(
            QuarantineSample.entry("Whole"), message: try QuarantineSample.message(), report: [])
        for (number, files) in [[], ["message.gz"], ["message.gz", "envelope"], ["message.gz", "envelope", "report"]]
            .enumerated()
        {
            mkdir("\(directory.path)/tmp/Crash\(number)", 0o700)
            for file in files {
                try directory.write("tmp/Crash\(number)/\(file)", try directory.read("W/Whole/\(file)"))
            }
        }
        #expect(try quarantine.identifiers() == ["Whole"])
        #expect(throws: Quarantine.Failure.unknown("Crash3")) { try quarantine.entry("Crash3") }

        // Young ones may be somebody's work; old ones go.
        let now = Int(time(nil))
        try quarantine.removeUnfinished(before: now - 86_400)
        #expect(directory.names("tmp").count == 4)
        try quarantine.removeUnfinished(before: now + 10)
        #expect(directory.names("tmp") == [])
        #expect(try quarantine.entry("Whole") == whole)
        try Quarantine(directory: directory.path + "/absent").removeUnfinished(before: now)
    }

    /// A link in the place of a shelf is no entry, whatever names are behind it.
    @Test func linksAreNotFollowed() throws {
        let (directory, elsewhere) = (try TemporaryDirectory(), try TemporaryDirectory())
        let (quarantine, other) = (Quarantine(directory: directory.path), Quarantine(directory: elsewhere.path))
        try quarantine.put(QuarantineSample.entry("Whole"), message: try QuarantineSample.message(), report: [])
        try other.put(QuarantineSample.entry("Xy"), message: try QuarantineSample.message(), report: [])
        try elsewhere.write("X/secret", [])
        for (name, target) in [("X", "\(elsewhere.path)/X"), ("Y", "nowhere"), ("Z", "W")] {
            #expect(symlink(target, "\(directory.path)/\(name)") == 0)
        }
        #expect(try quarantine.identifiers() == ["Whole"])
        #expect(try quarantine.strays(known: []).sorted() == ["X", "Y", "Z"])
    }

    /// Somebody renamed an entry, or copied one over another: the reason is said.
    @Test(arguments: StoreKind.present)
    func envelopesOfOtherEntries(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        // An index that is not there when mail is would be a lost one.
        _ = try stage.index.identifiers()
        let quarantine = stage.quarantine()
        try quarantine.put(QuarantineSample.entry("Entry"), message: try QuarantineSample.message(), report: [])
        try stage.rename("Entry", to: "Eother")
        let failure = #expect(throws: Quarantine.Failure.self) { try quarantine.entry("Eother") }
        #expect(failure == .damaged("Eother: the envelope is of another entry, Entry"))
        // Nothing that it says proves the message, whole or damaged.
        #expect(try quarantine.remains("Eother").loss == .foreignEnvelope(of: "Entry"))
        let envelope = try stage.read("Eother", "envelope")
        try stage.write("Eother", "envelope", Array(envelope.dropLast(9)))
        let remains = try quarantine.remains("Eother")
        #expect(remains.loss == .foreignEnvelope(of: "Entry") && remains.entry.envelope.recipients == [])
        #expect(remains.loss?.description == "its envelope is of another entry (Entry), and so may the message be")
        // fsck does not call it whole.
        let checked = IndexedQuarantine(files: quarantine, index: stage.index) { Issue.record("\($0)") }
        let damaged = try checked.check(own: SQLiteQuarantineIndex.files).damaged
        #expect(damaged == ["quarantine entry is damaged: Eother/envelope"])
        // With a message that is another one still, too.
        let other = try quarantine.put(
            QuarantineSample.entry("Third"), message: try QuarantineSample.message(Array("other".utf8)), report: [])
        try stage.write("Eother", "message.gz", try stage.read("Third", "message.gz"))
        #expect(try quarantine.remains("Eother").loss == .foreignEnvelope(of: "Entry"))
        #expect(try quarantine.remains("Eother").entry.digest == other.digest)
    }

    @Test(arguments: StoreKind.present)
    func everyTruncationOfTheEnvelopeIsReported(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        let entry = try quarantine.put(
            QuarantineSample.entry("Entry"), message: try QuarantineSample.message(), report: [])
        let whole = try stage.read("Entry", "envelope")
        for length in 0..<whole.count {
            try stage.write("Entry", "envelope", Array(whole[..<length]))
            #expect(throws: Quarantine.Failure.damaged("Entry/envelope"), "\(length) octets") {
                try quarantine.entry("Entry")
            }
            // The message can be had all the same, and nothing but its digest is believed of what is left.
            let remains = try quarantine.remains("Entry")
            let hasDigest = whole[..<length].firstRange(of: Array(entry.digest.utf8)) != nil
            #expect(remains.loss == (hasDigest ? .envelope : .envelopeAndDigest), "\(length) octets")
            #expect(remains.entry.envelope.recipients == [] && remains.entry.envelope.reversePath == .null)
            #expect(try storedMessage(of: remains.entry, in: quarantine) == QuarantineSample.content)
        }
        #expect(try quarantine.remains("Entry").loss != nil)
        // Another message that is whole is not the one that was kept.
        let message = try stage.read("Entry", "message.gz")
        let other = try quarantine.put(
            QuarantineSample.entry("Eother"), message: try QuarantineSample.message(Array("other".utf8)), report: [])
        try stage.write("Entry", "message.gz", try stage.read("Eother", "message.gz"))
        #expect(throws: Quarantine.Failure.self) { try quarantine.remains("Entry") }
        try stage.removeFile("Entry", "envelope")
        #expect(try quarantine.remains("Entry").entry.digest == other.digest)
        try stage.write("Entry", "message.gz", Array(message.dropLast()))
        #expect(throws: Quarantine.Failure.self) { try quarantine.remains("Entry") }
        try stage.write("Entry", "message.gz", message)
        try stage.write("Entry", "envelope", whole + whole)
        #expect(throws: Quarantine.Failure.self) { try quarantine.entry("Entry") }
        try stage.write("Entry", "envelope", whole)
        #expect(try quarantine.entry("Entry") == entry)
        #expect(try quarantine.remains("Entry").entry == entry && quarantine.remains("Entry").loss == nil)
    }

    /// A report that is not the one that was kept is no report; entries of a time when its digest was not kept are read.
    @Test(arguments: StoreKind.present)
    func everyChangeOfTheReportIsNoticed(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        let report = Array(#"{"findings":[]}"#.utf8)
        let entry = try quarantine.put(
            QuarantineSample.entry("Entry"), message: try QuarantineSample.message(), report: report)
        let damaged = Quarantine.Failure.damaged("Entry/report")
        for length in 0..<report.count {
            try stage.write("Entry", "report", Array(report[..<length]))
            #expect(throws: damaged) { try quarantine.report(of: entry) }
        }
        for index in report.indices {
            var bytes = report
            bytes[index] ^= 1
            try stage.write("Entry", "report", bytes)
            #expect(throws: damaged) { try quarantine.report(of: entry) }
        }
        var older = entry
        older.reportDigest = nil
        #expect(try quarantine.report(of: older).count == report.count)
        try stage.removeFile("Entry", "report")
        #expect(throws: Quarantine.Failure.self) { try quarantine.report(of: entry) }
        #expect(try quarantine.remains("Entry").loss == nil)
    }

    @Test(arguments: StoreKind.present)
    func everyMutationOfTheEnvelopeIsReported(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        try quarantine.put(QuarantineSample.entry("Entry"), message: try QuarantineSample.message(), report: [])
        let whole = try stage.read("Entry", "envelope")
        var random = SeededGenerator(seed: 1)
        for round in 0..<(kind == .files ? 3000 : 500) {
            var bytes = whole
            for _ in 0...(round % 3) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
                }
            }
            if bytes == whole { continue }
            try stage.write("Entry", "envelope", bytes)
            #expect(throws: Quarantine.Failure.damaged("Entry/envelope"), "round \(round)") {
                try quarantine.entry("Entry")
            }
        }
    }

    @Test func damagedEntriesAreNamed() throws {
        let directory = try TemporaryDirectory()
        let quarantine = Quarantine(directory: directory.path)
        for id in ["Aa", "Ab", "Ac", "Ad"] {
            try quarantine.put(QuarantineSample.entry(id), message: try QuarantineSample.message(), report: [])
        }
        unlink(directory.path + "/A/Aa/envelope")
        try directory.write("A/Ab/envelope", [])
        // The envelope of another entry is not this entry's envelope.
        try directory.write("A/Ac/envelope", try directory.read("A/Ad/envelope"))
        mkdir(directory.path + "/A/Ae", 0o700)
        for id in ["Aa", "Ab", "Ac", "Ae"] {
            let error = #expect(throws: Quarantine.Failure.self) { try quarantine.entry(id) }
            guard case .damaged = error else {
                Issue.record("\(id): \(String(describing: error))")
                continue
            }
        }
        #expect(try quarantine.entry("Ad").id == "Ad")
        // What is no entry is named, too.
        try directory.write("stray.txt", [])
        mkdir(directory.path + "/Flat", 0o700)
        mkdir(directory.path + "/A/Bb", 0o700)
        // One with the name of a shelf.
        try directory.write("Z", [])
        #expect(try quarantine.identifiers().sorted() == ["Aa", "Ab", "Ac", "Ad", "Ae"])
        #expect(try quarantine.strays(known: ["stray.txt"]).sorted() == ["A/Bb", "Flat", "Z"])
    }

    /// Whatever happens to the stored octets, another message is never taken for the one that was kept.
    @Test(arguments: StoreKind.present)
    func everyChangeOfTheStoredMessageIsNoticed(kind: StoreKind) throws {
        let stage = try StoreStage(kind)
        let quarantine = stage.quarantine()
        let entry = try quarantine.put(
            QuarantineSample.entry("Entry"), message: try QuarantineSample.message(), report: [])
        let whole = try stage.read("Entry", "message.gz")
        func expectDamage(_ bytes: [UInt8], _ what: String) throws {
            try stage.write("Entry", "message.gz", bytes)
            #expect(throws: Quarantine.Failure.self, "\(what)") { try storedMessage(of: entry, in: quarantine) }
        }
        for length in 0..<whole.count { try expectDamage(Array(whole[..<length]), "\(length) octets") }
        // Some bits say nothing about the message: gzip's time, flags and system, and what fills up the last octet.
        var noticed = 0
        for index in whole.indices {
            for bit in 0..<8 {
                var bytes = whole
                bytes[index] ^= 1 << UInt8(bit)
                try stage.write("Entry", "message.gz", bytes)
                do throws(Quarantine.Failure) {
                    #expect(
                        try storedMessage(of: entry, in: quarantine) == QuarantineSample.content,
                        "bit \(bit) of octet \(index)")
                } catch {
                    noticed += 1
                }
            }
        }
        #expect(noticed > 8 * (whole.count - 10))
        try expectDamage(whole + [0], "an octet more")
        try expectDamage(whole + whole, "twice")
        let other = try quarantine.put(
            QuarantineSample.entry("Eother"), message: try QuarantineSample.message(Array("other".utf8)), report: [])
        try expectDamage(try stage.read("Eother", "message.gz"), "another message")
        #expect(other.digest != entry.digest)
        try stage.write("Entry", "message.gz", whole)
        #expect(try storedMessage(of: entry, in: quarantine) == QuarantineSample.content)
    }
}
