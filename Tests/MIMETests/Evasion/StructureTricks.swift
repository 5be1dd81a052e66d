/// Types and boundaries that readers take for different ones. `b1` is the boundary of those that see the parts.
enum StructureTricks {
    static let plain = StructureTrick("plain", type: "multipart/mixed; boundary=b1", delimiter: "b1")

    static let all: [StructureTrick] =
        parameters + sections + quoting + blanks + separators + controls
        + types + fields + folds + delimiters

    private static func values(_ family: String, _ rows: [(String, String)]) -> [StructureTrick] {
        rows.enumerated().map { number, row in
            StructureTrick("\(family)-\(number + 1)", type: row.0, delimiter: row.1)
        }
    }

    /// The parameter more than once, or under names that only some readers take for it.
    private static let parameters = values(
        "duplicate",
        [
            ("multipart/mixed; boundary=b1; boundary=x", "b1"), ("multipart/mixed; boundary=x; boundary=b1", "b1"),
            ("multipart/mixed; boundary=x; boundary=b1; boundary=y", "b1"),
            ("multipart/mixed; boundary=\"x\"; boundary=\"b1\"", "b1"),
            ("multipart/mixed; Boundary=x; BOUNDARY=b1", "b1"), ("multipart/mixed; boundary=; boundary=b1", "b1"),
            ("multipart/mixed; boundary=b1; boundary=", "b1"), ("multipart/mixed; boundary; boundary=b1", "b1"),
            ("multipart/mixed; boundary=\"\"; boundary=b1", "b1"), ("multipart/mixed; boundary=x boundary=b1", "b1"),
            ("multipart/mixed; boundary=\"x\" boundary=b1", "b1"), ("multipart/mixed; boundary=\"x\"boundary=b1", "b1"),
            ("multipart/mixed; boundary=x, boundary=b1", "b1"), ("multipart/mixed; boundary=b1, boundary=x", "b1"),
            ("multipart/mixed; bound=b1", "b1"), ("multipart/mixed; xboundary=b1", "b1"),
            ("multipart/mixed; boundary=boundary=b1", "b1"), ("multipart/mixed; boundary=boundary=b1", "boundary=b1"),
            ("multipart/mixed; boundary==b1", "b1"), ("multipart/mixed; boundary==b1", "=b1"),
            ("multipart/mixed; boundary:b1", "b1"), ("multipart/mixed; boundary b1", "b1"),
            ("multipart/mixed; \"boundary\"=b1", "b1"), ("multipart/mixed; \"boundary=b1\"", "b1"),
            ("multipart/mixed; boun\\dary=b1", "b1"), ("multipart/mixed; boundary=\"x;boundary=b1\"", "b1"),
            ("multipart/mixed; foo=\"a;boundary=b1", "b1"), ("multipart/mixed; foo=\"a\\\";boundary=b1\"", "b1"),
            ("multipart/mixed; foo=\"a;boundary=b1;\"", "b1"), ("multipart/mixed; foo='a;boundary=b1;'", "b1"),
            ("multipart/mixed; foo=a\";boundary=b1", "b1"), ("multipart/mixed; foo=bar boundary=b1", "b1"),
        ])

