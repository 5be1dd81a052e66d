internal import Linux
package import MailModel

/// The client of clamd (`clamd(8)`): the whole message, and where it is set every decoded part, over TCP or a Unix socket.
package final class ClamdScanner: RemoteScanner {
    /// How the whole message is handed over.
    package enum Method: String, Sendable, CaseIterable {
        /// In pieces over the socket; works everywhere.
        case instream
        /// As a descriptor beside the socket; Unix sockets only, copies nothing.
        case fildes
    }

    private let address: ServerAddress
    private let method: Method
    private let lane: ScannerLane

    /// Octets of an answer.
    private static let answerLimit = 16_384

    /// - Parameter threads: connections at one time.
    package init(address: ServerAddress, method: Method, threads: Int) {
        self.address = address
        self.method = method
        lane = ScannerLane(threads: threads)
    }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            var pieces = PieceByPiece()
            pieces.take { answer throws(ScannerFailure) in try scanMessage(subject, address, deadline, &answer) }
            for entry in subject.parts?.entries ?? [] where !entry.range.isEmpty {
                let file = subject.parts?.file ?? subject.message
                pieces.take { answer throws(ScannerFailure) in
                    try Self.read(try instream(file, entry.range, address, deadline), part: entry.part, &answer)
                }
            }
            return try pieces.answer()
        }
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? {
        try await lane.runBeside { [self] () throws(ScannerFailure) in
            let socket = try DeadlineSocket(connecting: address, deadline: deadline)
            try socket.send(Array("zVERSION\0".utf8))
            let text = String(decoding: try socket.receive(until: 0, limit: Self.answerLimit), as: UTF8.self)
            guard text.hasPrefix("ClamAV ") else { throw ScannerFailure("\(address) is no clamd: it says \(text)") }
            return ScannerVersion(text: text, signatureTime: ClamdVersion.signatureTime(text))
        }
    }

    private func scanMessage(
        _ subject: ScanSubject, _ address: ServerAddress, _ deadline: Int, _ answer: inout ScanAnswer
    ) throws(ScannerFailure) {
        guard method == .fildes, case .unix = address else {
            return try Self.read(
                try instream(subject.message, 0..<subject.size, address, deadline), part: nil, &answer)
        }
        let socket = try DeadlineSocket(connecting: address, deadline: deadline)
        try socket.send(Array("zFILDES\0".utf8))
        try socket.send(0, descriptors: [subject.message])
        try Self.read(try Self.answer(on: socket), part: nil, &answer)
    }

    /// clamd closes the connection behind its only answer: another one would contradict it.
    private static func answer(on socket: DeadlineSocket) throws(ScannerFailure) -> [UInt8] {
        let answer = try socket.receive(until: 0, limit: answerLimit)
        try socket.awaitEnd()
        return answer
    }

    private func instream(
        _ file: Descriptor, _ range: Range<Int>, _ address: ServerAddress, _ deadline: Int
    ) throws(ScannerFailure) -> [UInt8] {
        let socket = try DeadlineSocket(connecting: address, deadline: deadline)
        do throws(ScannerFailure) {
            try socket.send(Array("zINSTREAM\0".utf8))
            try socket.send(file, range, header: Self.length)
            // Before the end is told there is nothing to say yet.
            if socket.isReadable { throw ScannerFailure("\(address): answers before it has everything") }
            try socket.send(Self.length(0))
        } catch {
            // clamd answers and closes before everything is sent when the content is too large for it. Nobody can call clean
            // what he has not got.
            if let early = try? socket.receive(until: 0, limit: Self.answerLimit), !Self.isClean(early) { return early }
            throw error
        }
        return try Self.answer(on: socket)
    }

    private static func length(_ count: Int) -> [UInt8] {
        let value = UInt32(clamping: count)
        return [UInt8(value >> 24), UInt8(value >> 16 & 0xFF), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    /// `stream: OK`, or the same of a descriptor, whose name is `fd[10]`.
    private static func isClean(_ octets: [UInt8]) -> Bool {
        let text = String(decoding: octets, as: UTF8.self)
        guard let colon = text.firstRange(of: ": ") else { return false }
        return text[colon.upperBound...] == "OK"
    }

    /// Reads `stream: OK`, `stream: NAME FOUND`, `stream: TEXT ERROR`, `INSTREAM size limit exceeded. ERROR`.
    static func read(_ octets: [UInt8], part: Int?, _ answer: inout ScanAnswer) throws(ScannerFailure) {
        if isClean(octets) { return }
        let text = String(decoding: octets, as: UTF8.self)
        if text.hasPrefix("INSTREAM size limit exceeded") {
            return answer.addOversize("larger than clamd's StreamMaxLength (clamd.conf)", part: part)
        }
        // The name of what was scanned may hold colons; it is ours and does not.
        guard let colon = text.firstRange(of: ": ") else { throw ScannerFailure("an answer that is none: \(text)") }
        let result = text[colon.upperBound...]
        guard result.hasSuffix(" FOUND") else { throw ScannerFailure("clamd says \(result)") }
        answer.add(alert: String(result.dropLast(" FOUND".count)), part: part)
    }
}

/// `ClamAV 1.4.6/27500/Sun Nov 24 09:41:08 2024`: program, number and build time of the daily database. Without a database
/// of the makers only the first stands there.
enum ClamdVersion {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Unix time; clamd says it in its own time zone, so it is right to a day.
    static func signatureTime(_ text: String) -> Int? {
        let fields = text.split(separator: "/")
        guard fields.count >= 3 else { return nil }
        let words = fields[2].split(whereSeparator: { $0 == " " || $0 == ":" })
        guard words.count == 7, let month = months.firstIndex(of: String(words[1])), let day = Int(words[2]),
            let hour = Int(words[3]), let minute = Int(words[4]), let second = Int(words[5]), let year = Int(words[6]),
            (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
            (1970...9999).contains(year)
        else { return nil }
        // Days from civil (proleptic Gregorian), the year beginning in March.
        let shifted = month >= 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * ((month + 10) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
    }
}
