import Glibc
import InspectionLink
import MailModel
import Testing

/// Tokens in reports: from the text of what is packed, and the same for learning as for judging.
@Suite struct TokenInspectionTests {
    /// A zip archive made by Debian's python3.
    private static func zip(_ members: [(String, String)]) throws -> [UInt8] {
        let program =
            "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1], 'w')\n"
            + "for i in range(2, len(sys.argv), 2): z.writestr(sys.argv[i], sys.argv[i + 1])\nz.close()\n"
        var template = Array("/tmp/mailreeve-zip-XXXXXX".utf8CString)
        close(mkstemp(&template))
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let status = TestGateway.run(["/usr/bin/python3", "-c", program, path] + members.flatMap { [$0.0, $0.1] })
        guard status == 0, let file = fopen(path, "r") else { throw TestGatewayError(description: "no zip") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
    }

    private func texts(_ message: [UInt8]) throws -> [String] {
        let gateway = try TestGateway()
        try gateway.configure()
        return try gateway.report(
            on: message, by: try gateway.fork(1), context: InspectionContext(tokens: .texts)
        ).tokenTexts.map(\.text)
    }

    @Test func textOfPackedFilesCounts() throws {
        let inner = try Self.zip([
            ("letter.txt", "The quarterly inheritance is yours"),
            ("page.html", "<html><body>Click <a href=\"http://claims.example/now\">here</a></body></html>"),
        ])
        let found = try texts(Messages.attached(inner, name: "letters.zip"))
        for word in ["I:inheritance", "I:claims.example", "S:letter.txt", "S:.html"] {
            #expect(found.contains { $0 == word || $0.hasPrefix(word) }, "\(word)")
        }
        #expect(!found.contains("inheritance"))
    }

    @Test func textOfAnOfficeDocumentCountsAndItsOtherXMLDoesNot() throws {
        let document = try Self.zip([
            ("[Content_Types].xml", "<?xml version=\"1.0\"?><Types><Override PartName=\"boilerplate\"/>filler</Types>"),
            ("word/styles.xml", "<?xml version=\"1.0\"?><styles>stylishness</styles>"),
            ("word/document.xml", "<?xml version=\"1.0\"?><w:document><w:t>Remittance enclosed</w:t></w:document>"),
        ])
        let found = try texts(Messages.attached(document, name: "letter.docx"))
        #expect(found.contains("I:Remittance"))
        #expect(!found.contains("stylishness"))
    }

    @Test func largeTextIsTakenUpToALimit() throws {
        let words = (0..<16_000).map { "w\($0)" }.joined(separator: " ")
        let gateway = try TestGateway()
        try gateway.configure()
        let packed = try Self.zip([("a.txt", words)])
        let report = try gateway.report(
            on: Messages.attached(packed), by: try gateway.fork(1), context: InspectionContext(tokens: .numbers))
        // As many as hidden words count.
        #expect(report.tokens.count > 300)
        #expect(report.tokens.count < 800)
        #expect(report.unchecked.isEmpty)
    }

    /// A filter that learns other tokens than it judges by learns nothing.
    @Test func learningSeesWhatJudgingSees() throws {
        let gateway = try TestGateway()
        try gateway.configure()
        let worker = try gateway.fork(1)
        let packed = try Self.zip([("letter.txt", "The quarterly inheritance"), ("b/run.exe", "MZ")])
        let words = (0..<600).map { "w\($0)" }.joined(separator: " ")
        let shared =
            "Subject: a\r\nSubject: \(words)\r\nSubject: b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            + "--b\r\n\r\n\(words)\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>end\r\n--b--\r\n"
        let uuencoded = "begin 644 a.txt\r\n#0V%T\r\n`\r\nend"
        let messages = [
            Messages.plain("Nothing of interest"), Messages.attached(packed, name: "a.zip"),
            Messages.forwarded(Messages.attached(packed), boundary: "outer"), Messages.plain(uuencoded),
            Array("Subject: =?utf-8?q?h=C3=A9?=\r\nContent-Type: text/html\r\n\r\n<p>a<span hidden>b</span>\r\n".utf8),
            Array(shared.utf8), Array("\r\n".utf8), [],
        ]
        let judged = try messages.map { message in
            try gateway.report(on: message, by: worker, context: InspectionContext(tokens: .numbers)).tokens
        }
        #expect(!judged.contains([]))
        // Each alone, and all in one request.
        for (place, message) in messages.enumerated() {
            let context = InspectionContext(tokens: .only, messages: [message.count])
            #expect(try gateway.report(on: message, by: worker, context: context).lessons == [judged[place]])
        }
        for order in [messages, messages.reversed()] {
            let report = try gateway.report(
                on: Array(order.joined()), by: worker,
                context: InspectionContext(tokens: .only, messages: order.map(\.count)))
            #expect(report.lessons == (order == messages ? judged : judged.reversed()))
            #expect(report.tokens.isEmpty && report.parts.isEmpty)
        }
    }

    /// The gateway says where messages end; what it says beyond the end is empty.
    @Test func messagesBeyondTheEndAreEmpty() throws {
        let gateway = try TestGateway()
        try gateway.configure()
        let worker = try gateway.fork(1)
        let message = Messages.plain("Nothing of interest")
        func lessons(_ lengths: [Int]) throws -> [[UInt64]] {
            try gateway.report(
                on: message, by: worker, context: InspectionContext(tokens: .only, messages: lengths)
            ).lessons
        }
        let whole = try lessons([message.count])
        let empty = try lessons([0])
        #expect(try lessons([Int.max, 0, 7, Int.max]) == whole + empty + empty + empty)
        #expect(try lessons([]).isEmpty)
    }
}
