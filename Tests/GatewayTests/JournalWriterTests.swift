import Foundation
import MailModel
import Stores
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// What becomes of events while the place that they belong to is slow, fails, or is gone.
@Suite struct JournalWriterTests {
    /// A sink that a test holds up or lets fail.
    private final class Sink: JournalSink {
        struct Failing: Error {}

        private let state = Mutex<(taken: [String], fails: Bool, calls: Int)>(([], false, 0))
        let gate = NSLock()

        func append(_ records: [JournalRecord]) throws {
            gate.lock()
            gate.unlock()
            try state.withLock { state in
                state.calls += 1
                if state.fails { throw Failing() }
                state.taken += records.map(\.mailID)
            }
        }

        var taken: [String] { state.withLock { $0.taken } }
        var calls: Int { state.withLock { $0.calls } }
        func fail(_ fails: Bool) { state.withLock { $0.fails = fails } }
    }

    private final class Heard: Sendable {
        private let texts = Mutex<[String]>([])
        func add(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock { $0 } }
    }

    private static let limits = JournalWriter.Limits(events: 10_000, octets: 4_194_304)

    private static func record(_ id: String, explanation: [UInt8] = Array(#"{"a":1}"#.utf8)) -> JournalRecord {
        JournalRecord(
            mailID: id, logID: "1-1", time: 1, category: .clean, isPassed: true, isBlocked: false, sender: "s\"@y",
            recipients: ["r@x"],
            subject: "é", messageID: "", client: "", size: 0, score: 1.5, quarantineID: nil, queuedAs: "", line: "",
            explanation: explanation)
    }

    @Test func everyEventArrivesInOrder() throws {
        let sink = Sink()
        let lost = Heard()
        let writer = try JournalWriter(
            sink, limits: Self.limits, overflow: { lost.add($0.mailID) }, report: { lost.add($0) })
        let ids = (0..<5000).map { "Id\($0)" }
        for id in ids { writer.add(Self.record(id)) }
        writer.close()
        #expect(sink.taken == ids && lost.all == [])
        #expect(writer.figures.written == 5000 && writer.figures.waiting == 0)
        // After the end there is one place left.
        writer.add(Self.record("late"))
        #expect(lost.all == ["late"])
    }

    /// While the disk stands still, adding goes on; what finds no place is told of as a whole.
    @Test func aSinkThatStandsStill() throws {
        let sink = Sink()
        let lost = Heard()
        let writer = try JournalWriter(
            sink, limits: Self.limits, overflow: { lost.add($0.mailID) }, report: { lost.add($0) })
        sink.gate.lock()
        let count = Self.limits.events + 7
        for number in 0..<count { writer.add(Self.record("Id\(number)")) }
        #expect(lost.all == (Self.limits.events..<count).map { "Id\($0)" })
        #expect(writer.figures.overflowed == 7)
        sink.gate.unlock()
        writer.close()
        #expect(sink.taken == (0..<Self.limits.events).map { "Id\($0)" })
    }

    /// Large events fill the memory that there is before they are many.
    @Test func largeEvents() throws {
        let sink = Sink()
        let lost = Heard()
        let writer = try JournalWriter(
            sink, limits: Self.limits, overflow: { lost.add($0.mailID) }, report: { lost.add($0) })
        sink.gate.lock()
        let small = Self.record("Id0", explanation: []).octets
        let quarter = [UInt8](repeating: 0x20, count: Self.limits.octets / 4 - small)
        for number in 0..<4 { writer.add(Self.record("Id\(number)", explanation: quarter)) }
        writer.add(Self.record("Id4", explanation: []))
        #expect(lost.all == ["Id4"] && writer.figures.waiting == 4)
        sink.gate.unlock()
        try poll("the events to be written") { writer.figures.written == 4 }
        // What is written takes no more of it.
        writer.add(Self.record("Id5", explanation: quarter))
        writer.close()
        #expect(sink.taken == ["Id0", "Id1", "Id2", "Id3", "Id5"] && lost.all == ["Id4"])
    }

    /// Events wait for a sink that fails, which is said once, and are written when it works again.
    @Test func aSinkThatFails() throws {
        let sink = Sink()
        let (lost, heard) = (Heard(), Heard())
        let writer = try JournalWriter(
            sink, limits: Self.limits, overflow: { lost.add($0.mailID) }, report: { heard.add($0) })
        sink.fail(true)
        for number in 0..<3 { writer.add(Self.record("Id\(number)")) }
        try poll("a second attempt") { sink.calls >= 2 }
        #expect(heard.all.count == 1 && heard.all[0].contains("events wait") && sink.taken == [])
        sink.fail(false)
        try poll("the events to be written") { sink.taken.count == 3 }
        writer.close()
        #expect(sink.taken == ["Id0", "Id1", "Id2"] && heard.all.last == "journal: written again" && lost.all == [])
    }

    /// A sink that fails to the end: the events are told of.
    @Test func aSinkThatNeverWorks() throws {
        let sink = Sink()
        let lost = Heard()
        sink.fail(true)
        let writer = try JournalWriter(sink, limits: Self.limits, overflow: { lost.add($0.mailID) }, report: { _ in })
        for number in 0..<3 { writer.add(Self.record("Id\(number)")) }
        writer.close()
        #expect(lost.all == ["Id0", "Id1", "Id2"] && sink.taken == [])
    }

    @Test func linesAreObjects() throws {
        let directory = try TemporaryDirectory(.memory)
        let sink = LinesSink(path: directory.path + "/events.json")
        try sink.append([Self.record("Aa"), Self.record("Ab")])
        // Renamed by whoever rotates logs: a new file is begun.
        rename(directory.path + "/events.json", directory.path + "/events.json.1")
        try sink.append([Self.record("Ac")])
        let old = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/events.json.1"))
        let objects = try old.split(separator: 0x0A).map {
            try JSONSerialization.jsonObject(with: $0) as? [String: Any]
        }
        #expect(objects.map { $0?["mail_id"] as? String } == ["Aa", "Ab"])
        #expect(objects[0]?["sender"] as? String == "s\"@y" && objects[0]?["subject"] as? String == "é")
        #expect((objects[0]?["explanation"] as? [String: Any])?["a"] as? Int == 1)
        #expect(objects[0]?["quarantine"] is NSNull)
        let new = try Data(contentsOf: URL(fileURLWithPath: directory.path + "/events.json"))
        #expect(new.split(separator: 0x0A).count == 1)
    }
}
