@testable import InspectionLink
import MailModel
import Testing

@Suite struct EngineMarkTests {
    @Test func saysWhatItWasTold() {
        for isAtWork in [true, false] {
            let record = EngineMark.record(isAtWork: isAtWork)
            #expect(record.count == EngineMark.length)
            #expect(EngineMark.isAtWork(record) == isAtWork)
        }
    }

    /// Nothing else is taken for it: the start of a report, a piece, more than it, another version, no yes or no.
    @Test func anythingElseSaysNothing() {
        let record = EngineMark.record(isAtWork: true)
        for count in 0..<record.count { #expect(!EngineMark.isAtWork(Array(record.prefix(count)))) }
        #expect(!EngineMark.isAtWork(record + [0]))
        #expect(!EngineMark.isAtWork(Array(Report(messageSize: 1).encoded().prefix(EngineMark.length))))
        for index in record.indices {
            var other = record
            other[index] &+= 1
            #expect(!EngineMark.isAtWork(other))
        }
    }
}