    /// RFC 2231.
    private static let sections = values(
        "rfc2231",
        [
            ("multipart/mixed; boundary*=us-ascii''b1", "b1"), ("multipart/mixed; boundary*=us-ascii'en'b%31", "b1"),
            ("multipart/mixed; boundary*=b%31", "b1"), ("multipart/mixed; boundary*=b1", "b1"),
            ("multipart/mixed; boundary*=''b1", "b1"), ("multipart/mixed; boundary*=\"us-ascii''b%31\"", "b1"),
            ("multipart/mixed; boundary*0=b1xx", "b1xx"), ("multipart/mixed; boundary*0=b1; boundary*1=xx", "b1xx"),
            ("multipart/mixed; boundary*1=xx; boundary*0=b1", "b1xx"),
            ("multipart/mixed; boundary*1=xx; boundary*0=b1", "xxb1"),
            ("multipart/mixed; boundary*0=b1; boundary*2=xx", "b1"),
            ("multipart/mixed; boundary*0=b1; boundary*2=xx", "b1xx"),
            ("multipart/mixed; boundary*1=b1; boundary*2=xx", "b1xx"),
            ("multipart/mixed; boundary*1=b1; boundary*2=xx", "b1"),
            ("multipart/mixed; boundary*0*=us-ascii''b%31; boundary*1*=x%78", "b1xx"),
            ("multipart/mixed; boundary*0*=us-ascii''b%31; boundary*1=x%78", "b1x%78"),
            ("multipart/mixed; boundary*0=b%31; boundary*1=xx", "b%31xx"),
            ("multipart/mixed; boundary*0=b%31; boundary*1=xx", "b1xx"),
            ("multipart/mixed; boundary*0=b1; boundary*0=yy; boundary*1=xx", "b1xx"),
            ("multipart/mixed; boundary*0=yy; boundary*0=b1; boundary*1=xx", "b1xx"),
            ("multipart/mixed; boundary=x; boundary*=us-ascii''b1", "b1"),
            ("multipart/mixed; boundary*=us-ascii''b1; boundary=x", "b1"),
            ("multipart/mixed; boundary=b1; boundary*=us-ascii''x", "b1"),
            ("multipart/mixed; boundary=x; boundary*0=b; boundary*1=1", "b1"),
            ("multipart/mixed; boundary*0=x; boundary*1=y; boundary=b1", "b1"),
            ("multipart/mixed; boundary*0=b; boundary*1=1; boundary*=us-ascii''x", "b1"),
            ("multipart/mixed; boundary*00=b1; boundary*01=xx", "b1xx"),
            ("multipart/mixed; boundary *0=b1; boundary *1=xx", "b1xx"),
            ("multipart/mixed; boundary*0 =b1; boundary*1 =xx", "b1xx"),
            ("multipart/mixed; boundary* =us-ascii''b1", "b1"), ("multipart/mixed; boundary*= us-ascii''b1", "b1"),
            ("multipart/mixed; boundary*=utf-16''%00b%001", "b1"),
            ("multipart/mixed; boundary*=utf-16le''b%001%00", "b1"),
            ("multipart/mixed; boundary*=utf-7''b+ADE-", "b1"), ("multipart/mixed; boundary=b%31", "b1"),
            ("multipart/mixed; boundary*0=\"b1\"; boundary*1=\"xx\"", "b1xx"),
            ("multipart/mixed; boundary*0=b1;\r\n boundary*1=xx", "b1xx"), ("multipart/mixed; boundary*1=b1", "b1"),
            ("multipart/mixed; boundary*a=b1", "b1"), ("multipart/mixed; boundary*=us-ascii'b1", "b1"),
            ("multipart/mixed; boundary*0*=us-ascii''b1; boundary*1*=us-ascii''xx", "b1xx"),
            ("multipart/mixed; boundary*0*=; boundary*1*=us-ascii''b1", "b1"),
            ("multipart/mixed; boundary*10=xx; boundary*9=b1", "b1xx"),
        ])

