internal import Configuration
internal import Logging
internal import MailModel
internal import NIOCore
internal import NIOPosix
internal import Relay
internal import SMTP
internal import Stores

/// Takes release requests in AM.PDP, for `amavisd-release` and the programs that speak as it does. Whoever knows the secret of an
/// entry may have it released; infected mail is released on the command line only.
final class ReleaseServer: Sendable {
    private let channel: NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never>
    private let state: GatewayState
    private let logger: Logger

    /// Opens the socket; one on a path can be used by the daemon's user and group.
    init(_ address: ListenAddress, state: GatewayState, group: any EventLoopGroup, logger: Logger) async throws {
        let descriptor = try ListeningSocket.bind(
            SetupBuilder.endpoint(address), access: ListeningSocket.Access(mode: 0o660))
        self.state = state
        self.logger = logger
        // Who has said all may close his side before he hears what became of it.
        let bootstrap = ServerBootstrap(group: group).childChannelOption(.allowRemoteHalfClosure, value: true)
        channel = try await bootstrap.bind(descriptor) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    }

    /// Answers requests until the task is cancelled.
    func run() async {
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await channel.executeThenClose { connections in
                    var open = 0
                    for try await connection in connections {
                        if open >= state.current.settings.quarantine.releaseConnections {
                            try await group.next()
                            open -= 1
                        }
                        open += 1
                        group.addTask { [self] in await serve(connection) }
                    }
                }
            }
        } catch {
            if !(error is CancellationError) { logger.error("release socket: \(error)") }
        }
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        let channel = connection.channel
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                do {
                    try await converse(connection)
                } catch {
                    logger.debug("release socket: \(error)")
                }
            }
            group.addTask { [state] in
                try? await Task.sleep(for: .seconds(state.current.settings.quarantine.releaseTime))
                channel.close(promise: nil)
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func converse(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var reader = PolicyDelegationReader()
            for try await piece in inbound {
                for request in try reader.take(piece.readableBytesView) {
                    try await outbound.write(ByteBuffer(bytes: await answer(request)))
                }
            }
        }
    }

    // MARK: - Requests

    private func answer(_ request: PolicyDelegationRequest) async -> [UInt8] {
        let id = Quarantine.newID()
        var response = PolicyDelegationResponse(logID: id)
        switch request.kind {
        case "release", "requeue":
            for reply in await release(request, id) { response.addReply(reply) }
        default:
            // A milter helper that asks for a verdict: it is to try another way, or later.
            response.addReply(Reply(451, EnhancedStatus(4, 5, 0), "\(id): only release and requeue are known here"))
            response.add("return_value", ["tempfail"])
            response.add("exit_code", ["75"])
        }
        response.end()
        return response.bytes
    }

    private func release(_ request: PolicyDelegationRequest, _ logID: String) async -> [Reply] {
        let id = String(decoding: request.value("mail_id") ?? [], as: UTF8.self)
        let setup = state.current
        do {
            let entry = try await setup.keeping { try setup.quarantine.files.entry(id) }
            guard isSame(request.value("secret_id") ?? [], Array(entry.secret.utf8)) else {
                state.report("(\(logID)) release of \(id) refused: wrong secret_id")
                return [Reply(550, EnhancedStatus(5, 7, 1), "\(id): not released: wrong secret_id")]
            }
            let isRequeued = request.kind == "requeue"
            var release = QuarantineRelease(id: id, to: isRequeued ? .listener(nil) : .policy(nil))
            // Whatever it is, the gateway judges it again.
            release.force = isRequeued
            if !isRequeued { release.form = QuarantineRelease.Form(setup.settings.quarantine.releaseFormat) }
            release.recipients = try request.values("recipient").map { try Self.path($0, of: "recipient") }
            release.sender = try request.value("sender").map { try Self.path($0, of: "sender", mayBeNull: true) }
            let answers = try await release.run(setup.settings, setup.quarantine, spool: setup.spool)
            let person = String(decoding: request.value("requested_by") ?? [], as: UTF8.self)
            state.record(QuarantineRecord(entry, answers, isRequeued ? .requeued : .released, by: person, id: logID))
            return answers.map(\.reply)
        } catch {
            state.report("(\(logID)) release of \(Escaping.text(id)) failed: \(error)")
            return [Self.refusal(error)]
        }
    }

    private static func refusal(_ error: any Error) -> Reply {
        let isTemporary: Bool
        switch error {
        case Quarantine.Failure.unknown, Quarantine.Failure.damaged: isTemporary = false
        case is NoAddress, is QuarantineRelease.Unknown: isTemporary = false
        case let infected as QuarantineRelease.Infected:
            return Reply(
                550, EnhancedStatus(5, 3, 5),
                "not released: \(infected.id) is infected (\(infected.reason)): `mailreeve quarantine release --force` only"
            )
        default: isTemporary = true
        }
        return isTemporary
            ? Reply(450, EnhancedStatus(4, 5, 0), "not released: \(error)")
            : Reply(550, EnhancedStatus(5, 3, 5), "not released: \(error)")
    }

    /// An address in angle brackets (RFC 5321 section 4.1.2), as the protocol has them; the brackets may be missing.
    private static func path(_ value: [UInt8], of name: String, mayBeNull: Bool = false) throws(NoAddress) -> MailPath {
        var bytes = value[...]
        if bytes.first == 0x3C, bytes.last == 0x3E { bytes = bytes.dropFirst().dropLast() }
        guard let path = try? PathGrammar.parse(bytes), mayBeNull || !path.isNull else {
            throw NoAddress(name: name, value: value)
        }
        return path
    }

    /// An attribute that should be an address and is none.
    private struct NoAddress: Error, CustomStringConvertible {
        let name: String
        let value: [UInt8]

        var description: String { "\(name)=\(Escaping.text(value, limit: 100)) is no address" }
    }
}

extension PolicyDelegationResponse {
    fileprivate mutating func addReply(_ reply: Reply) {
        let status =
            reply.enhanced.map { "\($0)" } ?? (reply.isPositive ? "2.0.0" : reply.isTemporary ? "4.0.0" : "5.0.0")
        add("setreply", ["\(reply.code)", status, reply.lines.joined(separator: " ")])
    }
}

extension QuarantineRelease.Form {
    fileprivate init(_ format: Settings.ReleaseFormat) {
        self =
            switch format {
            case .resend: .original
            case .attach: .attached
            case .plain: .plain
            }
    }
}
