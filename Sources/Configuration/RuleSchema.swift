internal import Checks

private typealias Setting = SchemaKey<Settings>

/// Postfix's own keys of header and body checks.
let postfixRuleKeys: [SchemaKey<Settings>] = [
    Setting(
        "header_checks", \.rules.header, .tables,
        "Rules for the fields of the message's own header, but for the six MIME fields."),
    Setting(
        "mime_header_checks", \.rules.mimeHeader,
        ValueType<[TableName]>.tables.orNull(meaning: "the tables of header_checks"),
        "Rules for MIME fields anywhere, and for every field at the top of a body part."),
    Setting(
        "nested_header_checks", \.rules.nestedHeader,
        ValueType<[TableName]>.tables.orNull(meaning: "the tables of header_checks"),
        "Rules for the header of attached messages, but for MIME fields."),
    Setting("body_checks", \.rules.body, .tables, "Rules for body lines, boundaries among them, as they stand."),
    Setting(
        "decoded_header_checks", \.rules.decodedHeader, .tables,
        "Rules for header fields with encoded words decoded to UTF-8. Not in Postfix. [] asks none, not the shipped ones."
    ),
    Setting(
        "decoded_body_checks", \.rules.decodedBody, .tables,
        "Rules for the lines of text parts, decoded to UTF-8, HTML as text. Not in Postfix. [] asks none."),
    Setting(
        "link_checks", \.rules.link, .tables,
        "Rules for the links of all parts, each once and in one form (docs/RULES.md). Not in Postfix."),
    Setting(
        "attachment_checks", \.rules.attachment, .tables,
        "Rules for the names and types of all files at every depth. Not in Postfix."),
    Setting(
        "header_size_limit", \.rules.headerSize, .size(1...1_073_741_824),
        "Once a header field has as many octets, its further lines are not looked up."),
    Setting(
        "line_length_limit", \.rules.lineLength, .size(1...1_073_741_824),
        "A longer body line is looked up in pieces of this size."),
    Setting(
        "body_checks_size_limit", \.rules.bodySize, .size(0...1_073_741_824),
        "Octets of each part that body_checks sees. 0 is no limit."),
    Setting(
        "mime_nesting_limit", \.rules.nesting, .count(0...1000),
        "Multiparts within each other; a message with more is over-limits where there are rules."),
    Setting(
        "mime_boundary_length_limit", \.rules.boundaryLength, .size(1...1_048_576),
        "Octets of a boundary that the rules' reader compares."),
]

/// Keys that Postfix has no names for.
let ownRuleKeys: [SchemaKey<Settings>] = [
    Setting(
        "rules.strict", \.rules.strict, .flag,
        "Refuse tables with a rule that cannot be used; Postfix leaves such rules out with a warning."),
    Setting(
        "rules.match_limit", \.rules.matchLimit, .count(1000...1_000_000_000), "Steps of one match of a pcre pattern."),
    Setting(
        "rules.time_limit", \.rules.timeLimit, .duration(1...3600),
        "Time that the rules may take for one message; beyond, it is over-limits."),
    Setting(
        "rules.firing_limit", \.rules.firingLimit, .count(1...10_000),
        "Rules that may fire in one message; beyond, WARN and INFO are not logged, any other leaves it over-limits."),
    Setting(
        "rules.group_limit", \.rules.groupLimit, .size(1024...4_194_304),
        "Octets that $1, $2 and so on of all these rules may stand for; the same beyond."),
    Setting(
        "rules.edit_limit", \.rules.editLimit, .size(1024...268_435_456),
        "Octets that PREPEND and REPLACE may add to one message; one with more is put off."),
    Setting(
        "rules.link_limit", \.rules.linkLimit, .count(1...100_000),
        "Links of one message that link_checks sees; how many more there are changes nothing."),
    Setting(
        "rules.at_match_limit", \.rules.atMatchLimit, .choice,
        "A match that was given up counts as no match, as in Postfix, or leaves the message unchecked."),
    Setting(
        "rules.hold", \.rules.hold, .choice,
        "HOLD keeps the message in the quarantine, or adds X-Mailreeve-Hold: for the MTA behind to act on."),
    Setting(
        "rules.filters", \.rules.filters, ValueType<FilterRoute>.filterRoute.list(of: "filters", allowEmpty: true),
        "Next hops that FILTER may choose: what stands behind the word, =>, the next hop. Any other FILTER is refused."),
]

/// Rules on names and types of files.
let bannedKeys: [SchemaKey<Settings>] = [
    Setting(
        "banned.rules", \.rules.banned, ValueType<BannedSource>.bannedSource.list(of: "rules", allowEmpty: true),
        "Rules on names and types of files (docs/BANNED.md), read one after the other; each policy names its sets."),
    Setting(
        "banned.allow_list", \.rules.bannedAllowList, .path(orEmpty: "none"),
        "File of what is let through all the same: sender, recipient, SHA-256, until when, who answers for it, why."),
]
