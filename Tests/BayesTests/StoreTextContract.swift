import Scoring
import Testing

@testable import Bayes

/// Backups, of our own and of SpamAssassin, and dumps of every kind of store.
@Suite("The texts of a Bayes store")
struct StoreTextContract {
    @Test("a backup restores to the same store, and clearing leaves nothing", arguments: StoreKind.allCases)
    func backup(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(minimum: 1))
        let (other, second) = try makeStore(kind, BayesStore.Limits(minimum: 1))
        defer { withExtendedLifetime((scratch, second)) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn((0..<30).map { lesson("s\($0)", $0..<$0 + 9) }, asSpam: true, batch: &batch, time: 7)
        _ = try store.learn((0..<30).map { lesson("h \($0)", $0 + 9..<$0 + 19) }, asSpam: false, batch: &batch, time: 9)
        var lines: [String] = []
        try store.backup { lines.append($0) }
        #expect(lines.first == "v\t3\tdb_version # this must be the first line!!!")
        #expect(lines.contains("v\t30\tnum_spam") && lines.contains("v\t30\tnum_nonspam"))
        let text = Array(lines.joined(separator: "\n").utf8)
        let restored = try other.restore(text)
        #expect(restored.isOwn && restored.messages == 60 && restored.seen == 60)
        #expect(try counts(other) == counts(store))
        var again: [String] = []
        try other.backup { again.append($0) }
        #expect(again == lines)
        #expect(try other.learn([lesson("s1", 1..<10)], asSpam: true, batch: &batch, time: 9) == [.known])
        try other.clear()
        #expect(try other.totals().spam == 0)
        #expect(try counts(other).isEmpty)
    }

