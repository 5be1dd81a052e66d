import Foundation
import Fuzzing
import MIME
import MailModel
import Testing

/// Readings besides the ordinary one.
@Suite struct ReadingTests {
    /// Contents of the parts of other readings, decoded.
    private func others(_ tree: PartTree, _ message: [UInt8]) -> [String] {
        tree.parts.indices.filter { tree.parts[$0].reading > 0 }.map {
            String(decoding: decoded(tree, $0, message), as: UTF8.self)
        }
    }

    /// "hidden text of the message, in base64" without blanks.
    private static let word = "hiddentextofthemessagethatnobodyshouldsee"
    private static let encoded = "aGlkZGVudGV4dG9mdGhlbWVzc2FnZXRoYXRub2JvZHlzaG91bGRzZWU="

    private static func part(_ fields: String) -> String {
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\(fields)\n\n\(encoded)\n--b--\n"
    }

    @Test func ordinaryMailHasOneReading() {
        let tree = read(crlf(Self.part("Content-Type: text/plain\nContent-Transfer-Encoding: base64")))
        #expect(tree.parts.count == 2)
        #expect(tree.parts.allSatisfy { $0.reading == 0 && $0.cause == nil })
        #expect(tree.anomalies.isEmpty)
    }

    /// Each hides the encoding from the ordinary reading; some other reader sees it.
    @Test(
        arguments: [
            ("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64", .conflictingTransferEncoding),
            ("Content-Transfer-Encoding: \"base64\"", .obscuredTransferEncoding),
            ("Content-Transfer-Encoding: x-base64x", .obscuredTransferEncoding),
            ("Content-Transfer-Encoding: =?us-ascii?q?base64?=", .obscuredTransferEncoding),
            ("X-Y: z\n Content-Transfer-Encoding: base64", .fieldInContinuation),
            ("Content(x)-Transfer-Encoding: base64", .obscuredFieldName),
            ("X-Y: z\u{0}\nContent-Transfer-Encoding: base64", .nulInHeader),
            ("junk\nContent-Transfer-Encoding: base64", .brokenHeaderBlock),
            ("X-Y: z\rContent-Transfer-Encoding: base64", .bareCRInHeader),
            ("\nContent-Transfer-Encoding: base64", .fieldsBehindHeader),
            ("X-Y: z", .undeclaredBase64), ("Content-Encoding: base64", .misnamedTransferEncoding),
            ("Transfer-Encoding: base64", .misnamedTransferEncoding),
            ("Content-Transfer-Encoding: 7bit; base64", .unknownTransferEncoding),
            ("X-Y: z\n \n\tw\nContent-Transfer-Encoding: base64", .blankContinuation),
        ] as [(String, AnomalyKind)])
    func hiddenEncoding(fields: String, cause: AnomalyKind) {
        let message = crlf(Self.part(fields))
        let tree = read(message)
        #expect(kinds(tree).contains(cause.rawValue))
        let all = tree.parts.indices.map { String(decoding: decoded(tree, $0, message), as: UTF8.self) }
        #expect(all.contains(Self.word), "\(all)")
        #expect(violations(tree, message, MIMELimits()).isEmpty)
    }

    /// Each hides the delimiters from the ordinary reading.
    @Test(
        arguments: [
            "multipart/mixed; boundary=a; boundary=b",
            "multipart/mixed; boundary=a\nContent-Type: multipart/mixed; boundary=b",
            "multipart/mixed; bound=b", "multipart/mixed; boundary=\"\"b", "multipart/mixed; boundary=\"x\" boundary=b",
            "text/plain\nContent-Type: multipart/mixed; boundary=b", "multipart/mixed; boundary==?utf-8?q?b?=",
            "multi part/mixed; boundary=b", "multipart/mixed; foo=\"x;boundary=b",
            "multipart/mixed; boundary*0=x; boundary=b",
        ])
    func hiddenBoundary(type: String) {
        let message = crlf(
            "Content-Type: \(type)\n\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n"
                + "\(Self.encoded)\n--b--\n")
        let tree = read(message)
        #expect(!tree.anomalies.isEmpty)
        let all = tree.parts.indices.map { String(decoding: decoded(tree, $0, message), as: UTF8.self) }
        #expect(all.contains(Self.word), "\(all)")
        #expect(violations(tree, message, MIMELimits()).isEmpty)
    }

