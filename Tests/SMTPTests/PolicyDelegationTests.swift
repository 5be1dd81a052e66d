import SMTP
import Testing

@Suite struct PolicyDelegationTests {
    private static func read(_ text: String) throws -> [PolicyDelegationRequest] {
        var reader = PolicyDelegationReader()
        return try reader.take(text.utf8)
    }

    private static let release = """
        request=release\r
        mail_id=AbCdEfGhIj12\r
        quar_type=Z\r
        secret_id=s%20%e9c\r
        mail_file=spam-AbCdEfGhIj12.gz\r
        recipient=<a@b.example>\r
        recipient=<c@d>\r
        \r

        """

    /// What Debian's amavisd-release sends, cut at every octet.
    @Test func aReleaseRequest() throws {
        let bytes = Array(Self.release.utf8)
        for cut in 0...bytes.count {
            var reader = PolicyDelegationReader()
            let requests = try reader.take(bytes[..<cut]) + reader.take(bytes[cut...])
            let request = try #require(requests.first)
            #expect(requests.count == 1 && request.kind == "release" && request.attributes.count == 7)
            #expect(request.value("mail_id") == Array("AbCdEfGhIj12".utf8))
            #expect(request.value("secret_id") == [0x73, 0x20, 0xE9, 0x63])
            #expect(request.values("recipient") == ["<a@b.example>", "<c@d>"].map { Array($0.utf8) })
            #expect(request.value("sender") == nil && request.values("sender") == [])
        }
    }

    @Test func severalRequestsOnOneConnection() throws {
        let requests = try Self.read(
            Self.release + "\r\n\n" + "request=requeue\nmail_id=x=y\n\n" + "request=AM.PDP\r\n\r\n")
        #expect(requests.map(\.kind) == ["release", "requeue", "AM.PDP"])
        #expect(requests[1].value("mail_id") == Array("x=y".utf8))
    }

    @Test(arguments: [
        "x\r\n", "=x\r\n", "request=%\r\n", "request=%2\r\n", "request=%2g\r\n", "%=x\r\n", "mail_id=x\r\n\r\n",
    ])
    func whatIsNoRequest(text: String) {
        #expect(throws: PolicyDelegationReader.Failure.malformed) { try Self.read(text) }
    }

    @Test func limits() throws {
        let name = "request=release\r\nx="
        let room = PolicyDelegationReader.sizeLimit - name.utf8.count - 4
        #expect(try Self.read(name + String(repeating: "a", count: room) + "\r\n\r\n").count == 1)
        #expect(throws: PolicyDelegationReader.Failure.tooLong) {
            try Self.read(name + String(repeating: "a", count: room + 1) + "\r\n\r\n")
        }
        let many = String(repeating: "x=\n", count: PolicyDelegationReader.attributeLimit - 1)
        #expect(try Self.read("request=release\n" + many + "\n").count == 1)
        #expect(throws: PolicyDelegationReader.Failure.tooLong) { try Self.read("request=release\n" + many + "x=\n\n") }
    }

    @Test func answers() {
        var response = PolicyDelegationResponse(logID: "1-2")
        response.add("setreply", ["250", "2.0.0", "100% sure\r\nsetreply=550 é"])
        response.end()
        #expect(
            String(decoding: response.bytes, as: UTF8.self)
                == "version_server=2\r\nlog_id=1-2\r\n"
                + "setreply=250 2.0.0 100%25%20sure%0D%0Asetreply=550%20%C3%A9\r\n\r\n")
    }
}
