import MailModel
@testable import SMTP
import Testing

/// The envelope of a message as commands that nobody answers.
@Suite struct BatchSMTPTests {
    private static func beginning(_ transaction: ClientTransaction) throws -> String {
        String(decoding: try BatchSMTP.beginning(transaction, heloName: "gate.example"), as: UTF8.self)
    }

    @Test func envelopes() throws {
        let plain = ClientTransaction(
            reversePath: .null, recipients: [Recipient(path: MailPath("\"a b\"@one.example"))], messageSize: 7,
            hasEightBit: false)
        #expect(
            try Self.beginning(plain)
                == "EHLO gate.example\r\nMAIL FROM:<> SIZE=7\r\nRCPT TO:<\"a b\"@one.example>\r\nDATA\r\n")
        var first = Recipient(path: MailPath("é@two.example"), notify: [.success, .failure])
        first.originalRecipient = Array("rfc822;x@y".utf8)
        let parameters = MailParameters(smtputf8: true, ret: .headers, envelopeID: Array("id+201".utf8))
        let full = ClientTransaction(
            reversePath: MailPath("s@a"), parameters: parameters,
            recipients: [first, Recipient(path: MailPath("b@two.example"), notify: .never)], messageSize: 1000,
            hasEightBit: true)
        #expect(
            try Self.beginning(full) == """
                EHLO gate.example\r
                MAIL FROM:<s@a> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=id+201\r
                RCPT TO:<é@two.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x@y\r
                RCPT TO:<b@two.example> NOTIFY=NEVER\r
                DATA\r\n
                """)
    }

    /// A path is no place for a command of somebody else's.
    @Test(arguments: ["a@b>\r\nDATA\r\n", "a\n@b", "\u{0}"])
    func hostilePaths(_ path: String) {
        for (sender, recipient) in [(path, "r@b"), ("s@a", path)] {
            let transaction = ClientTransaction(
                reversePath: MailPath(sender), recipients: [Recipient(path: MailPath(recipient))], messageSize: 0,
                hasEightBit: false)
            let refusal = #expect(throws: Refusal.self) { try Self.beginning(transaction) }
            #expect(refusal?.description.contains("Bad address syntax") == true)
        }
    }
}
