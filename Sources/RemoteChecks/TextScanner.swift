internal import Linux
package import MailModel

/// A daemon that takes a line of text about files and answers with text (amavis: `ask_daemon`): it is told a directory with the
/// message and its decoded parts, or each file of it, and patterns say what its words mean.
package final class TextScanner: RemoteScanner {
    private let address: ServerAddress
    /// With `{}` for the directory, or `{}/*` for one request for each file.
    private let request: String
    private let reading: OutputReading
    private let workspace: String
    private let lane: ScannerLane

    /// - Parameters:
    ///   - workspace: an existing directory on a tmpfs.
    ///   - threads: messages at one time.
    package init(
        address: ServerAddress, request: String, reading: OutputReading, workspace: String, threads: Int
    ) {
        self.address = address
        self.request = request
        self.reading = reading
        self.workspace = workspace
        lane = ScannerLane(threads: threads)
    }

    package func version(deadline: Int) async throws(ScannerFailure) -> ScannerVersion? { nil }

    package func scan(_ subject: ScanSubject, deadline: Int) async throws(ScannerFailure) -> ScanAnswer {
        try await lane.run(subject, deadline) { [self] () throws(ScannerFailure) in
            let directory: ScanDirectory
            do throws(SystemError) {
                directory = try ScanDirectory(subject, in: workspace, isForGroup: true)
            } catch {
                throw ScannerFailure("\(error)")
            }
            let each = request.contains("{}/*")
            let requests =
                each
                ? directory.files.map { request.replacing("{}/*", with: $0) }
                : [request.replacing("{}", with: directory.path)]
            var pieces = PieceByPiece()
            for request in requests {
                pieces.take { answer throws(ScannerFailure) in answer.add(try ask(request, deadline)) }
            }
            return try pieces.answer()
        }
    }

    /// One request on a connection of its own. The answer is everything to its end, or to the words that end it: a line that
    /// says "clean" may be followed by one that does not.
    private func ask(_ request: String, _ deadline: Int) throws(ScannerFailure) -> ScanAnswer {
        let socket = try DeadlineSocket(connecting: address, deadline: deadline)
        try socket.send(Array(request.utf8))
        // What else would come is awaited by daemons that keep connections open.
        socket.shutdownWriting()
        let (text, flaw) = try socket.receiveWords(limit: OutputReading.limit) { text throws(ScannerFailure) in
            try reading.isEnded(text)
        }
        return try reading.answer(to: text, flaw: flaw?.description, orElse: "an answer that no pattern knows")
    }
}
