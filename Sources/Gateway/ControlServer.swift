internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Relay

/// The socket on which `mailreeve status`, `reload` and `stop` talk to the daemon, and commands that release or remove mail tell it
/// what they did: one line, one JSON object back. Only the daemon's user (and root) can open it: mode 0600.
final class ControlServer: Sendable {
    /// The requests.
    enum Request: Sendable {
        case status, reload, stop
        /// Something was done with mail in quarantine: `record`, a blank, the event as a JSON object.
        case record(QuarantineRecord)

        /// Reads a line without its end; nil for what is none.
        init?(_ line: [UInt8]) {
            let words = line.split(separator: 0x20, maxSplits: 1)
            switch (words.first.map { String(decoding: $0, as: UTF8.self) }, words.count) {
            case ("status", 1): self = .status
            case ("reload", 1): self = .reload
            case ("stop", 1): self = .stop
            case ("record", 2):
                guard let record = QuarantineRecord(json: Array(words[1])) else { return nil }
                self = .record(record)
            default: return nil
            }
        }
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

    /// Octets of a request line: a release to as many recipients as a message may have.
    private static let lineLimit = 1_048_576

    private static func serve(
        _ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ answer: @Sendable (Request) async -> String
    ) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var line: [UInt8] = []
            for try await piece in inbound {
                line += piece.readableBytesView
                if piece.readableBytesView.contains(0x0A) || line.count > lineLimit { break }
            }
            let text: String
            if line.count <= lineLimit, let request = Request(Array(line.prefix { $0 != 0x0A })) {
                text = await answer(request)
            } else {
                text = #"{"error":"unknown request"}"#
            }
            try await outbound.write(ByteBuffer(string: text + "\n"))
        }
    }
}
