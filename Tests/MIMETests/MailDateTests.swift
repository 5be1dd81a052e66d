import MIME
import Testing

/// Dates of mail in seconds.
@Suite struct MailDateTests {
    @Test(
        arguments: [
            ("Thu, 6 Mar 2025 07:05:30 +0000", 1_741_244_730), ("Thu, 6 Mar 2025 08:05:30 +0100", 1_741_244_730),
            ("6 mar 2025 01:35 -0530", 1_741_244_700), (" Thu,\r\n\t06 Mar 2025 07:05:30 GMT (comment)", 1_741_244_730),
            ("Sat, 1 Jan 00 00:00:00 +0000", 946_684_800), ("Fri, 31 Dec 99 23:59:60 +0000", 946_684_800),
            ("29 Feb 2000 12:00:00 +0000", 951_825_600), ("1 Jan 1970 00:00:00 +0000", 0),
            ("Thu, 29 February 2024 00:00:00 +0000", 1_709_164_800),
        ] as [(String, UInt32)])
    func dates(_ text: String, _ seconds: UInt32) {
        #expect(MailDate.seconds(Array(text.utf8).span) == seconds)
    }

    @Test(arguments: [
        "", "Mar", "6 Mar", "6 Mar 2025", "32 Mar 2025 07:05:30", "0 Mar 2025 07:05:30", "6 Foo 2025 07:05:30",
        "6 Mar 2025 24:05:30", "6 Mar 2025 07:60", "6 Mar 2025 07", "6 Mar 2025 07:05:61", "6 Mar 20256 07:05:30",
        "6 Mar 2106 07:05:30", "1 Jan 1970 00:00:00 +0100", "6 Mar 2025 a:b", "99999999999 Mar 2025 07:05",
    ])
    func whatIsNone(_ text: String) {
        #expect(MailDate.seconds(Array(text.utf8).span) == nil)
    }
}
