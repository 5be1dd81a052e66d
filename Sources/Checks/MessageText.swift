/// A message as a sequence of texts to look up: feed it octets in any portions, get each header field and body line
/// once it is complete. The same octets give the same texts however they are cut.
package struct MessageText {
    private var records: TextRecords
    private var state: MIMEState
    private var end = 0
    private var isStopped = false

    /// How the octets came.
    package enum Source: Hashable, Sendable {
        /// By SMTP: as `smtpd(8)` and `cleanup(8)` see a message.
        case smtp
        /// From a file: as `postmap(1)` with `-h` or `-b` sees its standard input; without `-m` nothing is read as MIME.
        case file(readsMIME: Bool)
    }

    package init(_ source: Source = .smtp, limits: TextLimits = TextLimits()) {
        switch source {
        case .smtp:
            records = TextRecords(.smtp(lineLength: limits.lineLength))
            state = MIMEState(limits: limits)
        case .file(let readsMIME):
            records = TextRecords(.file)
            state = MIMEState(limits: limits, readsMIME: readsMIME)
        }
    }

    /// Takes the next octets. `use` gets each text and returns false when no more are wanted.
    package mutating func feed(_ chunk: Span<UInt8>, _ use: (Subject, Span<UInt8>) -> Bool) {
        guard !isStopped else { return }
        end += chunk.count
        var state = state
        let goesOn = records.feed(chunk) { place, text in state.take(place, text, use) }
        self.state = state
        isStopped = !goesOn
    }

    /// Ends the message.
    package mutating func finish(_ use: (Subject, Span<UInt8>) -> Bool) {
        guard !isStopped else { return }
        let end = end
        var state = state
        _ = records.finish { place, text in state.take(place, text, use) } && state.finish(at: end, use)
        self.state = state
        isStopped = true
    }

    /// More multiparts within each other than `mime_nesting_limit`: Postfix refuses such a message.
    package var isTooDeep: Bool { state.isTooDeep }

    /// The first header block has ended.
    package var isPastPrimaryHeader: Bool { state.isPastPrimary }
}
