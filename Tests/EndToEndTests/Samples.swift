import Foundation
import TestSupport
import Testing

/// Mail that tests send.
enum Samples {
    /// The samples of `corpus/`, by name, made once.
    static let corpus: [String: [UInt8]] = {
        guard let scratch = try? Scratch(.disk),
            (try? runTool(Programs.package + "/corpus/make-samples", [scratch.path + "/samples"]))?.status == 0
        else { return [:] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch.path + "/samples")) ?? []
        var samples: [String: [UInt8]] = [:]
        for name in names where name.hasSuffix(".eml") {
            let data = try? Data(contentsOf: URL(fileURLWithPath: scratch.path + "/samples/" + name))
            samples[String(name.dropLast(4))] = data.map { Array($0) }
        }
        return samples
    }()

    static func sample(_ name: String) throws -> [UInt8] { try #require(corpus[name], "corpus/\(name)") }

    /// Messages of the shared corpora; nil when they are not beside the package.
    static let sharedCorpora: String? = {
        let path = URL(fileURLWithPath: Programs.package + "/../shared/corpora").standardizedFileURL.path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }()
    static let corporaMissing: Comment = "shared/corpora is not beside the package"

    /// A message with a name for its recipient.
    struct Named: Sendable {
        var name: String
        var content: [UInt8]
        var sender = "sender@example.org"
        var options: [String] = []

        var recipient: String { "\(name)@example.net" }
        var job: SMTPLib.Job {
            SMTPLib.Job(sender: sender, recipients: [recipient], mailOptions: options, content: content)
        }
    }

    private static func letter(_ subject: String, _ body: String) -> [UInt8] {
        crlf(
            """
            From: Sender <sender@example.org>
            To: rcpt@example.net
            Subject: \(subject)
            Date: Thu, 6 Mar 2025 07:05:30 +0000
            Message-ID: <\(subject).1@example.org>

            \(body)
            """)
    }

    /// Clean mail in all the forms that a filter could spoil.
    static func ordinary() throws -> [Named] {
        var all = try ["clean", "clean-attachment"].map { Named(name: $0, content: try sample($0)) }
        all.append(
            Named(name: "eight-bit", content: letter("eight-bit", "Grüße, 8 Bit.\n"), options: ["BODY=8BITMIME"]))
        all.append(
            Named(name: "latin", content: letter("latin", "x") + [0xE9, 0xFF, 0x0D, 0x0A], options: ["BODY=8BITMIME"]))
        all.append(
            Named(
                name: "utf8", content: letter("Grüße über Übergrößen 件名", "Grüße.\n"), sender: "jörg@example.org",
                options: ["SMTPUTF8", "BODY=8BITMIME"]))
        all.append(
            Named(
                name: "почта", content: letter("utf8-recipient", "Grüße.\n"), options: ["SMTPUTF8", "BODY=8BITMIME"]))
        let long = String(repeating: "0123456789", count: 2000)
        all.append(Named(name: "long-lines", content: letter("long-lines", "\(long)\n\(long)\nend\n")))
        all.append(Named(name: "dots", content: letter("dots", ".\n..\n...\n. x\n.\n\n.\n")))
        all.append(Named(name: "empty-body", content: letter("empty-body", "")))
        all.append(Named(name: "header-only", content: crlf("From: sender@example.org\nSubject: header only\n")))
        all.append(
            Named(
                name: "blanks",
                content: letter("blanks", "trailing blanks   \n\t\n\n\n\u{0C}form feed\nlast line   \n\n")))
        all.append(Named(name: "from-line", content: letter("from-line", "From here\n>From there\n")))
        let unit = base64((0..<57).map { UInt8(truncatingIfNeeded: $0 &* 37) }) + "\n"
        let big = String(repeating: unit, count: 2 * 1_048_576 / unit.utf8.count + 1)
        all.append(Named(name: "big", content: letter("big", big)))
        return all
    }

    /// Mail of the suites that was sent or written like mail that is sent, as far as a mail system takes it as it is: no NUL, no bare CR, lines with CRLF. Where a
    /// file has no CRLF at all, its LF are read as CRLF.
    /// - Parameter count: at most so many, spread over all.
    static func real(_ count: Int) -> [Named] {
        guard let sharedCorpora else { return [] }
        let root = sharedCorpora + "/mime"
        guard let walker = FileManager.default.enumerator(atPath: root) else { return [] }
        // The suites that hide EICAR in mail that no program sends are judged elsewhere.
        let made = ["noxxi-mime-is-broken/", "mimeminer/"]
        let paths = walker.compactMap { $0 as? String }
            .filter { $0.hasSuffix(".eml") || $0.hasSuffix(".msg") }
            .filter { path in !made.contains { path.hasPrefix($0) } }.sorted()
        let usable = paths.compactMap { path -> [UInt8]? in
            guard let data = try? Data(contentsOf: URL(fileURLWithPath: root + "/" + path)), data.count < 300_000 else {
                return nil
            }
            var bytes = Array(data)
            if !bytes.contains(0x0D) {
                bytes = bytes.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
            }
            if bytes.suffix(2) != [0x0D, 0x0A] { bytes += [0x0D, 0x0A] }
            var previous: UInt8 = 0
            for byte in bytes {
                if byte == 0 || (byte == 0x0A) != (previous == 0x0D) { return nil }
                previous = byte
            }
            return bytes
        }
        let step = max(1, usable.count / count)
        return stride(from: 0, to: usable.count, by: step).map { index in
            Named(name: "real-\(index)", content: usable[index], options: ["BODY=8BITMIME"])
        }
    }

    /// Lines with LF: how Postfix stores a message in a Maildir.
    static func stored(_ content: [UInt8]) -> [UInt8] { content.filter { $0 != 0x0D } }

    /// One of the sequences that some server takes for the end of data.
    struct Sequence: Sendable, CustomTestStringConvertible {
        var name: String
        var octets: [UInt8]
        var testDescription: String { name }
    }

    /// `smtp-smuggling/sequences.tsv` of the shared corpora.
    static let smuggling: [Sequence] = {
        guard let sharedCorpora,
            let text = try? String(contentsOfFile: sharedCorpora + "/smtp-smuggling/sequences.tsv", encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: "\t").map(String.init)
            guard columns.count > 2 else { return nil }
            let digits = Array(columns[2])
            let octets = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)
            }
            return Sequence(name: columns[1], octets: octets)
        }
    }()
}
