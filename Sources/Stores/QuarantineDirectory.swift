internal import Glibc
package import Linux

/// Entries as directories of files.
///
///     tmp/ID/              being written, or being removed; goes when older than a day
///     I/ID/                complete: every file is on the disk, then `rename(2)`; I is the first character of ID
///     I/ID/released        time of the last release
package struct QuarantineDirectory: QuarantineStorage {
    private let directory: String

    /// - Parameter directory: made with mode 0700 when absent.
    package init(_ directory: String) {
        self.directory = directory
    }

    private static let names = Quarantine.files + ["released", "released.tmp"]

    package func put(
        _ id: String, _ write: (Append) throws(Quarantine.Failure) -> Void
    ) throws(Quarantine.Failure) -> Int {
        BlockingCheck.mayBlock("quarantine")
        let (work, shelf) = (path("tmp/\(id)"), path(Self.shelf(of: id)))
        var (files, last): ([Descriptor], String?) = ([], nil)
        do throws(Quarantine.Failure) {
            try orSystem { () throws(SystemError) in
                for place in [directory, path("tmp"), shelf] { try makeDirectoryDurably(place) }
                try check("mkdir \(work)") { mkdir(work, 0o700) }
            }
            try write { (octets: [UInt8], name: String) throws(Quarantine.Failure) in
                try orSystem { () throws(SystemError) in
                    if name != last { files.append(try Descriptor.open("\(work)/\(name)", Self.new)) }
                    last = name
                    try files[files.count - 1].write(octets)
                }
            }
            return try orSystem { () throws(SystemError) in
                var stored = 0
                for file in files { stored += try file.size() }
                try synchronizeTogether(files + [try Descriptor.open(work, O_RDONLY | O_DIRECTORY)])
                try check("rename \(work)") { rename(work, path(entry: id)) }
                try synchronizeDirectory(shelf)
                return stored
            }
        } catch {
            removeFiles(work)
            throw error
        }
    }

    // MARK: - Reading

    package func identifiers() throws(Quarantine.Failure) -> [String] {
        var found: [String] = []
        for shelf in try names(in: directory) where shelf.utf8.count == 1 {
            for name in try shelved(shelf) ?? []
            where Quarantine.isValid(name) && Self.shelf(of: name) == shelf {
                found.append(name)
            }
        }
        return found
    }

    package func strays(known: Set<String>) throws(Quarantine.Failure) -> [String] {
        var found: [String] = []
        for name in try names(in: directory) where !known.contains(name) && name != "tmp" {
            guard name.utf8.count == 1 else {
                found.append(name)
                continue
            }
            guard let shelved = try shelved(name) else {
                found.append(name)
                continue
            }
            for inner in shelved where !Quarantine.isValid(inner) || Self.shelf(of: inner) != name {
                found.append("\(name)/\(inner)")
            }
        }
        return found
    }

    /// Names on a shelf; nil where something else has the name of one. A link is none, wherever it leads: its target's names are not ours
    /// to tell.
    private func shelved(_ shelf: String) throws(Quarantine.Failure) -> [String]? {
        var status = stat()
        guard lstat(path(shelf), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return try names(in: path(shelf))
    }

    package func contains(_ id: String) -> Bool {
        Quarantine.isValid(id) && access(path(entry: id), F_OK) == 0
    }

    package func open(_ id: String, _ file: String) throws(Quarantine.Failure) -> Descriptor {
        BlockingCheck.mayBlock("quarantine")
        guard Quarantine.isValid(id) else { throw .unknown(id) }
        do throws(SystemError) {
            return try Descriptor.open("\(path(entry: id))/\(file)", O_RDONLY | O_NOFOLLOW)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR {
                throw contains(id) ? .damaged("\(id) has no \(file)") : .unknown(id)
            }
            throw .system(error)
        }
    }

    package func beginning(_ id: String, _ file: String, count: Int) throws(Quarantine.Failure) -> [UInt8] {
        let file = try open(id, file)
        return try orSystem { () throws(SystemError) in try file.read(at: 0, count: count) }
    }

    package func status(_ id: String) throws(Quarantine.Failure) -> StoredEntryStatus {
        var status = stat()
        guard Quarantine.isValid(id), lstat(path(entry: id), &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw .unknown(id)
        }
        var entry = StoredEntryStatus(stored: 0, released: nil, changed: Int(status.st_mtim.tv_sec))
        for file in Quarantine.files { entry.stored += (try? open(id, file).size()) ?? 0 }
        if let released = try? beginning(id, "released", count: 100) {
            entry.released = Int(String(decoding: released, as: UTF8.self).prefix { $0.isNumber })
        }
        return entry
    }

    // MARK: - Changing

    package func markReleased(_ id: String, time: Int) throws(Quarantine.Failure) {
        guard contains(id) else { throw .unknown(id) }
        let place = path(entry: id)
        try orSystem { () throws(SystemError) in
            let temporary = place + "/released.tmp"
            unlink(temporary)
            let file = try Descriptor.open(temporary, Self.new)
            try file.write(Array("\(time)\n".utf8))
            try file.synchronize()
            try check("rename \(temporary)") { rename(temporary, place + "/released") }
            try synchronizeDirectory(place)
        }
    }

    /// It is gone at once; after a crash of the machine it may be there again, as a whole.
    package func remove(_ id: String) throws(Quarantine.Failure) {
        guard contains(id) else { throw .unknown(id) }
        BlockingCheck.mayBlock("quarantine")
        let work = path("tmp/\(id)")
        try orSystem { () throws(SystemError) in
            try makeDirectoryDurably(path("tmp"))
            try check("rename \(work)") { rename(path(entry: id), work) }
        }
        removeFiles(work)
    }

    package func removeUnfinished(before time: Int) throws(Quarantine.Failure) {
        for name in try names(in: path("tmp")) where Quarantine.isValid(name) {
            var status = stat()
            let unfinished = path("tmp/\(name)")
            guard lstat(unfinished, &status) == 0, Int(status.st_mtim.tv_sec) < time else { continue }
            removeFiles(unfinished)
        }
    }

    // MARK: - Files

    private static let new = O_WRONLY | O_CREAT | O_EXCL

    private func path(_ name: String) -> String { directory + "/" + name }

    /// The directory that holds an entry: 62 of them keep each one short.
    private static func shelf(of id: String) -> String { String(id.prefix(1)) }

    private func path(entry id: String) -> String { path("\(Self.shelf(of: id))/\(id)") }

    private func names(in directory: String) throws(Quarantine.Failure) -> [String] {
        BlockingCheck.mayBlock("quarantine")
        do throws(SystemError) {
            return try directoryNames(directory).filter { $0 != "." && $0 != ".." }
        } catch {
            if error.code == ENOENT { return [] }
            throw .system(error)
        }
    }

    private func removeFiles(_ path: String) {
        for name in Self.names { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

/// Runs what only the system can make fail.
package func orSystem<Result>(_ body: () throws(SystemError) -> Result) throws(Quarantine.Failure) -> Result {
    do throws(SystemError) {
        return try body()
    } catch {
        throw .system(error)
    }
}
