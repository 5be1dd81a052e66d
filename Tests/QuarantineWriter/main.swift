// Keeps mail without end, for tests that kill it: quarantine-writer DIRECTORY [index|store DATABASE]
//
// Messages are files below DIRECTORY and the index is SQLite, unless the index, or messages and index, are in a PostgreSQL database. A
// line with the identifier goes to standard output after each message that is said to be kept.
import Glibc
import Linux
import MailModel
import PostgreSQLStores
import SQLiteStores
import Stores

let arguments = CommandLine.arguments
guard arguments.count == 2 || arguments.count == 4 else { exit(64) }
let directory = arguments[1]
let (word, database) = arguments.count == 4 ? (arguments[2], arguments[3]) : ("", "")
let index: any QuarantineIndex =
    word.isEmpty
    ? SQLiteQuarantineIndex(directory: directory, node: "test")
    : PostgreSQLQuarantineIndex(parameters: database, deadline: 15, node: "test")
let storage: any QuarantineStorage =
    word == "store"
    ? PostgreSQLQuarantineStorage(parameters: database, deadline: 15, scratch: directory)
    : QuarantineDirectory(directory)
let quarantine = IndexedQuarantine(files: Quarantine(storage: storage), index: index) { _ in exit(2) }
do {
    var number = 0
    while true {
        let size = [10, 4000, 70_000, 400_000][number % 4]
        // The octets follow from the number, which is the subject.
        let message = try Descriptor.memory("message")
        try message.write((0..<size).map { UInt8(truncatingIfNeeded: $0 &* (number &+ 3) ^ ($0 >> 5)) })
        let entry = Quarantine.Entry(
            id: Quarantine.newID(), time: number, category: .infected, reason: "test",
            envelope: Envelope(
                reversePath: MailPath("s@example.org"), recipients: [Recipient(path: MailPath("r@example.net"))]),
            subject: "\(number)", size: size)
        try quarantine.put(entry, message: message, report: [UInt8](repeating: 0x20, count: size / 2))
        let line = Array("\(entry.id)\n".utf8)
        _ = write(1, line, line.count)
        number += 1
    }
} catch {
    exit(1)
}
