import Configuration
import Testing

@Suite struct CrossCheckTests {
    private static let givesUp =
        "libclamav would give up on documents that are within limits here, and they would be over-limits"

    @Test(arguments: [
        (
            "listeners:\n  - policy: strct\npolicies:\n  strict:\n",
            "f:2:13: error: there is no policy 'strct'; did you mean 'strict'?"
        ),
        (
            "listeners:\n  - address: 127.0.0.1:1\n  - address: 127.0.0.1:1\n",
            "f:3:14: error: 127.0.0.1:1 is taken by the listener on line 2 (127.0.0.1:1)"
        ),
        (
            "listeners:\n  - address: 0.0.0.0:1\n  - address: 127.0.0.1:1\n",
            "f:3:14: error: 127.0.0.1:1 is taken by the listener on line 2 (0.0.0.0:1)"
        ),
        (
            "listeners:\n  - address: unix:/a\n  - address: unix:/a\n",
            "f:3:14: error: unix:/a is taken by the listener on line 2 (unix:/a)"
        ),
        (
            "listeners:\n  - policy: default\n  - policy: default\n",
            "f:3:5: error: 127.0.0.1:10024 is taken by the listener on line 2 (127.0.0.1:10024)"
        ),
        ("tls:\n  certificate: /c\n", "f:2:16: error: tls.certificate without tls.key"),
        ("tls:\n  key: /k\n", "f:2:8: error: tls.key without tls.certificate"),
        ("listeners:\n  - starttls: may\n", "f:2:15: error: starttls: may needs tls.certificate and tls.key"),
        (
            "timeouts:\n  before_queue: 100\n",
            "f:2:17: warning: Postfix gives up after smtpd_proxy_timeout, 100s unless changed; mail that it then sends "
                + "again may have been delivered already"
        ),
        (
            "limits:\n  spool_bytes: 50M\n",
            "f:2:16: warning: limits.message_size (100 MiB) is more than limits.spool_bytes (50 MiB): the largest "
                + "messages would always get 452"
        ),
        (
            "policies: {default: {levels: {tag2: 10, kill: 5}}}",
            "f:1:37: warning: levels.tag2 (10) is over levels.kill (5): mail between them is spam whose score is below what "
                + "its header calls required"
        ),
        (
            "bayes: {messages: 399}",
            "f:1:19: warning: bayes.messages (399) keeps less than bayes.minimum (200) of spam and of ham: the machines would "
                + "never be solved"
        ),
        (
            "bayes: {autolearn_ham: 13}",
            "f:1:24: error: bayes.autolearn_ham is above bayes.autolearn_spam: what is learnt as spam is ham, too"
        ),
        (
            "policies: {default: {levels: {tag2: 5, tag3: 4}}}",
            "f:1:46: warning: levels.tag3 (4) is below levels.tag2 (5): mail between them is no spam and gets no tag"
        ),
        (
            "policies: {default: {spammy: quarantine-and-pass, quarantine_to: {spammy: none}}}",
            "f:1:75: warning: spammy: quarantine-and-pass keeps a copy all the same: in the quarantine of this host"
        ),
        (
            "quarantine: {store: postgresql}",
            "f:1:21: error: quarantine.store: postgresql needs quarantine.postgresql"
        ),
        (
            "quarantine: {store: sql, postgresql: 'dbname=x'}",
            "f:1:21: error: 'sql' is not one of files, postgresql"
        ),
        (
            "policies: {default: {levels: {tag: 6.5}}}",
            "f:1:36: warning: levels.tag (6.5) is over levels.tag2 (6.31): spam between them has no spam fields"
        ),
        (
            "scanning:\n  parts_size: 150M\nscanners:\n"
                + "  - {name: a, kind: command, programs: [/bin/true], arguments: ['{}']}\n",
            "f:2:15: warning: scanning.parts_size (150 MiB) is less than twice limits.message_size (100 MiB): large "
                + "attachments that are harmless would be over-limits"
        ),
        (
            "clamav:\n  max_scan_size: 99M\nunpacking: {maximum_quota: 99M}\n",
            "f:2:18: warning: clamav.max_scan_size (99 MiB) is less than limits.message_size (100 MiB): larger messages "
                + "that are harmless would be over-limits"
        ),
        (
            "clamav:\n  max_scan_size: 299M\n",
            "f:2:18: warning: clamav.max_scan_size (299 MiB) is less than unpacking.maximum_quota (300 MiB): \(givesUp)"
        ),
        (
            "unpacking:\n  maximum_quota: 401M\n",
            "f:2:18: warning: clamav.max_scan_size (400 MiB) is less than unpacking.maximum_quota (401 MiB): \(givesUp)"
        ),
        (
            "clamav:\n  max_recursion: 13\n",
            "f:2:18: warning: clamav.max_recursion (13) is less than unpacking.levels (14): \(givesUp)"
        ),
        (
            "unpacking:\n  levels: 18\n",
            "f:2:11: warning: clamav.max_recursion (17) is less than unpacking.levels (18): \(givesUp)"
        ),
        (
            "clamav:\n  max_files: 1499\n",
            "f:2:14: warning: clamav.max_files (1499) is less than unpacking.files (1500): \(givesUp)"
        ),
        (
            "policies:\n  default:\n    next_hops: [maildir:/m, \"smtp:127.0.0.1:10024\"]\n",
            "f:3:29: error: mail loop: next hop smtp:[127.0.0.1]:10024 of policy 'default' is the listener 127.0.0.1:10024"
        ),
        (
            "listeners:\n  - address: 127.0.0.1:10025\n",
            "f:2:14: error: mail loop: next hop smtp:[127.0.0.1]:10025 of policy 'default' is the listener 127.0.0.1:10025"
        ),
        (
            "listeners:\n  - address: unix:/l\npolicies: {default: {next_hops: ['lmtp:unix:/l']}}",
            "f:3:34: error: mail loop: next hop lmtp:unix:/l of policy 'default' is the listener unix:/l"
        ),
        (
            "listeners:\n  - address: 0.0.0.0:9\npolicies: {default: {next_hops: ['lmtp:localhost:9']}}",
            "f:3:34: error: mail loop: next hop lmtp:[localhost]:9 of policy 'default' is the listener 0.0.0.0:9"
        ),
        (
            "policies: {default: {infected: reject}}",
            "f:1:32: warning: reject after the queue (listener 127.0.0.1:10024) makes the MTA send a bounce, "
                + "often to a forged sender; discard or quarantine does not"
        ),
        (
            "policies: {default: {unchecked: {corrupt: reject}}}",
            "f:1:43: warning: reject after the queue (listener 127.0.0.1:10024) makes the MTA send a bounce, "
                + "often to a forged sender; discard or quarantine does not"
        ),
    ])
    func contradictions(_ yaml: String, _ expected: String) {
        #expect(problems(yaml) == [expected])
        #expect(read(yaml).hasErrors == expected.contains("error"))
    }

