internal import MIME

/// An input that makes readers slow.
struct AdversarialMail: Sendable {
    var name: String
    /// Repetitions of what floods; the table has this and twice this.
    var size: Int
    var limits = MIMELimits()
    var make: @Sendable (Int) -> [UInt8]

    static let all = structure + fields + encodings + texts + doubts

    static func message(_ header: String, _ body: [UInt8]) -> [UInt8] {
        Array((header + "\r\n\r\n").utf8) + body
    }

    static func flood(_ text: String, _ count: Int) -> [UInt8] {
        let unit = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(unit.count * count)
        for _ in 0..<count { out.append(contentsOf: unit) }
        return out
    }

    /// `text` with its number for each `#`.
    static func numbered(_ text: String, _ numbers: some Sequence<Int>) -> [UInt8] {
        let pieces = text.split(separator: "#", omittingEmptySubsequences: false).map { Array($0.utf8) }
        var out: [UInt8] = []
        for number in numbers {
            let digits = Array(String(number).utf8)
            for (index, piece) in pieces.enumerated() {
                if index > 0 { out += digits }
                out += piece
            }
        }
        return out
    }

    /// Nothing that belongs to structure stops the reader.
    static let unlimited = MIMELimits(
        parts: 10_000_000, depth: 10_000_000, headerBytes: 1 << 30, headerCount: 10_000_000, parameters: 10_000_000,
        boundaryLength: 1 << 30, nestedBytes: 1 << 30)
    private static let mixed = "Content-Type: multipart/mixed; boundary=b"

    private static let structure: [AdversarialMail] = [
        AdversarialMail(name: "100,000 parts", size: 100_000) { message(mixed, flood("--b\r\n\r\nx\r\n", $0)) },
        AdversarialMail(name: "100,000 parts", size: 100_000, limits: unlimited) {
            message(mixed, flood("--b\r\nContent-Type: image/png; name=x\r\n\r\nx\r\n", $0))
        },
        AdversarialMail(name: "multiparts 10,000 deep", size: 10_000) {
            numbered("Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n", 0..<$0)
        },
        AdversarialMail(name: "multiparts 10,000 deep", size: 10_000, limits: unlimited) {
            numbered("Content-Type: multipart/mixed; boundary=b#\r\n\r\n--b#\r\n", 0..<$0)
        },
        AdversarialMail(name: "messages 10,000 deep", size: 10_000) {
            flood("Content-Type: message/rfc822\r\n\r\n", $0)
        },
        AdversarialMail(name: "messages 10,000 deep", size: 10_000, limits: unlimited) {
            flood("Content-Type: message/rfc822\r\n\r\n", $0)
        },
        AdversarialMail(name: "500,000 lines of dashes under 99 open boundaries", size: 500_000) {
            numbered("Content-Type: multipart/mixed; boundary=bb#\r\n\r\n--bb#\r\n", 0..<99)
                + flood("\r\n--bbx\r\n", $0)
        },
        AdversarialMail(name: "200,000 lines that begin with a boundary of 60", size: 200_000) {
            message(
                "Content-Type: multipart/mixed; boundary=" + String(repeating: "b", count: 60),
                flood("\r\n--" + String(repeating: "b", count: 60) + "x\r\n", $0))
        },
        AdversarialMail(name: "dashes by the million", size: 8_000_000) { message(mixed, flood("-", $0)) },
        AdversarialMail(name: "blank lines by the million", size: 4_000_000) { message(mixed, flood("\r\n", $0)) },
    ]

