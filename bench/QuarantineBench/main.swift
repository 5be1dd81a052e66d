// Measures the quarantine: quarantine-bench DIRECTORY [ENTRIES [POSTGRESQL]]
//
// Keeps 200 messages of 10 kB with fsync, fills the index with 100,000 entries, and reads pages of it. The directory is to be
// on the disk that is to be measured; `quarantine-bench` is made below it and removed. With the connection string of an empty
// PostgreSQL database messages and index are there.
import Glibc
import Linux
import MailModel
import PostgreSQLStores
import SQLiteStores
import Stores

/// Milliseconds of each call, sorted.
func times(_ count: Int, _ body: (Int) throws -> Void) rethrows -> [Double] {
    var all: [Double] = []
    for number in 0..<count {
        let start = monotonicNow()
        try body(number)
        all.append(Double(monotonicNow() - start) / 1_000_000)
    }
    return all.sorted()
}

func show(_ what: String, _ times: [Double]) {
    func text(_ part: Double) -> String {
        let hundredths = Int((times[Int(part * Double(times.count - 1))] * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
    print("\(what): median \(text(0.5)) ms, p95 \(text(0.95)) ms, fastest \(text(0))  (\(times.count) calls)")
}

func row(_ number: Int) -> QuarantineRow {
    QuarantineRow(
        id: "Id\(number)x\(number * 7919 % 1_000_003)", node: "bench", time: 1_700_000_000 + number * 13,
        category: Category.allCases[number % 5], reason: "id=1-\(number) - INFECTED: Eicar-Test-Signature",
        sender: "sender\(number % 5003)@example\(number % 311).org", recipients: ["user\(number % 977)@example.net"],
        subject: "Subject of message number \(number)", messageID: "<\(number)@example.org>", client: "192.0.2.1",
        size: 10_000, stored: 5_000, tenant: "example\(number % 17).net", released: nil)
}

guard (2...4).contains(CommandLine.arguments.count) else {
    print("usage: quarantine-bench DIRECTORY [ENTRIES [POSTGRESQL]]")
    exit(64)
}
let directory = CommandLine.arguments[1] + "/quarantine-bench"
let entries = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 100_000 : 100_000
let database = CommandLine.arguments.count > 3 ? CommandLine.arguments[3] : nil
do {
    mkdir(directory, 0o700)
    let index: any QuarantineIndex =
        database.map { PostgreSQLQuarantineIndex(parameters: $0, deadline: 15, node: "bench") }
        ?? SQLiteQuarantineIndex(directory: directory, node: "bench")
    let storage: any QuarantineStorage =
        database.map { PostgreSQLQuarantineStorage(parameters: $0, deadline: 15, scratch: directory) }
        ?? QuarantineDirectory(directory)
    let quarantine = IndexedQuarantine(files: Quarantine(storage: storage), index: index) { print($0) }
    let text = (0..<10_000).map { UInt8(0x20 + ($0 &* 7919 >> 3) % 90) }
    let message = try Descriptor.memory("bench")
    try message.write(text)
    let report = [UInt8](repeating: 0x20, count: 3000)
    func put(_ number: Int) throws {
        let entry = Quarantine.Entry(
            id: Quarantine.newID(), time: number, category: .infected, reason: "INFECTED: Eicar-Test-Signature",
            envelope: Envelope(
                reversePath: MailPath("a@example.org"), recipients: [Recipient(path: MailPath("b@example.net"))]),
            subject: "Subject \(number)", size: text.count)
        try quarantine.put(entry, message: message, report: report)
    }
    _ = try times(5, put)
    // What the disk itself takes for the least that can be called safe: one file, and the directory it is in.
    let floor = try times(200) { number in
        let path = "\(directory)/floor\(number)"
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT)
        try file.write(text)
        try file.synchronize()
        try Descriptor.open(directory, O_RDONLY | O_DIRECTORY).synchronize()
        unlink(path)
    }
    show("one file and its directory, fsync of both", floor)
    show("message kept", try times(200, put))
    let start = monotonicNow()
    for first in stride(from: 0, to: entries, by: 1000) {
        try index.insert((first..<min(entries, first + 1000)).map(row))
    }
    print("\(entries) entries added to the index: \((monotonicNow() - start) / 1_000_000) ms")
    var query = QuarantineQuery(limit: 100)
    show("first page of 100", try times(20) { _ in _ = try index.search(query) })
    query.after = PlaceInTime(time: 1_700_000_000 + entries / 2 * 13, id: "Id")
    show("a page in the middle", try times(20) { _ in _ = try index.search(query) })
    query.after = nil
    query.sender = "sender17@"
    show("first page from one sender", try times(20) { _ in _ = try index.search(query) })
    query.sender = nil
    query.subject = "is in no subject"
    show("a search that finds nothing", try times(20) { _ in _ = try index.search(query) })
    show("octets of each tenant", try times(20) { _ in _ = try index.usage() })
    _ = try? remove(directory)
} catch {
    print("quarantine-bench: \(error)")
    _ = try? remove(directory)
    exit(1)
}

/// Removes the directory and what is in it.
func remove(_ path: String) throws {
    for name in try directoryNames(path) where name != "." && name != ".." {
        let inner = "\(path)/\(name)"
        if unlink(inner) != 0 { try remove(inner) }
    }
    rmdir(path)
}
