internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Relay

/// The socket on which `mailreeve status`, `reload` and `stop` talk to the daemon: one word in a line, one JSON object
/// back. Only the daemon's user (and root) can open it: mode 0600.
final class ControlServer: Sendable {
    /// The requests; raw values are the words.
    enum Request: String, Sendable, CaseIterable {
        case status, reload, stop
    }

    private let channel: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>
    private let logger: Logger

    /// Opens the socket.
    init(path: String, group: any EventLoopGroup, logger: Logger) async throws {
        let descriptor = try ListeningSocket.bind(.unix(path: path), access: ListeningSocket.Access(mode: 0o600))
        self.logger = logger
        channel = try await ServerBootstrap(group: group).bind(descriptor) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    }

    /// Answers requests until the task is cancelled.
    func run(_ answer: @escaping @Sendable (Request) async -> String) async {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                try await channel.executeThenClose { connections in
                    for try await connection in connections {
                        group.addTask { [logger] in
                            do {
                                try await Self.serve(connection, answer)
                            } catch {
                                logger.debug("control socket: \(error)")
                            }
                        }
                    }
                }
            }
        } catch {
            if !(error is CancellationError) { logger.error("control socket: \(error)") }
        }
    }

    /// Octets of a request line.
    private static let lineLimit = 64

    private static func serve(
        _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ answer: @Sendable (Request) async -> String
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var line: [UInt8] = []
            for try await piece in inbound {
                line += piece.readableBytesView
                if line.contains(0x0A) || line.count > lineLimit { break }
            }
            let word = String(decoding: line.prefix { $0 != 0x0A }.prefix(lineLimit), as: UTF8.self)
            let text: String
            if let request = Request(rawValue: word) {
                text = await answer(request)
            } else {
                text = #"{"error":"unknown request"}"#
            }
            try await outbound.write(ByteBuffer(string: text + "\n"))
        }
    }
}
