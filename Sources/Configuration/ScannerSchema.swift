internal import MailModel

private typealias Setting = SchemaKey<Settings>
private typealias ScannerKey = SchemaKey<ScannerEntry>

let scanningKeys: [SchemaKey<Settings>] = [
    Setting(
        "scanning.first_hit_stops", \.scanning.firstHitStops, .flag,
        "The first virus that a scanner finds ends the search of the others; no lets all say what they find."),
    Setting(
        "scanning.self_test_interval", \.scanning.selfTestInterval, .duration(10...86_400),
        "Between two self-tests of a scanner that works."),
    Setting(
        "scanning.retry_interval", \.scanning.retryInterval, .duration(1...3600),
        "Between two self-tests of a scanner that does not."),
    Setting(
        "scanning.parts_size", \.scanning.partsSize, .size(65_536...2_147_483_648),
        "Octets of all decoded parts of a message that scanners get; a message with more is over-limits."),
    Setting(
        "scanning.launcher", \.scanning.launcher, .path(orEmpty: "beside mailreeve"),
        "The program mailreeve-launcher, which starts scanners that are programs."),
]

let cacheKeys: [SchemaKey<Settings>] = [
    Setting(
        "cache.messages", \.cache.messages, .count(0...100_000),
        "Messages whose answers are kept, by their digest, until the settings or signatures change. 0 is none."),
    Setting("cache.clean", \.cache.clean, .duration(0...86_400), "How long \"clean\" counts. 0 does not keep it."),
    Setting(
        "cache.infected", \.cache.infected, .duration(0...86_400), "How long \"infected\" counts. 0 does not keep it."),
    Setting(
        "cache.parts", \.cache.parts, .flag, "A worker does not scan a part again that it has found clean itself."),
]

/// The sentence for `scanners`.
let scannersDoc =
    "Scanners outside the inspector (docs/SCANNERS.md), asked beside it and beside each other. A list; none by default."
/// The keys of one scanner.
let scannerSchema = Schema<ScannerEntry>(keys: [
    ScannerKey("name", \.name, .scannerName, "Its name in logs, verdicts and status; each once."),
    ScannerKey("kind", \.kind, .choice, "What it is."),
    ScannerKey(
        "backup", \.backup, .flag, "Ask it only when no other with the same aim has looked at the whole message."),
    ScannerKey(
        "on_failure", \.onFailure, .choice,
        "What becomes of mail when neither it nor another scanner with the same aim answers."),
    ScannerKey("timeout", \.timeout, .duration(1...3600), "Time for one message, within that of the whole inspection."),
    ScannerKey(
        "parts", \.parts, ValueType<Bool>.flag.orNull(meaning: "yes for command, protocol, http and text"),
        "Give it every decoded part too; it then waits for the inspection."),
    ScannerKey(
        "self_test", \.selfTest,
        ValueType<ScannerEntry.Sample>.choice.orNull(meaning: "gtube where spam is sought, else eicar"),
        "What it must find, at the start and on a timer, to be believed when it finds nothing. none: it must answer."),
    ScannerKey(
        "seeks", \.seeks,
        ValueType<ScannerEntry.Aim>.choice.orNull(meaning: "spam with self_test gtube, else viruses"),
        "Of kinds protocol and http: what it looks for; only scanners that look for the same stand in for each other."),
    ScannerKey(
        "max_size", \.maxSize,
        ValueType<Int>.size(0...2_147_483_648).orNull(meaning: "2 MiB for spamd and rspamd, else 0"),
        "Octets of the largest message that it gets; more is over-limits, or no points. 0 is no limit."),
    ScannerKey(
        "stale_after", \.staleAfter, .duration(0...31_536_000),
        "clamd: age of its signatures from which on it is taken as failed. 0 is any age."),
    ScannerKey(
        "concurrency", \.concurrency, .count(1...1000), "Messages that it is given at one time, at each address."),
    ScannerKey(
        "addresses", \.addresses,
        ValueType<ServerAddress>.scannerEndpoint.list(of: "addresses", allowEmpty: true),
        "Of a server: 127.0.0.1:3310, \"[::1]:3310\" or unix:/path. The first is asked, the next when it fails."),
    ScannerKey(
        "spread", \.spread, .flag, "Each message begins with the next address, instead of all with the first."),
    ScannerKey("path", \.path, .argument, "Of kind http: the path of the request, with a query if it needs one."),
    ScannerKey(
        "method", \.method, .choice,
        "clamd: the message in pieces, or as a descriptor, which needs a Unix socket and copies nothing."),
    ScannerKey(
        "request", \.request, .argument,
        "Of kind text: what it is sent, as 'SCAN {}\\n'. {} is the directory, {}/* every file, each by itself."),
    ScannerKey(
        "programs", \.programs, ValueType<String>.path.list(of: "paths", allowEmpty: true),
        "Of a program: paths; the first that is there is run."),
    ScannerKey(
        "arguments", \.arguments, ValueType<String>.argument.list(of: "arguments", allowEmpty: true),
        "Of a program. {} is the directory with the message and its parts, {}/* every file in it."),
    ScannerKey(
        "clean_codes", \.cleanCodes, ValueType<Int>.count(0...255).list(of: "exit codes", allowEmpty: true),
        "Exit codes of a program that found nothing."),
    ScannerKey(
        "infected_codes", \.infectedCodes, ValueType<Int>.count(0...255).list(of: "exit codes", allowEmpty: true),
        "Exit codes of a program that found something; they count before the others."),
    ScannerKey(
        "unchecked_codes", \.uncheckedCodes, ValueType<Int>.count(0...255).list(of: "exit codes", allowEmpty: true),
        "Exit codes of a program that did not look at something and found nothing in the rest."),
    ScannerKey(
        "clean_pattern", \.cleanPattern, .argument, "pcre pattern for the words of one that found nothing."),
    ScannerKey(
        "infected_pattern", \.infectedPattern, .argument,
        "pcre pattern for the words of one that found something; it counts before the others."),
    ScannerKey(
        "unchecked_pattern", \.uncheckedPattern, .argument,
        "pcre pattern for the words of one that did not look at something; it counts before clean."),
    ScannerKey(
        "unchecked_reason", \.uncheckedReason, .choice,
        "Why it did not: the reason whose destiny in policies.NAME.unchecked holds."),
    ScannerKey(
        "name_pattern", \.namePattern, .argument, "pcre pattern whose first group is the name of what was found."),
    ScannerKey(
        "end_pattern", \.endPattern, .argument,
        "pcre pattern for what it says last of all; an answer without that was cut off, and is a failure."),
    ScannerKey(
        "all_matches", \.allMatches, .flag,
        "It names every match of a content, so that spam signatures cannot hide a virus from it."),
    ScannerKey(
        "readable", \.readable, ValueType<String>.path.list(of: "paths", allowEmpty: true),
        "What a program may read besides the system and the mail: its signatures and settings."),
    ScannerKey("network", \.network, .flag, "A program may open sockets of any kind."),
    ScannerKey(
        "memory", \.memory, .size(67_108_864...1_099_511_627_776), "Address space of a program."),
    ScannerKey(
        "user", \.user, .argument, "spamd: whose preferences count. Empty leaves it to the server."),
    ScannerKey(
        "password", \.password, .argument, "rspamd: password of the worker. http: a bearer token. Empty for none."),
    ScannerKey(
        "score_percent", \.scorePercent, .count(0...1000), "spamd and rspamd: points here for a hundred points there."),
    ScannerKey(
        "max_credit", \.maxCredit, .count(0...1000),
        "spamd and rspamd: points, as they count here, that it takes off a message's score at most."),
])
