internal import Bytes
internal import MIME
internal import MailModel
internal import Members

/// Takes mail that lies in a container apart: the parts of a message, the messages of a mailbox.
enum MessageReader {
    /// The parts of a message in every reading, decoded.
    /// - Parameter limits: of the message's structure.
    static func read(_ content: Span<UInt8>, limits: MIMELimits, into sink: any MemberSink) {
        // Mail in archives has the line ends of the system that it was stored on.
        let message = Self.withCRLF(content)
        if let message { return readParts(message.span, limits, sink) }
        readParts(content, limits, sink)
    }

    private static func readParts(_ message: Span<UInt8>, _ limits: MIMELimits, _ sink: any MemberSink) {
        let tree = MIMEReader.read(message, limits: limits)
        if !tree.limitsHit.isEmpty { sink.report(.messageStructure) }
        if tree.anomalies.contains(where: { $0.kind.anomalyClass == .deceptive }) {
            sink.report(.ambiguous, "structure of a message in a container")
        }
        for index in tree.parts.indices where tree.parts[index].kind.hasContent {
            guard sink.mayGoOn() else { return }
            let part = tree.parts[index]
            let member = Member(names: part.names.map { Array($0.utf8) }, role: "part \(part.path), \(part.mediaType)")
            guard sink.begin(member) else { return }
            let goesOn: Bool
            if part.transferEncoding.needsDecoding {
                var decoded: [UInt8] = []
                let result = tree.decodeBody(of: index, in: message, into: &decoded, limit: sink.room)
                goesOn = sink.append(decoded.span) && !result.limitReached
            } else {
                goesOn = tree.withBody(of: index, in: message) { sink.append($0) }
            }
            sink.end()
            guard goesOn else { return }
        }
    }

    /// The messages of a mailbox.
    static func readMailbox(_ content: Span<UInt8>, into sink: any MemberSink) {
        for range in Mbox.messages(in: content, separators: .all) {
            guard sink.add(Member(flags: .mail, role: "message"), range: range) else { return }
        }
    }

    /// The content with CRLF for each LF; nil when it has CRLF already.
    private static func withCRLF(_ content: Span<UInt8>) -> [UInt8]? {
        guard let first = content.firstIndex(of: 0x0A), first == 0 || content[first - 1] != 0x0D else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(content.count + content.count / 32)
        var line = 0
        while let end = content.firstIndex(of: 0x0A, from: line) {
            content.extracting(line..<end).withUnsafeBufferPointer { out.append(contentsOf: $0) }
            if end == 0 || content[end - 1] != 0x0D { out.append(0x0D) }
            out.append(0x0A)
            line = end + 1
        }
        content.extracting(line..<content.count).withUnsafeBufferPointer { out.append(contentsOf: $0) }
        return out
    }
}
