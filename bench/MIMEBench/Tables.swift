internal import MIME

/// What is measured, as rows of Markdown.
enum Tables {
    private static let rounds = 7

    static func typical() {
        write(line: "| mix | MB | parse and decode, MB/s | and text, HTML, files in text, header, MB/s |")
        write(line: "| --- | --- | --- | --- |")
        measure("mail with attachments", TypicalMail.withAttachments())
        measure("small mail", TypicalMail.small())
        write(line: "")
    }

    private static func measure(_ name: String, _ messages: [[UInt8]]) {
        let size = Double(messages.reduce(0) { $0 + $1.count }) / 1e6
        var rates: [String] = []
        for readsContent in [false, true] {
            var best = Double.infinity
            var reading = Reading()
            for _ in 0..<rounds {
                let start = processorTime()
                for message in messages {
                    if readsContent {
                        reading.everything(message.span, limits: MIMELimits())
                    } else {
                        reading.decode(message.span, limits: MIMELimits())
                    }
                }
                best = min(best, processorTime() - start)
            }
            // Typical mail is honest: with other readings this would measure something else.
            precondition(reading.anomalies == 0 && reading.limits.isEmpty)
            rates.append(rounded(size / best, 0))
        }
        write(line: "| \(name), \(messages.count) messages | \(rounded(size, 1)) | \(rates[0]) | \(rates[1]) |")
    }

    /// Each input at its size and at twice that: twice the time is linear.
    static func adversarial(_ words: [String]) {
        write(
            line:
                "| input | limits | MB | seconds | at twice the size | memory beyond the message, MB | limits reached |"
        )
        write(line: "| --- | --- | --- | --- | --- | --- | --- |")
        for input in AdversarialMail.all where words.isEmpty || words.contains(where: { input.name.contains($0) }) {
            var isWell = true
            for size in [input.size, 2 * input.size] {
                // Made in a process of its own: what making it left in memory would count, or be used again unseen.
                let file = SharedFile()
                isWell = inChild { file.write(input.make(size)) } && isWell
                isWell = inChild { row(input, file.read(), isFirst: size == input.size) } && isWell
            }
            if !isWell { write(line: "| \(input.name) | failed |") }
        }
    }

    private static func row(_ input: AdversarialMail, _ message: [UInt8], isFirst: Bool) {
        var reading = Reading()
        let before = peakMemory()
        let start = processorTime()
        reading.everything(message.span, limits: input.limits)
        let seconds = processorTime() - start
        let grown = Double(max(0, peakMemory() - before)) / 1024
        if isFirst {
            let limits = input.limits == MIMELimits() ? "default" : "none"
            write(
                text:
                    "| \(input.name) | \(limits) | \(rounded(Double(message.count) / 1e6, 1)) | \(rounded(seconds, 2)) |"
            )
        } else {
            let limits = reading.limits.sorted().joined(separator: ", ")
            write(line: " \(rounded(seconds, 2)) | \(rounded(grown, 0)) | \(limits.isEmpty ? "-" : limits) |")
        }
    }
}
