internal import Foundation
internal import Glibc
package import Linux
package import MailModel

/// A scanner of the site's own that speaks `docs/SCANNER-PROTOCOL.md`: one line of JSON asks, one line answers. It listens on a
/// Unix socket, or is a program that is run for each message.
package final class ProtocolScanner: RemoteScanner {
    /// Where it is.
    package enum Place: Sendable {
        case server(ServerAddress)
        /// Its paths, of which the first that is there is run, its arguments, and the cell that it runs in.
        case program([String], arguments: [String], launcher: String, ProgramSandbox)
    }

    /// The version of the protocol.
    package static let version = 1

    private let place: Place
    private let lane: ScannerLane

    /// Octets of an answer.
    private static let answerLimit = 1_048_576

    package init(_ place: Place, threads: Int) {
        self.place = place
        lane = ScannerLane(threads: threads)
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            switch place {
            case .server(let address):
                let socket = try DeadlineSocket(connecting: address, deadline: deadline)
                let request = try Self.request(subject, deadline)
                // The descriptors come with the first octet.
                try socket.send(request[0], descriptors: Self.files(subject))
                try socket.send(Array(request[1...]))
                return try Self.read(try socket.receive(until: 0x0A, limit: Self.answerLimit), subject.parts)
            case .program(let programs, let arguments, let launcher, let sandbox):
                return try run([try runnable(programs)] + arguments, launcher, sandbox, subject, deadline)
            }
        }
    }

    private static func files(_ subject: ScanSubject) -> [Descriptor] {
        guard let parts = subject.parts, !parts.entries.isEmpty else { return [subject.message] }
        return [subject.message, parts.file]
    }

    private func run(
        _ command: [String], _ launcher: String, _ sandbox: ProgramSandbox, _ subject: ScanSubject, _ deadline: Int
    ) throws(ScannerFailure) -> ScanAnswer {
        let (socket, errors, program) = try Self.start(command, launcher, sandbox, subject, deadline)
        do throws(ScannerFailure) {
            try socket.send(try Self.request(subject, deadline))
            let answer = try socket.receive(until: 0x0A, limit: Self.answerLimit)
            program.end()
            return try Self.read(answer, subject.parts)
        } catch {
            program.end()
            errors.drain()
            throw OutputReading.failure(error.description, quoting: errors.text)
        }
    }

    private static func start(
        _ command: [String], _ launcher: String, _ sandbox: ProgramSandbox, _ subject: ScanSubject, _ deadline: Int
    ) throws(ScannerFailure) -> (DeadlineSocket, ErrorOutput, SandboxedProgram) {
        do throws(SystemError) {
            var ends: [Int32] = [-1, -1]
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            try check("socketpair") { socketpair(AF_UNIX, kind, 0, &ends) }
            let (ours, theirs) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
            let (reader, writer) = try Descriptor.pipe()
            let errors = ErrorOutput(reader)
            let program = try SandboxedProgram(
                launcher: launcher, sandbox, command, descriptors: [theirs, theirs, writer] + files(subject))
            return (
                DeadlineSocket(ours, deadline: deadline, peer: command.first ?? "", errors: errors), errors, program
            )
        } catch {
            throw ScannerFailure("\(error)")
        }
    }

    // MARK: - The two lines

    private struct Request: Encodable {
        struct Part: Encodable {
            var number: Int
            var path: String
            var name: String
            var type: String
            var offset: Int
            var size: Int
        }
        struct Message: Encodable {
            var size: Int
        }
        struct Envelope: Encodable {
            var sender: String
            var recipients: [String]
            var client: String
            var helo: String
        }
        var version: Int
        var id: String
        var deadlineMs: Int
        var message: Message
        var envelope: Envelope
        var parts: [Part]
    }

    /// The request with its line end.
    static func request(_ subject: ScanSubject, _ deadline: Int) throws(ScannerFailure) -> [UInt8] {
        let entries = subject.parts?.entries ?? []
        let request = Request(
            version: version, id: subject.id, deadlineMs: max(0, deadline - monotonicNow()) / 1_000_000,
            message: .init(size: subject.size),
            envelope: .init(
                sender: subject.sender, recipients: subject.recipients, client: subject.clientAddress,
                helo: subject.helo),
            parts: entries.enumerated().map { index, entry in
                .init(
                    number: index + 1, path: entry.path, name: entry.name, type: entry.type,
                    offset: entry.range.lowerBound, size: entry.range.count)
            })
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(request) else { throw ScannerFailure("a request that cannot be written") }
        return Array(line) + [0x0A]
    }

    private struct Reply: Decodable {
        struct Found: Decodable {
            var name: String
            var part: Int?
        }
        struct Test: Decodable {
            var name: String
            var score: Double
            var evidence: String?
        }
        struct NotChecked: Decodable {
            var reason: String
            var detail: String?
            var part: Int?
        }
        var version: Int
        var failure: String?
        var viruses: [Found]?
        var tests: [Test]?
        var unchecked: [NotChecked]?
        var contentOnly: Bool?
    }

    /// Reads the answer. Everything in it has to be as the protocol says; what it does not know is passed over.
    static func read(_ line: [UInt8], _ parts: ScanParts?) throws(ScannerFailure) -> ScanAnswer {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let reply = try? decoder.decode(Reply.self, from: Data(line)) else {
            throw ScannerFailure("an answer that is none: \(String(decoding: line.prefix(200), as: UTF8.self))")
        }
        guard reply.version == version else { throw ScannerFailure("an answer in version \(reply.version)") }
        if let failure = reply.failure { throw ScannerFailure("it says \(failure)") }
        let entries = parts?.entries ?? []
        func part(_ number: Int?) throws(ScannerFailure) -> Int? {
            guard let number else { return nil }
            guard (1...max(1, entries.count)).contains(number), !entries.isEmpty else {
                throw ScannerFailure("an answer about part \(number), which is not there")
            }
            return entries[number - 1].part
        }
        var answer = ScanAnswer()
        answer.isOfContentOnly = reply.contentOnly ?? false
        for found in reply.viruses ?? [] { answer.addVirus(found.name, part: try part(found.part)) }
        for test in reply.tests ?? [] {
            guard test.score.isFinite, abs(test.score) <= ScorePolicy.most else {
                throw ScannerFailure("an answer with \(test.score) points")
            }
            answer.addTest(test.name, test.score, test.evidence ?? "")
        }
        for item in reply.unchecked ?? [] {
            guard let reason = UncheckedReason(rawValue: item.reason), UncheckedReason.judged.contains(reason) else {
                throw ScannerFailure("an answer with the reason \(item.reason)")
            }
            answer.addUnchecked(reason, item.detail ?? "", part: try part(item.part))
        }
        return answer
    }
}
