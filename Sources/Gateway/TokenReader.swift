package import Configuration
internal import InspectionLink
internal import Linux
package import MailModel
internal import Stores

/// Reads the tokens of messages for learning, and what files are in them for trying rules: in inspector workers of a profile
/// without signatures, because the mail was written by strangers. Needs no daemon.
package final class TokenReader: Sendable {
    /// Seconds that one call may take.
    private static let deadline = 60
    /// Octets of a report that one message may need: its tokens.
    private static let reportSize = 65_536

    private let pool: InspectorPool
    private let spool: Spool
    private let workspace: PrivateDirectory
    /// Octets of the largest message.
    package let largestMessage: Int
    /// Calls of `tokens` that are worth making at one time.
    package let parallel: Int
    /// Messages, and octets of them, that are worth giving to one call: what it costs to reach a worker is shared by all of them.
    package let messagesAtOnce: Int
    package let octetsAtOnce: Int

    /// Starts the workers in a private directory on a tmpfs.
    /// - Parameters:
    ///   - inspectorPath: used when the settings do not say.
    ///   - log: warnings and errors for the person in front of the terminal.
    ///   - workspaceMade: called before anything is put there, so that a program that is told to end can remove it.
    /// - Throws: an explanation; nothing is left behind.
    package static func launch(
        _ configured: Settings, inspectorPath: String, log: @escaping @Sendable (String) -> Void,
        workspaceMade: (PrivateDirectory) throws -> Void
    ) async throws -> TokenReader {
        var settings = configured
        let workspace = try PrivateDirectory(prefix: "mailreeve-learn")
        settings.workspace.directory = workspace.path
        settings.clamav.enabled = false
        if settings.inspector.path.isEmpty { settings.inspector.path = inspectorPath }
        do {
            try workspaceMade(workspace)
            return try await TokenReader(SetupBuilder(settings), workspace, log)
        } catch {
            workspace.remove()
            throw error
        }
    }

    private init(
        _ builder: SetupBuilder, _ workspace: PrivateDirectory, _ log: @escaping @Sendable (String) -> Void
    ) async throws {
        self.workspace = workspace
        let inspector = builder.settings.inspector
        messagesAtOnce = min(16, inspector.messagesPerWorker, inspector.reportSize / Self.reportSize)
        pool = try InspectorPool(workspaceDirectory: workspace.path, allowNonTmpfs: false) { event in
            switch event {
            case .info: break
            case .warning(let text), .error(let text): log(text)
            }
        }
        _ = try await pool.load(builder.poolSettings(nil, nil, path: builder.settings.inspector.path))
        largestMessage = builder.settings.limits.messageSize
        octetsAtOnce = min(131_072, largestMessage)
        parallel = builder.workers * 4
        spool = Spool(
            limits: Spool.Limits(
                directory: "", memoryPerMessage: largestMessage, totalBytes: largestMessage * (parallel * 2 + 1),
                messages: parallel * 2 + 4, freeSpace: 0))
    }

    /// The tokens of each message, in ascending order, or why they could not be read.
    /// - Parameter messages: no more than `messagesAtOnce`, of together no more than `octetsAtOnce`, or one alone.
    package func tokens(of messages: [[UInt8]]) async -> [Result<[UInt64], any Error>] {
        await Self.each(of: messages) { messages in
            let writer = try spool.open(declaredSize: nil)
            for message in messages { try writer.append(message) }
            return try await tokens(of: try writer.finish(), lengths: messages.map(\.count))
        }
    }

    /// What is read of each message: of all together, and where that fails of each alone. A message that ends its worker, or takes
    /// too long, costs the others nothing but time.
    package static func each<Found: Sendable>(
        of messages: [[UInt8]], read: ([[UInt8]]) async throws -> [Found]
    ) async -> [Result<Found, any Error>] {
        do {
            return try await read(messages).map { .success($0) }
        } catch {
            guard messages.count > 1 else { return messages.map { _ in .failure(error) } }
        }
        var found: [Result<Found, any Error>] = []
        for message in messages { found += await each(of: [message], read: read) }
        return found
    }

    /// The tokens of a message in a spool.
    /// - Throws: why they could not be read.
    func tokens(of file: MessageFile) async throws -> [UInt64] {
        try await tokens(of: file, lengths: [file.count])[0]
    }

    private func tokens(of file: MessageFile, lengths: [Int]) async throws -> [[UInt64]] {
        let lessons = try await report(on: file, InspectionContext(tokens: .only, messages: lengths)).lessons
        guard lessons.count == lengths.count else { throw GatewayError("a report without its tokens") }
        return lessons
    }

    /// All parts and files of one message, those in archives too.
    /// - Throws: why they could not be read.
    package func parts(of message: [UInt8]) async throws -> [PartDescription] {
        try await report(on: try spool.store(message), InspectionContext()).parts
    }

    private func report(on file: MessageFile, _ context: InspectionContext) async throws -> Report {
        let outcome = await pool.inspect(
            file, context, deadline: monotonicNow() + Self.deadline * 1_000_000_000)
        switch outcome {
        case .report(let report, _, _): return report
        case .failed(_, let detail): throw GatewayError(detail)
        }
    }

    /// Ends the workers and removes the workspace.
    package func close() async {
        await pool.stop()
        workspace.remove()
    }
}
