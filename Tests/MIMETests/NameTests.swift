import MIME
import MailModel
import Testing

@Suite struct NameTests {
    private func names(_ header: String) -> [String] {
        read(crlf(header + "\n\nx")).parts[0].names
    }

    @Test(arguments: [
        ("Content-Disposition: attachment; filename=a.exe", ["a.exe"]),
        ("Content-Disposition: attachment; filename=my report (1).doc", ["my report (1).doc"]),
        ("Content-Disposition: attachment;\n filename=\"a\n b.exe\"", ["a b.exe"]),
        ("Content-Disposition: attachment; filename=\"a\\\"b;c.exe\"", ["a\"b;c.exe", "a\\\"b;c.exe"]),
        ("Content-Disposition: attachment; filename=\"C:\\x.exe\"", ["C:x.exe", "C:\\x.exe"]),
        (
            "Content-Type: text/plain; name=one.txt\nContent-Disposition: inline; filename=two.exe",
            ["one.txt", "two.exe"]
        ),
        ("Content-Disposition: attachment; filename*=utf-8'en'%e2%82%ac.exe", ["\u{20AC}.exe"]),
        ("Content-Disposition: attachment; filename*=iso-8859-1''%a3.exe", ["\u{A3}.exe"]),
        ("Content-Disposition: attachment; filename*=windows-1252''%80.exe", ["\u{20AC}.exe"]),
        ("Content-Disposition: attachment; filename*=x-nobody''%80%41.exe", ["\\x80A.exe"]),
        ("Content-Disposition: attachment; filename*1*=%2Eexe; filename*0*=us-ascii''a%20", ["a .exe"]),
        ("Content-Disposition: attachment; filename*0=\"a%41\"; filename*1=.exe", ["a%41.exe"]),
        ("Content-Disposition: attachment; filename=p.txt; filename*=utf-8''x.exe", ["p.txt", "x.exe"]),
        ("Content-Disposition: attachment; filename=a.txt; filename=b.exe", ["a.txt", "b.exe"]),
        (
            "Content-Disposition: inline; filename=a.txt\nContent-Disposition: inline; filename=b.exe",
            ["a.txt", "b.exe"]
        ),
        (
            "Content-Type: text/plain; name=\"=?utf-8?B?4oI=?= =?UTF-8?Q?=AC_x=2Eexe?=\"",
            ["=?utf-8?B?4oI=?= =?UTF-8?Q?=AC_x=2Eexe?=", "\u{20AC} x.exe"]
        ),
        ("Content-Type: text/plain; name=\"a =?x?q?=80?= b\"", ["a =?x?q?=80?= b", "a \\x80 b"]),
        ("Content-Type: text/plain; name=\"=?broken?Z?a?=\"", ["=?broken?Z?a?="]),
        ("Content-Disposition: attachment; filename=\"open", ["open"]),
        ("Content-Type: x/y; name*=shift_jis''%88%9F.exe", ["\u{4E9C}.exe"]),
        ("Content-Disposition: attachment; name=a.exe", ["a.exe"]), ("Content-Location: http://a/b/c.exe", ["c.exe"]),
        ("Content-Description: some words", []),
        ("Content-Disposition: attachment; filename*0=a; filename*0=b; filename*1=.exe", ["ab.exe"]),
        ("Content-Disposition: attachment; filename=\"a.exe\\0.txt\"", ["a.exe\\0.txt", "a.exe0.txt"]),
        ("Content-Disposition: attachment (a;b(c)); (d) filename=\"x.exe\" (e)", ["x.exe"]),
    ])
    func candidates(header: String, expected: [String]) {
        #expect(
            names(header) == expected || Set(names(header)) == Set(expected) && names(header).count == expected.count)
    }

    @Test func rawEightBit() {
        #expect(names("Content-Disposition: inline; filename=\"\u{E9}.exe\"") == ["\u{E9}.exe"])
        let bytes = Array("Content-Disposition: inline; filename=\"".utf8) + [0xE9] + Array(".exe\"\n\nx".utf8)
        #expect(read(bytes).parts[0].names == ["\\xE9.exe"])
    }

    @Test func anomaliesOfParameters() {
        func found(_ value: String) -> Set<String> { kinds(read(crlf("Content-Type: text/plain; \(value)\n\nx"))) }
        #expect(found("charset=a; charset=b") == kinds(.duplicateParameter))
        #expect(found("name=\"a\"b; charset=c") == kinds(.junkAfterParameter))
        #expect(found("name=\"a") == kinds(.unterminatedQuote))
        #expect(found("name*0=a; name*0=b") == kinds(.brokenContinuation))
        #expect(found("name*0=a; name*2=b") == kinds(.brokenContinuation))
        #expect(found("charset=\"utf-8\"; name*0*=utf-8''a; name*1=b; format=flowed").isEmpty)
    }
}
