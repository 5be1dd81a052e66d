@testable import Gateway
import MailModel
import Relay
import Stores

/// A spool of a test's own, and messages that are changed on their way out of it.
struct StoredMessages {
    private let directory: TemporaryDirectory
    private let spool: Spool

    init() throws {
        directory = try TemporaryDirectory(.disk)
        spool = Spool(
            limits: Spool.Limits(
                directory: directory.path, memoryPerMessage: 1 << 20, totalBytes: 1 << 30, messages: 100, freeSpace: 0))
    }

    func store(_ bytes: [UInt8]) throws -> MessageFile { try spool.store(bytes) }

    func store(_ text: String) throws -> MessageFile { try store(Array(text.utf8)) }

    /// The message with the changes.
    static func text(_ file: MessageFile, _ edits: [BodyEdit]) throws -> String {
        let body = OutgoingBody(file: file, edits: edits)
        var out: [UInt8] = []
        while out.count < body.count { out += try body.read(at: out.count) }
        return String(decoding: out, as: UTF8.self)
    }
}