    private static let fields: [AdversarialMail] = [
        AdversarialMail(name: "500,000 header lines", size: 500_000, limits: unlimited) {
            flood("X-Y: z\r\n", $0) + Array("\r\nx".utf8)
        },
        AdversarialMail(name: "500,000 header lines", size: 500_000) {
            flood("X-Y: z\r\n", $0) + Array("\r\nx".utf8)
        },
        AdversarialMail(name: "500,000 Content-Type fields", size: 500_000) {
            numbered("Content-Type: multipart/mixed; boundary=b#\r\n", 0..<$0) + Array("\r\n--b1\r\n".utf8)
        },
        AdversarialMail(name: "500,000 continuation lines", size: 500_000, limits: unlimited) {
            Array("Subject: x\r\n".utf8) + flood(" y\r\n", $0) + Array("\r\nx".utf8)
        },
        AdversarialMail(name: "500,000 Content-Type fields", size: 500_000, limits: unlimited) {
            numbered("Content-Type: multipart/mixed; boundary=b#\r\n", 0..<$0) + Array("\r\n--b1\r\n".utf8)
        },
        AdversarialMail(name: "100,000 dispositions with names", size: 100_000, limits: unlimited) {
            numbered("Content-Disposition: attachment; filename=a#.e#\r\n", 0..<$0)
        },
        AdversarialMail(name: "a parameter of 1 MB", size: 1 << 20, limits: unlimited) {
            message(mixed + "\r\n\tx; name=\"" + String(decoding: flood("a", $0), as: UTF8.self) + "\"", [])
        },
        AdversarialMail(name: "a boundary of 1 MB", size: 1 << 20, limits: unlimited) {
            let boundary = String(decoding: flood("a", $0), as: UTF8.self)
            return message("Content-Type: multipart/mixed; boundary=\(boundary)", Array("--\(boundary)\r\n\r\nx".utf8))
        },
        AdversarialMail(name: "100,000 parameters", size: 100_000, limits: unlimited) {
            Array("Content-Type: text/plain".utf8) + numbered(";\r\n p#=v", 0..<$0)
        },
        AdversarialMail(name: "100,000 RFC 2231 sections", size: 100_000, limits: unlimited) {
            Array("Content-Type: text/plain".utf8) + numbered(";\r\n name*#*=%41", 0..<$0)
        },
        AdversarialMail(name: "100,000 RFC 2231 sections backwards", size: 100_000, limits: unlimited) {
            Array("Content-Type: text/plain".utf8) + numbered(";\r\n name*#=a", (0..<$0).reversed())
        },
        AdversarialMail(name: "RFC 2231 sections in 2,000 fields", size: 2_000, limits: unlimited) {
            numbered("Content-Disposition: a; filename*#=a.e#; filename*0=x\r\n", 0..<$0)
        },
        AdversarialMail(name: "100,000 encoded words in a name", size: 100_000, limits: unlimited) {
            Array("Content-Type: text/plain; name=\"".utf8) + flood("=?utf-8?q?=41?=\r\n ", $0) + Array("\"".utf8)
        },
        AdversarialMail(name: "1,000,000 starts of encoded words", size: 1_000_000, limits: unlimited) {
            Array("Content-Type: text/plain; name=\"".utf8) + flood("=?", $0) + Array("\"".utf8)
        },
        AdversarialMail(name: "1,000,000 question marks in a name", size: 1_000_000, limits: unlimited) {
            Array("Content-Type: text/plain; name=\"=?utf-8?q?".utf8) + flood("?", $0) + Array("\"".utf8)
        },
        AdversarialMail(name: "comments 1,000,000 deep", size: 1_000_000, limits: unlimited) {
            Array("Content-Type: ".utf8) + flood("(", $0) + flood(")", $0) + Array("multipart/mixed; boundary=b".utf8)
        },
        AdversarialMail(name: "comments 1,000,000 deep in every field, unclosed", size: 1_000_000, limits: unlimited) {
            let comment = flood("(", 200_000)
            let fields = ["From", "To", "Date", "Content-Transfer-Encoding", "Content-Disposition"]
            var others: [UInt8] = []
            for field in fields { others += Array("\(field): ".utf8) + comment + [0x0D, 0x0A] }
            return others + Array("Content-Type: ".utf8) + flood("(", $0)
        },
        AdversarialMail(name: "an unclosed quote of 2 MB", size: 2_000_000, limits: unlimited) {
            Array("Content-Type: multipart/mixed; boundary=\"".utf8) + flood("\\\"", $0 / 2)
        },
        AdversarialMail(name: "500,000 unclosed quotes", size: 500_000, limits: unlimited) {
            Array("Content-Type: multipart/mixed; boundary=b".utf8) + flood("; a=\"b", $0)
        },
        AdversarialMail(name: "200,000 addresses", size: 200_000, limits: unlimited) {
            Array("To: ".utf8) + flood("\"A\" <a@example.com>,\r\n ", $0) + Array("b@example.com\r\n\r\n".utf8)
        },
        AdversarialMail(name: "mistakes in 1 MB of addresses", size: 500_000, limits: unlimited) {
            Array("To: ".utf8) + flood("<\"", $0) + Array("\r\nCc: ".utf8) + flood("@:", $0) + Array("\r\n\r\n".utf8)
        },
        AdversarialMail(name: "10,000 dispositions with names", size: 10_000) {
            numbered("Content-Disposition: a; filename=a#.e#;;=\"\r\n", 0..<$0)
        },
        AdversarialMail(name: "10,000 types with sections", size: 10_000) {
            numbered("Content-Type: a/b; name*1=a.e#; name*0=\"b\r\n", 0..<$0)
        },
    ]
}
