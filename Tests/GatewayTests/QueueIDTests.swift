@testable import Gateway
import MailModel
import Testing

@Suite struct QueueIDTests {
    @Test(arguments: [
        ("2.0.0 Ok: queued as 4XABC1", "4XABC1"), ("Ok: queued as 2056ABC", "2056ABC"),
        ("OK id=1abcDE-0004Fk-2X", "1abcDE-0004Fk-2X"),
        ("2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4XDEF", "4XDEF"),
        ("Ok (queued as 4X)", "4X"), ("queued as A queued as B", "A"),
        ("Ok: queued as " + String(repeating: "A", count: 100), String(repeating: "A", count: 64)),
    ])
    func knownForms(text: String, id: String) {
        #expect(Reply(250, nil, text).queueID == id)
    }

    @Test(arguments: ["Ok", "", "queued as", "queued", "as X", "id=", "taken as X", "queued AS X", "valid=3"])
    func noIdentifier(text: String) {
        #expect(Reply(250, nil, text).queueID == nil)
    }

    @Test func onlyRepliesThatTookTheMessageHaveOne() {
        #expect(Reply(450, nil, "not queued as X").queueID == nil)
        #expect(Reply(554, nil, "id=X").queueID == nil)
        #expect(Reply(250, nil, lines: ["Ok:", "queued as Y"]).queueID == "Y")
    }
}
