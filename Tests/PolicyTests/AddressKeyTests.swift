import MailModel
import Policy
import Testing

/// The keys of an address, in amavis's order.
@Suite struct AddressKeyTests {
    private func keys(_ address: String, delimiters: String = "+") -> [String] {
        AddressKeys.keys(MailPath(address), delimiters: Array(delimiters.utf8)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func allForms() {
        #expect(
            keys("user+ext@sub.dom.tld") == [
                "user+ext@sub.dom.tld", "user@sub.dom.tld", "user+ext@", "user@", "sub.dom.tld", ".sub.dom.tld",
                ".dom.tld", ".tld", ".",
            ])
        #expect(keys("user@dom.tld") == ["user@dom.tld", "user@", "dom.tld", ".dom.tld", ".tld", "."])
        #expect(keys("") == ["", "@", "."])
        #expect(keys("postmaster") == ["postmaster", "postmaster@", "."])
    }

    @Test func lettersAreFoldedAndNeedlessQuotesGo() {
        #expect(keys("User@Example.COM") == keys("user@example.com"))
        #expect(keys("\"user\"@example.com") == keys("user@example.com"))
        #expect(keys("ÖRTLICH@ПОЧТА.РФ") == keys("örtlich@почта.рф"))
        #expect(keys("\"u\\ser\"@example.com") == keys("user@example.com"))
        #expect(keys("\"a b\"@example.com").first == "a b@example.com")
        #expect(keys("\"a@b\"@example.com").first == "a@b@example.com")
        #expect(keys("user@example.com.") == keys("user@example.com"))
        #expect(keys("\"\"@example.com").first == "@example.com")
    }

    @Test func extensions() {
        #expect(keys("a+b+c@d").prefix(4) == ["a+b+c@d", "a@d", "a+b+c@", "a@"])
        #expect(keys("+b@d").prefix(2) == ["+b@d", "+b@"])
        #expect(keys("a+@d").prefix(4) == ["a+@d", "a@d", "a+@", "a@"])
        #expect(keys("a-b+c@d", delimiters: "-+").prefix(2) == ["a-b+c@d", "a@d"])
        #expect(keys("a+b@d", delimiters: "").prefix(2) == ["a+b@d", "a+b@"])
        // As Postfix and amavis leave them whole.
        for whole in ["mailer-daemon", "double-bounce", "owner-list", "list-request"] {
            #expect(keys("\(whole)@d", delimiters: "-").prefix(2) == ["\(whole)@d", "\(whole)@"])
        }
        #expect(keys("owner-list@d", delimiters: "+").prefix(2) == ["owner-list@d", "owner-list@"])
        #expect(keys("owner+list@d", delimiters: "+-").prefix(2) == ["owner+list@d", "owner@d"])
        #expect(keys("-request@d", delimiters: "-").prefix(2) == ["-request@d", "-request@"])
    }

    @Test func literalsHaveNoParents() {
        #expect(keys("u@[192.0.2.1]") == ["u@[192.0.2.1]", "u@", "[192.0.2.1]", ".[192.0.2.1]", "."])
        #expect(keys("u@[IPv6:2001:db8::1]").contains("[ipv6:2001:db8::1]"))
    }

    @Test func internationalAddressesStayAsTheyAre() {
        #expect(keys("jürgen@bücher.example").prefix(1) == ["jürgen@bücher.example"])
    }

    /// A domain of nothing but dots and labels is as long as SMTP lets it be: the keys stay in bounds.
    @Test func longDomains() {
        let domain = Array(repeating: "a", count: 127).joined(separator: ".")
        #expect(keys("u@" + domain).count == 2 + 1 + 1 + 126 + 1)
        #expect(keys("u@...").last == ".")
    }
}
