extension Settings {
    /// One event for each message, kept for whoever has to answer later.
    package struct JournalSettings: Sendable, Equatable {
        package var enabled = true
        /// Seconds that an event is kept; 0: for ever.
        package var keep = 7_776_000
        /// Octets of the events in the database; 0: no bound.
        package var size = 21_474_836_480
        /// File of JSON objects, one a line; empty: none.
        package var lines = ""
        /// Events that wait for the disk.
        package var queueEvents = 10_000
        /// Octets of their texts.
        package var queueSize = 67_108_864
        package init() {}
    }
}

private typealias Setting = SchemaKey<Settings>

let journalKeys: [SchemaKey<Settings>] = [
    Setting(
        "journal.enabled", \.journal.enabled, .flag,
        "Keep an event for each message, for mailreeve log and explain, in journal.sqlite in the state directory."),
    Setting(
        "journal.keep", \.journal.keep, .duration(0...315_360_000), "How long an event is kept. 0 is for ever."),
    Setting(
        "journal.size", \.journal.size, .size(0...1_125_899_906_842_624),
        "How much the events may take, about 2 KiB each. The oldest go first, and the log says so. 0 is no bound."),
    Setting(
        "journal.lines", \.journal.lines, .path(orEmpty: "none"),
        "File to which the events are added too, a JSON object on each line. It may be renamed at any time."),
    Setting(
        "journal.queue_events", \.journal.queueEvents, .count(1...10_000_000),
        "Events that wait for a slow disk. One that finds no place is written into the log as a whole."),
    Setting(
        "journal.queue_size", \.journal.queueSize, .size(65_536...1_099_511_627_776),
        "Octets of the events that wait."),
]
