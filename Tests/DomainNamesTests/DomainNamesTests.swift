import DomainNames
import Testing

@Suite struct DomainNamesTests {
    private func ascii(_ text: String) -> String {
        String(decoding: DomainNames.inASCII(Array(text.utf8)), as: UTF8.self)
    }

    @Test(arguments: [
        ("bücher.example", "xn--bcher-kva.example"), ("почта.рф", "xn--80a1acny.xn--p1ai"),
        ("ПОЧТА.РФ", "xn--80a1acny.xn--p1ai"), ("u@BÜCHER.example", "u@xn--bcher-kva.example"),
        // A letter and an accent apart; full-width letters; the dots of Chinese and Japanese.
        ("u@bu\u{308}cher.example", "u@xn--bcher-kva.example"), ("u@ｅｘａｍｐｌｅ.com", "u@example.com"),
        ("u@例え。テスト", "u@xn--r8jz45g.xn--zckzah"), ("straße.example", "xn--strae-oqa.example"),
        (".рф", ".xn--p1ai"), ("Ö@example.com", "Ö@example.com"), ("Ö@почта.рф", "Ö@xn--80a1acny.xn--p1ai"),
    ])
    func spellingsOfOneName(text: String, expected: String) {
        #expect(ascii(text) == expected)
    }

    /// Not of IDNA2008, but of UTS 46. The names are those of ICU, which Postfix asks (`uidna_nameToASCII_UTF8`, not transitional).
    @Test(arguments: [
        ("💩.example", "xn--ls8h.example"), ("u@I❤.ws", "u@xn--i-7iq.ws"), (".💩", ".xn--ls8h"),
        ("☕\u{FE0F}.example", "xn--53h.example"), ("☃。example", "xn--n3h.example"),
        ("💩.почта.рф", "xn--ls8h.xn--80a1acny.xn--p1ai"), ("💩.faß.example", "xn--ls8h.xn--fa-hia.example"),
        ("ü.xn--ls8h", "xn--tda.xn--ls8h"), ("💩_x.example", "xn--_x-7t72a.example"),
        ("a·b.example", "xn--ab-0ea.example"),
        ("נa.example", "xn--a-wic.example"), ("💩.ab--c.example", "xn--ls8h.ab--c.example"),
    ])
    func namesBeyondIDNA2008(text: String, expected: String) {
        #expect(ascii(text) == expected)
        #expect(DomainNames.inUnicode(expected).lowercased() != expected)
    }

    @Test(arguments: [
        // In its transitional form this would be another domain, ss💩.example.
        "u@ß💩.example", "u@ς💩.example", "u@👩\u{200D}👧.example", "u@💩.\u{378}", "u@💩.ab--ü", "💩.\u{301}a",
        "", "@", ".", "user@", "Example.COM", "u@[192.0.2.1]", "u@xn--BCHER-kva.example", "\"a@ö\"@example.com",
        // No name of a domain: the longest label has 63 octets as DNS counts.
        "u@" + String(repeating: "ö", count: 80) + ".example", "u@" + String(repeating: "ö.", count: 600), "u@a\u{0}ö",
    ])
    func otherTextStays(text: String) {
        #expect(ascii(text) == text)
    }

    @Test(arguments: [
        ("xn--bcher-kva.example", "bücher.example"), ("u@xn--80a1acny.xn--p1ai", "u@почта.рф"),
        ("u@почта.рф", "u@почта.рф"), ("xn--a@example.com", "xn--a@example.com"), ("", ""), ("@", "@"),
        // No name: it stays.
        ("u@xn--\u{0}", "u@xn--\u{0}"), ("u@xn--999999999", "u@xn--999999999"), ("u@[192.0.2.1]", "u@[192.0.2.1]"),
        ("u@" + String(repeating: "xn--80a1acny.", count: 100), "u@" + String(repeating: "xn--80a1acny.", count: 100)),
    ])
    func asPeopleReadIt(address: String, expected: String) {
        #expect(DomainNames.inUnicode(address) == expected)
    }

    @Test func octetsThatAreNoTextStay() {
        #expect(DomainNames.inASCII([0x75, 0x40, 0xFF, 0xC3]) == [0x75, 0x40, 0xFF, 0xC3])
    }
}
