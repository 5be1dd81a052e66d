import MailModel
import Testing

@testable import mailreeve

/// Addresses and servers on the command line.
@Suite struct ArgumentTests {
    @Test(
        arguments: [
            ("a@b", "a@b"), ("<a@b>", "a@b"), ("", ""), ("<>", ""), ("root", "root"), ("\"a b\"@c", "\"a b\"@c"),
            ("ü@example.net", "ü@example.net"),
        ])
    func addressesThatSMTPCanCarry(_ pair: (String, String)) {
        #expect(AddressArgument(argument: pair.0)?.path.bytes == Array(pair.1.utf8))
    }

    @Test(arguments: ["a b@c", "a@b>", "<a@b", "a@b\r\nDATA", "a@", "<<>>", "a@b c", "\u{7F}@b"])
    func addressesThatItCannot(_ text: String) {
        #expect(AddressArgument(argument: text) == nil)
    }

    @Test(
        arguments: [
            ("127.0.0.1:10024", "127.0.0.1:10024"), ("[::1]:10024", "[::1]:10024"),
            ("mx.example.org:25", "mx.example.org:25"),
            ("[127.0.0.1]:1", "127.0.0.1:1"), ("unix:/run/x", "unix:/run/x"),
        ])
    func servers(_ pair: (String, String)) {
        #expect(ServerArgument(argument: pair.0)?.description == pair.1)
    }

    @Test(arguments: ["", "10024", "127.0.0.1", "::1:10024", "127.0.0.1:0", "127.0.0.1:65536", "unix:x", "maildir:/x"])
    func whatIsNoServer(_ text: String) {
        #expect(ServerArgument(argument: text) == nil)
    }
}
