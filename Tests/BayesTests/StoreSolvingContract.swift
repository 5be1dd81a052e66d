import Scoring
import Testing

@testable import Bayes

/// Which messages are kept to learn from, and when the machines are solved, in every kind of store.
@Suite("What a Bayes store learns from again")
struct StoreSolvingContract {
    @Test("kept messages are bounded; the larger class loses its oldest", arguments: StoreKind.allCases)
    func keptMessages(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(messages: 100, minimum: 1))
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn((0..<150).map { lesson("s\($0)", $0..<$0 + 9) }, asSpam: true, batch: &batch, time: 7)
        _ = try store.learn((0..<30).map { lesson("h\($0)", $0..<$0 + 9) }, asSpam: false, batch: &batch, time: 7)
        try store.solve()
        let kept = try store.examples()
        #expect(kept.count == 100 && kept.count { !$0.isSpam } == 30)
        #expect(try store.totals().spam == 150)
        let undone = try #require(try store.undo(batch: batch.number, time: 8))
        #expect(undone.forgotten == 100 && undone.gone == 80)
        // What goes on counting stands in the list, and can be asked for again.
        let rest = try #require(try store.batches().first)
        #expect(!rest.isUndone && rest.isPartlyUndone && rest.spam == 80 && rest.ham == 0)
        #expect(try store.undo(batch: batch.number, time: 8)?.gone == 80)
        var next = rest
        _ = try store.learn([lesson("later", 0..<9)], asSpam: true, batch: &next, time: 9)
        #expect(next.number != rest.number)
    }

    @Test("mail that teaches by itself unsays nothing that a person taught", arguments: StoreKind.allCases)
    func automaticAgainstAPerson(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(messages: 100, automatic: 20, minimum: 1))
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        func learn(_ name: String, asSpam isSpam: Bool, isAutomatic: Bool) throws -> LessonOutcome? {
            var lesson = lesson(name, 0..<9)
            lesson.isAutomatic = isAutomatic
            return try store.learn([lesson], asSpam: isSpam, batch: &batch, time: 7).first
        }
        #expect(try learn("person", asSpam: false, isAutomatic: false) == .learned)
        #expect(try learn("person", asSpam: true, isAutomatic: true) == .known)
        #expect(try store.totals().ham == 1 && store.totals().spam == 0)
        // A person unsays what a person taught, and what was learnt by itself; and that corrects itself.
        #expect(try learn("person", asSpam: true, isAutomatic: false) == .relearned)
        #expect(try learn("itself", asSpam: true, isAutomatic: true) == .learned)
        #expect(try learn("itself", asSpam: false, isAutomatic: true) == .relearned)
        #expect(try learn("itself", asSpam: true, isAutomatic: false) == .relearned)
        #expect(try learn("itself", asSpam: false, isAutomatic: true) == .known)
        #expect(try store.totals().ham == 0 && store.totals().spam == 2)
    }

    @Test("mail that teaches by itself holds no more than its share", arguments: StoreKind.allCases)
    func automaticShare(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(messages: 100, automatic: 20, minimum: 1))
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        func learn(_ name: String, _ count: Int, asSpam isSpam: Bool, isAutomatic: Bool) throws {
            let lessons = (0..<count).map { number in
                var lesson = lesson("\(name)\(number)", number..<number + 9)
                lesson.isAutomatic = isAutomatic
                return lesson
            }
            _ = try store.learn(lessons, asSpam: isSpam, batch: &batch, time: 7)
        }
        func kept() throws -> [String: Int] {
            var found: [String: Int] = [:]
            try store.backup { line in
                let fields = line.split(separator: "\t")
                if fields[0] == "m", fields[1] != "form", fields[1] != "end" {
                    found[String(fields[1]), default: 0] += 1
                }
            }
            return found
        }
        try learn("h", 30, asSpam: false, isAutomatic: false)
        try learn("s", 20, asSpam: true, isAutomatic: false)
        try learn("as", 10, asSpam: true, isAutomatic: true)
        try learn("ah", 10, asSpam: false, isAutomatic: true)
        try store.solve()
        #expect(try kept() == ["h": 30, "s": 20, "sa": 10, "ha": 10])
        // One more: the oldest of them makes way, and nothing that people taught.
        try learn("more", 1, asSpam: false, isAutomatic: true)
        try store.solve()
        #expect(try kept() == ["h": 30, "s": 20, "sa": 9, "ha": 11])
        try learn("flood", 500, asSpam: false, isAutomatic: true)
        try store.solve()
        #expect(try kept() == ["h": 30, "s": 20, "ha": 20] && store.examples().count == 70)
        // Beyond all, the larger class loses its oldest, whoever taught it.
        try learn("people", 60, asSpam: true, isAutomatic: false)
        try store.solve()
        #expect(try kept() == ["h": 30, "s": 50, "ha": 20])
        var lines: [String] = []
        try store.backup { lines.append($0) }
        let (other, second) = try makeStore(kind, BayesStore.Limits(messages: 100, automatic: 5, minimum: 1))
        defer { withExtendedLifetime(second) {} }
        _ = try other.restore(Array(lines.joined(separator: "\n").utf8))
        try other.solve()
        #expect(try other.examples().count == 85)
    }

    @Test("the machines are solved when there is enough for the first time", arguments: StoreKind.allCases)
    func firstSolution(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(minimum: 30))
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        func learn(_ numbers: Range<Int>, _ isSpam: Bool) throws -> Bool {
            let lessons = numbers.map { lesson("\(isSpam) \($0)", $0..<$0 + 9) }
            _ = try store.learn(lessons, asSpam: isSpam, batch: &batch, time: 7)
            return try store.solveIfDue()
        }
        _ = try learn(0..<30, false)
        _ = try learn(100..<129, true)
        #expect(try store.totals().model == .untaught)
        // Those that came before count as not yet learnt from: one more makes it due.
        #expect(try learn(130..<131, true))
        #expect(try store.totals().model != .untaught)
        #expect(try store.totals().unsolved == 0)
        #expect(try !learn(200..<201, true))
    }
}
