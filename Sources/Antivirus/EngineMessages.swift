internal import CClamAV
internal import Synchronization

/// What libclamav would print to standard error. The last lines are kept: a database that cannot be loaded is explained
/// there and nowhere else.
enum EngineMessages {
    /// Lines kept.
    static let limit = 8

    private static let lines = Mutex<[String]>([])

    /// Takes libclamav's messages from now on. To be called before `cl_init`.
    static func capture() {
        cl_set_clcb_msg { severity, _, message, _ in
            guard severity != CL_MSG_INFO_VERBOSE, let message else { return }
            let line = String(cString: message)
            EngineMessages.lines.withLock { lines in
                if lines.count == EngineMessages.limit { lines.removeFirst() }
                lines.append(String(line.split(separator: "\n").joined(separator: " ").prefix(300)))
            }
        }
    }

    /// Forgets the lines so far: they are of something that is over.
    static func clear() {
        lines.withLock { $0.removeAll(keepingCapacity: true) }
    }

    /// The lines so far, oldest first; none are kept after this.
    static func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