    private static let quoting = values(
        "quote",
        [
            ("multipart/mixed; boundary=\"b1\"", "b1"), ("multipart/mixed; boundary='b1'", "b1"),
            ("multipart/mixed; boundary='b1'", "'b1'"), ("multipart/mixed; boundary=\"b1", "b1"),
            ("multipart/mixed; boundary=\"b1", "\"b1"), ("multipart/mixed; boundary=b1\"", "b1"),
            ("multipart/mixed; boundary=b1\"", "b1\""), ("multipart/mixed; boundary=\"b1\"x", "b1"),
            ("multipart/mixed; boundary=\"b1\"x", "b1x"), ("multipart/mixed; boundary=\"b1\"x", "\"b1\"x"),
            ("multipart/mixed; boundary=x\"b1\"", "b1"), ("multipart/mixed; boundary=x\"b1\"", "xb1"),
            ("multipart/mixed; boundary=x\"b1\"", "x"), ("multipart/mixed; boundary=x\"b1\"", "x\"b1\""),
            ("multipart/mixed; boundary=\"\"b1", "b1"), ("multipart/mixed; boundary=\"\"b1\"\"", "b1"),
            ("multipart/mixed; boundary=\"\"b1\"\"", "\"b1\""), ("multipart/mixed; boundary=\\\"b1\\\"", "b1"),
            ("multipart/mixed; boundary=\\\"b1\\\"", "\"b1\""), ("multipart/mixed; boundary=\\\"b1\\\"", "\\\"b1\\\""),
            ("multipart/mixed; boundary=b\\1", "b1"), ("multipart/mixed; boundary=b\\1", "b\\1"),
            ("multipart/mixed; boundary=\"b\\1\"", "b1"), ("multipart/mixed; boundary=\"b\\1\"", "b\\1"),
            ("multipart/mixed; boundary=\"b\\\"1\"", "b\"1"), ("multipart/mixed; boundary=\"b\\\"1\"", "b\\\"1"),
            ("multipart/mixed; boundary=\"b\\\"1\"", "b\\"), ("multipart/mixed; boundary=\"b\\\"1\"", "b"),
            ("multipart/mixed; boundary=\"b\"\"1\"", "b1"), ("multipart/mixed; boundary=\"b\"\"1\"", "b"),
            ("multipart/mixed; boundary=\"b\" \"1\"", "b1"), ("multipart/mixed; boundary=`b1`", "b1"),
            ("multipart/mixed; boundary=<b1>", "b1"), ("multipart/mixed; boundary=<b1>", "<b1>"),
            ("multipart/mixed; boundary=\"'b1'\"", "b1"), ("multipart/mixed; boundary='\"b1\"'", "b1"),
            ("multipart/mixed; boundary=\"b1'", "b1"), ("multipart/mixed; boundary=(c)b1", "b1"),
            ("multipart/mixed; boundary=(c)b1", "(c)b1"), ("multipart/mixed; boundary=b1(c)", "b1"),
            ("multipart/mixed; boundary=b1(c)", "b1(c)"), ("multipart/mixed; boundary=b(c)1", "b1"),
            ("multipart/mixed; boundary=b(c)1", "b"), ("multipart/mixed; boundary=b(c)1", "b(c)1"),
            ("multipart/mixed; boundary(c)=b1", "b1"), ("multipart/mixed; boun(c)dary=b1", "b1"),
            ("multipart/mixed; (boundary=b1)", "b1"), ("multipart/mixed; (x; boundary=b1", "b1"),
            ("multipart/mixed; boundary=b1(x", "b1"), ("multipart/mixed; boundary=b1)x", "b1)x"),
            ("multipart/mixed; boundary=(b1", "b1"), ("multipart/mixed; boundary=(b1)", "b1"),
            ("multipart/mixed; boundary=(b1)", "(b1)"), ("multipart/mixed; boundary=\"b(c)1\"", "b1"),
            ("multipart/mixed (c); boundary=b1", "b1"), ("(c) multipart/mixed; boundary=b1", "b1"),
            ("(multipart/mixed; boundary=b1", "b1"), ("multi(c)part/mixed; boundary=b1", "b1"),
            ("multipart/mixed; (a(b)c) boundary=b1", "b1"), ("multipart/mixed; (a\\) boundary=b1", "b1"),
            ("multipart/mixed; boundary=\"=?us-ascii?q?b1?=\"", "b1"),
            ("multipart/mixed; boundary==?us-ascii?b?YjE=?=", "b1"),
            ("multipart/mixed; boundary==?us-ascii?q?b?=\r\n =?us-ascii?q?1?=", "b1"),
            ("multipart/mixed; =?us-ascii?q?boundary=3Db1?=", "b1"),
            ("=?us-ascii?q?multipart/mixed?=; boundary=b1", "b1"),
            ("=?us-ascii?q?multipart/mixed;_boundary=3Db1?=", "b1"),
            ("=?us-ascii?b?bXVsdGlwYXJ0L21peGVkOyBib3VuZGFyeT1iMQ==?=", "b1"),
        ])

