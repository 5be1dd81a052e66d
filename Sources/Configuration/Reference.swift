extension ConfigurationFile {
    /// `docs/CONFIGURATION.md`, made from the schema; a test keeps the committed page equal to it.
    package static func reference() -> String {
        var out = introduction
        out += "\n## Process\n\n" + table(settingsSchema, section: "", prefix: "")
        for section in settingsSchema.sections {
            out +=
                "\n## `\(section.path)`\n\n\(section.doc)\n\n"
                + table(settingsSchema, section: section.path, prefix: "")
        }
        out += "\n## `meta_tests`\n\n\(metaTestsDoc)\n\n" + table(metaTestSchema, section: "", prefix: "meta_tests[].")
        out += "\n## `scanners`\n\n\(scannersDoc)\n\n" + table(scannerSchema, section: "", prefix: "scanners[].")
        out += "\n## `listeners`\n\n\(listenersDoc)\n\n" + table(listenerSchema, section: "", prefix: "listeners[].")
        out += "\n## `policies`\n\n\(policiesDoc)\n\n" + table(policySchema, section: "", prefix: "policies.NAME.")
        for section in policySchema.sections {
            let prefix = "policies.NAME."
            out += "\n### `\(prefix)\(section.path)`\n\n\(section.doc)\n\n"
            out += table(policySchema, section: section.path, prefix: prefix)
        }
        out += "\n## `banks`\n\n\(banksDoc)\n\n" + table(bankSchema, section: "", prefix: "banks[].", isOwn: true)
        out += "\n## `recipients`\n\n\(recipientsDoc)\n\n"
        out += table(recipientSchema, section: "", prefix: "recipients[].", isOwn: true)
        out += outcomes
        return out
    }

    /// - Parameter isOwn: without the keys of policies.
    private static func table<Root: Defaulted>(
        _ schema: Schema<Root>, section: String, prefix: String, isOwn: Bool = false
    ) -> String {
        var out = "| key | default | type | meaning |\n| --- | --- | --- | --- |\n"
        for key in schema.keys where sectionName(of: key.path) == section {
            if isOwn, policySchema[key.path] != nil { continue }
            out += "| `\(prefix)\(key.path)` | `\(key.show(Root()))` | \(key.typeName) | \(key.doc) |\n"
        }
        return out
    }

    private static let introduction = """
        # Configuration

        <!-- Generated from the schema in Sources/Configuration. Do not edit: change the schema, then run the tests with
        MAILREEVE_UPDATE_DOCS=1. -->

        Mailreeve reads one YAML file, by default `/etc/mailreeve/mailreeve.yaml`. Every key has a default; an empty file is a
        valid configuration. `packaging/mailreeve.yaml` is the file to start from.

        | command | does |
        | --- | --- |
        | `mailreeve check-config FILE` | prints every problem, those of tables and other files that the settings name too, on a line of its own as \
        `file:line:column: error: ...` (`file: error: ...` where it has no place), and exits with 1 if there are errors |
        | `mailreeve config defaults` | prints the whole configuration with its defaults, valid as a file |
        | `mailreeve config explain KEY` | says a key's value, where it comes from, its default and its meaning |

        ## How values are written

        | type | examples | remarks |
        | --- | --- | --- |
        | yes or no | `yes`, `no`, `true`, `false`, `on`, `off` | these words mean this only where yes or no is wanted |
        | size | `4096`, `64 KiB`, `10M`, `1 GiB` | octets; units K, M, G are powers of 1024, with or without `iB` |
        | time | `90`, `90s`, `5m`, `1h`, `1d` | seconds without a unit |
        | mode | `0660` | octal, with or without the 0 before |
        | address | `127.0.0.1:10024`, `"[::1]:10024"`, `unix:/run/mailreeve/lmtp` | of a listener; no names |
        | next hop | `smtp:[127.0.0.1]:10025`, `lmtp:[mail.example.com]:24`, `lmtp:unix:/run/lmtp`, `maildir:/var/mail/in` | brackets are needed for IPv6 only; no MX look-up is made |
        | network | `192.0.2.0/24`, `"2001:db8::/32"`, `192.0.2.1` | no bits set after the prefix |

        A text that begins with one of ``[ { @ ` % * ! & | >`` must be in quotes, and so must `[` and `]` inside a list that is
        itself written in brackets; the message says so when they are missing. Anchors, aliases, merge keys (`<<`), tags, a
        second document, duplicate keys and unknown keys are errors. The file is UTF-8 and at most 1 MiB.

        """

    private static let outcomes = """

        ## What may become of a message

        The destinies:

        | value | the client gets | the message |
        | --- | --- | --- |
        | `pass` | the next hop's reply | is delivered, marked where it was not fully checked |
        | `discard` | 250 | is not delivered; a copy is kept if `quarantine` is `yes` |
        | `bounce` | 250; the sender gets a notification | is not delivered; a copy is kept if `quarantine` is `yes` |
        | `reject` | 5xx | is not delivered; a copy is kept if `quarantine` is `yes` |
        | `tempfail` | 4xx | stays with the client, which tries again |
        | `quarantine` | 250 | is not delivered; a copy is always kept |
        | `quarantine-and-pass`, `-bounce`, `-reject` | as for the second word | as for the second word; a copy is always kept |
        | `strip` | 250 | is delivered with a text in place of each banned part; the whole message is always kept |

        `reject` belongs before the queue: after it the MTA answers a refusal with a bounce, often to somebody who never wrote.

        """
}

/// Settings that can be made with nothing but defaults.
protocol Defaulted: Sendable {
    init()
}

extension Settings: Defaulted {}
extension Settings.Listener: Defaulted {}
extension Settings.MetaTestEntry: Defaulted {}
extension ScannerEntry: Defaulted {}
extension Settings.PolicySettings: Defaulted {}
extension Settings.Bank: Defaulted {}
extension Settings.RecipientSettings: Defaulted {}
