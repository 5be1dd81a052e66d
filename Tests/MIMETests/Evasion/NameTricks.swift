/// File names that mail clients show and filters miss. The name is `file.exe` unless a row says otherwise.
enum NameTricks {
    struct Trick {
        var name: String
        var fields: [UInt8]
        var expected: String
    }

    static let file = "file.exe"

    static let all: [Trick] = parameters(sections + words + quoting + invisible + charsets) + fields

    /// Each in both fields that may have a name. `NAME` stands for the parameter.
    private static func parameters(_ rows: [(String, String, String)]) -> [Trick] {
        rows.flatMap { family, value, expected in
            [("Content-Disposition: attachment; ", "filename"), ("Content-Type: application/octet-stream; ", "name")]
                .map {
                    field, parameter in
                    Trick(
                        name: "\(family) \(parameter) \(value.debugDescription)",
                        fields: Variant.bytes(field + value.replacing("NAME", with: parameter) + "\r\n"),
                        expected: expected)
                }
        }
    }

    private static func rows(_ family: String, _ values: [String]) -> [(String, String, String)] {
        values.map { (family, $0, file) }
    }

    private static func rows(_ family: String, _ values: [(String, String)]) -> [(String, String, String)] {
        values.map { (family, $0.0, $0.1) }
    }

    /// RFC 2231: every order, gap and mixture.
    private static let sections =
        rows(
            "rfc2231",
            [
                "NAME*=utf-8''file.exe", "NAME*=utf-8'en'fil%65.exe", "NAME*=''file.exe", "NAME*=file.exe",
                "NAME*=fil%65.exe",
                "NAME*=utf-8'fil%65.exe", "NAME*=\"utf-8''fil%65.exe\"", "NAME*=UTF-8''%66%69%6C%65%2E%65%78%65",
                "NAME*=us-ascii''file%2eexe", "NAME*0=file.exe", "NAME*0=file; NAME*1=.exe",
                "NAME*0=\"file\"; NAME*1=\".exe\"",
                "NAME*1=.exe; NAME*0=file", "NAME*0=fi; NAME*1=le; NAME*2=.exe", "NAME*2=.exe; NAME*0=fi; NAME*1=le",
                "NAME*2=.exe; NAME*1=le; NAME*0=fi", "NAME*0=file; NAME*2=.exe", "NAME*2=.exe; NAME*0=file",
                "NAME*1=file; NAME*2=.exe",
                "NAME*2=.exe; NAME*1=file", "NAME*1=file.exe", "NAME*0*=utf-8''fil%65; NAME*1=.exe",
                "NAME*0*=utf-8''file; NAME*1*=%2Eexe",
                "NAME*1*=%2Eexe; NAME*0*=utf-8''file", "NAME*0=file; NAME*1*=%2Eexe", "NAME*0*=file; NAME*1=.exe",
                "NAME*0*=utf-8''fi; NAME*1*=utf-8''le.exe", "NAME*00=file; NAME*01=.exe", "NAME*0=file;NAME*1=.exe",
                "NAME*0=file;\r\n NAME*1=.exe", "NAME *0=file; NAME *1=.exe", "NAME*0 =file; NAME*1 =.exe",
                "NAME* =utf-8''fil%65.exe",
                "NAME*=utf-16le''f%00i%00l%00e%00.%00e%00x%00e%00", "NAME*=utf-16be''%00f%00i%00l%00e%00.%00e%00x%00e",
                "NAME*=utf-16''%FE%FF%00f%00i%00l%00e%00.%00e%00x%00e", "NAME*=utf-7''file+AC4-exe",
                "NAME*=x-odd''fil%65.exe",
                "NAME=a.txt; NAME*=utf-8''file.exe", "NAME*=utf-8''file.exe; NAME=a.txt",
                "NAME=file.exe; NAME*=utf-8''a.txt",
                "NAME*=utf-8''a.txt; NAME=file.exe", "NAME=a.txt; NAME*0=file; NAME*1=.exe",
                "NAME*0=file; NAME*1=.exe; NAME=a.txt",
                "NAME*0=a; NAME*1=.txt; NAME=file.exe", "NAME*0=a.txt; NAME*=utf-8''file.exe",
                "NAME*=utf-8''a.txt; NAME*=utf-8''file.exe",
                "NAME*0=a; NAME*0=file; NAME*1=.exe", "NAME*0=file; NAME*0=a; NAME*1=.exe",
                "NAME*0=file; NAME*1=.txt; NAME*1=.exe",
                "NAME*0=file; NAME*1=.exe; NAME*1=.txt", "NAME*0=file.; NAME*1*=%65x; NAME*2=e",
                "NAME*0=fil%65; NAME*1=.exe",
                "NAME*0=file%2Eexe", "NAME=file%2Eexe", "NAME=\"file%2eexe\"", "NAME*=utf-8''file%252Eexe",
                "NAME*9=le; NAME*10=.exe; NAME*0=fi", "NAME*0*=utf-8''; NAME*1*=file.exe", "NAME*0*=; NAME*1*=file.exe",
                "NAME*0=\"\"; NAME*1=file.exe", "NAME*0*=utf-8''fil%6; NAME*1*=5.exe", "NAME*-1=a; NAME*0=file.exe",
                "NAME*0=file; NAME*1=.exe; NAME*3=.txt",
                "NAME*0=file.; x=y; NAME*1=exe",
            ])