    private static let blanks = values(
        "blank",
        [
            ("multipart/mixed; boundary= b1", "b1"), ("multipart/mixed; boundary =b1", "b1"),
            ("multipart/mixed; boundary = b1", "b1"), ("multipart/mixed; boundary\t=\tb1", "b1"),
            ("multipart/mixed; boundary=\u{B}b1", "b1"), ("multipart/mixed; boundary\u{B}=b1", "b1"),
            ("multipart/mixed; boundary=\u{C}b1", "b1"), ("multipart/mixed; boundary=\" b1\"", "b1"),
            ("multipart/mixed; boundary=\" b1\"", " b1"), ("multipart/mixed; boundary=\"b1 \"", "b1"),
            ("multipart/mixed; boundary=\"b1 \"", "b1 "), ("multipart/mixed; boundary=b1 x", "b1"),
            ("multipart/mixed; boundary=b1 x", "b1 x"), ("multipart/mixed; boundary=b1 x", "b1x"),
            ("multipart/mixed; boundary=b1\tx", "b1"), ("multipart/mixed; boundary=b1\tx", "b1\tx"),
            ("multipart/mixed; boundary=\"b1 x\"", "b1 x"), ("multipart/mixed; boundary=\"b1 x\"", "b1"),
            ("multipart/mixed; boundary=\"b1\r\n x\"", "b1 x"), ("multipart/mixed; boundary=\"b1\r\n x\"", "b1x"),
            ("multipart/mixed; boundary=\"b1\r\n x\"", "b1"), ("multipart/mixed; boundary=\"b1\r\n\tx\"", "b1 x"),
            ("multipart/mixed; boundary=b1\r\n x", "b1x"), ("multipart/mixed; boundary=b1\r\n x", "b1"),
            ("multipart/mixed; boundary=\"\"", ""), ("multipart/mixed; boundary=", ""),
            ("multipart/mixed; boundary=\" \"", " "), ("multipart/mixed; boundary=\" \"", ""),
            ("multipart/mixed; boundary=;", ""), ("multipart/mixed; boundary", ""),
            ("multipart/mixed; bound ary=b1", "b1"), ("multipart/mixed;boundary=b1", "b1"),
        ])

    private static let separators = values(
        "separator",
        [
            ("multipart/mixed, boundary=b1", "b1"), ("multipart/mixed boundary=b1", "b1"),
            ("multipart/mixed;; boundary=b1", "b1"), ("multipart/mixed; ; boundary=b1", "b1"),
            ("multipart/mixed : boundary=b1", "b1"), ("multipart/mixed\tboundary=b1", "b1"),
            ("multipart/mixed; x; boundary=b1", "b1"), ("multipart/mixed; =; boundary=b1", "b1"),
            ("multipart/mixed; boundary=b1;x", "b1"), ("multipart/mixed; boundary=b1;x", "b1;x"),
            ("multipart/mixed; boundary=\"b1;x\"", "b1"), ("multipart/mixed; boundary=\"b1;x\"", "b1;x"),
            ("multipart/mixed; boundary=b1\\;x", "b1;x"), ("multipart/mixed; boundary=b1\\;x", "b1\\"),
            ("multipart/mixed; boundary=b1,x", "b1"), ("multipart/mixed; boundary=b1,x", "b1,x"),
            ("multipart/mixed; boundary=b1, x", "b1"), ("multipart/mixed; boundary=b1,", "b1"),
            ("multipart/mixed; boundary=b1,", "b1,"), ("multipart/mixed; boundary=,b1", "b1"),
            ("multipart/mixed; boundary=b1:", "b1"), ("multipart/mixed; boundary=b1/x", "b1"),
            ("multipart/mixed; boundary=b1?x", "b1?x"), ("multipart/mixed; boundary=b1=x", "b1"),
            ("multipart/mixed; boundary=b1@x", "b1@x"), ("multipart/mixed; boundary=[b1]", "[b1]"),
            ("multipart/mixed; ,boundary=b1", "b1"), ("multipart/mixed;, boundary=b1", "b1"),
            ("multipart/mixed; type=x/y boundary=b1", "b1"), ("; multipart/mixed; boundary=b1", "b1"),
            (", multipart/mixed; boundary=b1", "b1"),
        ])

