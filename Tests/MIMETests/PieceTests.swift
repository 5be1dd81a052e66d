import Foundation
import MIME
import MailModel
import SMTP
import Testing

/// Mail comes in pieces of any size. Each message of every collection goes through `DataDecoder` as a client would send it,
/// cut at every place or at random ones: the octets are the same, and with them tree, anomalies and decodings.
@Suite struct PieceTests {
    /// Everything that reading a message gives.
    private struct Reading: Equatable {
        var parts: [Part]
        var anomalies: [Anomaly]
        var limits: [MIMELimit]
        var contents: [[UInt8]] = []

        init(_ message: [UInt8]) {
            var tree = MIMEReader.read(message.span)
            var index = 0
            while index < tree.parts.count {
                var content: [UInt8] = []
                if tree.parts[index].kind.hasContent {
                    let result = tree.decodeBody(of: index, in: message.span, into: &content, limit: 1 << 24)
                    _ = tree.appendDecodings(of: index, notes: result.notes)
                }
                contents.append(content)
                index += 1
            }
            parts = tree.parts
            anomalies = tree.anomalies
            limits = tree.limitsHit
        }
    }

    private static let isLong = ProcessInfo.processInfo.environment["MAILREEVE_LONG_TESTS"] != nil
    private static let collections = [
        "amavis", "enmime", "james-mime4j", "mikel-mail", "mime-tools", "mimeminer", "noxxi-mime-is-broken",
        "php-mime-mail-parser", "postfix", "python-email", "sisimai-bounces",
    ]

    private static func files() -> [URL] {
        let others: Set<String> = ["xml", "out", "png", "jpg", "gif", "pdf", "tsv", "md", "json"]
        return collections.flatMap { Corpora.files(in: Corpora.mime.appendingPathComponent($0)) }
            .filter { !others.contains($0.pathExtension) }
    }

    /// As a client sends it after DATA: dots doubled at the start of lines, and the end of data.
    private static func sent(_ message: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(message.count + 64)
        for (index, byte) in message.enumerated() {
            if byte == 0x2E, index == 0 || message[index - 1] == 0x0A { out.append(byte) }
            out.append(byte)
        }
        if !message.isEmpty, message.suffix(2) != [0x0D, 0x0A] {
            out += message.last == 0x0D ? [0x0A] : [0x0D, 0x0A]
        }
        return out + [0x2E, 0x0D, 0x0A]
    }

    /// The message in pieces that end at these offsets.
    private static func received(_ data: [UInt8], _ ends: [Int]) -> [UInt8]? {
        var decoder = DataDecoder(maximumSize: 1 << 30, lineEndings: .normalize)
        var out: [UInt8] = []
        out.reserveCapacity(data.count)
        var start = 0
        for end in ends + [data.count] {
            let used = decoder.decode(data.span.extracting(start..<end), into: &out)
            if used != end - start { return nil }
            start = end
        }
        return decoder.isComplete && decoder.fault == nil ? out : nil
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func randomPieces() throws {
        var random = Random(state: 4)
        var messages = 0
        for file in Self.files() {
            let data = Self.sent([UInt8](try Data(contentsOf: file)))
            guard let whole = Self.received(data, []) else {
                Issue.record("\(file.lastPathComponent) is not taken")
                continue
            }
            messages += 1
            var isSame = true
            for round in 0..<4 {
                var ends: [Int] = []
                var position = 0
                let longest = [3, 80, 1500, 70_000][round]
                // Short pieces for a stretch of the message only: a long one would take minutes.
                while position < data.count, ends.count < 2_000 {
                    ends.append(position)
                    position += random.below(longest) + (random.below(10) == 0 ? 0 : 1)
                }
                if Self.received(data, ends) != whole { isSame = false }
            }
            #expect(isSame, "\(file.lastPathComponent): other octets")
            // The same octets are read the same, whenever it is.
            let isRepeatable = Reading(whole) == Reading(whole)
            #expect(isRepeatable, "\(file.lastPathComponent): another reading")
        }
        #expect(messages > 1_700)
        print("pieces: \(messages) messages in random pieces")
    }

    /// Cut in two at every place; small messages only, unless long tests run.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func everySplit() throws {
        let longest = Self.isLong ? 20_000 : 900
        var messages = 0
        var splits = 0
        for file in Self.files() {
            let data = Self.sent([UInt8](try Data(contentsOf: file)))
            guard data.count <= longest, let whole = Self.received(data, []) else { continue }
            messages += 1
            let wrong = (0...data.count).first { Self.received(data, [$0]) != whole }
            splits += data.count + 1
            #expect(wrong == nil, "\(file.lastPathComponent): other octets when cut at \(wrong ?? 0)")
        }
        #expect(messages > 250)
        print("pieces: \(messages) messages, \(splits) splits")
    }

    /// One message with CRLF and with CR as line end comes in as the same octets.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func lineEndsAreMadeOne() throws {
        let folder = Corpora.mime.appendingPathComponent("sisimai-bounces/maildir")
        var compared = 0
        for file in Corpora.files(in: folder.appendingPathComponent("dos")) {
            let twin = folder.appendingPathComponent("mac").appendingPathComponent(file.lastPathComponent)
            guard FileManager.default.fileExists(atPath: twin.path) else { continue }
            compared += 1
            let messages = try [file, twin].map { Self.received(Self.sent([UInt8](try Data(contentsOf: $0))), []) }
            let isSame = messages[0] == messages[1]
            #expect(isSame, "\(file.lastPathComponent)")
        }
        #expect(compared == 80)
    }
}
