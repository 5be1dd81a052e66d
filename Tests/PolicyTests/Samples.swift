import Foundation
import MailModel
import Policy

enum Samples {
    static func recipient(_ address: String) -> Recipient { Recipient(path: MailPath(address)) }

    static func verdict(viruses: [String] = [], unchecked: [UncheckedReason] = []) -> Verdict {
        Verdict(
            Report(
                messageSize: 1,
                findings: viruses.map { Finding(scanner: "clamav", kind: .virus, name: $0, part: nil) },
                unchecked: unchecked.map { Unchecked($0, detail: "why \($0.rawValue)") }))
    }

    /// What holds where nothing can be taken out of a message.
    static func inForce(_ destiny: Destiny) -> Destiny { destiny == .strip ? .quarantine : destiny }

    /// Text that a hostile client or message may put anywhere.
    static let hostile: [String] = [
        "a\r\nInjected: yes", "a\nb", "a\rb", "\u{0}", "\u{1B}[2J", "\u{85}", "\u{2028}", "\u{202E}moc.live",
        "\u{200B}",
        "a>, <b", "\\x0A", "x\u{7F}", "é\u{301}\u{301}", "[1.2.3.4]", "(c)", "\u{FEFF}", "%s%n", "{}",
        "x, Hits: 99, size: 1",
    ]
}

/// What Python 3 made of some input.
enum Python {
    static let path = "/usr/bin/python3"
    static var isPresent: Bool { FileManager.default.isExecutableFile(atPath: path) }

    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a script with `input` as its standard input; returns its standard output.
    static func run(_ script: String, input: [UInt8]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-I", "-c", script]
        let (feed, output) = (Pipe(), Pipe())
        process.standardInput = feed
        process.standardOutput = output
        try process.run()
        DispatchQueue.global().async {
            feed.fileHandleForWriting.write(Data(input))
            feed.fileHandleForWriting.closeFile()
        }
        let out = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(description: "python3 ended with an error") }
        return out
    }
}
