import Foundation
import Linux
import SQLiteStores
import Stores
import TestSupport
import Testing

@testable import PostgreSQLStores

/// What entries may lie in. Each test of the contract is run with all of them.
enum StoreKind: String, CaseIterable {
    case files, postgresql

    /// Those whose programs are installed.
    static var present: [StoreKind] {
        if PostgreSQLServer.programs != nil { return allCases }
        print("StoreKind: not with PostgreSQL, it \(PostgreSQLServer.missing)")
        return [.files]
    }
}

/// A storage of a test's own, and a way to its octets that asks none of the code that is tested.
final class StoreStage {
    let kind: StoreKind
    /// Where the files are; with PostgreSQL what is read is put there.
    let directory: TemporaryDirectory
    /// The database; nil for files.
    let database: String?
    let storage: any QuarantineStorage
    let index: any QuarantineIndex

    init(_ kind: StoreKind) throws {
        self.kind = kind
        directory = try TemporaryDirectory()
        switch kind {
        case .files:
            database = nil
            storage = QuarantineDirectory(directory.path)
            index = SQLiteQuarantineIndex(directory: directory.path, node: "here")
        case .postgresql:
            let new = try PostgreSQLServer.shared.get().database()
            database = new
            storage = PostgreSQLQuarantineStorage(parameters: new, deadline: 15, scratch: directory.path)
            index = PostgreSQLQuarantineIndex(parameters: new, deadline: 15, node: PostgreSQLQuarantineStorage.node)
        }
    }

    func quarantine(_ keys: QuarantineKeys = .none) -> Quarantine { Quarantine(storage: storage, keys: keys) }

    /// Runs a statement; letters, digits and hexadecimal need no quoting beyond this.
    @discardableResult
    func sql(_ statement: String, _ values: PostgreSQLConnection.Value?...) throws -> [PostgreSQLConnection.Row] {
        try #require(storage as? PostgreSQLQuarantineStorage).run(statement, values)
    }

    private func name(_ id: String, _ file: String) -> String { "\(QuarantineSample.place(id))/\(file)" }

    /// A stored file, octet for octet.
    func read(_ id: String, _ file: String) throws -> [UInt8] {
        if kind == .files { return try directory.read(name(id, file)) }
        let rows = try sql(
            """
            SELECT encode(octets, 'base64') FROM mailreeve_quarantine_chunk WHERE id = $1 AND file = $2 ORDER BY number
            """, .text(id), .text(file))
        try #require(!rows.isEmpty)
        return try rows.reduce(into: []) { octets, row in
            octets += try #require(Data(base64Encoded: row[0] ?? "", options: .ignoreUnknownCharacters))
        }
    }

    /// Puts other octets into the place of a stored file.
    func write(_ id: String, _ file: String, _ octets: [UInt8]) throws {
        if kind == .files { return try directory.write(name(id, file), octets) }
        try removeFile(id, file)
        let size = PostgreSQLQuarantineStorage.chunkSize
        for (number, start) in stride(from: 0, to: max(1, octets.count), by: size).enumerated() {
            try sql(
                "INSERT INTO mailreeve_quarantine_chunk VALUES ($1, $2, $3, $4)", .text(id), .text(file),
                .number(number), .octets(Array(octets[start..<min(octets.count, start + size)])))
        }
    }

    func removeFile(_ id: String, _ file: String) throws {
        if kind == .files {
            unlink("\(directory.path)/\(name(id, file))")
        } else {
            try sql("DELETE FROM mailreeve_quarantine_chunk WHERE id = $1 AND file = $2", .text(id), .text(file))
        }
    }

    /// Gives an entry another name, which begins with the same letter.
    func rename(_ id: String, to other: String) throws {
        if kind == .files {
            let places = [id, other].map { "\(directory.path)/\(QuarantineSample.place($0))" }
            return try #require(Foundation.rename(places[0], places[1]) == 0)
        }
        try sql(
            """
            WITH moved AS (UPDATE mailreeve_quarantine_entry SET id = $2 WHERE id = $1)
            UPDATE mailreeve_quarantine_chunk SET id = $2 WHERE id = $1
            """, .text(id), .text(other))
    }

    /// Makes an entry look as if it was changed last at this time.
    func date(_ id: String, _ time: Int) throws {
        if kind == .files {
            let times = [timespec](repeating: timespec(tv_sec: time, tv_nsec: 0), count: 2)
            try #require(utimensat(AT_FDCWD, "\(directory.path)/\(QuarantineSample.place(id))", times, 0) == 0)
        } else {
            try sql("UPDATE mailreeve_quarantine_entry SET kept = $2 WHERE id = $1", .text(id), .number(time))
        }
    }

    /// What is there of entries that are none.
    func leftovers() throws -> [String] {
        if kind == .files { return directory.names("tmp") }
        return try sql(
            "SELECT DISTINCT id FROM mailreeve_quarantine_chunk WHERE id NOT IN (SELECT id FROM mailreeve_quarantine_entry)"
        ).compactMap { $0[0] } + directory.names()
    }
}