    /// RFC 2047, where it is not allowed and read all the same.
    private static let words =
        rows(
            "rfc2047",
            [
                "NAME=\"=?utf-8?q?file.exe?=\"", "NAME==?utf-8?q?file.exe?=", "NAME=\"=?utf-8?b?ZmlsZS5leGU=?=\"",
                "NAME==?utf-8?B?ZmlsZS5leGU=?=", "NAME=\"=?utf-8?b?ZmlsZS5leGU?=\"", "NAME=\"=?UTF-8?Q?file=2Eexe?=\"",
                "NAME=\"=?utf-8?q?file=2eexe?=\"", "NAME=\"=?utf-8?q?file?= =?utf-8?q?.exe?=\"",
                "NAME=\"=?utf-8?q?file?==?utf-8?q?.exe?=\"", "NAME=\"=?utf-8?q?file?=\r\n =?utf-8?q?.exe?=\"",
                "NAME==?utf-8?q?file?=\r\n =?utf-8?q?.exe?=", "NAME=\"fi=?utf-8?q?le?=.exe\"",
                "NAME=\"file=?utf-8?q?.exe?=\"",
                "NAME=\"file.=?utf-8?q?exe?=\"", "NAME=\"=?utf-8?q?file?=.exe\"", "NAME=\"=?utf-8*en?q?file.exe?=\"",
                "NAME=\"=?us-ascii?q?file.exe?=\"", "NAME=\"=?iso-8859-1?q?file.exe?=\"",
                "NAME=\"=?windows-1251?q?file.exe?=\"",
                "NAME=\"=?koi8-r?b?ZmlsZS5leGU=?=\"", "NAME=\"=?gb2312?b?ZmlsZS5leGU=?=\"",
                "NAME=\"=?iso-2022-jp?b?ZmlsZS5leGU=?=\"",
                "NAME=\"=?utf-7?q?file+AC4-exe?=\"", "NAME=\"=?utf-16be?b?AGYAaQBsAGUALgBlAHgAZQ==?=\"",
                "NAME=\"=?utf-16le?b?ZgBpAGwAZQAuAGUAeABlAA==?=\"", "NAME=\"=?utf-16?b?/v8AZgBpAGwAZQAuAGUAeABl?=\"",
                "NAME=\"=?utf-16le?q?f=00i=00l=00e=00.=00e=00x=00e=00?=\"", "NAME=\"=?x-odd?q?file.exe?=\"",
                "NAME=\"=?utf-8?q?file.exe\"", "NAME*=utf-8''=?utf-8?q?file.exe?=",
                "NAME*=utf-8''%3D%3Futf-8%3Fq%3Ffile.exe%3F%3D", "=?utf-8?q?NAME=3Dfile.exe?=",
                "=?utf-8?q?NAME=3D\"file.exe\"?=",
                "NAME=\"=?utf-8?q?=3D=3Futf-8=3Fq=3Ffile.exe=3F=3D?=\"", "NAME*0=\"=?utf-8?q?file\"; NAME*1=\".exe?=\"",
                "NAME*0=\"=?utf-8?q?file?=\"; NAME*1=\"=?utf-8?q?.exe?=\"", "NAME=\"=?utf-8?q?fi\r\n le.exe?=\"",
                "NAME=\"=?utf-8?b?ZmlsZS5l\r\n eGU=?=\"", "NAME=\"=?utf-8?b?ZmlsZS5l eGU=?=\"",
                "NAME='=?utf-8?q?file.exe?='",
                "NAME=\"=?utf-8?q?file.exe?= \"", "NAME=\"=?utf-8?q?fi?=\t=?iso-8859-1?q?le.exe?=\"",
            ])
        + rows(
            "rfc2047",
            [
                ("NAME=\"=?utf-8?q?a file.exe?=\"", "a file.exe"), ("NAME=\"=?utf-8?q?a_file.exe?=\"", "a file.exe"),
                ("NAME==?utf-8?q?a_file.exe?=", "a file.exe"), ("NAME=\"=?utf-8?b?w6k=?=.exe\"", "\u{E9}.exe"),
                ("NAME=\"=?utf-8?b?ww==?= =?utf-8?b?qS5leGU=?=\"", "\u{E9}.exe"),
                ("NAME=\"=?koi8-r?q?=C1.exe?=\"", "\u{430}.exe"), ("NAME=\"=?gb2312?q?=B0=A1.exe?=\"", "\u{554A}.exe"),
                ("NAME=\"=?iso-2022-jp?b?GyRCMCEbKEIuZXhl?=\"", "\u{4E9C}.exe"),
                ("NAME=\"=?shift_jis?q?=88=9F.exe?=\"", "\u{4E9C}.exe"),
                ("NAME*=koi8-r''%C1.exe", "\u{430}.exe"), ("NAME*=shift_jis''%88%9F.exe", "\u{4E9C}.exe"),
                ("NAME*0*=utf-8''%C3; NAME*1*=%A9.exe", "\u{E9}.exe"),
            ])