    /// NUL and other controls.
    private static let controls = values(
        "control",
        [
            ("multipart/mixed; boundary=\u{0}b1", "b1"), ("multipart/mixed; boundary=\u{0}b1", "\u{0}b1"),
            ("multipart/mixed; boundary=b\u{0}1", "b"), ("multipart/mixed; boundary=b\u{0}1", "b1"),
            ("multipart/mixed; boundary=b\u{0}1", "b\u{0}1"), ("multipart/mixed; boundary=b1\u{0}", "b1"),
            ("multipart/mixed; boundary=\"b1\u{0}\"", "b1"), ("multipart/mixed; boundary=\"b1\u{0}x\"", "b1"),
            ("multipart/mixed; boun\u{0}dary=b1", "b1"), ("multipart/mixed; boundary\u{0}=b1", "b1"),
            ("multi\u{0}part/mixed; boundary=b1", "b1"), ("multipart/mixed\u{0}; boundary=b1", "b1"),
            ("\u{0}multipart/mixed; boundary=b1", "b1"), ("multipart/mixed;\u{0}boundary=b1", "b1"),
            ("multipart/mixed; boundary=b1\u{8}", "b1"), ("multipart/mixed; boundary=\u{1}b1", "b1"),
            ("multipart/mixed; boundary=b1\u{1B}", "b1\u{1B}"), ("multipart/mixed; boundary=b1\u{7F}", "b1"),
            ("multipart/mixed; boundary=b1\r", "b1"), ("multipart/mixed; boundary=b1\rx", "b1"),
            ("multipart/mixed; boundary=\rb1", "b1"), ("multipart/mixed; boundary=\"b1\r\"", "b1"),
            ("multipart/mixed;\rboundary=b1", "b1"), ("multipart/mixed;\r boundary=b1", "b1"),
            ("multipart/mixed; boundary=b\r1", "b1"), ("\rmultipart/mixed; boundary=b1", "b1"),
            ("multipart/mixed; boundary=\u{FEFF}b1", "b1"), ("multipart/mixed; boundary=\u{FEFF}b1", "\u{FEFF}b1"),
            ("multipart/mixed; boundary=\u{200B}b1", "\u{200B}b1"), ("multipart/mixed;\u{A0}boundary=b1", "b1"),
            ("multipart/mixed; boundary=b\u{E9}1", "b\u{E9}1"),
        ])

    private static let types = values(
        "type",
        [
            ("multipart; boundary=b1", "b1"), ("multipart/; boundary=b1", "b1"), ("/mixed; boundary=b1", "b1"),
            ("multipart/x-other; boundary=b1", "b1"), ("multipart /mixed; boundary=b1", "b1"),
            ("multipart/ mixed; boundary=b1", "b1"), ("multi part/mixed; boundary=b1", "b1"),
            ("multi\\part/mixed; boundary=b1", "b1"), ("\"multipart/mixed\"; boundary=b1", "b1"),
            ("'multipart/mixed'; boundary=b1", "b1"), ("multipart\\mixed; boundary=b1", "b1"),
            ("multipart/mixed/x; boundary=b1", "b1"), ("MULTIPART/MIXED; BOUNDARY=b1", "b1"),
            ("mUlTiPaRt/mIxEd; bOuNdArY=b1", "b1"), ("multipartmixed; boundary=b1", "b1"),
            ("x-multipart/mixed; boundary=b1", "b1"), ("multiparts/mixed; boundary=b1", "b1"),
            ("ultipart/mixed; boundary=b1", "b1"), ("multipart/mixedmultipart/mixed; boundary=b1", "b1"),
            ("multipart/mixed, text/plain; boundary=b1", "b1"), ("text/plain, multipart/mixed; boundary=b1", "b1"),
            ("multipart/mixed; text/plain; boundary=b1", "b1"), ("text/plain; multipart/mixed; boundary=b1", "b1"),
            ("text/plain multipart/mixed; boundary=b1", "b1"), ("text/plain; boundary=b1", "b1"),
            ("text/html; boundary=b1", "b1"), ("application/octet-stream; boundary=b1", "b1"),
            ("message/rfc822; boundary=b1", "b1"), ("message/delivery-status; boundary=b1", "b1"),
            ("; boundary=b1", "b1"), ("boundary=b1", "b1"), ("multipart/mixed", "b1"), ("multipart", "b1"),
            ("multipart/digest; boundary=b1", "b1"), ("multipart/alternative; boundary=b1", "b1"),
            ("multipart/related; type=\"text/html\"; boundary=b1", "b1"), ("multipart/report; boundary=b1", "b1"),
            ("multipart/signed; boundary=b1", "b1"), ("multipart/encrypted; boundary=b1", "b1"),
            ("multipart/form-data; boundary=b1", "b1"), ("multipart/byteranges; boundary=b1", "b1"),
            ("multipart/appledouble; boundary=b1", "b1"), ("multipart/voice-message; boundary=b1", "b1"),
            ("multipart.mixed; boundary=b1", "b1"), ("multipart//mixed; boundary=b1", "b1"),
            ("=multipart/mixed; boundary=b1", "b1"), (": multipart/mixed; boundary=b1", "b1"),
            ("Content-Type: multipart/mixed; boundary=b1", "b1"),
        ])
}
