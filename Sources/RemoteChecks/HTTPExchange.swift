internal import Glibc
internal import Linux
internal import MailModel
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// One HTTP/1.1 request and its answer (RFC 9112), on a connection of its own. For a thread that may wait.
struct HTTPExchange {
    var address: ServerAddress
    var method: String
    var path: String
    /// Octets of an answer's body.
    var limit: Int
    /// Nanoseconds of the monotonic clock.
    var deadline: Int
    var fields: [(String, String)] = []
    /// One piece after the other.
    var body: [Piece] = []

    enum Piece: Sendable {
        case octets([UInt8])
        /// A file from its start, and how many octets of it.
        case file(Descriptor, Int)

        var size: Int {
            switch self {
            case .octets(let octets): octets.count
            case .file(_, let size): size
            }
        }
    }

    struct Response: Sendable {
        /// The field `Server`.
        var server: String
        var body: [UInt8]
        /// Status 413: the request is larger than the server takes (RFC 9110, section 15.5.14).
        var isTooLarge = false
    }

    /// Octets of a file that are sent at one time.
    private static let chunk = 262_144

    init(address: ServerAddress, method: String, path: String, limit: Int, deadline: Int) {
        self.address = address
        self.method = method
        self.path = path
        self.limit = limit
        self.deadline = deadline
    }

    /// Sends the request and waits for the answer.
    /// - Throws: also for every status but 200 and 413.
    func response() throws(ScannerFailure) -> Response {
        let left = deadline - monotonicNow()
        guard left > 0 else { throw .late }
        do {
            let response = try exchange(.nanoseconds(Int64(left)))
            // A body without a length ends with the connection, which we end at the deadline.
            guard monotonicNow() < deadline else { throw ScannerFailure.late }
            return response
        } catch let failure as ScannerFailure {
            throw monotonicNow() >= deadline ? .late : failure
        } catch {
            let words = error is HTTPParserError ? "what answers there speaks no HTTP: \(error)" : "\(error)"
            let isClosed = error is Unanswered || error is IOError
            throw monotonicNow() >= deadline ? .late : ScannerFailure("\(address): \(words)", isClosed: isClosed)
        }
    }

    /// NIO's words on a connection that does not come about as those of all other scanners.
    private func words(_ error: any Error) -> String {
        switch error {
        case let error as IOError:
            return ConnectFailure(address: address, code: error.errnoCode).description
        case let error as SystemError where error.call == "connect":
            return ConnectFailure(address: address, code: error.code).description
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.compactMap({ $0.error as? IOError }).first {
                return ConnectFailure(address: address, code: first.errnoCode).description
            }
            return "\(address): look up \(error.host): there is no such host, or nobody to ask"
        default: return "\(address): \(error)"
        }
    }

    private func exchange(_ left: TimeAmount) throws -> Response {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Response.self)
        let limit = limit
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(left)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(ResponseCollector(promise, limit: limit))
                }
            }
        let channel: any Channel
        do {
            switch address {
            case .tcp(let host, let port): channel = try bootstrap.connect(host: host, port: port).wait()
            case .unix(let path):
                // NIO takes a full queue for a failure at once.
                let stream = try DeadlineSocket.connect(unix: path, deadline)
                let own = try check("dup") { fcntl(stream.raw, F_DUPFD_CLOEXEC, 0) }
                channel = try bootstrap.withConnectedSocket(own).wait()
            }
        } catch {
            promise.fail(error)
            throw ScannerFailure(words(error))
        }
        // Everything that waits for the channel ends with it.
        let timer = channel.eventLoop.scheduleTask(deadline: .now() + left) { channel.close(promise: nil) }
        defer {
            timer.cancel()
            channel.close(promise: nil)
        }
        let isSent = try send(channel)
        do {
            return try promise.futureResult.wait()
        } catch is Unanswered where !isSent {
            throw ScannerFailure(
                "closed before it had the whole message: is that larger than it takes?", isClosed: true)
        }
    }

    /// The connection has ended without a whole answer.
    fileprivate struct Unanswered: Error, CustomStringConvertible {
        let description = "closed without a whole answer"
    }

    /// A server may answer and close before it has everything: what cannot be written any more is no error, and without an
    /// answer the end of the connection is one.
    /// - Returns: false when not all could be written.
    private func send(_ channel: any Channel) throws -> Bool {
        // A socket in the file system has no authority (RFC 9110, section 7.2).
        let host = if case .tcp = address { "\(address)" } else { "localhost" }
        var headers = HTTPHeaders([("Host", host), ("Connection", "close")])
        for (name, value) in fields { headers.add(name: name, value: value) }
        if !body.isEmpty { headers.add(name: "Content-Length", value: String(body.reduce(0) { $0 + $1.size })) }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method), uri: path, headers: headers)
        guard (try? channel.writeAndFlush(HTTPClientRequestPart.head(head)).wait()) != nil else { return false }
        func write(_ octets: [UInt8]) -> Bool {
            let part = HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: octets)))
            return (try? channel.writeAndFlush(part).wait()) != nil
        }
        for piece in body {
            switch piece {
            case .octets(let octets):
                guard write(octets) else { return false }
            case .file(let file, let size):
                var offset = 0
                while offset < size {
                    let octets = try file.read(at: offset, count: min(Self.chunk, size - offset))
                    guard !octets.isEmpty else { throw ScannerFailure("the message ended early") }
                    offset += octets.count
                    guard write(octets) else { return false }
                }
            }
        }
        return (try? channel.writeAndFlush(HTTPClientRequestPart.end(nil)).wait()) != nil
    }
}

/// Gathers the answer to one request.
private final class ResponseCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let promise: EventLoopPromise<HTTPExchange.Response>
    private let limit: Int
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    /// The answer is whole; whatever came with it is still to be seen.
    private var isWhole = false

    init(_ promise: EventLoopPromise<HTTPExchange.Response>, limit: Int) {
        self.promise = promise
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Of two answers nobody can say which one counts.
            if isWhole { return promise.fail(ScannerFailure("more than one answer")) }
            self.head = head
        case .body(let piece):
            guard body.count + piece.readableBytes <= limit else {
                promise.fail(ScannerFailure("more than \(limit) octets of answer"))
                return context.close(promise: nil)
            }
            body += piece.readableBytesView
        case .end: isWhole = true
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isWhole { conclude() }
        context.fireChannelReadComplete()
    }

    private func conclude() {
        guard let head, head.status == .ok || head.status == .payloadTooLarge else {
            let words = String(decoding: body.prefix(200), as: UTF8.self)
            return promise.fail(ScannerFailure("HTTP status \(head?.status.code ?? 0): \(words)"))
        }
        promise.succeed(
            HTTPExchange.Response(
                server: head.headers.first(name: "server") ?? "", body: body,
                isTooLarge: head.status == .payloadTooLarge))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isWhole { conclude() }
        promise.fail(HTTPExchange.Unanswered())
        context.fireChannelInactive()
    }
}

extension ScanAnswer {
    /// In place of an answer with status 413.
    static let tooLargeForHTTP = {
        var answer = ScanAnswer()
        answer.addOversize("larger than it takes, HTTP status 413")
        return answer
    }()
}