    private static let quoting =
        rows(
            "quote",
            [
                "NAME=file.exe", "NAME=\"file.exe\"", "NAME='file.exe'", "NAME=\"file.exe", "NAME=file.exe\"",
                "NAME= file.exe", "NAME =file.exe",
                "NAME\t=\tfile.exe", "NAME=\\\"file.exe\\\"", "NAME=fi\\le.exe", "NAME=\"fi\\le.exe\"",
                "NAME=(c)file.exe", "NAME=file.exe(c)",
                "NAME=file.exe (c)", "NAME(c)=file.exe", "NAME=fi(c)le.exe", "(NAME=a.txt) NAME=file.exe",
                "(NAME=file.exe)", "\"NAME\"=file.exe",
                "\"NAME=file.exe\"", "NAME=\r\n file.exe", "NAME\r\n =file.exe", "NAME=\"\r\n file.exe\"",
                "NAME=a.txt; NAME=file.exe",
                "NAME=file.exe; NAME=a.txt", "NAME=a.txt; NAME=b.txt; NAME=file.exe", "NAME=; NAME=file.exe",
                "NAME=\"\"; NAME=file.exe",
                "NAME=a.txt NAME=file.exe", "NAME=\"a.txt\" NAME=file.exe", "NAME=\"a.txt\"NAME=file.exe",
                "NAME=a.txt, NAME=file.exe",
                "x=\"a; NAME=file.exe", "x=\"a; NAME=file.exe\"", "x='a; NAME=file.exe'", "x=a\"; NAME=file.exe",
                "x; NAME=file.exe", "=; NAME=file.exe",
                "NAME=file.exe;x", "NAME=file.exe, x", "NAME==file.exe", "NAME=file.exe;",
                "; NAME=file.exe", "x-NAME=file.exe",
                "NAME=\"\"file.exe", "NAME=\"fi\"le.exe", "NAME=fi\"le\".exe", "NAME=\"file\".exe",
                "NAME=\"fi\" \"le.exe\"", "NAME=<file.exe>", "NAME=\"file.exe\"x", "NAME=`file.exe`",
                "NAME=\"fi\"\"le.exe\"",
            ])
        + rows(
            "quote",
            [
                ("NAME=a file.exe", "a file.exe"), ("NAME=\"a file.exe\"", "a file.exe"),
                ("NAME=\"a\r\n file.exe\"", "a file.exe"),
                ("NAME=\"a;file.exe\"", "a;file.exe"), ("NAME=a;file.exe", "a;file.exe"),
                ("NAME=\"C:\\x\\file.exe\"", "C:\\x\\file.exe"),
                ("NAME=a.txt file.exe", "a.txt file.exe"), ("NAME=\"a.txt\r\n file.exe\"", "a.txt file.exe"),
                ("NAME=a,file.exe", "a,file.exe"), ("NAME=\"a\\\"file.exe\"", "a\"file.exe"),
                ("NAME=a\\;file.exe", "a\\;file.exe"),
            ])

