internal import Glibc
internal import Linux
internal import MailModel

/// A blocking connection with one deadline for everything: a peer that sends an octet now and then cannot hold it up. For
/// a thread of its own.
struct DeadlineSocket {
    private let descriptor: Descriptor
    /// Nanoseconds of the monotonic clock.
    let deadline: Int
    private let peer: String
    /// Read while the peer is awaited.
    private let errors: ErrorOutput?

    /// Octets of a file that are sent at one time.
    private static let chunk = 262_144
    /// Nanoseconds that words which look whole are waited for to go on.
    private static let quiet = 200_000_000

    init(connecting address: ServerAddress, deadline: Int) throws(ScannerFailure) {
        self.deadline = deadline
        peer = address.description
        errors = nil
        do throws(SystemError) {
            switch address {
            case .unix(let path): descriptor = try Self.connect(unix: path, deadline)
            case .tcp(let host, let port): descriptor = try Self.connect(host: host, port: port, deadline)
            }
        } catch  where error.call == "connect" {
            throw ScannerFailure(ConnectFailure(address: address, code: error.code).description)
        } catch {
            throw ScannerFailure("\(peer): \(error)")
        }
    }

    /// Takes over a connected stream: our end of a pair with a program.
    init(_ descriptor: Descriptor, deadline: Int, peer: String, errors: ErrorOutput) {
        self.descriptor = descriptor
        self.deadline = deadline
        self.peer = peer
        self.errors = errors
        _ = fcntl(descriptor.raw, F_SETFL, O_NONBLOCK)
    }

