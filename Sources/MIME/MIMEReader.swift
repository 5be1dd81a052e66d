/// Reads the structure of a message (RFC 5322, RFC 2045, RFC 2046) in one pass over its lines, without recursion and
/// without copying a body. Only what holds a message or multipart under an encoding is decoded, into a source of its own.
package enum MIMEReader {
    /// Reads `message`. Any bytes give a tree; what is odd about them is in its `anomalies` and `limitsHit`.
    package static func read(_ message: Span<UInt8>, limits: MIMELimits = MIMELimits()) -> PartTree {
        var builder = TreeBuilder(limits: limits, messageSize: message.count)
        var structure = StructureReader(source: 0)
        structure.readEntity(message, parent: nil, into: &builder)
        // Each turn reads one decoded body; bodies found inside it are appended. The budget for nested octets ends this.
        var turn = 0
        while turn < builder.nested.count {
            let part = builder.nested[turn]
            turn += 1
            guard let source = builder.decodeNested(part, message) else { continue }
            guard case .decoded(let bytes, _) = builder.tree.sources[source] else { continue }
            var structure = StructureReader(source: source)
            structure.readNested(bytes.span, part: part, into: &builder)
        }
        if builder.hasDoubts {
            var alternatives = AlternativeReader()
            alternatives.read(message, into: &builder)
        }
        return builder.tree
    }
}
