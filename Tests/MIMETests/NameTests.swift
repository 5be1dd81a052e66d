import Foundation
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
        ("Content-Disposition: attachment; filename*=x-nobody''%80%41.exe", ["\u{10FE80}A.exe"]),
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
        ("Content-Type: text/plain; name=\"a =?x?q?=80?= b\"", ["a =?x?q?=80?= b", "a \u{10FE80} b"]),
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
        #expect(read(bytes).parts[0].names == ["\u{10FEE9}.exe"])
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

    /// Names that contradict each other do so by their extensions; the forms of one name do not.
    @Test(arguments: [
        ("Content-Type: a/b; name=a.txt\nContent-Disposition: inline; filename=b.exe", true),
        ("Content-Disposition: inline; filename=a.txt; filename*=utf-8''a.exe", true),
        ("Content-Disposition: inline; filename=a.txt; filename*0=a.; filename*1=exe", true),
        ("Content-Disposition: inline; filename=a.txt; filename=a.exe", true),
        ("Content-Disposition: inline; filename=a.txt\nContent-Disposition: inline; filename=a.exe", true),
        ("Content-Type: a/b; name=a.txt\nContent-Type: a/b; name=a.exe", true),
        ("Content-Disposition: inline; filename=a.txt; filename*=utf-8''a%2Eexe", true),
        ("Content-Disposition: inline; filename=a.txt; name=\"a.exe. \"", true),
        ("Content-Disposition: inline; filename=a.txt; name=\"=?utf-8?q?a=2Eexe?=\"", true),
        ("Content-Type: a/b; name=one.txt\nContent-Disposition: inline; filename=two.TXT", false),
        ("Content-Type: a/b; name=one\nContent-Disposition: inline; filename=two.txt", false),
        (
            "Content-Type: a/b; name=\"=?utf-8?q?=C3=A9.txt?=\"\nContent-Disposition: inline; filename*=utf-8''%C3%A9.txt",
            false
        ),
        ("Content-Disposition: inline; filename=\"C:\\a.txt\"", false),
        ("Content-Disposition: inline; filename=a.txt\nContent-Description: b.exe", false),
        ("Content-Disposition: inline; filename=a.tar.gz; filename*=utf-8''b.gz", false),
    ])
    func conflicts(header: String, isConflict: Bool) {
        let found = kinds(read(crlf(header + "\n\nx")))
        #expect(found.contains(AnomalyKind.conflictingName.rawValue) == isConflict)
        let other = kinds(read(crlf("\(header)\n\nx".replacingOccurrences(of: "exe", with: "txt"))))
        #expect(!other.contains(AnomalyKind.conflictingName.rawValue))
    }

    /// Every character of these ranges, and their neighbours, which are none.
    @Test func unseenCharactersInNames() {
        func isObscured(_ code: UInt32) -> Bool {
            guard let scalar = Unicode.Scalar(code) else { return false }
            let name = String(String.UnicodeScalarView(["a", scalar, "b"]))
            let octets = name.utf8.map { $0 < 0x80 && $0 > 0x2F ? String(UnicodeScalar($0)) : "%" + hexadecimal($0) }
            let header = "Content-Disposition: inline; filename*=utf-8''" + octets.joined()
            return kinds(read(crlf(header + "\n\nx"))) == kinds(.obscuredName)
        }
        let unseen: [ClosedRange<UInt32>] = [
            0...8, 0x0A...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF...0xFEFF,
        ]
        for range in unseen {
            for code in range { #expect(isObscured(code), "\(code)") }
        }
        // Tab, blanks of other widths, a letter, a combining accent, an image.
        for code in [0x09, 0x20, 0x7E, 0xA0, 0xE9, 0x301, 0x200A, 0x2010, 0x202F, 0x2065, 0x206A, 0xFEFE, 0x1F600]
            as [UInt32]
        {
            #expect(!isObscured(code), "\(code)")
        }
    }

    private func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }

    @Test func namesInRawISO2022() {
        func found(_ name: String) -> Set<String> {
            kinds(read(Array("Content-Disposition: inline; filename=\"\(name)\"\r\n\r\nx".utf8)))
        }
        #expect(found("\u{1B}$B4A;z\u{1B}(B.txt").isEmpty)
        #expect(found("a\u{1B}[2Jb.txt") == kinds(.obscuredName))
        #expect(found("a.txt\u{1B}") == kinds(.obscuredName))
        #expect(found("long\r\n\tname.txt").isEmpty)
        #expect(found("=?utf-8?q?a=E2=80=AEb.txt?=") == kinds(.obscuredName))
    }
}
