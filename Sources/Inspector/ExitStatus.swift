internal import Glibc

/// How the inspector's processes end (`sysexits.h`).
enum ExitStatus: Int32 {
    /// The other end closed the socket.
    case done = 0
    /// Loading failed; the gateway was told why.
    case failed = 1
    /// Descriptor 3 is not the socket that the gateway makes.
    case usage = 64
    /// The other end broke the contract.
    case protocolError = 65
    /// The sandbox could not be closed.
    case sandbox = 71
    /// A system call that never fails in a healthy system.
    case system = 74

    /// Ends the process at once: no exit handler of a library runs, and no engine is freed page by page.
    static func end(_ status: ExitStatus, _ text: String = "", to descriptor: Int32 = 2) -> Never {
        if !text.isEmpty {
            let line = Array("mailreeve-inspector: \(text)\n".utf8)
            _ = write(descriptor, line, line.count)
        }
        _exit(status.rawValue)
    }
}
