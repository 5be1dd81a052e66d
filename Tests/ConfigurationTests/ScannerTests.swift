import Configuration
import MailModel
import Testing

/// The list of scanners.
@Suite struct ScannerTests {
    private static let clamd = "scanners:\n  - name: a\n    addresses: [ \"unix:/run/clamd\" ]\n"

    @Test func aListIsRead() {
        let loaded = read(
            """
            scanners:
              - name: clamd
                addresses: [ "127.0.0.1:3310", "[::1]:3310", "unix:/run/clamd", "clam.example.com:3310" ]
                on_failure: pass-marked
                stale_after: 7d
              - name: program
                kind: command
                backup: yes
                programs: [ /usr/bin/clamscan ]
                arguments: [ --stdout, "{}" ]
                infected_codes: [ 1, 50 ]
              - name: spam
                kind: rspamd
                addresses: [ "127.0.0.1:11333" ]
            """)
        #expect(loaded.problems == [])
        let scanners = loaded.settings.scanners
        #expect(scanners.map(\.kind) == [.clamd, .command, .rspamd] && scanners.map(\.backup) == [false, true, false])
        #expect(
            scanners[0].addresses.map(\.description) == [
                "127.0.0.1:3310", "[::1]:3310", "unix:/run/clamd", "clam.example.com:3310",
            ])
        #expect(scanners[0].onFailure == .passMarked && scanners[1].onFailure == .tempfail)
        #expect(scanners[0].staleAfter == 604_800 && scanners[1].infectedCodes == [1, 50])
        #expect(scanners.map(\.takesParts) == [false, true, false])
        #expect(scanners.map(\.sample) == [.eicar, .eicar, .gtube])
        #expect(
            loaded.explain(key: "scanners[0].on_failure")
                == .known(
                    """
                    scanners[0].on_failure: pass-marked  (f:4:17)
                      default: tempfail
                      type: one of tempfail, pass-marked, quarantine
                      What becomes of mail when neither it nor another scanner with the same aim answers.
                    """))
    }

    @Test func noneIsTheDefault() {
        for text in ["scanners:", "scanners: []", ""] { #expect(read(text).settings.scanners == []) }
    }

    @Test(arguments: [
        ("scanners: 7", "f:1:11: error: expected a list of scanners, each after '- ', found a single value"),
        ("scanners:\n  - name: a", "f:2:5: error: scanner 'a' of kind clamd needs addresses"),
        ("scanners:\n  - addresses: [ 1.2.3.4:5 ]", "f:2:5: error: a scanner needs a name"),
        (
            "scanners:\n  - name: a\n    addresses: [ 1.2.3.4:5 ]\n  - name: a\n    addresses: [ 1.2.3.4:5 ]",
            "f:4:11: error: there is another scanner 'a'"
        ),
        (
            "scanners:\n  - name: a\n    kind: command\n    arguments: [ \"{}\" ]",
            "f:2:5: error: scanner 'a' of kind command needs programs"
        ),
        (
            "scanners:\n  - name: a\n    kind: command\n    programs: [ /bin/true ]\n    arguments: [ -r ]",
            "f:5:16: error: scanner 'a' is not told what to look at: {} is in no argument"
        ),
        (
            "scanners:\n  - name: a\n    kind: protocol\n    programs: [ /bin/a ]\n    addresses: [ \"unix:/a\" ]",
            "f:5:16: error: scanner 'a' of kind protocol needs either addresses or programs"
        ),
        (
            "scanners:\n  - name: a\n    kind: protocol\n    addresses: [ 1.2.3.4:5 ]",
            "f:4:16: error: kind protocol needs a Unix socket: descriptors do not travel over TCP"
        ),
        (
            "scanners:\n  - name: a\n    method: fildes\n    addresses: [ 1.2.3.4:5 ]",
            "f:3:13: error: fildes needs a Unix socket"
        ),
        (
            "scanners:\n  - name: a\n    kind: clamav\n    addresses: [ 1.2.3.4:5 ]",
            "f:3:11: error: 'clamav' is not one of clamd, command, spamd, rspamd, protocol"
        ),
    ])
    func whatIsWrongIsSaid(yaml: String, problem: String) {
        #expect(problems(yaml) == [problem])
    }

    /// Bounds of every number, as the reference promises them.
    static let bounds: [(String, Int, Int)] = [
        ("timeout", 1, 3600), ("stale_after", 0, 31_536_000), ("concurrency", 1, 1000),
        ("memory", 67_108_864, 1_099_511_627_776), ("score_percent", 0, 1000),
    ]

    @Test(arguments: bounds)
    func numbersHaveBounds(_ key: String, _ low: Int, _ high: Int) {
        for value in [low, high] { #expect(problems(Self.clamd + "    \(key): \(value)") == []) }
        for value in [low - 1, high + 1] { #expect(problems(Self.clamd + "    \(key): \(value)").count == 1) }
    }
}
