package import MailModel

/// The client of SpamAssassin's spamd (`spamd(8)`, protocol SPAMC/1.5): asks for the score and the tests that were met.
package final class SpamdScanner: RemoteScanner {
    private let address: ServerAddress
    /// Whose preferences count; empty for those of the server.
    private let user: String
    private let score: ScorePolicy
    private let lane: ScannerLane

    /// Octets of an answer.
    private static let answerLimit = 262_144

    package init(address: ServerAddress, user: String, score: ScorePolicy, threads: Int) {
        self.address = address
        self.user = user
        self.score = score
        lane = ScannerLane(threads: threads)
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
        try await lane.runBeside { [self] () throws(ScannerFailure) in
            let socket = try DeadlineSocket(connecting: address, deadline: deadline)
            try socket.send(Array("PING SPAMC/1.2\r\n\r\n".utf8))
            let text = String(decoding: try socket.receive(limit: Self.answerLimit), as: UTF8.self)
            guard text.hasPrefix("SPAMD/") else { throw ScannerFailure("\(address) is no spamd: it says \(text)") }
            return ScannerVersion(text: "spamd, protocol \(text.dropFirst(6).prefix { $0 != " " })")
        }
    }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            let socket = try DeadlineSocket(connecting: address, deadline: deadline)
            var head = "SYMBOLS SPAMC/1.5\r\nContent-length: \(subject.size)\r\n"
            if !user.isEmpty { head += "User: \(user)\r\n" }
            try socket.send(Array((head + "\r\n").utf8))
            try socket.send(subject.message, 0..<subject.size)
            // Without it spamd waits for more than the length says.
            socket.shutdownWriting()
            return try Self.read(try socket.receive(limit: Self.answerLimit), score)
        }
    }

    /// Reads `SPAMD/1.1 0 EX_OK`, its header with `Spam: True ; 15.2 / 5.0`, and behind it `TEST,TEST`.
    static func read(_ octets: [UInt8], _ policy: ScorePolicy) throws(ScannerFailure) -> ScanAnswer {
        let text = String(decoding: octets, as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let status = (lines.first ?? "").split(separator: " ")
        guard status.count >= 3, status[0].hasPrefix("SPAMD/") else {
            throw ScannerFailure("an answer that is none: \(text)")
        }
        guard status[1] == "0" else { throw ScannerFailure("spamd says \(lines[0])") }
        guard let blank = lines.firstIndex(of: ""), blank < lines.count - 1 else {
            throw ScannerFailure("an answer that was cut")
        }
        var sum: Double?
        var length: Int?
        for line in lines[1..<blank] {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...]
            switch line[..<colon].lowercased() {
            case "spam": sum = Self.sum(value)
            case "content-length": length = value.split(separator: " ").first.flatMap { Int($0) }
            default: continue
            }
        }
        guard let sum, sum.isFinite else { throw ScannerFailure("an answer without a score") }
        let body = lines[(blank + 1)...].joined(separator: "\r\n")
        guard length == nil || length == body.utf8.count else { throw ScannerFailure("an answer that was cut") }
        let names = body.split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(String.init)
        var answer = ScanAnswer()
        answer.filterScore = sum
        answer.addTest("SPAMASSASSIN", policy.sum(sum), names.joined(separator: ","))
        // spamd says what they sum up to and not what each one gives.
        for name in names { answer.addTest(inSum: name) }
        return answer
    }

    /// The first number of ` True ; 15.2 / 5.0`.
    private static func sum(_ value: Substring) -> Double? {
        let fields = value.split(separator: ";")
        guard fields.count == 2 else { return nil }
        return fields[1].split(whereSeparator: { $0 == " " || $0 == "/" }).first.flatMap { Double($0) }
    }
}
