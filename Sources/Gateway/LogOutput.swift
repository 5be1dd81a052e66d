package import Configuration
internal import Foundation
internal import Glibc
internal import Linux
package import Logging
internal import MailModel
internal import Synchronization

/// Writes log lines on a thread of its own: a reader of standard error that does not keep up, or a slow syslog, never
/// holds up a message. At most `log.queue_lines` wait; beyond that lines are lost, and the loss is a line itself.
package final class LogOutput: Sendable {
    private struct Queue {
        var lines: [(priority: Int32, text: String)] = []
        var lost = 0
        var closed = false
    }

    private let queue = Mutex(Queue())
    private let wakeup: Wakeup
    private let drained: Wakeup
    private let target: Settings.LogTarget
    private let capacity: Int
    /// Objects of JSON are not cut.
    private let isText: Bool

    /// Starts the thread.
    package init(_ settings: Settings.Log) throws {
        target = settings.target
        capacity = settings.queueLines
        isText = settings.format == .text
        wakeup = try Wakeup()
        drained = try Wakeup()
        if target == .syslog { openlog(strdup("mailreeve"), LOG_PID | LOG_NDELAY, Self.facility(settings.facility)) }
        try startThread { [self] in run() }
    }

    /// Adds a line.
    func write(_ text: String, priority: Int32) {
        let first = queue.withLock { queue in
            guard queue.lines.count < capacity else {
                queue.lost += 1
                return false
            }
            queue.lines.append((priority, text))
            return queue.lines.count == 1
        }
        if first { wakeup.signal() }
    }

    /// Writes what waits and ends the thread.
    package func close() {
        queue.withLock { $0.closed = true }
        wakeup.signal()
        drained.wait(milliseconds: 2000)
    }

    private func run() {
        while true {
            wakeup.wait(milliseconds: -1)
            let (lines, lost, closed) = queue.withLock { queue in
                defer {
                    queue.lines = []
                    queue.lost = 0
                }
                return (queue.lines, queue.lost, queue.closed)
            }
            emit(lines)
            if lost > 0 { emit([(LOG_WARNING, "\(lost) log lines were lost: the log's reader is too slow")]) }
            if closed { break }
        }
        drained.signal()
    }

    private func emit(_ lines: [(priority: Int32, text: String)]) {
        guard !lines.isEmpty else { return }
        switch target {
        case .stderr:
            let bytes = Array(lines.map { $0.text + "\n" }.joined().utf8)
            var done = 0
            while done < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.write(2, $0.baseAddress.map { $0 + done }, bytes.count - done)
                }
                if count >= 0 {
                    done += count
                } else if errno == EAGAIN {
                    // Whoever shares our terminal or pipe may have made it non-blocking.
                    var entry = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
                    poll(&entry, 1, -1)
                } else if errno != EINTR {
                    return
                }
            }
        case .syslog:
            for line in lines {
                for piece in isText ? LongLine.pieces(line.text) : [line.text] {
                    withVaList([piece]) { vsyslog(line.priority, "%s", $0) }
                }
            }
        }
    }

    private static func facility(_ name: String) -> Int32 {
        switch name {
        case "daemon": 3 << 3
        case "user": 1 << 3
        case let name where name.hasPrefix("local"):
            (16 + (Int32(name.dropFirst(5)) ?? 0)) << 3
        default: 2 << 3
        }
    }
}

/// swift-log's back end: one line, text or JSON.
package struct GatewayLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level
    private let output: LogOutput
    private let format: Settings.LogFormat
    /// Syslog and the journal put the time in front themselves.
    private let showsTime: Bool

    package init(_ output: LogOutput, settings: Settings.Log) {
        self.output = output
        format = settings.format
        logLevel = Logger.Level(rawValue: settings.level.rawValue) ?? .info
        showsTime = settings.target == .stderr && getenv("JOURNAL_STREAM") == nil
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let priority: Int32
        switch event.level {
        case .trace, .debug: priority = LOG_DEBUG
        case .info: priority = LOG_INFO
        case .notice: priority = LOG_NOTICE
        case .warning: priority = LOG_WARNING
        case .error: priority = LOG_ERR
        case .critical: priority = LOG_CRIT
        }
        output.write(format == .json ? json(event) : text(event), priority: priority)
    }

    private func text(_ event: LogEvent) -> String {
        var line = showsTime ? LogTime.now() + " " : ""
        if event.level >= .warning { line += event.level == .warning ? "(!) " : "(!!) " }
        line += "\(event.message)"
        for (key, value) in merged(event).sorted(by: { $0.key < $1.key }) {
            line += ", \(key): \(Escaping.text("\(value)", limit: 500))"
        }
        return line
    }

    private func merged(_ event: LogEvent) -> Logger.Metadata {
        metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
    }

    private func json(_ event: LogEvent) -> String {
        var object: [String: Any] = [:]
        for (key, value) in merged(event) {
            if case .stringConvertible(let fields as EventFields) = value {
                object.merge(fields.object) { $1 }
            } else {
                object[key] = plain(value)
            }
        }
        object["time"] = LogTime.now()
        object["level"] = event.level.rawValue
        object["message"] = "\(event.message)"
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: options) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    private func plain(_ value: Logger.MetadataValue) -> Any {
        switch value {
        case .string(let text): text
        case .stringConvertible(let number as Int): number
        case .stringConvertible(let value): "\(value)"
        case .array(let values): values.map(plain)
        case .dictionary(let values): values.mapValues(plain)
        }
    }
}

/// Time of a log line, UTC with milliseconds (RFC 3339).
enum LogTime {
    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var parts = tm()
        gmtime_r(&time.tv_sec, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let milliseconds = time.tv_nsec / 1_000_000
        let fraction = String("00\(milliseconds)".suffix(3))
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(fraction)Z"
    }
}