    /// What people do not see stays in the name, for rules to see.
    private static let invisible = rows(
        "invisible",
        [
            ("NAME=\"file\u{202E}txt.exe\"", "file\u{202E}txt.exe"), ("NAME=\"file\u{200B}.exe\"", "file\u{200B}.exe"),
            ("NAME*=utf-8''file%E2%80%AEtxt.exe", "file\u{202E}txt.exe"),
            ("NAME=\"=?utf-8?q?file=E2=80=AEtxt.exe?=\"", "file\u{202E}txt.exe"),
            ("NAME=\"file.exe.\"", "file.exe."), ("NAME=\"file.exe \"", "file.exe "),
            ("NAME=\"file.exe\t\"", "file.exe\t"),
            ("NAME*=utf-8''file.exe%20%20", "file.exe  "), ("NAME=\"file.exe\u{0}.txt\"", file),
            ("NAME=\"file.exe\u{0}.txt\"", "file.exe.txt"),
            ("NAME=\"file\u{0}.exe\"", file), ("NAME*=utf-8''file.exe%00.txt", file),
            ("NAME*=utf-8''file%00.exe", file),
            ("NAME=\"=?utf-8?q?file.exe=00.txt?=\"", file), ("NAME=\"=?utf-8?b?ZmlsZS5leGUALnR4dA==?=\"", file),
            ("NAME=\u{0}file.exe", file),
            ("NAME\u{0}=file.exe", file), ("NAME=file.exe\u{0}", file), ("NAME=\"file\r.exe\"", file),
            ("NAME=\"file.exe\r\"", file),
            ("NAME=\"file\u{FF0E}exe\"", "file\u{FF0E}exe"), ("NAME=\"\u{202E}txt.exe\"", "\u{202E}txt.exe"),
            (
                "NAME=\"file.exe\(String(repeating: " ", count: 200)).txt\"",
                "file.exe\(String(repeating: " ", count: 200)).txt"
            ),
            (
                "NAME=\"file.txt\(String(repeating: " ", count: 200)).exe\"",
                "file.txt\(String(repeating: " ", count: 200)).exe"
            ),
            ("NAME=\"file.{00000000-0000-0000-0000-000000000000}\"", "file.{00000000-0000-0000-0000-000000000000}"),
            ("NAME=\"file.txt:x.exe\"", "file.txt:x.exe"), ("NAME=\"file.exe::$DATA\"", "file.exe::$DATA"),
            ("NAME=\"..\\..\\file.exe\"", "..\\..\\file.exe"), ("NAME=\"../../file.exe\"", "../../file.exe"),
            ("NAME*=utf-8''file.e%78%65%0D%0A", "file.exe\r\n"), ("NAME=\"file.\u{AD}exe\"", "file.\u{10FEAD}exe"),
        ])

