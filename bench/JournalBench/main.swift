// Measures the journal: journal-bench DIRECTORY [EVENTS]
//
// Adds 300,000 events as a busy site has them, in the batches of the daemon, looks messages up and searches. The directory is to
// be on the disk that is to be measured; `journal-bench` is made below it and removed.
import Glibc
import Linux
import MailModel
import SQLiteStores
import Stores

/// Milliseconds of the calls.
func show(_ what: String, _ count: Int = 5, _ body: (Int) throws -> Int) rethrows {
    var times: [Double] = []
    var found = 0
    for number in 0..<count {
        let start = monotonicNow()
        found = try body(number)
        times.append(Double(monotonicNow() - start) / 1_000_000)
    }
    times.sort()
    let hundredths = Int((times[count / 2] * 100).rounded())
    let rest = hundredths % 100
    print(
        "\(what): median \(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms, slowest \(Int(times[count - 1])) ms  (\(found) found)"
    )
}

/// As the gateway makes them: 250 octets of a line, 900 of an explanation.
func record(_ number: Int) -> JournalRecord {
    let sender = "sender\(number % 5003)@example\(number % 311).org"
    let recipient = "user\(number % 9973)@example.net"
    let (mailID, logID) = ("Id\(number * 7919 % 1_000_003)x\(number)", "4711-\(number)")
    let client = "192.0.2.\(number % 256)"
    let test =
        #"{"name":"AM.TEST_\#(number % 97)","points":0.\#(number % 10),"evidence":"some words of the message \#(number)"}"#
    let explanation = """
        {"anomalies":{},"categories":["clean"],"causes":[],"deciding":"clean","destiny":"pass","findings":[],\
        "levels":{"dsn_cutoff":10,"kill":6.31,"tag":2,"tag2":6.31},"listener":"127.0.0.1:10024","placement":"after-queue",\
        "policy":"default","recipients":[{"address":"\(recipient)","disposition":"deliver","reply":"250 2.0.0 from \
        MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4Wq\(number)"}],"rules":[],"scanners":[],"score":0.5,\
        "settings":["policies.default.spam"],"tests":[\(test),\(test)],"unchecked":[],"would_change":["the score is 1.5 \
        below levels.tag","the score is 5.81 below levels.tag2","the score is 5.81 below levels.kill"]}
        """
    return JournalRecord(
        mailID: mailID, logID: logID, time: 1_700_000_000 + number / 2, category: Category.allCases[number % 5],
        isPassed: number % 7 != 0, isBlocked: number % 7 == 0, sender: sender, recipients: [recipient],
        subject: "Subject of message number \(number)", messageID: "<\(number).\(number % 977)@example.org>",
        client: client, size: 10_000, score: 0.5, quarantineID: number % 7 == 0 ? mailID : nil,
        queuedAs: number % 7 == 0 ? "" : "4Wq\(number)",
        line: """
            (\(logID)) Passed CLEAN {RelayedInbound}, default [127.0.0.1]:51342 [\(client)] <\(sender)> -> <\(recipient)>, \
            Message-ID: <\(number).\(number % 977)@example.org>, mail_id: \(mailID), Hits: 0.5, size: 10000, queued_as: \
            4Wq\(number), 32 ms
            """,
        explanation: Array(explanation.utf8))
}

guard (2...3).contains(CommandLine.arguments.count) else {
    print("usage: journal-bench DIRECTORY [EVENTS]")
    exit(64)
}
let directory = CommandLine.arguments[1] + "/journal-bench"
let events = CommandLine.arguments.count == 3 ? max(1000, Int(CommandLine.arguments[2]) ?? 300_000) : 300_000

/// Removes the directory and what is in it.
func clear() {
    for name in (try? directoryNames(directory)) ?? [] { unlink("\(directory)/\(name)") }
    rmdir(directory)
}

do {
    clear()
    let journal = SQLiteJournal(path: directory + "/journal.sqlite")
    try show("\(events) events added, 500 at a time", 1) { _ in
        for first in stride(from: 0, to: events, by: 500) {
            try journal.append((first..<min(events, first + 500)).map(record))
        }
        return events
    }
    var status = stat()
    stat(directory + "/journal.sqlite", &status)
    print("octets of the file: \(status.st_size), \(Int(status.st_size) / events) for each event")
    func search(_ what: String, _ change: (inout JournalQuery, Int) -> Void) throws {
        try show(what) { number in
            var query = JournalQuery(limit: 100)
            change(&query, number)
            return try journal.search(query).count
        }
    }
    func some(_ number: Int) -> JournalRecord { record(events / 7 * (number + 1) + 1) }
    try search("explain, by mail_id") { $0.id = some($1).mailID }
    try search("explain, by id=") { $0.id = some($1).logID }
    try search("explain, by queue identifier") { $0.id = some($1).queuedAs }
    try search("explain, nothing found") { query, _ in query.id = "nobodyhasit" }
    try search("first page of 100") { _, _ in }
    try search("a page in the middle") { $0.after = PlaceInTime(time: some($1).time, id: some($1).logID) }
    try search("first page of one sender") { $0.sender = some($1).sender }
    try search("a recipient who has no mail") { query, _ in query.recipient = "nobody@x" }
    try search("a subject that is not there") { query, _ in query.subject = "zzz" }
    try search("a Message-ID") { $0.messageID = some($1).messageID }
    try show("the oldest tenth removed", 1) { _ in
        try journal.expire(before: 1_700_000_000 + events / 20, size: 0).aged
    }
    let half = try journal.octets() / 2
    try show("down to half the octets", 1) { _ in try journal.expire(before: 0, size: half).crowdedOut }
    clear()
} catch {
    print("journal-bench: \(error)")
    clear()
    exit(1)
}
