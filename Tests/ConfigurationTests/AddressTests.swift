import Configuration
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:10024", "127.0.0.1:10024"), ("[::1]:10024", "[::1]:10024"), ("0.0.0.0:1", "0.0.0.0:1"),
        ("[0:0::1]:65535", "[::1]:65535"), ("[::ffff:10.0.0.1]:25", "10.0.0.1:25"), ("unix:/run/x y", "unix:/run/x y"),
    ])
    func listenAddresses(_ text: String, _ canonical: String) throws {
        let address = try ListenAddress(parsing: text)
        #expect(address.description == canonical)
        #expect(try ListenAddress(parsing: address.description) == address)
    }

    @Test(arguments: [
        "", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:1 ", "localhost:25",
        "::1:10024", "[::1]", "[]:25", ":25", "unix:", "unix:run", "256.0.0.1:25", "127.1:25", "[::1%lo]:25",
        "127.0.0.1\0x:25",
    ])
    func notListenAddresses(_ text: String) {
        #expect(throws: ValueError.self) { try ListenAddress(parsing: text) }
    }

    @Test func socketPathsFitIntoTheAddressStructure() throws {
        let longest = "unix:/" + String(repeating: "x", count: 106)
        #expect(try ListenAddress(parsing: longest) == .unix(path: String(longest.dropFirst(5))))
        #expect(throws: ValueError.self) { try ListenAddress(parsing: longest + "x") }
        #expect(throws: ValueError.self) { try NextHopAddress(parsing: "lmtp:" + longest + "x") }
    }

    @Test(arguments: [
        ("smtp:[127.0.0.1]:10025", NextHopAddress.tcp(.smtp, host: "127.0.0.1", port: 10025)),
        ("smtp:127.0.0.1:10025", .tcp(.smtp, host: "127.0.0.1", port: 10025)),
        ("lmtp:[::1]:24", .tcp(.lmtp, host: "::1", port: 24)),
        ("smtp:mail.example.com:25", .tcp(.smtp, host: "mail.example.com", port: 25)),
        ("lmtp:unix:/run/dovecot/lmtp", .unix(.lmtp, path: "/run/dovecot/lmtp")),
        ("smtp:unix:/run/s", .unix(.smtp, path: "/run/s")),
        ("maildir:/var/mail/in", .maildir(path: "/var/mail/in")),
    ])
    func nextHops(_ text: String, _ expected: NextHopAddress) throws {
        #expect(try NextHopAddress(parsing: text) == expected)
        #expect(try NextHopAddress(parsing: expected.description) == expected)
    }

    @Test(arguments: [
        "", "127.0.0.1:25", "smtp:", "smtp:host", "smtp:[host]", "smtp:::1:25", "smtp:[a b]:25", "smtp:-a:25",
        "smtp:a..b:25",
        "lmtp:unix:run", "maildir:mail", "http:host:80", "SMTP:host:25", "smtp:host:99999", "smtp:[]:25",
    ])
    func notNextHops(_ text: String) {
        #expect(throws: ValueError.self) { try NextHopAddress(parsing: text) }
    }

    @Test(arguments: [
        ("127.0.0.0/8", "127.255.0.1", true), ("127.0.0.0/8", "128.0.0.1", false), ("10.0.0.0/9", "10.127.0.1", true),
        ("10.0.0.0/9", "10.128.0.0", false), ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("192.0.2.254/31", "192.0.2.255", true),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("10.0.0.0/8", "::ffff:0a01:0203", true),
        ("::ffff:10.0.0.0/104", "10.1.2.3", true), ("::ffff:10.0.0.0/104", "11.1.2.3", false),
        ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::", false),
        ("::1/128", "::1", true), ("[::1]/128", "::1", true), ("fe80::/10", "fe80::1%eth0", true),
        ("::/0", "2001:db8::1", true), ("::/0", "192.0.2.1", false), ("::/0", "::ffff:192.0.2.1", false),
        ("0.0.0.0/0", "::1", false), ("0.0.0.0/0", "unix", false), ("0.0.0.0/0", "", false),
        ("0.0.0.0/0", "127.0.0.1%lo", false),
    ])
    func networks(_ network: String, _ address: String, _ inside: Bool) throws {
        #expect(try CIDR(parsing: network).contains(address) == inside)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "10/8", "example.com",
        "fe80::%eth0/64",
        "::ffff:10.0.0.0/95", "10.0.0.0/255.0.0.0",
    ])
    func notNetworks(_ text: String) {
        #expect(throws: ValueError.self) { try CIDR(parsing: text) }
    }

    @Test func bitsAfterThePrefixAreRefusedWithBothReadings() {
        #expect(
            problems("listeners: [{allowed_clients: [10.0.0.1/8]}]") == [
                "f:1:32: error: '10.0.0.1/8' has bits set after the prefix; write 10.0.0.0/8 for the network "
                    + "or 10.0.0.1 for the one address"
            ])
    }
}
