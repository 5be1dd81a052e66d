import Linux

/// A session that cannot go on.
struct BenchFailure: Error {
    var cause: String

    init(_ cause: String) {
        self.cause = cause
    }
}

/// One connection of the load generator.
struct BenchConnection {
    private let socket: StreamSocket
    private var codes = ReplyCodes()
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    /// Connects and greets.
    init(_ place: ServerArgument.Place, hello: [UInt8], seconds: Int) throws(BenchFailure) {
        do throws(SystemError) {
            socket = try Submission.connect(place, seconds: seconds)
        } catch {
            throw BenchFailure("\(error)")
        }
        try expect(220, "greeting")
        try send(hello)
        try expect(250, "greeting")
    }

    /// Sends one message: the envelope in one write, the body with its final dot in another.
    /// - Returns: the code that decided it: that of the end of data, or the refusal that came before.
    mutating func message(envelope: [UInt8], body: [UInt8]) throws(BenchFailure) -> Int {
        try send(envelope)
        let (mail, rcpt, data) = (try code(), try code(), try code())
        guard data == 354 else {
            let refusal = [mail, rcpt].first { $0 >= 400 } ?? data
            try send(Array("RSET\r\n".utf8))
            try expect(250, "reply to RSET")
            return refusal
        }
        // A server that says 354 without a recipient takes a lone dot and refuses.
        try send(rcpt < 400 ? body : Array(".\r\n".utf8))
        let final = try code()
        return rcpt < 400 ? final : rcpt
    }

    /// Takes leave without waiting.
    func quit() {
        try? socket.send(Array("QUIT\r\n".utf8))
    }

    private func send(_ bytes: [UInt8]) throws(BenchFailure) {
        do throws(SystemError) {
            try socket.send(bytes)
        } catch {
            throw BenchFailure("\(error)")
        }
    }

    private mutating func expect(_ wanted: Int, _ what: String) throws(BenchFailure) {
        let code = try code()
        guard code == wanted else { throw BenchFailure("\(what): \(code) instead of \(wanted)") }
    }

    private mutating func code() throws(BenchFailure) -> Int {
        while true {
            if let code = codes.take() { return code }
            let count: Int
            do throws(SystemError) {
                count = try socket.receive(into: &buffer)
            } catch {
                throw BenchFailure(error.isTimeout ? "no reply" : "\(error)")
            }
            if count == 0 { throw BenchFailure("the server closed the connection") }
            codes.append(buffer[..<count])
        }
    }
}

/// Codes of replies, cut out of a server's octets, which may arrive split anywhere. Cheaper than `ReplyReader`: texts
/// are not looked at.
struct ReplyCodes {
    private var line: [UInt8] = []
    private var codes: [Int] = []
    private var next = 0

    /// Adds octets.
    mutating func append(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            guard byte == 0x0A else {
                // Four octets say all: the code, and whether the reply goes on.
                if line.count < 4 { line.append(byte) }
                continue
            }
            if line.count < 4 || line[3] != 0x2D {
                let digits = line.prefix(3).allSatisfy { (0x30...0x39).contains($0) } && line.count >= 3
                codes.append(digits ? line.prefix(3).reduce(0) { $0 * 10 + Int($1) - 0x30 } : 0)
            }
            line.removeAll(keepingCapacity: true)
        }
    }

    /// The code of the next complete reply; 0 for a line that is no reply, nil when more octets are needed.
    mutating func take() -> Int? {
        guard next < codes.count else {
            codes.removeAll(keepingCapacity: true)
            next = 0
            return nil
        }
        next += 1
        return codes[next - 1]
    }
}
