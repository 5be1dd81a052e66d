internal import Foundation
internal import Glibc
internal import Linux

/// A control group of the kernel that bounds the memory of processes, page cache and tmpfs included. Only for root, and
/// only where control groups of version 1 or 2 are mounted with the memory controller.
package final class MemoryGroup: Sendable {
    private let directory: String
    private let limitName: String

    /// True when one can be made here.
    package static let isPossible: Bool = (try? MemoryGroup(octets: 1 << 30)) != nil

    /// - Parameter octets: what the processes may take from now on.
    package init(octets: Int) throws {
        (directory, limitName) = try Self.place()
        try check("mkdir \(directory)") { mkdir(directory, 0o755) }
        do {
            try write("\(octets)", limitName)
        } catch {
            rmdir(directory)
            throw error
        }
    }

    deinit {
        // The processes have ended before: a group that is in use stays.
        rmdir(directory)
    }

    private static func place() throws -> (directory: String, limit: String) {
        let groups = try String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)
        let name = "mailreeve-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let path = fields[2] == "/" ? "" : fields[2]
            if fields[1].split(separator: ",").contains("memory") {
                return ("/sys/fs/cgroup/memory\(path)/\(name)", "memory.limit_in_bytes")
            }
            let unified = "/sys/fs/cgroup\(path)"
            let controllers = try? String(contentsOfFile: unified + "/cgroup.subtree_control", encoding: .utf8)
            if fields[0] == "0", controllers?.contains("memory") == true { return ("\(unified)/\(name)", "memory.max") }
        }
        throw SystemError("memory control group", code: ENOENT)
    }

    /// Takes processes in, and their children that come later. What they have already stays counted where it was.
    package func add(_ processes: [Int32]) throws {
        for process in processes { try write("\(process)", "cgroup.procs") }
    }

    /// How often the limit ended a process.
    package var kills: Int {
        for name in ["memory.events", "memory.oom_control"] {
            guard let text = try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8) else { continue }
            for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
                return Int(line.dropFirst(9)) ?? 0
            }
        }
        return 0
    }

    private func write(_ text: String, _ name: String) throws {
        let file = try Descriptor.open("\(directory)/\(name)", O_WRONLY)
        try file.write(Array(text.utf8))
    }
}
