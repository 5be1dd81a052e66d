import Policy
import Testing

/// Who the author is, and which domains answer for him.
@Suite struct AuthorTests {
    private func author(_ value: String) -> String? {
        Author.address(Array(value.utf8)[...]).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        " a@b.example", " <a@b.example>", " Name <a@b.example>\r\n", " \"Q. Name\" <a@b.example>",
        " a@b.example (Name)",
        " =?utf-8?q?N=C3=A4me?= <a@b.example>", " Nàme <a@b.example>", "\r\n\tName\r\n <a@b.example>",
        "(c) N (d(e)) <a@b.example> (f)",
        " \"other@x.example\" <a@b.example>", " \"\" <a@b.example>",
    ])
    func oneAddress(value: String) {
        #expect(author(value) == "a@b.example")
    }

    @Test(arguments: [
        "", " ", " Name", " <>", " a@b, c@d", " <a@b> <c@d>", " c@d <a@b>", " Group: a@b;", " <@x:a@b>", " <a@b",
        " a@b>", " a@b@c",
        " \"a\"@b", " a @b c", " <a b@c>", " Name <a@b> more", " (open <a@b>", " \"open <a@b>", " a)@b", " a\\b@c",
        " x\u{0}y <a@b>",
        " N(c)<a@b>", " N\"q\" <a@b>", " @b", " a@", " <a@b>, <c@d>",
    ])
    func whatReadersMayDisagreeOn(value: String) {
        #expect(author(value) == nil)
    }

    @Test func farTooManyWords() {
        #expect(author(String(repeating: " w", count: 190) + " <a@b.example>") == "a@b.example")
        #expect(author(String(repeating: " w", count: 201) + " <a@b.example>") == nil)
    }

    private func vouchers(_ value: String) -> [String] {
        AuthenticationResults.vouchers(Array(value.utf8)[...]).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Fields as OpenDKIM, OpenDMARC, rspamd and others write them.
    @Test(arguments: [
        (
            " mx.example; dkim=pass (2048-bit key; unprotected) header.d=a.example header.i=@a.example header.b=\"x/+=\"",
            ["a.example"]
        ),
        (
            " mx.example;\r\n\tdkim=pass header.d=a.example header.s=s header.b=AbC=;\r\n\tspf=pass (x; dkim=pass header.d=no.example) "
                + "smtp.mailfrom=u@b.example;\r\n\tdmarc=pass (policy=none) header.from=c.example",
            ["a.example", "c.example"]
        ),
        (
            " mx.example 1; DKIM/1=PASS Header.D=A.example; dkim = pass reason = \"good; d\" header.d = \"b.example\";",
            ["A.example", "b.example"]
        ),
        (" \"mx.example\"; dkim=pass header.i=\"user@sub.a.example\"", ["sub.a.example"]),
        (" mx.example; dkim=pass header.i=user@sub.a.example", ["sub.a.example"]),
        (" mx.example; dkim=fail header.d=a.example; dkim=pass header.d=b.example", ["b.example"]),
        (" mx.example; dkim=pass header.d=a.example header.d=b.example; dkim=pass header.d=c.example", ["c.example"]),
        (" mx.example; spf=pass smtp.mailfrom=a.example; arc=pass header.d=b.example; iprev=pass", []),
        (" mx.example; none", []),
        (" mx.example; dmarc=pass", []),
    ])
    func whoAnswers(value: String, domains: [String]) {
        #expect(vouchers(value) == domains)
    }

    @Test(arguments: [
        "", " ", " mx.example", " mx.example; dkim", " mx.example; dkim=", " ; ; dkim=pass header.d=a.example",
        " mx.example dkim=pass header.d=a.example", " mx.example; dkim=pass (open header.d=a.example",
        " mx.example; spf=pass smtp.mailfrom=\"x; dkim=pass header.d=a.example\"@b.example",
        " mx.example; spf=pass smtp.mailfrom=x\\; dkim=pass header.d=a.example",
        " mx.example; ; dkim=pass header.d=a.example", " mx.example; dkim=pass a.example header.d=a.example",
        " mx.example; dkim=pass header.d=evil.example header.i=foo; dkim=pass header.d=a.example x.y=@evil.example",
        " mx.example; dkim=pass header.d=evil.example header.i=x@a.example; dkim=pass header.d=a.example",
        " mx.example 1 2; dkim=pass header.d=a.example", " mx.example 2; dkim=pass header.d=a.example",
        " mx.example; dkim=pass header.d=a.example )",
    ])
    func whatIsNotWhollyInTheForm(value: String) {
        #expect(vouchers(value) == [])
    }

    @Test func aDomainAnswersForItselfAndThoseBelow() {
        func isVouched(_ domain: String, _ signers: String...) -> Bool {
            Author.isVouched(Array(domain.utf8)[...], by: signers.map { Array($0.utf8) })
        }
        #expect(isVouched("a.example", "a.example") && isVouched("x.y.a.example", "b.example", "a.example"))
        #expect(!isVouched("xa.example", "a.example") && !isVouched("a.example", "x.a.example"))
        #expect(!isVouched("a.example", "example") && !isVouched("example", "example"))
        #expect(!isVouched("a.example") && !isVouched("a.example", "") && !isVouched("", "a.example"))
    }
}
