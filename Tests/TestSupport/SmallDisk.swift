internal import Foundation
internal import Glibc
internal import Linux

/// A tmpfs of a few megabytes, for tests that fill a disk. Only for root.
package final class SmallDisk: Sendable {
    package let path: String
    private let scratch: Scratch

    /// True when one can be mounted here.
    package static let isPossible: Bool = (try? SmallDisk(megabytes: 1)) != nil

    /// - Parameter entries: files and directories that it can hold.
    package init(megabytes: Int, entries: Int? = nil) throws {
        scratch = try Scratch(.memory)
        path = try scratch.directory("small")
        let (_, user, group) = Programs.serviceUser
        let limit = entries.map { ",nr_inodes=\($0)" } ?? ""
        let options = "size=\(megabytes)m,mode=0755,uid=\(user),gid=\(group)\(limit)"
        let path = path
        try check("mount \(path)") { mount("tmpfs", path, "tmpfs", 0, options) }
    }

    deinit {
        umount2(scratch.path + "/second", Int32(MNT_DETACH))
        umount2(path, Int32(MNT_DETACH))
    }

    /// Lets it hold so many files and directories.
    package func resize(entries: Int) throws {
        try check("mount \(path)") { mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "nr_inodes=\(entries)") }
    }

    /// The same files at another path, which are not written to by that one; until the disk ends.
    package func readOnlyMount() throws -> String {
        let second = try scratch.directory("second")
        let path = path
        try check("mount \(second)") { mount(path, second, "", UInt(MS_BIND), nil) }
        try check("mount \(second)") {
            mount("", second, "", UInt(MS_BIND) | UInt(MS_REMOUNT) | UInt(MS_RDONLY), nil)
        }
        return second
    }

    /// Takes all that is free.
    package func fill() throws {
        guard let file = fopen(path + "/filler", "w") else { throw SystemError("fopen", code: errno) }
        let block = [UInt8](repeating: 1, count: 65_536)
        while fwrite(block, 1, block.count, file) == block.count && fflush(file) == 0 {}
        fclose(file)
    }

    /// Takes all entries that are free; returns how many it has taken so far.
    package func fillEntries(from taken: Int = 0) -> Int {
        var count = taken
        while let file = fopen(path + "/entry\(count)", "w") {
            fclose(file)
            count += 1
        }
        return count
    }

    /// Gives back so many entries.
    package func clearEntries(_ count: Int) throws {
        for number in 0..<count { try check("unlink") { unlink(path + "/entry\(number)") } }
    }

    /// Gives back what `fill` took.
    package func clear() throws {
        try check("unlink") { unlink(path + "/filler") }
    }

    /// True when a directory on it has no entry but `tmp`.
    package func isEmpty(_ directory: String) throws -> Bool {
        let all = try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)")
        return all.allSatisfy { $0 == "tmp" }
    }
}
