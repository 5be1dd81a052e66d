import InspectionLink
import MailModel
import Testing
import TestSupport

@Suite struct RecordTests {
    /// A record and the way to read it, which throws `RecordError` only.
    struct Reader: Sendable {
        var name: String
        var record: [UInt8]
        var read: @Sendable ([UInt8]) throws(RecordError) -> Void
    }

    static let readers: [Reader] = {
        var all: [Reader] = []
        for sample in Samples.requests {
            all.append(
                Reader(name: "\(sample)", record: sample.encoded()) { bytes throws(RecordError) in
                    _ = try ZygoteRequest(bytes)
                })
        }
        for sample in Samples.events {
            all.append(
                Reader(name: "\(sample)", record: sample.encoded()) { bytes throws(RecordError) in
                    _ = try ZygoteEvent(bytes)
                })
        }
        for sample in Samples.workerEvents {
            all.append(
                Reader(name: "\(sample)", record: sample.encoded()) { bytes throws(RecordError) in
                    _ = try WorkerEvent(bytes)
                })
        }
        all.append(
            Reader(name: "inspect", record: Samples.inspect.encoded()) { bytes throws(RecordError) in
                _ = try Inspect(bytes)
            })
        all.append(
            Reader(name: "report", record: Samples.report.encoded()) { bytes throws(RecordError) in
                _ = try Report(bytes)
            })
        return all
    }()

    @Test func roundTrips() throws {
        for sample in Samples.requests { #expect(try ZygoteRequest(sample.encoded()) == sample) }
        for sample in Samples.events { #expect(try ZygoteEvent(sample.encoded()) == sample) }
        for sample in Samples.workerEvents { #expect(try WorkerEvent(sample.encoded()) == sample) }
        #expect(try Inspect(Samples.inspect.encoded()) == Samples.inspect)
        #expect(try Report(Samples.report.encoded()) == Samples.report)
        #expect(try Report(Report(messageSize: 0).encoded()) == Report(messageSize: 0))
    }

    @Test func everyTruncationFails() {
        for reader in Self.readers {
            for length in 0..<reader.record.count {
                #expect(throws: RecordError.self, "\(reader.name) cut to \(length)") {
                    try reader.read(Array(reader.record[..<length]))
                }
            }
        }
    }

    @Test func oneOctetTooManyFails() {
        for reader in Self.readers {
            #expect(throws: RecordError.trailing(1), "\(reader.name)") { try reader.read(reader.record + [0]) }
        }
    }

    @Test func anotherVersionFails() {
        for reader in Self.readers {
            var other = reader.record
            other[0] = 2
            #expect(throws: RecordError.version(2)) { try reader.read(other) }
        }
    }

    @Test func typesAreNotMixedUp() {
        for reader in Self.readers {
            var other = reader.record
            other[1] = 250
            #expect(throws: RecordError.type(250), "\(reader.name)") { try reader.read(other) }
        }
    }

    /// Any octets at all may come from a worker: reading them ends with a value or a `RecordError`, never with a trap.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func mutationsNeverTrap(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for reader in Self.readers {
            for _ in 0..<3000 {
                var changed = reader.record
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    changed[Int.random(in: 0..<changed.count, using: &generator)] = generator.next(upperBound: 255)
                }
                if Bool.random(using: &generator) {
                    let from = Int.random(in: 0..<changed.count, using: &generator)
                    changed.replaceSubrange(from..., with: [0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0x80])
                }
                try? reader.read(changed)
            }
        }
    }

    @Test func integersAtTheEdges() throws {
        for value in [0, 1, -1, Int.max, Int.min, 255, 256] {
            var out = RecordWriter(type: 9)
            out.put(value)
            var reader = try RecordReader(out.bytes)
            #expect(try reader.int() == value)
        }
    }

    @Test func rangesAtTheLimitAndOneBeyond() throws {
        for (value, fits) in [(9, false), (10, true), (20, true), (21, false)] {
            var out = RecordWriter(type: 9)
            out.put(value)
            var reader = try RecordReader(out.bytes)
            #expect(((try? reader.int(in: 10...20)) != nil) == fits)
        }
    }

    @Test func bytesAtTheLimitAndOneBeyond() throws {
        var out = RecordWriter(type: 9)
        out.put([UInt8](repeating: 1, count: 10))
        var reader = try RecordReader(out.bytes)
        #expect(try reader.bytes(limit: 10).count == 10)
        reader = try RecordReader(out.bytes)
        #expect(throws: RecordError.self) { try reader.bytes(limit: 9) }
    }

    @Test func listsAtTheLimitAndOneBeyond() throws {
        var out = RecordWriter(type: 9)
        out.put([1, 2, 3]) { out, value in out.put(value) }
        var reader = try RecordReader(out.bytes)
        #expect(try reader.list(limit: 3) { reader throws(RecordError) in try reader.int() } == [1, 2, 3])
        reader = try RecordReader(out.bytes)
        #expect(throws: RecordError.self) {
            _ = try reader.list(limit: 2) { reader throws(RecordError) in try reader.int() }
        }
    }

    @Test func indexesAtTheEdges() throws {
        for (value, expected) in [(-1, nil), (0, 0), (2, 2)] as [(Int, Int?)] {
            var out = RecordWriter(type: 9)
            out.put(value)
            var reader = try RecordReader(out.bytes)
            #expect(try reader.index(below: 3) == expected)
        }
        for (value, count) in [(3, 3), (-2, 3), (0, 0)] {
            var out = RecordWriter(type: 9)
            out.put(value)
            var reader = try RecordReader(out.bytes)
            #expect(throws: RecordError.self) { try reader.index(below: count) }
        }
    }

    @Test func booleansAreZeroOrOne() throws {
        #expect(throws: RecordError.self) {
            var reader = try RecordReader([Record.version, 9, 2])
            _ = try reader.bool()
        }
    }

    /// A claimed count of 2^62 must not reserve memory for it.
    @Test func hugeCountsReserveNothing() throws {
        var out = RecordWriter(type: 41)
        out.put(10)
        out.put(1 << 62)
        #expect(throws: RecordError.self) { try Report(out.bytes) }
        out = RecordWriter(type: 41)
        out.put(10)
        out.put(ReportLimits().entries)
        #expect(throws: RecordError.truncated) { try Report(out.bytes) }
    }

    @Test func tablesComeBackAsTheyWere() throws {
        #expect(try RuleTables(Samples.tables.encoded()) == Samples.tables)
        let record = Samples.tables.encoded()
        for length in record.indices { #expect(throws: RecordError.self) { try RuleTables(Array(record[..<length])) } }
        #expect(throws: RecordError.self) { try RuleTables(record + [0]) }
        var wrong = Samples.tables
        wrong.lists[0].tables = [2]
        #expect(throws: RecordError.self) { try RuleTables(wrong.encoded()) }
        wrong = Samples.tables
        wrong.tables = []
        #expect(throws: RecordError.self) { try RuleTables(wrong.encoded()) }
    }
}
