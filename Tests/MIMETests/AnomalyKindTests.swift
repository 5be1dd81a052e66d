import MIME
import MailModel
import Testing

/// Every kind of anomaly has a message that records it, and the same message without the form does not.
@Suite struct AnomalyKindTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: AnomalyKind
        var with: String
        var without: String

        init(_ kind: AnomalyKind, _ with: String, without: String) {
            self.kind = kind
            self.with = with
            self.without = without
        }

        var testDescription: String { kind.rawValue }
    }

    /// What is repaired on entry: the message as it came in is not there any more when it is read.
    private static let ofTheGateway: Set<AnomalyKind> = [.bareCR, .bareLF, .nul]

    /// Kinds that reading, decoding and showing the text record.
    private func recorded(_ text: String) -> [AnomalyKind] {
        let message = crlf(text)
        let tree = read(message)
        var found = tree.anomalies.map(\.kind)
        for index in tree.parts.indices where tree.parts[index].kind.hasContent && tree.parts[index].reading == 0 {
            let part = tree.parts[index]
            var content: [UInt8] = []
            let result = tree.decodeBody(of: index, in: message.span, into: &content, limit: 1 << 20)
            found += AnomalyKind.kinds(of: result.notes)
            guard TextContent.isText(part.mediaType) else { continue }
            found +=
                TextContent.read(
                    content.span, mediaType: part.mediaType, charset: part.charset, limit: 1 << 20
                ).anomalies
        }
        return found
    }

    @Test(arguments: block + parameters + structure + content)
    func aFormIsRecorded(_ form: Case) {
        #expect(recorded(form.with).filter { $0 == form.kind }.count == 1)
        #expect(!recorded(form.without).contains(form.kind))
    }

    @Test func noKindIsMissing() {
        let kinds = (Self.block + Self.parameters + Self.structure + Self.content).map(\.kind)
        #expect(Set(kinds).count == kinds.count)
        #expect(Set(kinds).isDisjoint(with: Self.ofTheGateway))
        for kind in AnomalyKind.allCases where !Self.ofTheGateway.contains(kind) {
            #expect(kinds.contains(kind), "no message records \(kind.rawValue)")
        }
    }

    /// Forms of header blocks and of the names and values of fields.
    private static let block: [Case] = [
        Case(.brokenHeaderBlock, "X: y\njunk\n\nz", without: "X: y\n\nz"),
        Case(.leadingContinuation, " x\nX: y\n\nz", without: "X: y\n\nz"),
        Case(
            .nameInContinuation, "X: y\n Content-Disposition: attachment; filename=a.exe\n\nz",
            without: "X: y\nContent-Disposition: attachment; filename=a.exe\n\nz"),
        Case(.blankContinuation, "X: y\n \n z\n\nw", without: "X: y\n z\n\nw"),
        Case(.mboxLine, "From a@example.com Thu Jan 1\nX: y\n\nz", without: "X: y\n\nz"),
        Case(.blankBeforeColon, "X : y\n\nz", without: "X: y\n\nz"),
        Case(.bareCRInHeader, "X: y\rz\n\nw", without: "X: yz\n\nw"),
        Case(.nulInHeader, "X: y\0\n\nz", without: "X: y\n\nz"),
        Case(
            .duplicateContentType, "Content-Type: text/plain\nContent-Type: text/plain\n\nz",
            without: "Content-Type: text/plain\n\nz"),
        Case(
            .duplicateTransferEncoding, "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 7bit\n\nz",
            without: "Content-Transfer-Encoding: 7bit\n\nz"),
        Case(
            .duplicateDisposition, "Content-Disposition: inline\nContent-Disposition: inline\n\nz",
            without: "Content-Disposition: inline\n\nz"),
        Case(.invalidContentType, "Content-Type: text\n\nz", without: "Content-Type: text/plain\n\nz"),
        Case(
            .unknownTransferEncoding, "Content-Transfer-Encoding: x-y\n\nz",
            without: "Content-Transfer-Encoding: 7bit\n\nz"),
        Case(.misnamedTransferEncoding, "Content-Encoding: base64\n\nz", without: "Content-Encoding: gzip\n\nz"),
        Case(
            .conflictingContentType, "Content-Type: text/plain\nContent-Type: text/html\n\nz",
            without: "Content-Type: text/plain\nContent-Type: text/plain\n\nz"),
        Case(
            .conflictingTransferEncoding, "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nz",
            without: "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: 8bit\n\nz"),
        Case(
            .obscuredTransferEncoding, "Content-Transfer-Encoding: \"base64\"\n\nQQ==",
            without: "Content-Transfer-Encoding: base64\n\nQQ=="),
        Case(
            .obscuredFieldName, "Content(x)-Transfer-Encoding: 7bit\n\nz",
            without: "Content-Transfer-Encoding: 7bit\n\nz"),
        Case(
            .fieldInContinuation, "X: y\n Content-Transfer-Encoding: base64\n\nQQ==",
            without: "X: y\nContent-Transfer-Encoding: base64\n\nQQ=="),
        Case(.fieldsBehindHeader, "X: y\n\nContent-Type: text/html\n\nz", without: "X: y\n\nz"),
    ]

    /// Forms of parameters and names.
    private static let parameters: [Case] = [
        Case(
            .unterminatedQuote, "Content-Type: text/plain; name=\"a\n\nz",
            without: "Content-Type: text/plain; name=\"a\"\n\nz"),
        Case(
            .junkAfterParameter, "Content-Type: text/plain; name=\"a\"b\n\nz",
            without: "Content-Type: text/plain; name=\"a\"\n\nz"),
        Case(
            .duplicateParameter, "Content-Type: text/plain; charset=utf-8; charset=us-ascii\n\nz",
            without: "Content-Type: text/plain; charset=utf-8\n\nz"),
        Case(
            .brokenContinuation, "Content-Type: text/plain; name*0=a; name*2=b\n\nz",
            without: "Content-Type: text/plain; name*0=a; name*1=b\n\nz"),
        Case(
            .conflictingName, "Content-Type: a/b; name=a.txt\nContent-Disposition: attachment; filename=a.exe\n\nz",
            without: "Content-Type: a/b; name=a.txt\nContent-Disposition: attachment; filename=a.txt\n\nz"),
        Case(
            .obscuredName, "Content-Disposition: attachment; filename=\"ann\u{202E}txt.exe\"\n\nz",
            without: "Content-Disposition: attachment; filename=\"anntxt.exe\"\n\nz"),
        Case(
            .attachedMessage, "Content-Type: a/b; name=a.eml\n\nX: y\n\nz",
            without: "Content-Type: a/b; name=a.txt\n\nX: y\n\nz"),
        Case(
            .partialMessage, "Content-Type: message/partial; id=a; number=1; total=2\n\nX: y\n\nz",
            without: "Content-Type: message/partial\n\nX: y\n\nz"),
        Case(
            .externalBody, "Content-Type: message/external-body; access-type=local-file; name=a\n\nX: y\n\nz",
            without: "Content-Type: message/rfc822\n\nX: y\n\nz"),
    ]

    private static func mixed(_ body: String, boundary: String = "b", more: String = "") -> String {
        "Content-Type: multipart/mixed; boundary=\(boundary)\(more)\n\n\(body)"
    }

    private static let onePart = "--b\n\nx\n--b--\n"

    /// Forms of multiparts.
    private static let structure: [Case] = [
        Case(.multipartWithoutBoundary, "Content-Type: multipart/mixed\n\n\(onePart)", without: mixed(onePart)),
        Case(.multipartWithoutDelimiter, mixed("x\n"), without: mixed(onePart)),
        Case(.missingCloseDelimiter, mixed("--b\n\nx\n"), without: mixed(onePart)),
        Case(
            .boundaryReused, mixed("--b\n\(mixed(onePart))--b--\n"),
            without: mixed("--b\n\(mixed("--c\n\nx\n--c--\n", boundary: "c"))--b--\n")),
        Case(.delimiterAfterClose, mixed("\(onePart)--b\n"), without: mixed(onePart)),
        Case(.boundaryPrefix, mixed("--b\n\nx\n--bx\n--b--\n"), without: mixed("--b\n\nx\n--x\n--b--\n")),
        Case(
            .encodedContainer, mixed(onePart, more: "\nContent-Transfer-Encoding: base64"),
            without: mixed(onePart, more: "\nContent-Transfer-Encoding: 7bit")),
        Case(.conflictingBoundary, mixed(onePart, more: "; boundary=c"), without: mixed(onePart)),
        Case(.commentInStructure, mixed(onePart, more: " (c)"), without: mixed(onePart)),
        Case(.obscuredStructure, mixed(onePart, boundary: "\"b \""), without: mixed(onePart, boundary: "\"b\"")),
        Case(.boundaryOnLeaf, "Content-Type: text/plain; boundary=b\n\nx", without: "Content-Type: text/plain\n\nx"),
        Case(.undeclaredDelimiter, "X: y\n\nz\n--b\nContent-Type: text/html\n", without: "X: y\n\nz\n--b\nz\n"),
        Case(.bareCRDelimiter, mixed("--b\n\nx\r--b\n--b--\n"), without: mixed("--b\n\nx\n--b\n\n--b--\n")),
        Case(.partOutsideMultipart, mixed("Content-Type: text/html\n\nx\n\(onePart)"), without: mixed("x\n\(onePart)")),
        Case(
            .unreadRemainder, mixed("x", boundary: String(repeating: "b", count: MIMELimits().boundaryLength + 1)),
            without: mixed("x", boundary: String(repeating: "b", count: MIMELimits().boundaryLength))),
    ]

    private static func encoded(_ encoding: String, _ body: String) -> String {
        "Content-Transfer-Encoding: \(encoding)\n\n\(body)"
    }

    private static func html(_ body: String) -> String { "Content-Type: text/html\n\n\(body)" }

    private static let sentence = "dGhpcyBpcyBub3RoaW5nIGJ1dCBiYXNlNjQgZnJvbSB0aGUgZmlyc3Qgb24u"

    /// Forms of encoded bodies and of text.
    private static let content: [Case] = [
        Case(.undeclaredBase64, encoded("7bit", sentence), without: encoded("base64", sentence)),
        Case(.encodingJunk, encoded("base64", "QUJD.REVG"), without: encoded("base64", "QUJDREVG")),
        Case(.base64DataAfterPadding, encoded("base64", "QQ==QQ=="), without: encoded("base64", "QQ==")),
        Case(.base64MissingPadding, encoded("base64", "QQ"), without: encoded("base64", "QQ==")),
        Case(.base64ExtraPadding, encoded("base64", "QUJD="), without: encoded("base64", "QUJD")),
        Case(.encodingTruncated, encoded("base64", "QUJDQ"), without: encoded("base64", "QUJD")),
        Case(.base64SplitGroup, encoded("base64", "QUJDRE\nVG"), without: encoded("base64", "QUJD\nREVG")),
        Case(.base64DataAfterBlankLine, encoded("base64", "QUJD\n\nREVG"), without: encoded("base64", "QUJD\nREVG")),
        Case(
            .quotedPrintableBadEscape, encoded("quoted-printable", "a=zz"), without: encoded("quoted-printable", "azz")),
        Case(
            .quotedPrintableNeedlessEscapes, encoded("quoted-printable", String(repeating: "=41", count: 8)),
            without: encoded("quoted-printable", String(repeating: "=41", count: 7))),
        Case(.uuencodeMissingBegin, encoded("x-uuencode", "#04)#\nend\n"), without: encoded("x-uuencode", whole)),
        Case(.uuencodeMissingEnd, encoded("x-uuencode", "begin 644 a\n#04)#\n"), without: encoded("x-uuencode", whole)),
        Case(
            .unknownCharset, "Content-Type: text/plain; charset=x-klingon\n\n\u{E9}",
            without: "Content-Type: text/plain; charset=utf-8\n\n\u{E9}"),
        Case(
            .undecodableText, "Content-Type: text/plain; charset=utf-8\n\(encoded("base64", "/w=="))",
            without: "Content-Type: text/plain; charset=iso-8859-1\n\(encoded("base64", "/w=="))"),
        Case(.hiddenText, html("a<p style='display:none'>b</p>"), without: html("a<p>b</p>")),
        Case(
            .textHiddenInWord, html("Vi<span style='display:none'>x</span>gra"), without: html("Vi<span>x</span>gra")),
        Case(.unfinishedMarkup, html("a <img src='x"), without: html("a <img src='x'>")),
    ]

    private static let whole = "begin 644 a\n#04)#\nend\n"
}
