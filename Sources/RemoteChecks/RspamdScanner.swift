internal import Foundation
internal import Linux
package import MailModel

/// The client of rspamd: `POST /checkv2` with the message as the body and the envelope in header fields
/// (rspamd.com, protocol). On what is larger than its `max_message` it closes the connection without a word, as it does when it
/// crashes; but the former as soon as it has the length, so that asking again with the length alone tells one from the other.
package final class RspamdScanner: RemoteScanner {
    private let address: ServerAddress
    /// Of the worker; empty for none.
    private let password: String
    private let score: ScorePolicy
    private let lane: ScannerLane

    /// Octets of an answer.
    private static let answerLimit = 1_048_576
    /// Nanoseconds in which it closes the connection on a length that it does not take.
    private static let patience = 1_000_000_000

    package init(address: ServerAddress, password: String, score: ScorePolicy, threads: Int) {
        self.address = address
        self.password = password
        self.score = score
        lane = ScannerLane(threads: threads)
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
        try await lane.runBeside { [self] () throws(ScannerFailure) in
            ScannerVersion(text: try ping(deadline))
        }
    }

    /// - Returns: what it calls itself.
    private func ping(_ deadline: Int) throws(ScannerFailure) -> String {
        let response = try HTTPExchange(
            address: address, method: "GET", path: "/ping", limit: Self.answerLimit, deadline: deadline
        ).response()
        let text = String(decoding: response.body.prefix(20), as: UTF8.self)
        guard text.hasPrefix("pong") else { throw ScannerFailure("\(address) is no rspamd: it says \(text)") }
        return response.server
    }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            var exchange = HTTPExchange(
                address: address, method: "POST", path: "/checkv2", limit: Self.answerLimit, deadline: deadline)
            exchange.body = [.file(subject.message, subject.size)]
            exchange.fields = [("From", Self.fieldValue(subject.sender)), ("Queue-Id", subject.id)]
            exchange.fields += subject.recipients.map { ("Rcpt", Self.fieldValue($0)) }
            if !subject.clientAddress.isEmpty { exchange.fields.append(("IP", subject.clientAddress)) }
            if !subject.helo.isEmpty { exchange.fields.append(("Helo", Self.fieldValue(subject.helo))) }
            if !password.isEmpty { exchange.fields.append(("Password", password)) }
            let response: HTTPExchange.Response
            do throws(ScannerFailure) {
                response = try exchange.response()
            } catch {
                guard error.isClosed, declines(subject.size, deadline) else { throw error }
                var answer = ScanAnswer()
                answer.addOversize("larger than its max_message")
                return answer
            }
            return response.isTooLarge ? .tooLargeForHTTP : try Self.read(response.body, score)
        }
    }

    /// It closes the connection on the length of a message, before an octet of that, and takes others.
    private func declines(_ size: Int, _ deadline: Int) -> Bool {
        do throws(ScannerFailure) {
            let socket = try DeadlineSocket(
                connecting: address, deadline: min(deadline, monotonicNow() + Self.patience))
            let head = "POST /checkv2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(size)\r\n\r\n"
            try socket.send(Array(head.utf8))
            try socket.awaitEnd()
            _ = try ping(deadline)
            return true
        } catch {
            return false
        }
    }

    /// Text of an envelope as a field of HTTP takes it: no control octets.
    private static func fieldValue(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 }))
    }

    private struct Reply: Decodable {
        struct Symbol: Decodable {
            var score: Double?
            var options: [String]?
        }
        var score: Double
        var symbols: [String: Symbol]
        var action: String
        var isSkipped: Bool?

        enum CodingKeys: String, CodingKey {
            case score, symbols, action
            case isSkipped = "is_skipped"
        }
    }

    /// Reads the answer. Each symbol is a test of its own; where they do not sum up to the score, one more test is the rest.
    static func read(_ octets: [UInt8], _ policy: ScorePolicy) throws(ScannerFailure) -> ScanAnswer {
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(octets)), reply.score.isFinite else {
            throw ScannerFailure("an answer that is none: \(String(decoding: octets.prefix(200), as: UTF8.self))")
        }
        var answer = ScanAnswer()
        answer.filterScore = reply.score
        // Its settings say so for some senders; the test string is skipped too, with all its points.
        if reply.isSkipped == true { answer.addTest("RSPAMD_SKIPPED", 0, reply.action) }
        var rest = policy.sum(reply.score)
        // The greatest first: an answer keeps so many tests.
        let sorted = reply.symbols.sorted { abs($0.value.score ?? 0) > abs($1.value.score ?? 0) }
        for (name, symbol) in sorted.prefix(ScanAnswer.entries - 1) {
            guard let points = symbol.score, points.isFinite else { continue }
            rest -= policy.worth(points)
            answer.addTest(name, policy.worth(points), (symbol.options ?? []).prefix(20).joined(separator: ","))
        }
        if abs(rest) > 0.005 { answer.addTest("RSPAMD", rest, reply.action) }
        return answer
    }
}
