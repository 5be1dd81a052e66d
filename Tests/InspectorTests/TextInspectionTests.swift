import InspectionLink
import MailModel
import Testing

/// What reports say of header blocks, charsets and HTML.
@Suite struct TextInspectionTests {
    private static func report(
        _ fields: String, _ body: [UInt8] = Array("x\r\n".utf8), limits: InspectionLimits = TestGateway.limits,
        smtputf8: Bool = false
    ) throws -> Report {
        let gateway = try TestGateway()
        try gateway.configure(gateway.settings(database: nil))
        return try gateway.report(
            on: Array((fields + "\r\n").utf8) + body, by: try gateway.fork(1), limits: limits,
            context: InspectionContext(smtputf8: smtputf8))
    }

    private static let whole = "From: a@example.com\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\nMIME-Version: 1.0\r\n"

    private static func faults(_ report: Report) -> [String] {
        report.findings.filter { $0.kind == .badHeader }.map(\.name)
    }

    @Test func faultsOfTheHeaderBlock() throws {
        #expect(try Self.faults(Self.report(Self.whole)) == [])
        let report = try Self.report("From: a@example.com\r\nSubject: a\u{0}\r\nSubject: b\r\n")
        #expect(Self.faults(report) == ["control", "duplicate", "missing"])
        #expect(report.findings.allSatisfy { $0.scanner == "header" && $0.part == nil && !$0.evidence.isEmpty })
    }

    @Test func internationalHeadersNeedSMTPUTF8() throws {
        #expect(try Self.faults(Self.report(Self.whole + "Subject: Grüße\r\n")) == ["8bit"])
        #expect(try Self.faults(Self.report(Self.whole + "Subject: Grüße\r\n", smtputf8: true)) == [])
    }

    private static let texts: [(String, [UInt8], [AnomalyKind])] = [
        ("text/plain; charset=utf-8", Array("Grüße".utf8), []),
        ("text/plain; charset=utf-8", [0x47, 0xFF, 0xFE], [.undecodableText]),
        ("text/plain; charset=x-klingon", [0x67, 0xFC], [.unknownCharset]),
        ("text/plain; charset=x-klingon", Array("plain".utf8), []),
        ("text/plain", [0x47, 0xFC], []),
        ("application/octet-stream; charset=x-klingon", [0xFF], []),
        ("text/plain; charset=shift_jis", [0x82, 0xA0], []),
        ("text/plain; charset=iso-2022-jp", Array("\u{1B}$B$\"\u{1B}(B".utf8), []),
    ]

    @Test(arguments: texts)
    func charsets(type: String, body: [UInt8], kinds: [AnomalyKind]) throws {
        let report = try Self.report(Self.whole + "Content-Type: \(type)\r\n", body)
        #expect(report.anomalies.map(\.kind) == kinds)
        #expect(report.unchecked.isEmpty)
    }

    private static let pages: [(String, [AnomalyKind])] = [
        ("<p>Hello</p>", []),
        ("<p>Hello</p><div style='display:none'>words</div>", [.hiddenText]),
        ("Via<span style='display:none'>x</span>gra", [.hiddenText, .textHiddenInWord]),
        ("<p>Hello <img src='x", [.unfinishedMarkup]),
    ]

    @Test(arguments: pages)
    func html(page: String, kinds: [AnomalyKind]) throws {
        let base64 = Messages.base64(Array(page.utf8))
        let report = try Self.report(
            Self.whole + "Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n", Array(base64.utf8))
        #expect(Set(report.anomalies.map(\.kind)) == Set(kinds))
    }

    /// What begins as HTML is shown as HTML, whatever it calls itself.
    @Test func htmlThatCallsItselfPlain() throws {
        let report = try Self.report(
            Self.whole + "Content-Type: text/plain\r\n", Array("<HTML><div hidden>words</div>x</HTML>".utf8))
        #expect(report.anomalies.map(\.kind) == [.hiddenText])
    }

    /// The limit bounds what is read as text, not what is scanned: no message is unchecked for it.
    @Test func longTextIsReadInPart() throws {
        var limits = TestGateway.limits
        limits.textBytes = 10
        let body = Array("0123456789ab".utf8) + [0xFF]
        let fields = Self.whole + "Content-Type: text/plain; charset=utf-8\r\n"
        let report = try Self.report(fields, body, limits: limits)
        #expect(report.anomalies.isEmpty && report.unchecked.isEmpty)
        #expect(report.limitsHit == ["text-bytes"])
        limits.textBytes = 16
        #expect(try Self.report(fields, body, limits: limits).limitsHit.isEmpty)
        #expect(try Self.report(fields, body, limits: limits).anomalies.map(\.kind) == [.undecodableText])
    }

    @Test func bodiesThatAreElsewhere() throws {
        let piece = "Content-Type: message/partial; id=\"a\"; number=1; total=2\r\n"
        #expect(try Self.report(Self.whole + piece).deceptions == [.partialMessage])
        // In a bounce it is a copy without the number that it takes to put it together.
        let copy = "Content-Type: message/partial; id=\"a\"\r\n"
        let inner = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\(copy)\r\nx\r\n--b--\r\n"
        #expect(try Self.report(Self.whole + inner).anomalies.map(\.kind) == [.attachedMessage])
        let elsewhere = "Content-Type: message/external-body; access-type=URL; url=\"x\"\r\n"
        #expect(try Self.report(Self.whole + elsewhere).anomalies.map(\.kind) == [.externalBody])
    }

    private static let bounded: [(String, Int, String)] = [
        ("X: y\r\n", 4, "mime-header-count"), ("Content-Type: a/b; a=1; b=2\r\n", 2, "mime-parameters"),
        ("Content-Type: multipart/mixed; boundary=12345\r\n", 5, "mime-boundary-length"),
        ("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n", 2, "mime-readings"),
    ]

    private static func limits(_ name: String, _ value: Int) -> InspectionLimits {
        var limits = TestGateway.limits
        switch name {
        case "mime-header-count": limits.headerFields = value
        case "mime-parameters": limits.parameters = value
        case "mime-boundary-length": limits.boundaryLength = value
        default: limits.readings = value
        }
        return limits
    }

    /// Each limit at its value and one below.
    @Test(arguments: bounded)
    func limits(fields: String, enough: Int, name: String) throws {
        let body = Array("QUJD\r\n".utf8)
        #expect(try Self.report(Self.whole + fields, body, limits: Self.limits(name, enough)).limitsHit.isEmpty)
        let report = try Self.report(Self.whole + fields, body, limits: Self.limits(name, enough - 1))
        #expect(report.limitsHit == [name])
        #expect(report.unchecked.map(\.reason) == [.overLimits])
    }
}
