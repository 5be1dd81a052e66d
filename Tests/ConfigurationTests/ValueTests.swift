import Configuration
import Testing

@Suite struct ValueTests {
    @Test(arguments: [
        ("4096", 4096), ("64 KiB", 65_536), ("64KiB", 65_536), ("10M", 10_485_760), ("10m", 10_485_760),
        ("1g", 1_073_741_824),
        ("\"2K\"", 2048), ("1 MIB", 1_048_576),
    ])
    func sizes(_ text: String, _ expected: Int) {
        let loaded = read("limits:\n  message_size: \(text)\nclamav: {max_scan_size: 1G}")
        #expect(loaded.problems == [])
        #expect(loaded.settings.limits.messageSize == expected)
    }

    @Test(arguments: [
        "10MB", "1.5M", "-1", "+4096", "4_096", "0x1000", "1e6", "10  M", "M", "10M x", "99999999999999999999",
    ])
    func notSizes(_ text: String) {
        #expect(
            problems("limits:\n  message_size: \(text)")
                == ["f:2:17: error: '\(text)' is not a size such as 64 KiB or 10M"])
    }

    @Test func aSizeThatOverflowsIsNotASize() {
        #expect(problems("limits: {message_size: 9999999999999G}").first?.hasPrefix("f:1:24: error: ") == true)
    }

    @Test(arguments: [("90", 90), ("90s", 90), ("90 s", 90), ("5m", 300), ("1h", 3600), ("1d", 86_400)])
    func times(_ text: String, _ expected: Int) {
        let loaded = read("timeouts: {command: \(text)}")
        #expect(loaded.problems == [])
        #expect(loaded.settings.timeouts.command == expected)
    }

    @Test(arguments: ["12:30:00", "1w", "5 minutes", "-5s", "0.5h"])
    func notTimes(_ text: String) {
        #expect(
            problems("timeouts:\n  command: \(text)") == ["f:2:12: error: '\(text)' is not a time such as 90s or 5m"])
    }

    @Test(arguments: [
        ("yes", true), ("no", false), ("true", true), ("False", false), ("ON", true), ("off", false), ("'no'", false),
    ])
    func flags(_ text: String, _ expected: Bool) {
        let loaded = read("clamav: {enabled: \(text)}")
        #expect(loaded.problems == [])
        #expect(loaded.settings.clamav.enabled == expected)
    }

    @Test(arguments: ["y", "1", "0", "enabled", "nope"])
    func notFlags(_ text: String) {
        #expect(problems("clamav: {enabled: \(text)}") == ["f:1:19: error: '\(text)' is neither yes nor no"])
    }

    @Test func wordsOfYAMLAreTextWhereTextIsWanted() {
        let loaded = read("user: no\ngroup: off\nhostname: 1.10\nlisteners: [{policy: yes}]\npolicies: {yes: }")
        #expect(loaded.problems == [])
        #expect(loaded.settings.user == "no")
        #expect(loaded.settings.group == "off")
        #expect(loaded.settings.hostname == "1.10")
        #expect(loaded.settings.listeners[0].policy == "yes")
    }

    @Test(arguments: [("0660", 0o660), ("660", 0o660), ("0777", 0o777), ("0000", 0), ("\"0600\"", 0o600)])
    func modes(_ text: String, _ expected: Int) {
        let loaded = read("listeners: [{mode: \(text)}]")
        #expect(loaded.problems == [])
        #expect(loaded.settings.listeners[0].mode == expected)
    }

    @Test(arguments: ["0668", "1777", "66", "00660", "0o660", "rw"])
    func notModes(_ text: String) {
        #expect(problems("listeners: [{mode: \(text)}]").count == 1)
    }

    @Test(arguments: [
        "group: ~", "group: null", "group:", "listeners: [{line_endings: null}]", "policies: {default: {infected: }}",
    ])
    func nullIsTheDefaultWhereThereIsOne(_ text: String) {
        #expect(read(text).problems == [])
        #expect(read(text).settings == Settings())
    }

    @Test func quotedNullIsAText() {
        #expect(read("group: \"null\"").settings.group == "null")
    }

    @Test(arguments: [
        ("user: \"\"", "'' is not the name of a user or group"),
        ("user: a b", "'a b' is not the name of a user or group"),
        ("user: -x", "'-x' is not the name of a user or group"),
        ("user: \"a\\nb\"", "'a\\x0Ab' holds a control character or a line break"),
        ("user: |\n  a\n", "'a\\x0A' holds a control character or a line break"),
        ("hostname: a b", "'a b' is not a host name or \"\""),
        ("state_directory: var", "'var' is not an absolute path"),
        ("tls: {key: k}", "'k' is not an absolute path or \"\""),
        ("log: {level: warn}", "'warn' is not one of debug, info, notice, warning, error"),
        ("log: {format: jsno}", "'jsno' is not one of text, json; did you mean 'json'?"),
        ("log: {facility: local8}", "did you mean 'local0'?"),
        ("listeners: [{owner: 'a:b:c'}]", "'a:b:c' is not user, user:group or \"\""),
        ("listeners: [{starttls: yes}]", "'yes' is not one of none, may, encrypt"),
        ("policies: {default: {unchecked: {corrupt: drop}}}", "'drop' is not one of pass, discard"),
    ])
    func wrongTexts(_ yaml: String, _ message: String) throws {
        let found = read(yaml).problems
        #expect(found.count == 1)
        #expect(try #require(found.first).message.contains(message), "\(found)")
    }

    /// Bounds of every number, as the reference promises them.
    static let bounds: [(String, Int, Int)] = [
        ("workspace.expansion", 1, 100), ("limits.message_size", 1024, 2_147_483_648),
        ("limits.recipients", 100, 100_000),
        ("limits.command_line", 512, 65_536), ("limits.command_errors", 1, 10_000), ("limits.connections", 1, 100_000),
        ("limits.connections_per_client", 0, 100_000), ("limits.messages_in_flight", 1, 100_000),
        ("limits.spool_bytes", 1_048_576, 1_099_511_627_776), ("limits.spool_memory_per_message", 0, 2_147_483_648),
        ("limits.free_space", 0, 1_099_511_627_776), ("limits.hop_count", 1, 1000), ("limits.own_hop_count", 1, 1000),
        ("limits.mime_parts", 1, 1_000_000),
        ("limits.mime_depth", 1, 1000), ("limits.header_bytes", 1024, 268_435_456),
        ("limits.header_fields", 16, 1_000_000), ("limits.mime_parameters", 8, 100_000),
        ("limits.mime_boundary_length", 70, 65_536), ("limits.mime_readings", 0, 1000),
        ("limits.mime_reading_bytes", 0, 2_147_483_648), ("limits.text_bytes", 0, 2_147_483_648),
        ("limits.html_edits", 1, 30_000), ("limits.html_attributes", 8, 10_000),
        ("limits.rewritten_body", 0, 268_435_456),
        ("quarantine.keep", 0, 315_360_000), ("journal.keep", 0, 315_360_000),
        ("journal.size", 0, 1_125_899_906_842_624),
        ("quarantine.size", 0, 1_125_899_906_842_624),
        ("unpacking.levels", 0, 1000), ("unpacking.files", 0, 100_000),
        ("unpacking.minimum_quota", 0, 1_099_511_627_776), ("unpacking.maximum_quota", 0, 1_099_511_627_776),
        ("unpacking.minimum_factor", 0, 1_000_000), ("unpacking.maximum_factor", 0, 1_000_000),
        ("unpacking.ratio", 1, 1_000_000), ("unpacking.seconds", 1, 86_400),
        ("unpacking.processor_seconds", 1, 86_400), ("unpacking.memory", 0, 1_099_511_627_776),
        ("unpacking.member_memory", 0, 1_099_511_627_776), ("unpacking.workspace", 0, 1_099_511_627_776),
        ("unpacking.password_tries", 0, 10_000), ("unpacking.password_keys", 0, 100_000),
        ("unpacking.dictionary", 1_048_576, 2_147_483_648), ("unpacking.buffer", 1_048_576, 2_147_483_648),
        ("unpacking.hidden_archives", 0, 100_000), ("unpacking.marks", 0, 1_000_000),
        ("unpacking.encoded_files", 1, 10_000), ("unpacking.zip_directories", 1, 10_000),
        ("unpacking.zip_pieces", 0, 10_000), ("unpacking.image_names", 0, 1_099_511_627_776),
        ("timeouts.command", 1, 86_400),
        ("timeouts.message", 1, 86_400), ("timeouts.data_block", 1, 86_400),
        ("timeouts.minimum_rate", 0, 1_073_741_824),
        ("timeouts.inspection", 1, 3600), ("timeouts.before_queue", 1, 3600), ("timeouts.next_hop_connect", 1, 3600),
        ("timeouts.next_hop_reply", 1, 3600), ("timeouts.next_hop_data_done", 1, 86_400),
        ("timeouts.next_hop_idle", 1, 3600),
        ("timeouts.mbox_lock", 1, 3600), ("timeouts.postgresql", 1, 3600),
        ("timeouts.drain", 0, 3600), ("inspector.workers", 0, 1024), ("inspector.spares", 0, 64),
        ("inspector.messages_per_worker", 1, 1_000_000), ("inspector.memory", 67_108_864, 1_099_511_627_776),
        ("inspector.report_size", 65_536, 1_073_741_824), ("clamav.max_scan_size", 1_048_576, 2_147_483_645),
        ("clamav.max_recursion", 1, 100), ("clamav.max_files", 1, 1_000_000),
        ("clamav.self_check", 0, 86_400),
        ("header_size_limit", 1, 1_073_741_824), ("line_length_limit", 1, 1_073_741_824),
        ("body_checks_size_limit", 0, 1_073_741_824), ("mime_nesting_limit", 0, 1000),
        ("mime_boundary_length_limit", 1, 1_048_576), ("rules.match_limit", 1000, 1_000_000_000),
        ("rules.time_limit", 1, 3600), ("rules.link_limit", 1, 100_000), ("rules.firing_limit", 1, 10_000),
        ("rules.group_limit", 1024, 4_194_304),
        ("rules.edit_limit", 1024, 268_435_456), ("scanning.self_test_interval", 10, 86_400),
        ("cache.messages", 0, 100_000), ("cache.clean", 0, 86_400), ("cache.infected", 0, 86_400),
        ("scanning.retry_interval", 1, 3600), ("scanning.parts_size", 65_536, 2_147_483_648),
        ("notices.per_hour", 0, 100_000), ("notices.sender_time", 1, 3600), ("notices.others_time", 1, 3600),
        ("notices.returned_size", 0, 2_147_483_648), ("notices.quoted_header", 0, 1_048_576),
        ("notices.at_once", 1, 1000), ("notices.recipients", 1, 100_000), ("notices.addresses", 1, 10_000_000),
        ("notices.viruses", 0, 10_000_000),
        ("limits.next_hop_transactions", 1, 100_000), ("limits.next_hop_messages", 1, 1_000_000),
        ("limits.served_messages", 0, 10_000_000),
        ("limits.served_time", 0, 2_592_000), ("journal.queue_events", 1, 10_000_000),
        ("journal.queue_size", 65_536, 1_099_511_627_776), ("log.queue_lines", 100, 10_000_000),
        ("quarantine.release_connections", 1, 1000), ("quarantine.release_time", 1, 86_400),
        ("quarantine.release_mark", 0, 2_592_000),
        ("digests.link_time", 3600, 7_776_000), ("digests.messages", 1, 10_000), ("digests.allowed_senders", 0, 10_000),
        ("digests.ignored_per_hour", 0, 100_000),
        ("digests.letters", 1, 1_000_000), ("digests.failures", 1, 1000),
        ("policies.default.size_limit", 0, 1_099_511_627_776),
        ("bayes.tokens", 10_000, 1_000_000_000), ("bayes.messages", 100, 1_000_000), ("bayes.minimum", 1, 1_000_000),
        ("bayes.near_duplicates", 1, 1_000_000), ("bayes.open_databases", 1, 10_000),
        ("bayes.redis_database", 0, 1_000_000), ("bayes.redis_timeout", 1, 60),
        ("bayes.autolearn_per_sender", 1, 1_000_000), ("bayes.autolearn_per_network", 1, 1_000_000),
        ("bayes.autolearn_per_day", 1, 1_000_000), ("bayes.autolearn_share", 1, 100),
    ]

    @Test(arguments: bounds)
    func numbersHaveBounds(_ key: String, _ low: Int, _ high: Int) {
        let names = key.split(separator: ".")
        // A key that stands in no section is written beside one that says nothing.
        let nested = names.enumerated().map { String(repeating: "  ", count: $0.offset) + $0.element }
        let lead = names.count > 1 ? nested.joined(separator: ":\n") : "user: nobody\n\(key)"
        func errors(_ value: Int) -> [Problem] {
            read("\(lead): \(value)").problems.filter { $0.severity == .error }
        }
        #expect(errors(low) == [])
        #expect(errors(high) == [])
        for beyond in [low - 1, high + 1] {
            let found = errors(beyond)
            #expect(found.count == 1 && found.first?.line == max(2, names.count), "\(beyond)")
            #expect(found.first?.column == (names.last?.count ?? 0) + 2 * names.count + 1)
        }
    }

    @Test(arguments: [
        ("6.31", 6.31), ("0", 0), ("-5", -5), ("1.5", 1.5), ("1000000", 1_000_000), ("-1000000.000", -1_000_000),
        ("0.001", 0.001), ("-0.5", -0.5),
    ])
    func points(_ text: String, _ expected: Double) {
        let loaded = read("policies: {default: {levels: {kill: \(text)}}}")
        #expect(loaded.problems.allSatisfy { $0.severity == .warning })
        #expect(loaded.settings.policies["default"]?.levels.kill == expected)
    }

    @Test(arguments: [
        "6.3111", "1e3", ".5", "5.", "1,5", "--1", "+1", "nan", "inf", "1000000.001", "-1000001", "1.2.3",
        "9999999999999",
    ])
    func notPoints(_ text: String) {
        #expect(problems("policies: {default: {levels: {kill: \"\(text)\"}}}").count == 1)
    }

    @Test func everyNumberIsInTheTableOfBounds() {
        let numbers = ConfigurationFile.reference().split(separator: "\n").filter {
            $0.contains("| number, ") || $0.contains("| size, ") || $0.contains("| time, ")
        }
        #expect(numbers.count == ValueTests.bounds.count + ScannerTests.bounds.count)
    }
}
