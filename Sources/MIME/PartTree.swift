internal import Bytes
package import MailModel

/// The structure of one message under one reading: a flat list of parts in which a container stands before its content.
package struct PartTree: Sendable {
    /// The bytes that ranges refer to.
    package enum Source: Sendable {
        /// The message as received; the tree does not keep it.
        case message
        /// The decoded body of the part with index `of`: it held a message or a multipart under an encoding.
        case decoded([UInt8], of: Int)
    }

    /// All parts; the first is the message itself. Never empty.
    package internal(set) var parts: [Part] = []
    /// What ranges refer to; index 0 is the message.
    package internal(set) var sources: [Source] = [.message]
    /// Odd forms met on the way. Offsets are in the raw message; those inside a decoded source name the place where its
    /// encoded body begins.
    package internal(set) var anomalies: [Anomaly] = []
    /// Limits that were reached, each once: something was left undivided or not interpreted.
    package internal(set) var limitsHit: [MIMELimit] = []
    /// Octets that other readings may still use.
    var alternativeBytesLeft = 0
    /// How many more readings there may be.
    var readingsLeft = 0
    private var readings: Int32 = 0
    /// Readings that differ from another one in how they decode.
    private var decodings: [DecodingView: Int32] = [:]

    private struct DecodingView: Hashable, Sendable {
        var reading: Int32
        var decoding: Decoding
    }

    /// Lends the part's body, still encoded. `message` is the one that was read.
    package func withBody<Result, Failure: Error>(
        of part: Int, in message: Span<UInt8>, _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes(parts[part].body, source: parts[part].source, in: message, use)
    }

    /// Lends the part's header block. `message` is the one that was read.
    package func withHeader<Result, Failure: Error>(
        of part: Int, in message: Span<UInt8>, _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes(parts[part].header, source: parts[part].source, in: message, use)
    }

    /// Decodes the part's body and appends it to `output`, at most `limit` octets of it.
    package func decodeBody(
        of part: Int, in message: Span<UInt8>, into output: inout [UInt8], limit: Int
    ) -> DecodeResult {
        let encoding = parts[part].transferEncoding
        let decoding = parts[part].decoding
        return withBody(of: part, in: message) { body in
            TransferDecoder.decode(body, encoding: encoding, as: decoding, into: &output, limit: limit)
        }
    }

    /// The number of another reading; nil when there are enough.
    mutating func nextReading() -> Int32? {
        guard readingsLeft > 0 else { return nil }
        readingsLeft -= 1
        readings += 1
        return readings
    }

    /// Appends the part once more for each other way to decode its body. Returns the indices of what was appended; a limit
    /// that stopped it is in `limitsHit`.
    /// - Parameter notes: what the ordinary decoder met.
    package mutating func appendDecodings(of part: Int, notes: DecodeResult.Notes) -> Range<Int> {
        let first = parts.count
        let original = parts[part]
        guard original.decoding == .ordinary else { return first..<first }
        for decoding in Decoding.alternatives(to: original.transferEncoding, notes: notes) {
            guard alternativeBytesLeft >= original.body.count else {
                note(.alternativeBytes)
                break
            }
            let view = DecodingView(reading: original.reading, decoding: decoding)
            guard let reading = decodings[view] ?? nextReading() else {
                note(.readings)
                break
            }
            decodings[view] = reading
            alternativeBytesLeft -= original.body.count
            var copy = original
            copy.reading = reading
            copy.decoding = decoding
            copy.cause = AnomalyKind.kinds(of: notes).first
            copy.firstChild = -1
            copy.nextSibling = -1
            parts.append(copy)
        }
        return first..<parts.count
    }

    private mutating func note(_ limit: MIMELimit) {
        if !limitsHit.contains(limit) { limitsHit.append(limit) }
    }

    private func withBytes<Result, Failure: Error>(
        _ range: Range<Int>, source: Int32, in message: Span<UInt8>, _ use: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch sources[Int(source)] {
        case .message:
            return try use(message.extracting(range))
        case .decoded(let bytes, _):
            return try use(bytes.span.extracting(range))
        }
    }
}