    @Test("what was not counted yet is not counted in a backup either, and not lost", arguments: StoreKind.allCases)
    func pendingBackup(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        let (other, second) = try makeStore(kind)
        defer { withExtendedLifetime((scratch, second)) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("one", 0..<10)], asSpam: true, batch: &batch, time: 7)
        let late = [lesson("two", 5..<15), lesson("three", 5..<20)]
        _ = try store.learn(late, asSpam: true, batch: &batch, time: 7, countsNow: false)
        var automatic = lesson("four", 30..<40)
        automatic.isAutomatic = true
        _ = try store.learn([automatic], asSpam: false, batch: &batch, time: 7, countsNow: false)
        var lines: [String] = []
        try store.backup { lines.append($0) }
        // SpamAssassin would take those for counted.
        #expect(lines.filter { $0.hasPrefix("s\t") } == ["s\ts\tone"])
        // Wherever they stand, they come behind the others.
        let first = try #require(lines.firstIndex { $0.hasPrefix("m\ts\t") })
        let last = try #require(lines.firstIndex { $0.hasPrefix("m\tsp\t") })
        var mixed = lines
        mixed.swapAt(first, last)
        for lines in [lines, mixed] {
            let restored = try other.restore(Array(lines.joined(separator: "\n").utf8))
            #expect(restored.messages == 4 && restored.seen == 4)
            #expect(try other.totals().spam == 1 && other.totals().pending == 3)
            #expect(try counts(other) == counts(store))
            var again: [String] = []
            try other.backup { again.append($0) }
            #expect(again.sorted() == lines.sorted())
            #expect(try other.learn([late[0]], asSpam: true, batch: &batch, time: 9, countsNow: false) == [.known])
            #expect(try other.merge(time: 9) == 3)
            #expect(try other.totals().spam == 3 && other.totals().ham == 1)
            #expect(try other.forget(late, time: 9) == [.forgotten, .forgotten])
            #expect(try counts(other)[key(7)] == FisherMethod.Counts(spam: 1, ham: 0))
        }
        // The same when they are forgotten before they were counted.
        _ = try other.restore(Array(lines.joined(separator: "\n").utf8))
        #expect(try other.forget([late[0]], time: 9) == [.forgotten])
        #expect(try other.totals().spam == 2 && counts(other)[key(12)] == FisherMethod.Counts(spam: 1, ham: 0))
    }

    @Test(
        "what is no backup changes nothing",
        arguments: [
            "", "v\t2\tdb_version", "v\t3\tdb_version\nx\t1", "v\t3\tdb_version\nt\t1\t2\t3\tzz",
            "v\t3\tdb_version\nt\t-1\t2\t3\t0000000001", "v\t3\tdb_version\nm\tform\t1\nm\ts\t1\t1\t123\tid",
            "v\t3\tdb_version\ns\tq\tid", "v\t3\tdb_version\nm\tform\t1\nm\tspa\t1\t1\t1\t4000000001\tid",
            "v\t3\tdb_version\nm\tform\t1\nm\ts\t18446744073709551615\t1\t1\t4000000001\tid",
        ], StoreKind.allCases)
    func badBackup(_ text: String, _ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<10)], asSpam: true, batch: &batch, time: 7)
        let before = try counts(store)
        #expect(throws: StoreError.self) { try store.restore(Array(text.utf8)) }
        #expect(try counts(store) == before)
    }

    @Test(
        "a backup of which lines are missing, or that goes on behind its end, changes nothing",
        arguments: StoreKind.allCases)
    func cutBackup(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<3), lesson("b", 2..<5)], asSpam: true, batch: &batch, time: 7)
        var lines: [String] = []
        try store.backup { lines.append($0) }
        func text(_ lines: some Sequence<String>) -> [UInt8] { Array(lines.joined(separator: "\n").utf8) }
        for missing in lines.indices {
            var cut = lines
            cut.remove(at: missing)
            // Without the line that names it, it is SpamAssassin's to us, whose form has no end.
            let words = lines[missing].hasPrefix("m\tform") ? "is not of a backup's form" : ""
            let error = #expect(throws: StoreError.self) { try store.restore(text(cut)) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(words))
            #expect(throws: StoreError.self) { try store.restore(text(lines[..<missing])) }
        }
        #expect(throws: StoreError.self) { try store.restore(text(lines + [lines[4]])) }
        #expect(try store.totals().spam == 2)
        #expect(try store.restore(text(lines)).messages == 2)
    }

    @Test(
        "a backup that is cut off anywhere changes nothing, however it comes in pieces", arguments: StoreKind.allCases)
    func cutAnywhere(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        let (other, second) = try makeStore(kind)
        defer { withExtendedLifetime((scratch, second)) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<3), lesson("b", 2..<5)], asSpam: true, batch: &batch, time: 7)
        _ = try store.learn([lesson("late", 2..<5)], asSpam: false, batch: &batch, time: 8, countsNow: false)
        var text: [UInt8] = []
        try store.backup { text += Array("\($0)\n".utf8) }
        _ = try other.learn([lesson("before", 50..<53)], asSpam: true, batch: &batch, time: 7)
        let before = try counts(other)
        // The last line end is none of its octets that are needed; without its last digit the end names other lines.
        for size in 0..<text.count - 1 {
            #expect(throws: StoreError.self) { try other.restore(Array(text[..<size]), piece: 7) }
        }
        #expect(try counts(other) == before && other.totals().nextBatch == batch.number + 1)
        for piece in [1, 7, text.count] {
            #expect(try other.restore(text, piece: piece).messages == 3)
            #expect(try counts(other) == counts(store) && other.totals().pending == 1)
        }
    }

    @Test("tokens that are written in parts, and in any order, are those of the backup", arguments: StoreKind.allCases)
    func manyTokens(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        // The first of two of one key counts.
        let count = 1000
        var text = Array("v\t3\tdb_version\nv\t1\tnum_spam\nv\t1\tnum_nonspam\n".utf8)
        for number in 0..<count {
            let key = UInt64(number) &* 0x9E_3779_B97B & 0xF_FFFF_FFFF
            let digits = String(key, radix: 16)
            text += Array(
                "t\t\(number % 100)\t0\t9\t\(String(repeating: "0", count: 10 - digits.count))\(digits)\n".utf8)
        }
        let first = "0000000000"
        for again in ["\(first)", "9e3779b97b"] { text += Array("t\t77\t77\t9\t\(again)\n".utf8) }
        let restored = try store.restore(text, tokensAtOnce: 70)
        #expect(restored.tokens == count && restored.foreignTokens == count)
        var (found, wrong) = (0, 0)
        try store.forEachToken { record in
            found += 1
            if record.counts.ham != 0 { wrong += 1 }
        }
        #expect(found == count && wrong == 0)
    }

    @Test(
        "a backup that changes while it is read, or has a line without end, changes nothing",
        arguments: StoreKind.allCases)
    func changingBackup(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<3)], asSpam: true, batch: &batch, time: 7)
        var reads = 0
        let head = Array("v\t3\tdb_version\nv\t5\tnum_spam\n".utf8)
        #expect(throws: StoreError.self) {
            try store.restore { offset, buffer throws(StoreError) in
                guard offset == 0 else { return 0 }
                reads += 1
                let octets = head + Array("v\t\(reads)\tnum_nonspam\n".utf8)
                buffer.replaceSubrange(0..<octets.count, with: octets)
                return octets.count
            }
        }
        #expect(reads == 2)
        let error = #expect(throws: StoreError.self) {
            try store.restore { offset, buffer throws(StoreError) in
                buffer = [UInt8](repeating: UInt8(ascii: "1"), count: buffer.count)
                if offset == 0 { buffer.replaceSubrange(0..<head.count, with: head) }
                return offset == 0 ? head.count : buffer.count
            }
        }
        #expect(error?.description == "line 3 is not of a backup's form")
        #expect(try store.totals().spam == 1 && store.lesson(of: "a") == true)
    }

    @Test("the words of SpamAssassin's backup go on counting", arguments: StoreKind.allCases)
    func foreignBackup(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        let text =
            "v\t3\tdb_version # this must be the first line!!!\nv\t5\tnum_spam\nv\t6\tnum_nonspam\n"
            + "t\t1\t0\t1100000000\tabcdef0123\ns\ts\tid@sa_generated\n"
        let restored = try store.restore(Array(text.utf8))
        #expect(!restored.isOwn && restored.foreignTokens == 1 && restored.seen == 0)
        let totals = try store.totals()
        #expect(totals.spam == 5 && totals.ham == 6 && totals.foreignTokens == 1)
        #expect(try counts(store) == [TokenExtractor.foreignKey(0xAB_CDEF_0123): FisherMethod.Counts(spam: 1, ham: 0)])
    }

    @Test("what SpamAssassin learnt judges as it did, until mail is learnt here", arguments: StoreKind.allCases)
    func foreignJudgement(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind, BayesStore.Limits(minimum: 100))
        defer { withExtendedLifetime(scratch) {} }
        // Digests of the words as sha1sum(1) gives them, the last five octets.
        let lines = [
            "v\t3\tdb_version # this must be the first line!!!", "v\t500\tnum_spam", "v\t500\tnum_nonspam",
            // "lottery", "winner", "agenda", "minutes"
            "t\t90\t0\t1100000000\t6efad5ef13", "t\t80\t1\t1100000000\tc2838d31ab", "t\t0\t90\t1100000000\t038f54fdd6",
            "t\t0\t70\t1100000000\tc4c335bfc9",
        ]
        _ = try store.restore(Array(lines.joined(separator: "\n").utf8))
        func probability(_ text: String) throws -> Double? {
            var extractor = TokenExtractor()
            extractor.takesForeignTokens = true
            let tokens = extractor.tokens(of: Array("\r\n\(text)".utf8).span).tokens
            return try store.judge(Features(tokens: tokens))?.probability
        }
        #expect(try probability("Lottery winner") ?? 0 > 0.9)
        #expect(try probability("agenda minutes") ?? 1 < 0.1)
        #expect(try probability("else") == 0.5)
    }

    @Test("a backup without the numbers of messages changes nothing", arguments: StoreKind.allCases)
    func incomplete(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<2)], asSpam: true, batch: &batch, time: 7)
        let first = "v\t3\tdb_version # this must be the first line!!!"
        let token = "t\t90\t0\t1100000000\t6efad5ef13"
        for lines in [
            [first, token], [first, "v\t5\tnum_spam", token], [first, "v\t5\tnum_nonspam", token],
        ] {
            #expect(throws: StoreError.self) { try store.restore(Array(lines.joined(separator: "\n").utf8)) }
            #expect(try store.totals().spam == 1)
        }
        _ = try store.restore(
            Array([first, "v\t0\tnum_spam", "v\t0\tnum_nonspam", token].joined(separator: "\n").utf8))
        #expect(try store.totals().spam == 0)
    }

    @Test("the dump has SpamAssassin's columns", arguments: StoreKind.allCases)
    func dump(_ kind: StoreKind) throws {
        let (store, scratch) = try makeStore(kind)
        defer { withExtendedLifetime(scratch) {} }
        var batch = try store.beginBatch(at: 5)
        _ = try store.learn([lesson("a", 0..<2)], asSpam: true, batch: &batch, time: 1_100_000_000)
        var lines: [String] = []
        try store.dump(totals: true, tokens: { _ in true }) { lines.append($0) }
        #expect(lines.count == 12)
        #expect(lines.first == "0.000          0          3          0  non-token data: bayes db version")
        #expect(lines[1] == "0.000          0          1          0  non-token data: nspam")
        #expect(lines.last.map { $0.hasPrefix("0.987          1          0 1100000000  ") } == true)
        lines = []
        try store.dump(totals: false, tokens: { $0.count != 5 }) { lines.append($0) }
        #expect(lines.isEmpty)
    }
}