    private static let charsets = rows(
        "charset",
        [
            ("NAME=\"\u{C3}\u{A9}.exe\"", "\u{E9}.exe"), ("NAME=\"\u{E9}.exe\"", "\u{10FEE9}.exe"),
            ("NAME*=iso-8859-1''%E9.exe", "\u{E9}.exe"), ("NAME*=utf-8''%E9.exe", "\u{10FEE9}.exe"),
            ("NAME*=big5''%A4%40.exe", "\u{4E00}.exe"), ("NAME*=euc-kr''%B0%A1.exe", "\u{AC00}.exe"),
            ("NAME*=gb18030''%B0%A1.exe", "\u{554A}.exe"), ("NAME*=windows-1251''%E0.exe", "\u{430}.exe"),
        ])

    /// The fields around the parameter.
    private static let fields: [Trick] =
        // A dot behind the name is part of it.
        FieldTricks.names.filter { $0.0 != "value-dot" }.flatMap { name, form in
            [
                ("Content-Disposition", "attachment; filename=file.exe"),
                ("Content-Type", "application/octet-stream; name=file.exe"),
            ].map { field, value in
                Trick(
                    name: "field \(name) \(field)", fields: Variant.bytes(FieldTricks.line(form, field, value)),
                    expected: file)
            }
        }
        + FieldTricks.breaks.map { name, ending in
            Trick(
                name: "break \(name)",
                fields: Variant.bytes("X: y\(ending)Content-Disposition: attachment; filename=file.exe\r\n"),
                expected: file)
        }
        + [
            "Content-Disposition: filename=file.exe", "Content-Disposition: attachment filename=file.exe",
            "Content-Disposition: attachment, filename=file.exe", "Content-Disposition: attachment;; filename=file.exe",
            "Content-Disposition: attachment; name=file.exe",
            "Content-Type: application/octet-stream; filename=file.exe",
            "Content-Type: application/octet-stream name=file.exe", "Content-Type: name=file.exe",
            "Content-Type: ; name=file.exe",
            "Content-Disposition: ; filename=file.exe",
            "Content-Disposition: =?utf-8?q?attachment=3B_filename=3Dfile.exe?=",
            "Content-Disposition: attachment; FILENAME=file.exe",
            "Content-Disposition: attachment; FileName=\"file.exe\"",
            "Content-Type: x/y; name=a.txt\r\nContent-Disposition: attachment; filename=file.exe",
            "Content-Type: x/y; name=file.exe\r\nContent-Disposition: attachment; filename=a.txt",
            "Content-Disposition: attachment; filename=a.txt\r\nContent-Disposition: attachment; filename=file.exe",
            "Content-Disposition: attachment; filename=file.exe\r\nContent-Disposition: attachment; filename=a.txt",
            "Content-Type: x/y; name=a.txt\r\nContent-Type: x/y; name=file.exe",
            "Content-Disposition: attachment; filename*0=file\r\nContent-Disposition: attachment; filename*1=.exe",
            "Content-Type: x/y; name*0=file\r\nContent-Type: x/y; name*1=.exe",
            "Content-Type: x/y; name*0=file\r\nContent-Disposition: attachment; filename*1=.exe",
            "Content-Disposition: attachment\r\n filename=file.exe",
            "Content-Disposition: attachment;\r\nfilename=file.exe",
            "Content-Description: file.exe", "Content-Location: file.exe",
            "Content-Location: http://example.com/x/file.exe",
            "Content-Description: \"file.exe\"", "Content-Description: =?utf-8?q?file.exe?=",
            "Content-Disposition: attachment; size=1; filename=file.exe; x=y",
            "Content-Disposition: inline; filename=file.exe",
        ].map { Trick(name: "form \($0)", fields: Variant.bytes($0 + "\r\n"), expected: file) }
}
