import Foundation
import Linux
import MailModel
import NIOPosix
import Relay
import Stores

/// A back door and messages for it.
struct ClientFixture {
    let client: NextHopClient
    let spool: Spool
    let directory: String

    init(_ change: (inout NextHopOptions) -> Void = { _ in }) async throws {
        directory = try temporaryDirectory()
        spool = Spool(
            limits: .init(
                directory: directory, memoryPerMessage: 1 << 20, totalBytes: 1 << 30, messages: 1000, freeSpace: 0))
        var options = NextHopOptions(heloName: "gate.example")
        options.connectTimeout = .seconds(5)
        change(&options)
        // One loop: then the second message meets the connection of the first.
        client = await NextHopClient(
            group: MultiThreadedEventLoopGroup.singleton.next(), options: options, disk: diskThreads)
    }

    func message(
        _ content: [UInt8] = Array("Subject: x\r\n\r\n.dot\r\nbody\r\n".utf8),
        to recipients: [String] = ["b@example.org"],
        prefix: String = "", edits: [BodyEdit] = []
    ) throws -> OutgoingMessage {
        let writer = try spool.open(declaredSize: nil)
        var rest = content[...]
        while !rest.isEmpty {
            try writer.append(Array(rest.prefix(100_000)))
            rest = rest.dropFirst(100_000)
        }
        return OutgoingMessage(
            reversePath: MailPath("a@example.org"), recipients: recipients.map { Recipient(path: MailPath($0)) },
            body: OutgoingBody(prefix: Array(prefix.utf8), file: try writer.finish(), edits: edits),
            hasEightBit: false)
    }

    /// Prepares and commits; the replies' texts, or what kept the message from being taken.
    func deliver(_ message: OutgoingMessage, _ hops: [NextHop]) async -> [String] {
        switch await client.prepare(message, hops: hops) {
        case .ready(let prepared): return await prepared.commit().map(\.summary)
        case .refused(_, let replies): return replies.map(\.summary)
        case .unavailable(let failure): return ["unavailable: \(failure)"]
        }
    }

    func end() {
        client.closeIdleConnections()
        try? FileManager.default.removeItem(atPath: directory)
    }
}
