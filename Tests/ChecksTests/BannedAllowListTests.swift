import Checks
import MailModel
import Testing

/// The list of what is let through: for whom, which file, how long.
@Suite struct BannedAllowListTests {
    private static let digest = String(repeating: "0a", count: 32)

    private func list(_ text: String) -> BannedAllowList {
        BannedAllowList(BannedRules.Source(name: "l", text: Array(text.utf8)))
    }

    private func entry(
        _ list: BannedAllowList, _ sender: String, _ recipient: String,
        digest: [UInt8] = [UInt8](repeating: 10, count: 32),
        now: Int = 0
    ) -> String? {
        list.entry(sender: MailPath(sender), recipient: MailPath(recipient), digests: [[], digest], now: now)?.owner
    }

    @Test func senderRecipientAndDigestMustAllFit() {
        let list = list(
            """
            # who  to whom  what  until  owner  why
            a@Example.com  b@example.net  \(Self.digest)  1970-01-02  first  tools for b
            @example.org   *              \(Self.digest)  1970-01-02  second  all of it
            <>             b@example.net  \(Self.digest)  1970-01-02  third  bounces
            """)
        #expect(list.problems.isEmpty, "\(list.problems)")
        #expect(entry(list, "a@example.COM", "b@example.net") == "first")
        #expect(entry(list, "A@example.com", "B@example.net") == "first")
        #expect(entry(list, "a@example.com", "c@example.net") == nil)
        #expect(entry(list, "x@example.org", "c@example.net") == "second")
        #expect(entry(list, "x@sub.example.org", "c@example.net") == nil)
        #expect(entry(list, "", "b@example.net") == "third")
        #expect(entry(list, "a@example.com", "b@example.net", digest: [UInt8](repeating: 11, count: 32)) == nil)
        #expect(list.entries.map(\.reason) == ["tools for b", "all of it", "bounces"])
    }

    /// The last day belongs to it, UTC.
    @Test(arguments: [
        ("1970-01-01", 86_400), ("1970-12-31", 31_536_000), ("1972-02-29", 68_256_000), ("2000-02-29", 951_868_800),
        ("2027-03-31", 1_806_537_600), ("2100-02-28", 4_107_542_400),
    ])
    func daysEndWhenTheyEnd(_ day: String, _ end: Int) {
        let list = list("* * \(Self.digest) \(day) o r\n")
        #expect(list.entries.map(\.end) == [end])
        #expect(entry(list, "a@b", "c@d", now: end - 1) == "o")
        #expect(entry(list, "a@b", "c@d", now: end) == nil)
        #expect(list.expired(now: end - 1).isEmpty)
        #expect(
            list.expired(now: end).map(\.description) == [
                "l:1:1: the last day of this entry is over, it lets nothing through"
            ])
    }

    @Test(arguments: [
        ("*", "l:1:2: the recipient is missing"),
        ("a b", "l:1:1: the sender is user@domain, @domain, <> or *"),
        ("<a@b> *", "l:1:1: the sender is user@domain, @domain, <> or *"),
        ("* a@b>", "l:1:3: the recipient is user@domain, @domain, <> or *"),
        ("* * 12 2027-01-01 o r", "l:1:5: a SHA-256 digest has 64 hexadecimal digits"),
        ("* * DIGEST 2027-02-29 o r", "l:1:70: the last day is a date such as 2027-03-31"),
        ("* * DIGEST 2027-13-01 o r", "l:1:70: the last day is a date such as 2027-03-31"),
        ("* * DIGEST 27-1-1 o r", "l:1:70: the last day is a date such as 2027-03-31"),
        ("* * DIGEST 2027-01-01", "l:1:80: who answers for it is missing"),
        ("* * DIGEST 2027-01-01 o", "l:1:82: the reason is missing"),
    ])
    func whatIsWrongIsNamed(_ text: String, _ words: String) {
        let line = text.split(separator: " ").map { $0 == "DIGEST" ? Self.digest : String($0) }.joined(separator: " ")
        #expect(list(line).problems.map(\.description) == [words])
        #expect(list(line).entries.isEmpty)
    }
}
