import Fuzzing
import MIME
import MailModel
import Testing

/// Each limit is tested where it just holds and one above.
@Suite struct LimitTests {
    private func flat(_ parts: Int) -> [UInt8] {
        let one = "--b\n\nx\n"
        return crlf("Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: one, count: parts) + "--b--\n")
    }

    @Test func parts() {
        var limits = MIMELimits()
        limits.parts = 11
        let fits = read(flat(10), limits)
        #expect(fits.parts.count == 11)
        #expect(fits.limitsHit.isEmpty)
        let message = flat(12)
        let over = read(message, limits)
        #expect(over.limitsHit == [.parts])
        #expect(over.parts.count == 12)
        #expect(body(over, "1.11", message) == "\r\nx\r\n--b\r\n\r\nx\r\n--b--\r\n")
        #expect(over.anomalies.map(\.kind) == [.unreadRemainder])
        #expect(violations(over, message, limits).isEmpty)
    }

    private func deep(_ levels: Int) -> [UInt8] {
        var text = ""
        for level in 0..<levels {
            text += "Content-Type: multipart/mixed; boundary=b\(level)x\n\n--b\(level)x\n"
        }
        return crlf(text + "\ncontent\n")
    }

    @Test func depth() {
        let limits = MIMELimits(depth: 3)
        #expect(read(deep(3), limits).limitsHit.isEmpty)
        #expect(read(deep(3), limits).parts.map(\.depth) == [0, 1, 2, 3])
        let message = deep(4)
        let over = read(message, limits)
        #expect(over.limitsHit == [.depth])
        #expect(over.parts.last?.kind == .leaf)
        #expect(body(over, "1.1.1.1", message)?.hasSuffix("content\r\n") == true)
        #expect(violations(over, message, limits).isEmpty)
    }

    @Test func depthOfMessages() {
        let limits = MIMELimits(depth: 3)
        func chain(_ count: Int) -> [UInt8] {
            crlf(String(repeating: "Content-Type: message/rfc822\n\n", count: count) + "\ncontent")
        }
        #expect(read(chain(3), limits).limitsHit.isEmpty)
        #expect(read(chain(4), limits).limitsHit == [.depth])
        #expect(read(chain(20_000)).parts.count == 101)
    }

    @Test func headerBytes() {
        let header = "X: 1\nContent-Type: text/html\n"
        let size = crlf(header).count
        #expect(read(crlf(header + "\nx"), MIMELimits(headerBytes: size)).limitsHit.isEmpty)
        let message = crlf(header + "\nx")
        let over = read(message, MIMELimits(headerBytes: size - 1))
        #expect(over.limitsHit == [.headerBytes])
        #expect(over.parts[0].mediaType == "text/plain")
        #expect(body(over, "1", message) == "x")
    }

    @Test func headerCount() {
        let message = crlf("A: 1\nB: 2\nContent-Type: text/html\n\nx")
        #expect(read(message, MIMELimits(headerCount: 3)).limitsHit.isEmpty)
        #expect(read(message, MIMELimits(headerCount: 2)).limitsHit == [.headerCount])
        #expect(read(message, MIMELimits(headerCount: 2)).parts[0].mediaType == "text/plain")
    }

    @Test func parameters() {
        let message = crlf("Content-Type: text/plain; a=1; b=2; charset=utf-8\n\nx")
        #expect(read(message, MIMELimits(parameters: 3)).limitsHit.isEmpty)
        #expect(read(message, MIMELimits(parameters: 3)).parts[0].charset == "utf-8")
        #expect(read(message, MIMELimits(parameters: 2)).limitsHit == [.parameters])
        #expect(read(message, MIMELimits(parameters: 2)).parts[0].charset.isEmpty)
    }

    @Test func boundaryLength() {
        let message = crlf("Content-Type: multipart/mixed; boundary=12345\n\n--12345\n\nx\n--12345--\n")
        #expect(read(message, MIMELimits(boundaryLength: 5)).parts.count == 2)
        let over = read(message, MIMELimits(boundaryLength: 4))
        #expect(over.limitsHit == [.boundaryLength])
        #expect(over.parts.count == 1)
        #expect(body(over, "1", message)?.contains("--12345--") == true)
    }

    @Test func nestedBytes() {
        let encoded = "U3ViamVjdDogeA0KDQpoaQ=="
        let message = crlf("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\(encoded)")
        #expect(ordinary(read(message, MIMELimits(nestedBytes: encoded.count))).count == 2)
        let over = read(message, MIMELimits(nestedBytes: encoded.count - 1))
        #expect(over.limitsHit == [.nestedBytes])
        #expect(ordinary(over).map(\.kind) == [.leaf])
        #expect(decoded(over, 0, message) == Array("Subject: x\r\n\r\nhi".utf8))
        #expect(violations(over, message, MIMELimits()).isEmpty)
    }

    /// Shapes that make careless readers quadratic. Nothing is timed: a quadratic reader would not come to an end.
    @Test func adversarialShapes() {
        let manyLines = Array("Content-Type: text/html\n".utf8) + Array(String(repeating: "a:\n", count: 500_000).utf8)
        #expect(read(manyLines).limitsHit == [.headerCount])
        #expect(read(manyLines).parts[0].mediaType == "text/html")
        let longName = String(repeating: "x", count: 1_000_000)
        let long = crlf("Content-Disposition: attachment; filename=\"\(longName)\"\n\nx")
        #expect(read(long).parts[0].names == [longName])
        let marks = String(repeating: "=?utf-8?q?", count: 60_000)
        #expect(read(crlf("Content-Type: text/plain; name=\"\(marks)\"\n\nx")).parts[0].names.first == marks)
        let words = String(repeating: "=?utf-8?q?a?= ", count: 50_000)
        #expect(read(crlf("Content-Type: text/plain; name=\"\(words)\"\n\nx")).parts[0].names.last?.count == 50_001)
        let many = flat(100_000)
        #expect(read(many).parts.count == 10_001)
        #expect(read(many, MIMELimits(parts: 200_000)).parts.count == 100_001)
        #expect(read(deep(10_000)).limitsHit == [.depth])
        let openBrackets = String(repeating: "(", count: 900_000)
        #expect(read(crlf("Content-Type: text/plain; \(openBrackets)\n\nx")).parts[0].mediaType == "text/plain")
    }

    /// The same for the readings besides the ordinary one.
    @Test func adversarialDoubts() {
        let doubt = "Content-Type: multipart/mixed; boundary=b; boundary=c\r\nX: a\rb\r\n\r\n"
        let shapes = [
            "--b\r\nContent-Transfer-Encoding: \"base64\"\r\n\r\nQUJD\r\n", "--\r\n", "\r--", "\r--b", "-", "a\r",
            "--b\r\nX: y\r\n Content-Type: a/b;\r\n", "junk\r\n\r\nContent-Type: a/b\r\n",
            "Content-Type: message/rfc822\r\n\r\n",
        ]
        for shape in shapes {
            let message = Array((doubt + String(repeating: shape, count: 600_000 / shape.utf8.count)).utf8)
            let tree = read(message)
            #expect(tree.parts.contains { $0.reading > 0 } || !tree.limitsHit.isEmpty, "\(shape)")
        }
        let folded =
            "Content-Type: multipart/mixed; boundary=b;\r\n"
            + String(repeating: " Content-Type: a/b;\r\n", count: 30_000)
        #expect(read(Array(folded.utf8)).limitsHit.contains(.headerCount))
    }
}