    @Test(
        arguments: [
            (.base64, "QUJD.REVG", .stopAtJunk, "ABC"), (.base64, "Pz8-Pz8_", .urlAlphabet, "??>???"),
            (.base64, "QQ==QkM=", .stopAtPadding, "A"), (.base64, "Q=UJ=DREVG", .withoutPadding, "ABCDEF"),
            (.base64, "QUJDX\nREVG", .lineGroups, "ABCDEF"), (.base64, "x.x\nQUJD", .withoutJunkLines, "ABC"),
            (.base64, "QU#xx\nJD", .junkEndsLine, "ABC"), (.base64, "Q=UIQ=0Q", .paddingInGroups, "ABCD"),
            (.base64, "QUJD\n\nREVG", .stopAtBlankLine, "ABC"), (.base64, "QUJDRA\nRUZH", .lineEndsGroup, "ABCDEFG"),
            (.quotedPrintable, "==\n41= 42", .splitEscapes, "AB"),
            (.quotedPrintable, "=41=z=42", .withoutStrayEquals, "AzB"),
            (.quotedPrintable, "a=zzb", .withoutStrayEscapes, "ab"),
            (.quotedPrintable, "a=zz\nb", .strayEqualsEndsLine, "ab"),
            (.quotedPrintable, "=0x41=X42", .withoutHexPrefixes, "AB"),
            (.quotedPrintable, "a=z\u{1}b ", .onlyAllowed, "azb"),
            (.quotedPrintable, "=4=\n1=42", .splitEscapes, "AB"), (.quotedPrintable, "=0=41", .withoutHalfEscapes, "A"),
            (.quotedPrintable, "x=41=y=42=43=44=45=46=47=48", .escapesOnly, "ABCDEFGH"),
            (.uuencode, "#04)#", .withoutFrame, "ABC"),
        ] as [(TransferEncoding, String, Decoding, String)])
    func otherDecodings(encoding: TransferEncoding, text: String, decoding: Decoding, expected: String) {
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        let ordinary = TransferDecoder.decode(bytes.span, encoding: encoding, into: &out, limit: 1000)
        #expect(Decoding.alternatives(to: encoding, notes: ordinary.notes).contains(decoding))
        out = []
        let other = TransferDecoder.decode(bytes.span, encoding: encoding, as: decoding, into: &out, limit: 1000)
        #expect(String(decoding: out, as: UTF8.self) == expected)
        #expect(!other.limitReached)
        // At the limit and one octet below.
        var cut: [UInt8] = []
        #expect(
            !TransferDecoder.decode(
                bytes.span, encoding: encoding, as: decoding, into: &cut, limit: out.count
            ).limitReached)
        cut = []
        let short = TransferDecoder.decode(
            bytes.span, encoding: encoding, as: decoding, into: &cut, limit: out.count - 1)
        #expect(short.limitReached && cut == Array(out.dropLast()))
    }

    private static let doubtful = crlf(part("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64"))

    @Test func readingsAtTheLimitAndOneBeyond() {
        let all = read(Self.doubtful)
        let count = Int(all.parts.map(\.reading).max() ?? 0)
        #expect(count > 0 && all.limitsHit.isEmpty)
        #expect(read(Self.doubtful, MIMELimits(readings: count)).limitsHit.isEmpty)
        let fewer = read(Self.doubtful, MIMELimits(readings: count - 1))
        #expect(fewer.limitsHit == [.readings])
        #expect(violations(fewer, Self.doubtful, MIMELimits(readings: count - 1)).isEmpty)
    }

    @Test func octetsOfOtherReadingsAreLimited() {
        func limits(_ octets: Int) -> [MIMELimit] {
            read(Self.doubtful, MIMELimits(alternativeBytes: octets - 4 * Self.doubtful.count)).limitsHit
        }
        let needed = (0..<10_000).first { limits($0).isEmpty } ?? 0
        let size = read(Self.doubtful).parts.filter { $0.reading > 0 }.reduce(0) { $0 + $1.body.count }
        #expect(needed > size)
        #expect(limits(needed - 1) == [.alternativeBytes])
        #expect(limits(needed + 1).isEmpty)
    }

    /// Mail clients open a saved message as a message, whatever its type.
    @Test(arguments: ["a.eml", "A.MHT", "b.mhtml", "c.nws"])
    func savedMessages(name: String) {
        let inner =
            "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Transfer-Encoding: base64\n\n\(Self.encoded)\n--x--\n"
        let fields = "Content-Type: application/octet-stream; name=\(name)"
        let message = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\(fields)\n\n\(inner)\n--b--\n")
        let tree = read(message)
        #expect(others(tree, message).contains(Self.word))
        #expect(violations(tree, message, MIMELimits()).isEmpty)
        let other = crlf(
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: a/b; name=a.txt\n\nx\n--b--\n")
        #expect(read(other).parts.allSatisfy { $0.reading == 0 })
    }

    /// A piece needs others, which are not here; without its number nobody can join it.
    @Test func piecesOfMessages() {
        let piece = read(crlf("Content-Type: message/partial; id=a; number=1; total=2\n\nSubject: x\n\ny"))
        #expect(kinds(piece).contains(AnomalyKind.partialMessage.rawValue))
        let excerpt = read(crlf("Content-Type: message/partial\n\nSubject: x\n\ny"))
        #expect(!kinds(excerpt).contains(AnomalyKind.partialMessage.rawValue))
    }

    /// Each file that is planned as a message says so, once, where its part begins.
    @Test func savedMessagesAreNoted() {
        let file = "--b\nContent-Type: a/b; name=a.eml\nContent-Disposition: attachment; filename=b.eml\n\nX: y\n\nz\n"
        let header = "Content-Type: multipart/mixed; boundary=b\n\n"
        let message = crlf(header + file + file + "--b\nContent-Type: a/b; name=a.txt\n\nz\n--b--\n")
        let tree = read(message)
        let first = crlf(header + "--b\n").count
        #expect(
            tree.anomalies == [
                Anomaly(kind: .attachedMessage, part: 1, offset: first),
                Anomaly(kind: .attachedMessage, part: 2, offset: first + crlf(file).count),
            ])
        let causes = tree.parts.filter { $0.reading > 0 }.map(\.cause)
        #expect(!causes.isEmpty && causes.allSatisfy { $0 == .attachedMessage })
    }

    /// The worst doubt of a source explains its other readings, of equal ones the first.
    @Test(
        arguments: [
            ("Content-Type: multipart/mixed; boundary=a; boundary=b", .conflictingBoundary),
            ("X : y\nContent-Type: multipart/mixed; boundary=b\nX: \0", .nulInHeader),
            ("Content-Type: multipart/mixed; boundary=b; boundary=a\nX: \0", .conflictingBoundary),
            ("X: \0\nContent-Type: multipart/mixed; boundary=b; boundary=a", .nulInHeader),
            ("X : y\nContent-Type: multipart/mixed (c); boundary=b", .blankBeforeColon),
            ("Content-Type: multipart/mixed (c); boundary=b\nX : y", .commentInStructure),
        ] as [(String, AnomalyKind)])
    func theWorstDoubtIsTheCause(header: String, cause: AnomalyKind) {
        let part = "X: y\n\nContent-Transfer-Encoding: base64\n\n\(Self.encoded)\n"
        // In a message of its own below base64 doubts of the outer one explain nothing.
        for isInner in [false, true] {
            let plain = "\(header)\n\n--b\n\(isInner ? part : "\nx\n--b\n\(part)")--b--\n"
            let message = crlf(
                isInner
                    ? "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n"
                        + "Content-Transfer-Encoding: base64\n\n\(Data(crlf(plain)).base64EncodedString())\n--o--\n"
                    : plain)
            let tree = read(message)
            let causes = tree.parts.filter { $0.reading > 0 && ($0.source > 0) == isInner }.map(\.cause)
            #expect(!causes.isEmpty && causes.allSatisfy { $0 == cause }, "\(causes)")
        }
    }
}

/// The documentation says what the table of classes says.
@Suite struct AnomalyDocumentTests {
    private static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/ANOMALIES.md")

    @Test func everyKindStandsUnderItsClass() throws {
        var section = ""
        var classes: [String: String] = [:]
        for line in try String(contentsOf: Self.document, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("### ") { section = line.dropFirst(4).lowercased() }
            let kind = line.split(separator: "`", omittingEmptySubsequences: false)
            if !section.isEmpty, line.hasPrefix("| `"), kind.count > 2 { classes[String(kind[1])] = section }
        }
        for kind in AnomalyKind.allCases {
            #expect(classes[kind.rawValue] == kind.anomalyClass.rawValue, "\(kind.rawValue)")
        }
    }
}