    @Test(arguments: [
        "timeouts: {before_queue: 99}",
        "tls: {certificate: /c, key: /k}\nlisteners: [{starttls: encrypt}]",
        "listeners: [{address: 127.0.0.1:1}, {address: 127.0.0.2:1}, {address: '[::1]:1'}, {address: '[::]:2'}, {address: 0.0.0.0:2}]",
        "limits: {spool_bytes: 100M}",
        "clamav: {max_scan_size: 300M, max_recursion: 14, max_files: 1500}",
        "clamav: {max_scan_size: 1M, max_recursion: 1, max_files: 1, enabled: no}",
        "scanning: {parts_size: 150M}\nscanners: [{name: a, kind: clamd, addresses: ['127.0.0.1:3310']}]",
        "policies: {a: {infected: reject}}\nlisteners: [{placement: before-queue, policy: a}]",
        "policies: {default: {next_hops: ['smtp:127.0.0.2:10024', 'smtp:mx.example.com:10024']}}",
    ])
    func noContradictions(_ yaml: String) {
        #expect(problems(yaml) == [])
    }

    @Test(arguments: [
        "listeners:\n  - address: 127.0.0.1\n  - address: 127.0.0.1:10024\n",
        "listeners:\n  - 5\n  - address: 127.0.0.1:10024\n",
        "listeners: 5\npolicies: {default: {next_hops: ['smtp:127.0.0.1:10024']}}",
        "listeners:\n  - policy: [x]\n",
        "tls: {certificate: /c, key: k}",
        "tls: {certificate: c}\nlisteners: [{starttls: may}]",
        "policies: {default: {next_hops: [x]}}\nlisteners: [{address: 127.0.0.1:10025}]",
    ])
    func nothingIsSaidAboutDefaultsThatStandForWrongValues(_ yaml: String) {
        #expect(problems(yaml).count == 1, "\(problems(yaml))")
    }
}
