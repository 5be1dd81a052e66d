internal import Linux
package import MailModel

/// A scanner of the site's own behind HTTP: `POST` of a form (RFC 7578) with the request of `docs/SCANNER-PROTOCOL.md`, the message
/// and the parts; the body of the answer is the answer of that protocol.
package final class HTTPScanner: RemoteScanner {
    private let address: ServerAddress
    /// With its query, if any.
    private let path: String
    /// Sent as a bearer token (RFC 6750); empty for none.
    private let password: String
    private let lane: ScannerLane

    /// Octets of an answer.
    private static let answerLimit = 1_048_576

    package init(address: ServerAddress, path: String, password: String, threads: Int) {
        self.address = address
        self.path = path
        self.password = password
        lane = ScannerLane(threads: threads)
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            var exchange = HTTPExchange(
                address: address, method: "POST", path: path, limit: Self.answerLimit, deadline: deadline)
            // Nobody can guess it, so no message can hold it.
            let boundary = "mailreeve-\(UInt64.random(in: 0...UInt64.max))-\(UInt64.random(in: 0...UInt64.max))"
            exchange.fields = [
                ("Content-Type", "multipart/form-data; boundary=\(boundary)"), ("Accept", "application/json"),
            ]
            if !password.isEmpty { exchange.fields.append(("Authorization", "Bearer \(password)")) }
            var request = try ProtocolScanner.request(subject, deadline)
            request.removeLast()
            exchange.body = Self.field("request", "application/json", .octets(request), boundary)
            exchange.body += Self.field("message", "message/rfc822", .file(subject.message, subject.size), boundary)
            if let parts = subject.parts, !parts.entries.isEmpty {
                let size = parts.entries.reduce(0) { max($0, $1.range.upperBound) }
                exchange.body += Self.field("parts", "application/octet-stream", .file(parts.file, size), boundary)
            }
            exchange.body.append(.octets(Array("--\(boundary)--\r\n".utf8)))
            let response = try exchange.response()
            return response.isTooLarge ? .tooLargeForHTTP : try ProtocolScanner.read(response.body, subject.parts)
        }
    }

    private static func field(
        _ name: String, _ type: String, _ content: HTTPExchange.Piece, _ boundary: String
    ) -> [HTTPExchange.Piece] {
        // Frameworks keep what has the name of a file away from plain fields.
        let file = if case .file = content { "; filename=\"\(name)\"" } else { "" }
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\nContent-Type: \(type)\r\n\r\n"
        return [.octets(Array(head.utf8)), content, .octets([0x0D, 0x0A])]
    }
}
