extension Settings {
    /// One event for each message, kept for whoever has to answer later.
    package struct JournalSettings: Sendable, Equatable {
        package var enabled = true
        /// Seconds that an event is kept; 0: for ever.
        package var keep = 7_776_000
        /// File of JSON objects, one a line; empty: none.
        package var lines = ""
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
        "journal.lines", \.journal.lines, .path(orEmpty: "none"),
        "File to which the events are added too, a JSON object on each line. It may be renamed at any time."),
]
