package import MailModel
package import Stores
package import Linux

/// A message on its way out: one envelope, one body.
package struct OutgoingMessage: Sendable {
    /// `MAIL FROM`; `MailPath.null` for notifications.
    package var reversePath: MailPath
    /// Parameters to carry on; those that the next hop does not offer are left out or refused, as their RFCs say.
    package var parameters: MailParameters
    /// At least one.
    package var recipients: [Recipient]
    /// What XFORWARD tells the next hop about the original client; nil sends none.
    package var forwarded: ForwardedClient?
    /// The content.
    package var body: OutgoingBody
    /// The content holds octets above 0x7F (`IntakeFacts.hasEightBit`): decides `BODY=8BITMIME`.
    package var hasEightBit: Bool

    package init(
        reversePath: MailPath, parameters: MailParameters = MailParameters(), recipients: [Recipient],
        forwarded: ForwardedClient? = nil, body: OutgoingBody, hasEightBit: Bool
    ) {
        self.reversePath = reversePath
        self.parameters = parameters
        self.recipients = recipients
        self.forwarded = forwarded
        self.body = body
        self.hasEightBit = hasEightBit
    }
}

/// Content that is streamed: lines put on top, then the stored message without some of its octets. Nothing else of the
/// message can change on the way.
package struct OutgoingBody: Sendable {
    /// Header lines to put on top, each ended by CRLF.
    package let prefix: [UInt8]
    /// The stored message, CRLF line ends.
    package let file: MessageFile
    /// What is sent of `file`, ascending.
    private let kept: [Range<Int>]
    /// Octets in all, before dot-stuffing.
    package let count: Int

    /// Octets that one read returns at most.
    package static let chunkSize = 262_144

    /// `removed`: octets of `file` to leave out (whole header lines), in any order; parts beyond the file are ignored.
    package init(prefix: [UInt8] = [], file: MessageFile, removed: [Range<Int>] = []) {
        self.prefix = prefix
        self.file = file
        var kept: [Range<Int>] = []
        var position = 0
        for range in removed.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            let start = min(range.lowerBound, file.count)
            if start > position { kept.append(position..<start) }
            position = max(position, min(range.upperBound, file.count))
        }
        if position < file.count { kept.append(position..<file.count) }
        self.kept = kept
        count = prefix.count + kept.reduce(0) { $0 + $1.count }
    }

    /// Up to `chunkSize` octets from `position` (0 is the start of the prefix) on; empty at the end. Touches a disk
    /// unless `file.inMemory`.
    /// - Throws: `SystemError` when the file cannot be read or is shorter than it was.
    package func read(at position: Int) throws(SystemError) -> [UInt8] {
        if !file.inMemory { BlockingCheck.mayBlock("reading a large message") }
        if position == 0, !prefix.isEmpty, prefix.count + file.count <= Self.chunkSize {
            return try prefix + read(at: prefix.count)
        }
        if position < prefix.count { return Array(prefix[position..<min(prefix.count, position + Self.chunkSize)]) }
        var skip = position - prefix.count
        var chunk: [UInt8] = []
        for range in kept {
            if skip >= range.count {
                skip -= range.count
                continue
            }
            let wanted = min(range.count - skip, Self.chunkSize - chunk.count)
            let piece = try file.descriptor.read(at: range.lowerBound + skip, count: wanted)
            guard piece.count == wanted else { throw SystemError("read of a stored message", code: 5) }
            if chunk.isEmpty { chunk = piece } else { chunk += piece }
            if chunk.count >= Self.chunkSize { break }
            skip = 0
        }
        return chunk
    }
}
