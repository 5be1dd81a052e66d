internal import Foundation
internal import Glibc

/// What `/proc` says of processes.
package enum ProcessTable {
    /// The fields behind the name of the program; empty when there is no such process.
    private static func fields(_ pid: Int32) -> [Substring] {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }

    /// State letter and parent; nil when there is no such process.
    private static func stat(_ pid: Int32) -> (state: String, parent: Int32)? {
        let fields = fields(pid)
        guard fields.count > 1, let parent = Int32(fields[1]) else { return nil }
        return (String(fields[0]), parent)
    }

    /// True when the process exists and has not ended.
    package static func isAlive(_ pid: Int32) -> Bool {
        guard let (state, _) = stat(pid) else { return false }
        return state != "Z" && state != "X"
    }

    /// True when a signal has stopped the process.
    package static func isStopped(_ pid: Int32) -> Bool { stat(pid)?.state == "T" }

    /// Children that have not ended.
    package static func children(of pid: Int32) -> [Int32] {
        all { $0.parent == pid && $0.state != "Z" && $0.state != "X" }
    }

    /// Children that have ended and that nobody has waited for.
    package static func zombies(of pid: Int32) -> [Int32] {
        all { $0.parent == pid && $0.state == "Z" }
    }

    /// Seconds that processors worked for processes, and for children of theirs that have ended and were waited for.
    package static func processorTime(of pids: [Int32]) -> Double {
        let ticks = pids.reduce(0) { sum, pid in
            // Own ones in user and kernel mode, then those of the children.
            sum + fields(pid).dropFirst(11).prefix(4).reduce(0) { $0 + (Int($1) ?? 0) }
        }
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// The name of the program that it runs, at most 15 octets of it; empty without such a process.
    package static func name(_ pid: Int32) -> String {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)) ?? ""
        return String(text.prefix { $0 != "\n" })
    }

    /// Users that its threads run as: real, effective and saved ones, and those of file access.
    package static func users(_ pid: Int32) throws -> Set<UInt32> {
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
        // One that has ended since has none.
        let states = threads.compactMap {
            try? String(contentsOfFile: "/proc/\(pid)/task/\($0)/status", encoding: .utf8)
        }
        let lines = states.flatMap { $0.split(separator: "\n") }.filter { $0.hasPrefix("Uid:") }
        return Set(lines.flatMap { $0.split(separator: "\t").compactMap { UInt32($0) } })
    }

    private static func all(_ isWanted: ((state: String, parent: Int32)) -> Bool) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { stat($0).map(isWanted) ?? false }
    }

    /// Memory of processes that is not backed by a file on a disk, in octets: pages of their own and shared memory,
    /// shared pages parted among those that share them. Without the right to read that (another user's or undumpable
    /// processes), resident pages that are not of a file, shared ones counted for each.
    package static func memory(of pids: [Int32]) -> Int {
        pids.reduce(0) { $0 + (proportional($1) ?? resident($1)) }
    }

    private static func proportional(_ pid: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/smaps_rollup", encoding: .utf8), !text.isEmpty else {
            return nil
        }
        return sum(text, ["Pss_Anon:", "Pss_Shmem:"])
    }

    private static func resident(_ pid: Int32) -> Int {
        sum((try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? "", ["RssAnon:", "RssShmem:"])
    }

    private static func sum(_ text: String, _ names: [String]) -> Int {
        text.split(separator: "\n").reduce(0) { sum, line in
            let words = line.split { $0 == " " || $0 == "\t" }
            guard words.count > 1, names.contains(String(words[0])), let kilobytes = Int(words[1].filter(\.isNumber))
            else {
                return sum
            }
            return sum + kilobytes * 1024
        }
    }

    /// Octets that the files below a directory take.
    package static func size(of directory: String) -> Int {
        guard let entries = FileManager.default.enumerator(atPath: directory) else { return 0 }
        var sum = 0
        while entries.nextObject() != nil {
            sum += (entries.fileAttributes?[.size] as? Int) ?? 0
        }
        return sum
    }
}