    /// A connection without blocking to a Unix socket; one whose queue is full is waited for.
    /// - Parameter deadline: nanoseconds of the monotonic clock.
    static func connect(unix path: String, _ deadline: Int) throws(SystemError) -> Descriptor {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("connect", code: ENAMETOOLONG)
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = try socket(AF_UNIX)
        // Its queue may be full while its server is alive. Without blocking that is a failure at once, and nothing to poll for.
        _ = fcntl(descriptor.raw, F_SETFL, 0)
        while true {
            let left = deadline - monotonicNow()
            guard left > 0 else { throw SystemError("connect", code: ETIMEDOUT) }
            // None at all would be no limit.
            var time = timeval(tv_sec: left / 1_000_000_000, tv_usec: max(1, left % 1_000_000_000 / 1000))
            try check("setsockopt") {
                setsockopt(
                    descriptor.raw, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(descriptor.raw, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { break }
            guard errno == EAGAIN || errno == EINTR else { throw SystemError("connect", code: errno) }
        }
        _ = fcntl(descriptor.raw, F_SETFL, O_NONBLOCK)
        return descriptor
    }

    private static func connect(host: String, port: Int, _ deadline: Int) throws(SystemError) -> Descriptor {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = found else {
            throw SystemError("look up \(host)", resolver: code)
        }
        defer { freeaddrinfo(first) }
        var next: UnsafeMutablePointer<addrinfo>? = first
        var failure = SystemError("connect", code: ECONNREFUSED)
        while let info = next?.pointee {
            next = info.ai_next
            do throws(SystemError) {
                let candidate = try socket(info.ai_family)
                try finish(candidate, Glibc.connect(candidate.raw, info.ai_addr, info.ai_addrlen), deadline)
                var yes: Int32 = 1
                setsockopt(
                    candidate.raw, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
                return candidate
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func socket(_ family: Int32) throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return Descriptor(owning: try check("socket") { Glibc.socket(family, kind, 0) })
    }

    /// Waits for a connection that `connect(2)` began.
    private static func finish(_ descriptor: Descriptor, _ result: Int32, _ deadline: Int) throws(SystemError) {
        if result == 0 { return }
        guard errno == EINPROGRESS else { throw SystemError("connect", code: errno) }
        try wait(descriptor, POLLOUT, deadline)
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        try check("getsockopt") { getsockopt(descriptor.raw, SOL_SOCKET, SO_ERROR, &code, &size) }
        if code != 0 { throw SystemError("connect", code: code) }
    }

    private static func wait(
        _ descriptor: Descriptor, _ events: Int32, _ deadline: Int, _ errors: ErrorOutput? = nil
    ) throws(SystemError) {
        while true {
            let left = deadline - monotonicNow()
            guard left > 0 else { throw SystemError("wait", code: ETIMEDOUT) }
            // A negative descriptor is passed over.
            var entries = [
                pollfd(fd: descriptor.raw, events: Int16(events), revents: 0),
                pollfd(fd: errors?.awaited ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            try check("poll") { poll(&entries, 2, Int32(clamping: left / 1_000_000 + 1)) }
            if entries[1].revents != 0 { errors?.drain() }
            if entries[0].revents != 0 { return }
        }
    }

    private func failing<Value>(_ call: () throws(SystemError) -> Value) throws(ScannerFailure) -> Value {
        do throws(SystemError) {
            return try call()
        } catch {
            throw error.code == ETIMEDOUT ? .late : ScannerFailure("\(peer): \(error)")
        }
    }

    /// Sends everything; a peer that has gone is an error, never a signal.
    func send(_ bytes: [UInt8]) throws(ScannerFailure) {
        try send(bytes, count: bytes.count)
    }

    private func send(_ bytes: [UInt8], count: Int) throws(ScannerFailure) {
        var done = 0
        while done < count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(descriptor.raw, $0.baseAddress.map { $0 + done }, count - done, Int32(MSG_NOSIGNAL))
            }
            if sent >= 0 {
                done += sent
            } else if errno == EAGAIN {
                try failing { () throws(SystemError) in try Self.wait(descriptor, POLLOUT, deadline, errors) }
            } else if errno != EINTR {
                throw ScannerFailure("\(peer): \(SystemError("send", code: errno))")
            }
        }
    }

    /// Sends a range of a file.
    /// - Parameter header: put in front of each piece, made from its length.
    func send(
        _ file: Descriptor, _ range: Range<Int>, header: (Int) -> [UInt8] = { _ in [] }
    ) throws(ScannerFailure) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(Self.chunk, range.upperBound - offset)
            let piece = try failing { () throws(SystemError) in try file.read(at: offset, count: wanted) }
            guard piece.count == wanted else { throw ScannerFailure("the message ended early") }
            try send(header(wanted) + piece)
            offset += wanted
        }
    }

    /// Sends one octet with descriptors beside it (`SCM_RIGHTS`).
    func send(_ octet: UInt8, descriptors: [Descriptor]) throws(ScannerFailure) {
        try failing { () throws(SystemError) in
            try Self.wait(descriptor, POLLOUT, deadline)
            try PacketSocket(descriptor).send([octet], descriptors: descriptors.map(\.raw))
        }
    }

    /// No more will be sent.
    func shutdownWriting() {
        shutdown(descriptor.raw, Int32(SHUT_WR))
    }

    /// Something can be read, or the peer has closed.
    var isReadable: Bool {
        var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    /// Reads until `end` or, without one, the end of the stream. What came with the answer and stands behind `end` is a
    /// failure: of two answers nobody can say which one counts.
    /// - Parameter limit: octets; more is a failure.
    func receive(until end: UInt8? = nil, limit: Int) throws(ScannerFailure) -> [UInt8] {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor.raw, &buffer, buffer.count, 0)
            if count > 0 {
                if let end, let index = buffer[..<count].firstIndex(of: end) {
                    guard out.count + index <= limit else { throw ScannerFailure("\(peer): more than \(limit) octets") }
                    guard index + 1 == count else { throw ScannerFailure("\(peer): more than one answer") }
                    return out + buffer[..<index]
                }
                guard out.count + count <= limit else { throw ScannerFailure("\(peer): more than \(limit) octets") }
                out += buffer[..<count]
            } else if count == 0 {
                guard end == nil else { throw ScannerFailure("\(peer): closed without an answer") }
                return out
            } else if errno == EAGAIN {
                try failing { () throws(SystemError) in try Self.wait(descriptor, POLLIN, deadline, errors) }
            } else if errno != EINTR {
                throw ScannerFailure("\(peer): \(SystemError("receive", code: errno))")
            }
        }
    }

    /// Awaits the end of the stream behind an answer.
    func awaitEnd() throws(ScannerFailure) {
        guard try receive(limit: Self.chunk).isEmpty else { throw ScannerFailure("\(peer): more than one answer") }
    }

    /// Reads words to the end of the stream, or until they look whole and nothing more comes for a while.
    /// - Parameters:
    ///   - limit: octets; more is a failure.
    ///   - areWhole: asked whenever nothing more is there.
    /// - Returns: the words, and why they are not all: what was said before a failure may be a find.
    func receiveWords(
        limit: Int, areWhole: ([UInt8]) throws(ScannerFailure) -> Bool
    ) throws(ScannerFailure) -> (words: [UInt8], flaw: ScannerFailure?) {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor.raw, &buffer, buffer.count, 0)
            if count > 0 {
                out += buffer[..<count]
                if out.count > limit { return (out, ScannerFailure("\(peer): more than \(limit) octets")) }
            } else if count == 0 {
                return (out, nil)
            } else if errno == EAGAIN {
                let end = monotonicNow() + Self.quiet
                let mayEnd = try areWhole(out) && end < deadline
                do throws(SystemError) {
                    try Self.wait(descriptor, POLLIN, mayEnd ? end : deadline, errors)
                } catch {
                    if mayEnd, error.code == ETIMEDOUT { return (out, nil) }
                    return (out, error.code == ETIMEDOUT ? .late : ScannerFailure("\(peer): \(error)"))
                }
            } else if errno != EINTR {
                return (out, ScannerFailure("\(peer): \(SystemError("receive", code: errno))"))
            }
        }
    }
}

/// What a program says on standard error. It is read whenever its answer is awaited, so that the program never waits for us; its
/// beginning is kept, to be quoted. For one thread.
final class ErrorOutput {
    private let reader: Descriptor
    private var isAtEnd = false
    private(set) var text: [UInt8] = []

    /// Octets that are kept.
    private static let kept = 1000

    init(_ reader: Descriptor) {
        self.reader = reader
        _ = fcntl(reader.raw, F_SETFL, O_NONBLOCK)
    }

    /// The descriptor to wait for; negative when nothing more comes.
    var awaited: Int32 { isAtEnd ? -1 : reader.raw }

    /// Takes what is there.
    func drain() {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while !isAtEnd {
            let count = Glibc.read(reader.raw, &buffer, buffer.count)
            if count > 0 {
                text += buffer.prefix(min(count, max(0, Self.kept - text.count)))
            } else if count == 0 || errno != EINTR {
                isAtEnd = count == 0 || errno != EAGAIN
                return
            }
        }
    }
}
