internal import Foundation
internal import Glibc
internal import Linux
internal import Synchronization

/// Held while descriptors exist that a program started at this moment must not inherit, and while one is started.
let descriptorLock = NSLock()

/// A program in the background and the lines that it writes. It is killed with the object.
package final class RunningProgram: Sendable {
    package let pid: Int32
    /// Standard output and standard error.
    package let output: LineCollector
    private let status = Mutex<Int32?>(nil)

    /// Starts a program with `/dev/null` as its input.
    package init(_ path: String, _ arguments: [String], environment: [String]? = nil) throws {
        var ends: [Int32] = [-1, -1]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        let environment = environment ?? ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        descriptorLock.lock()
        try check("pipe") { pipe(&ends) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        let code = posix_spawn(&pid, path, &actions, nil, &words, &variables)
        close(ends[1])
        descriptorLock.unlock()
        guard code == 0 else {
            close(ends[0])
            throw SystemError("start \(path)", code: code)
        }
        self.pid = pid
        output = LineCollector(owning: ends[0])
    }

    deinit {
        kill()
        _ = wait()
    }

    /// True until the program was seen to have ended.
    package var isRunning: Bool {
        status.withLock { status in
            if status == nil {
                var raw: Int32 = 0
                if waitpid(pid, &raw, WNOHANG) == pid { status = raw }
            }
            return status == nil
        }
    }

    package func signal(_ number: Int32) {
        status.withLock { if $0 == nil { Glibc.kill(pid, number) } }
    }

    package func kill() { signal(SIGKILL) }

    /// Waits for the end; the exit code, or minus the number of the signal.
    package func wait() -> Int32 {
        let raw = status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            while waitpid(pid, &raw, 0) < 0, errno == EINTR {}
            status = raw
            return raw
        }
        return raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F)
    }

    /// Waits for the end, at most so long; nil when it still runs then.
    package func wait(seconds: Double) -> Int32? {
        do {
            try poll("the end of process \(pid)", seconds: seconds) { !isRunning }
        } catch {
            return nil
        }
        return wait()
    }
}

/// The lines of a pipe, read by a thread of its own.
package final class LineCollector: @unchecked Sendable {
    // All access is under `condition`.
    private let condition = NSCondition()
    private var collected: [String] = []
    private var rest: [UInt8] = []
    private var ended = false

    init(owning descriptor: Int32) {
        Thread.detachNewThread {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
                self.add(chunk[..<count])
            }
            close(descriptor)
            self.end()
        }
    }

    private func add(_ bytes: ArraySlice<UInt8>) {
        condition.lock()
        rest += bytes
        var lines = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
        rest = Array(lines.popLast() ?? [])
        collected += lines.map { String(decoding: $0, as: UTF8.self) }
        condition.broadcast()
        condition.unlock()
    }

    private func end() {
        condition.lock()
        if !rest.isEmpty { collected.append(String(decoding: rest, as: UTF8.self)) }
        rest = []
        ended = true
        condition.broadcast()
        condition.unlock()
    }

    /// All lines so far.
    package var lines: [String] {
        condition.lock()
        defer { condition.unlock() }
        return collected
    }

    /// Waits until a line from number `start` on satisfies `wanted`; returns it.
    /// - Throws: `TimedOut`, also when the program ended without such a line; with the last lines.
    @discardableResult
    package func wait(
        for what: String, from start: Int = 0, seconds: Double = 30, where wanted: (String) -> Bool
    ) throws -> String {
        let limit = Date().addingTimeInterval(seconds)
        var next = start
        condition.lock()
        defer { condition.unlock() }
        while true {
            while next < collected.count {
                if wanted(collected[next]) { return collected[next] }
                next += 1
            }
            if ended || !condition.wait(until: limit) {
                let last = collected.suffix(8).joined(separator: "\n")
                throw TimedOut("\(what) in the output; the last lines are\n\(last)")
            }
        }
    }

    /// Waits for a line that contains `text`.
    @discardableResult
    package func wait(for text: String, from start: Int = 0, seconds: Double = 30) throws -> String {
        try wait(for: "'\(text)'", from: start, seconds: seconds) { $0.contains(text) }
    }

    /// Waits for the end of the output; then all lines.
    package func all(seconds: Double = 30) throws -> [String] {
        let limit = Date().addingTimeInterval(seconds)
        condition.lock()
        defer { condition.unlock() }
        while !ended {
            if !condition.wait(until: limit) { throw TimedOut("the end of the output") }
        }
        return collected
    }
}
