import Foundation
import MIME
import MailModel
import Testing

/// Mail as software of today writes it is not odd in any way: no anomaly, one reading, no repair in decoding.
@Suite struct HonestMailTests {
    private struct Composed: Decodable {
        var message: String
        var parts: [[String?]]
    }

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

    /// What is odd about a message; empty for honest mail.
    private func odd(_ message: [UInt8]) -> [String] {
        var tree = MIMEReader.read(message.span)
        var found = tree.anomalies.map { "\($0.kind.rawValue) in \($0.part ?? -1)" } + tree.limitsHit.map(\.rawValue)
        for index in tree.parts.indices where tree.parts[index].kind.hasContent {
            var content: [UInt8] = []
            let result = tree.decodeBody(of: index, in: message.span, into: &content, limit: 1 << 24)
            found += AnomalyKind.kinds(of: result.notes).map { "\($0.rawValue) in \(tree.parts[index].path)" }
            if !tree.appendDecodings(of: index, notes: result.notes).isEmpty { found.append("other decodings") }
        }
        if tree.parts.contains(where: { $0.reading > 0 }) { found.append("other readings") }
        return found
    }

    /// `Honest/`: mail in the form of Exchange, Outlook, Gmail, Apple Mail, Thunderbird, Notes and others, with calendars,
    /// S/MIME, OpenPGP, TNEF, bounces, reports, digests.
    @Test func shapes() throws {
        let files = Corpora.files(in: Self.folder.appendingPathComponent("Honest"))
        #expect(files.count == 30)
        for file in files {
            let message = Mbox.canonical([UInt8](try Data(contentsOf: file)))
            // A reference to content elsewhere is a fact, and a piece may be all of a message.
            let known =
                file.lastPathComponent == "external-and-partial.eml"
                ? ["external-body in 1", "partial-message in 2", "attached-message in 2", "other readings"] : []
            let odd = odd(message)
            #expect(odd == known, "\(file.lastPathComponent)")
        }
    }

    /// The samples of TNEF as Outlook sends them.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func winmail() throws {
        let samples = Corpora.files(in: Corpora.root.appendingPathComponent("archives/tnef/files/datafiles"))
            .filter { $0.pathExtension == "tnef" }
        #expect(samples.count == 15)
        for file in samples {
            let content = [UInt8](try Data(contentsOf: file))
            let encoded = Data(content).base64EncodedString(options: [.lineLength76Characters])
            let message = crlf(
                """
                From: alice@example.com
                Subject: Winmail
                MIME-Version: 1.0
                Content-Type: multipart/mixed;
                \tboundary="----=_NextPart_000_0000_01DCB5F2.00000000"

                This is a multipart message in MIME format.

                ------=_NextPart_000_0000_01DCB5F2.00000000
                Content-Type: text/plain;
                \tcharset="us-ascii"
                Content-Transfer-Encoding: 7bit

                See attachment

                ------=_NextPart_000_0000_01DCB5F2.00000000
                Content-Type: application/ms-tnef;
                \tname="winmail.dat"
                Content-Transfer-Encoding: base64
                Content-Disposition: attachment;
                \tfilename="winmail.dat"

                \(encoded.replacingOccurrences(of: "\r\n", with: "\n"))

                ------=_NextPart_000_0000_01DCB5F2.00000000--

                """)
            let odd = odd(message)
            #expect(odd.isEmpty, "\(file.lastPathComponent)")
            let tree = read(message)
            let index = try #require(part(tree, "1.2"))
            #expect(tree.parts[index].names == ["winmail.dat"])
            let isSame = decoded(tree, index, message) == content
            #expect(isSame, "\(file.lastPathComponent)")
            let isTNEF = TNEFSignature.matches(content.span)
            #expect(isTNEF)
        }
    }

    /// What Python's package composes is read as it was put in, and nothing about it is odd.
    @Test(.enabled(if: ContentOracle.hasPython, "needs python3"))
    func composed() throws {
        let script = try String(
            contentsOf: Differences.folder.appendingPathComponent("compose.py"), encoding: .utf8)
        let rows = try ContentOracle.lines(script, arguments: ["400", "5"]).map {
            try JSONDecoder().decode(Composed.self, from: Data($0))
        }
        #expect(rows.count == 400)
        for (number, row) in rows.enumerated() {
            let message = ContentOracle.base64(row.message.utf8)
            let odd = odd(message)
            #expect(odd.isEmpty, "message \(number): \(String(decoding: message, as: UTF8.self))")
            let tree = read(message)
            let order = documentOrder(tree)
            guard order.map({ tree.parts[$0].mediaType }) == row.parts.map({ $0[0] }) else {
                Issue.record("message \(number): \(outline(tree)) and \(row.parts)")
                continue
            }
            for (index, expected) in zip(order, row.parts) {
                let part = tree.parts[index]
                if let name = expected[2], !name.isEmpty {
                    #expect(part.names.contains(name), "message \(number), \(part.path)")
                }
                guard let content = expected[1] else { continue }
                // Python composes text with LF and writes CRLF.
                var ours = decoded(tree, index, message)
                var theirs = ContentOracle.base64(content.utf8)
                if part.mediaType.hasPrefix("text/") {
                    ours = withLF(ours)
                    theirs = withLF(theirs)
                }
                let isSame = ours == theirs
                #expect(isSame, "message \(number): content of \(part.path), \(part.transferEncoding)")
            }
        }
    }
}
