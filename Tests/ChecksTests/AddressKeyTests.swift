import Checks
import Testing

/// What settings and tables write for addresses.
@Suite struct AddressKeyReadingTests {
    @Test(arguments: [
        ("User+Ext@Example.COM", "user+ext@example.com"), ("user@", "user@"), ("user+ext@", "user+ext@"),
        ("example.com", "example.com"), (".example.com", ".example.com"), (".", "."), ("@example.com", "example.com"),
        ("@.example.com", ".example.com"), ("@.", "."), ("<>", ""), ("@", ""), ("example.com.", "example.com"),
        ("user@example.com.", "user@example.com"), (".com", ".com"), ("localhost", "localhost"), ("a*b@c", "a*b@c"),
        ("a@b@c.example", "a@b@c.example"), ("user@[192.0.2.1]", "user@[192.0.2.1]"), ("a b@c", "a b@c"),
        ("\"User\"@example.com", "user@example.com"), ("\"q \\u\"@example.com", "q u@example.com"),
        ("\"a@b\"@example.com", "a@b@example.com"), ("\"user\"@", "user@"), ("Ö@example.com", "ö@example.com"),
    ])
    func read(_ text: String, _ key: String) throws {
        #expect(String(decoding: try AddressKey.read(Array(text.utf8)), as: UTF8.self) == key)
    }

    @Test(arguments: [
        ("", AddressKey.Fault.noKey), ("<user@example.com>", .noKey), ("a\tb@c", .noKey), ("..", .noKey),
        ("example..com", .noKey), ("user@example..com", .noKey), ("*", .asterisk), ("*@example.com", .asterisk),
        ("*.example.com", .asterisk), ("user@*.example.com", .asterisk), ("@*", .asterisk),
        ("\"user@example.com", .quotes), ("user@.example.com", .domains), ("user@.", .domains), ("@@", .noKey),
        ("@user@example.com", .noKey), ("\u{FEFF}user@example.com", .encoding),
    ])
    func noAddressHasIt(_ text: String, _ fault: AddressKey.Fault) {
        #expect(throws: fault) { try AddressKey.read(Array(text.utf8)) }
    }

    @Test func length() throws {
        let longest = [UInt8](repeating: 0x61, count: AddressKey.longest)
        #expect(try AddressKey.read(longest) == longest)
        #expect(throws: AddressKey.Fault.noKey) { try AddressKey.read(longest + [0x61]) }
        #expect(throws: AddressKey.Fault.encoding) { try AddressKey.read([0xE9] + Array("@example.com".utf8)) }
    }
}
