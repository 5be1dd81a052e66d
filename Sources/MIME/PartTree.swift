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
        switch sources[Int(parts[part].source)] {
        case .message:
            return TransferDecoder.decode(
                message.extracting(parts[part].body), encoding: encoding, into: &output, limit: limit)
        case .decoded(let bytes, _):
            return TransferDecoder.decode(
                bytes.span.extracting(parts[part].body), encoding: encoding, into: &output, limit: limit)
        }
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
