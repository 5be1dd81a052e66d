internal import CClamAV
internal import Glibc
internal import Synchronization

/// What libclamav would print to standard error. The last lines are kept: a database that cannot be loaded is explained
/// there and nowhere else.
enum EngineMessages {
    /// Lines kept.
    static let limit = 8

    /// Why a file could not be written: no room, its size, the disk.
    enum WriteFailure: Hashable {
        case full(String)
        /// The process may not write a file that large.
        case tooLarge(String)
        case failed(String)

        private static let causes: [(code: Int32, make: @Sendable (String) -> WriteFailure)] = [
            (ENOSPC, { .full($0) }), (EDQUOT, { .full($0) }), (EFBIG, { .tooLarge($0) }), (EIO, { .failed($0) }),
            (EROFS, { .failed($0) }),
        ]

        /// - Parameter line: libclamav's, with the words of the C library for the cause.
        init?(_ line: String) {
            for (code, make) in Self.causes where line.contains(String(cString: strerror(code))) {
                self = make(line)
                return
            }
            return nil
        }
    }

    private static let lines = Mutex<[String]>([])
    private static let firstFailure = Mutex<WriteFailure?>(nil)

    /// Takes libclamav's messages from now on. To be called before `cl_init`.
    static func capture() {
        cl_set_clcb_msg { severity, _, message, _ in
            guard severity != CL_MSG_INFO_VERBOSE, let message else { return }
            let line = String(cString: message)
            if let failure = WriteFailure(line) { EngineMessages.firstFailure.withLock { $0 = $0 ?? failure } }
            EngineMessages.lines.withLock { lines in
                if lines.count == EngineMessages.limit { lines.removeFirst() }
                lines.append(String(line.split(separator: "\n").joined(separator: " ").prefix(300)))
            }
        }
    }

    /// Forgets the lines so far: they are of something that is over.
    static func clear() {
        lines.withLock { $0.removeAll(keepingCapacity: true) }
        firstFailure.withLock { $0 = nil }
    }

    /// The first file since `clear` that could not be written; later lines do not displace it.
    static var writeFailure: WriteFailure? { firstFailure.withLock { $0 } }

    /// The lines so far, oldest first; none are kept after this.
    static func take() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }
}
