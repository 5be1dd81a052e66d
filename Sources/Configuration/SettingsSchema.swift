internal import MailModel

/// Largest message, spool file or memory limit for one message.
private let twoGiB = 2_147_483_648
let oneTiB = 1_099_511_627_776

private typealias Setting = SchemaKey<Settings>
private typealias ListenerKey = SchemaKey<Settings.Listener>

private let processKeys: [Setting] = [
    Setting("user", \.user, .account, "User that all processes run as when started as root."),
    Setting(
        "group", \.group, ValueType<String>.account.orNull(meaning: "the user's primary group"),
        "Group that all processes run as."),
    Setting(
        "hostname", \.hostname, .hostName(orEmpty: "the machine's name"),
        "Name in greetings, Received: fields and replies."),
    Setting(
        "state_directory", \.stateDirectory, .path, "Where quarantine, large spool files and the control socket live."),
    Setting(
        "control_socket", \.controlSocket, .path(orEmpty: "control.sock in the state directory"),
        "Socket for mailreeve status, reload and stop."),
]

private let workspaceKeys: [Setting] = [
    Setting(
        "workspace.directory", \.workspace.directory, .path,
        "Directory on a tmpfs; each message gets a directory below it while it is inspected. It belongs to the user of the service, "
            + "and neither its group nor others can write to it."),
    Setting(
        "workspace.allow_non_tmpfs", \.workspace.allowNonTmpfs, .flag,
        "Accept a workspace that is not on a tmpfs; unpacked mail is then written to disk."),
    Setting(
        "workspace.expansion", \.workspace.expansion, .count(1...100),
        "Unpacked size over message size, for the sizing line of check-config."),
]

private let limitKeys: [Setting] = [
    Setting(
        "limits.message_size", \.limits.messageSize, .size(1024...twoGiB),
        "Largest message; a larger one gets 552 5.3.4. Not below the MTA's own limit (Postfix: message_size_limit)."),
    Setting(
        "limits.recipients", \.limits.recipients, .count(100...100_000),
        "Recipients of one message; more get 452 4.5.3. RFC 5321 wants at least 100."),
    Setting(
        "limits.command_line", \.limits.commandLine, .size(512...65_536),
        "Octets of one command line with its line end; a longer one gets 500 5.5.2."),
    Setting(
        "limits.command_errors", \.limits.commandErrors, .count(1...10_000),
        "Wrong commands in one session before 421 4.7.0."),
    Setting(
        "limits.connections", \.limits.connections, .count(1...100_000),
        "Connections over all listeners; more get 421 4.7.0."
    ),
    Setting(
        "limits.connections_per_client", \.limits.connectionsPerClient, .count(0...100_000),
        "Connections from one client address; more get 421 4.7.0. 0 is no limit of its own."),
    Setting(
        "limits.messages_in_flight", \.limits.messagesInFlight, .count(1...100_000),
        "Messages between DATA and their reply; more get 452 4.3.1 at DATA."),
    Setting(
        "limits.spool_bytes", \.limits.spoolBytes, .size(1_048_576...oneTiB),
        "Octets of all messages in flight, in memory and on disk; more get 452 4.3.1."),
    Setting(
        "limits.spool_memory_per_message", \.limits.spoolMemoryPerMessage, .size(0...twoGiB),
        "A message up to this size is held in memory; a larger one in an unlinked file in the state directory."),
    Setting(
        "limits.free_space", \.limits.freeSpace, .size(0...oneTiB),
        "Octets that must stay free where state directory and workspace are; with less, mail gets 452 4.3.1."),
    Setting(
        "limits.hop_count", \.limits.hopCount, .count(1...1000),
        "Received: fields beyond which a message is taken for a loop and gets 554 5.4.6."),
    Setting(
        "limits.next_hop_transactions", \.limits.nextHopTransactions, .count(1...100_000),
        "Transactions with next hops at one time; others wait. Messages for more groups of recipients go in turns."
    ),
    Setting(
        "limits.next_hop_messages", \.limits.nextHopMessages, .count(1...1_000_000),
        "Messages over one connection to a next hop. 1 uses none again."),
    Setting(
        "limits.served_messages", \.limits.servedMessages, .count(0...10_000_000),
        "Messages of which it is remembered who has got them when the client has to try again. Then the oldest go."),
    Setting(
        "limits.served_time", \.limits.servedTime, .duration(0...2_592_000),
        "How long that is remembered. Longer than the client tries (Postfix: maximal_queue_lifetime)."),
    Setting(
        "limits.own_hop_count", \.limits.ownHopCount, .count(1...1000),
        "Received: fields of gateways like this one among them, beyond which it is taken for a loop, too."),
    Setting(
        "limits.mime_parts", \.limits.mimeParts, .count(1...1_000_000),
        "MIME parts; a message with more is over-limits."),
    Setting(
        "limits.mime_depth", \.limits.mimeDepth, .count(1...1000), "MIME nesting; a deeper message is over-limits."),
    Setting(
        "limits.header_bytes", \.limits.headerBytes, .size(1024...268_435_456),
        "Octets of one header block; a message with more is over-limits."),
    Setting(
        "limits.header_fields", \.limits.headerFields, .count(16...1_000_000),
        "Fields of one header block; a message with more is over-limits."),
    Setting(
        "limits.mime_parameters", \.limits.mimeParameters, .count(8...100_000),
        "Parameters of one MIME field; a message with more is over-limits."),
    Setting(
        "limits.mime_boundary_length", \.limits.mimeBoundaryLength, .size(70...65_536),
        "Octets of a multipart boundary; a message with a longer one is over-limits. RFC 2046 allows 70."),
    Setting(
        "limits.mime_readings", \.limits.mimeReadings, .count(0...1000),
        "Readings besides the ordinary one; a message that admits more is over-limits."),
    Setting(
        "limits.mime_reading_bytes", \.limits.mimeReadingBytes, .size(0...twoGiB),
        "Octets in those readings, beyond four times the message; a message with more is over-limits."),
    Setting(
        "limits.text_bytes", \.limits.textBytes, .size(0...twoGiB),
        "Octets of one part's text that are read as people see them: charset, HTML, links. The rest is scanned only."),
    Setting(
        "limits.html_edits", \.limits.htmlEdits, .count(1...HTMLEdit.countLimit),
        "Places that sanitize_html changes in one message; one with more is not sanitised (over-limits)."),
    Setting(
        "limits.html_attributes", \.limits.htmlAttributes, .count(8...10_000),
        "Attributes of one tag in HTML that is sanitised; a tag with as many goes as a whole."),
    Setting(
        "limits.rewritten_body", \.limits.rewrittenBody, .size(0...268_435_456),
        "Octets of a part that is encoded anew by sanitize_html (larger: over-limits) or disclaimer (larger: a part beside it)."
    ),
]

private let unpackingKeys: [Setting] = [
    Setting(
        "unpacking.levels", \.unpacking.levels, .count(0...1000),
        "Containers within each other that are opened (amavis: MAXLEVELS)."),
    Setting(
        "unpacking.files", \.unpacking.files, .count(0...100_000),
        "Members of all containers of a message together (amavis: MAXFILES)."),
    Setting(
        "unpacking.minimum_quota", \.unpacking.minimumQuota, .size(0...oneTiB),
        "Octets that every message may unpack to (amavis: MIN_EXPANSION_QUOTA)."),
    Setting(
        "unpacking.maximum_quota", \.unpacking.maximumQuota, .size(0...oneTiB),
        "Octets that maximum_factor may give (amavis: MAX_EXPANSION_QUOTA)."),
    Setting(
        "unpacking.minimum_factor", \.unpacking.minimumFactor, .count(0...1_000_000),
        "Octets for each octet of the message that it may always unpack to (amavis: MIN_EXPANSION_FACTOR)."),
    Setting(
        "unpacking.maximum_factor", \.unpacking.maximumFactor, .count(0...1_000_000),
        "Octets for each octet of the message that it may unpack to below maximum_quota (amavis: MAX_EXPANSION_FACTOR)."
    ),
    Setting(
        "unpacking.ratio", \.unpacking.ratio, .count(1...1_000_000),
        "Octets for each octet of one container that it may unpack to, beyond the first 16 MiB."),
    Setting(
        "unpacking.seconds", \.unpacking.seconds, .duration(1...86_400), "Wall time of unpacking one message."),
    Setting(
        "unpacking.processor_seconds", \.unpacking.processorSeconds, .duration(1...86_400),
        "Processor time of unpacking one message."),
    Setting(
        "unpacking.memory", \.unpacking.memory, .size(0...oneTiB),
        "Octets of members that are kept in memory at one time; further ones lie in the workspace."),
    Setting(
        "unpacking.member_memory", \.unpacking.memberMemory, .size(0...oneTiB),
        "Octets of the largest member that is kept in memory."),
    Setting(
        "unpacking.workspace", \.unpacking.workspace, .size(0...oneTiB),
        "Octets that one message may write to the workspace."),
    Setting(
        "unpacking.password_tries", \.unpacking.passwordTries, .count(0...10_000),
        "Passwords that are tried on one encrypted member: words of the text, of the subject, of addresses, the site's."
    ),
    Setting(
        "unpacking.password_keys", \.unpacking.passwordKeys, .count(0...100_000),
        "Keys made of passwords for 7z and RAR archives and documents of one message; 100,000 hash rounds of a document count as one. "
            + "And wrong passwords for its zip entries with AES."
    ),
    Setting(
        "unpacking.dictionary", \.unpacking.dictionary, .size(1_048_576...twoGiB),
        "Octets of a dictionary or window, as a header states it (xz, lzma, lzip, zstd, 7z, zip, RAR); what states a larger one is not decoded. "
            + "Memory is taken as far as decoded data fills it, so that small files with large windows cost nothing."),
    Setting(
        "unpacking.buffer", \.unpacking.buffer, .size(1_048_576...twoGiB),
        "Octets of what is decoded in memory as a whole: encrypted members, folders of 7z."),
    Setting(
        "unpacking.hidden_archives", \.unpacking.hiddenArchives, .count(0...100_000),
        "Archives that are taken out of one program, script, picture or unknown content."),
    Setting(
        "unpacking.marks", \.unpacking.marks, .count(0...1_000_000),
        "Places in one such content that look like the start of an archive and are tried."),
    Setting(
        "unpacking.encoded_files", \.unpacking.encodedFiles, .count(1...10_000),
        "Files of each coding (uuencode, yEnc, BinHex, base64) that are taken out of one text in a container."),
    Setting(
        "unpacking.zip_directories", \.unpacking.zipDirectories, .count(1...10_000),
        "Central directories of one zip archive, those of archives in its data aside."),
    Setting(
        "unpacking.zip_pieces", \.unpacking.zipPieces, .count(0...10_000),
        "Pieces between the members of one zip archive that are taken as members."),
    Setting(
        "unpacking.image_names", \.unpacking.imageNames, .size(0...oneTiB),
        "Octets of all names in one UDF image."),
    Setting(
        "unpacking.passwords", \.unpacking.passwords,
        ValueType<String>.password.list(of: "passwords", allowEmpty: true),
        "The site's own passwords, tried on every encrypted member; at most 200."),
]

private let timeoutKeys: [Setting] = [
    Setting("timeouts.command", \.timeouts.command, .duration(1...86_400), "Waiting for a command."),
    Setting("timeouts.message", \.timeouts.message, .duration(1...86_400), "From MAIL to the end of data."),
    Setting("timeouts.data_block", \.timeouts.dataBlock, .duration(1...86_400), "Waiting for the next octets of data."),
    Setting(
        "timeouts.minimum_rate", \.timeouts.minimumRate, .count(0...1_073_741_824),
        "Slowest average rate of data in octets a second, judged from 30 seconds after DATA on. 0 is none."),
    Setting(
        "timeouts.inspection", \.timeouts.inspection, .duration(1...3600),
        "One inspection on an after-queue listener, the wait for a worker included. A hang ends at half of it."),
    Setting(
        "timeouts.before_queue", \.timeouts.beforeQueue, .duration(1...3600),
        "End of data to the reply on a before-queue listener, next hop included. Below Postfix's smtpd_proxy_timeout."),
    Setting("timeouts.next_hop_connect", \.timeouts.nextHopConnect, .duration(1...3600), "Connecting to a next hop."),
    Setting("timeouts.next_hop_reply", \.timeouts.nextHopReply, .duration(1...3600), "One reply of a next hop."),
    Setting(
        "timeouts.next_hop_data_done", \.timeouts.nextHopDataDone, .duration(1...86_400),
        "A next hop's reply to the end of data (RFC 5321 section 4.5.3.2.6)."),
    Setting(
        "timeouts.next_hop_idle", \.timeouts.nextHopIdle, .duration(1...3600),
        "An idle connection to a next hop is closed after this."),
    Setting(
        "timeouts.mbox_lock", \.timeouts.mboxLock, .duration(1...3600),
        "Another program's lock of an mbox file is waited for so long, before the answer is 451."),
    Setting(
        "timeouts.postgresql", \.timeouts.postgresql, .duration(1...3600),
        "An answer of the server of quarantine.postgresql to one statement; it is asked again after 10 s at the earliest."
    ),
    Setting("timeouts.drain", \.timeouts.drain, .duration(0...3600), "Finishing mail in flight at SIGTERM."),
]

private let inspectorKeys: [Setting] = [
    Setting(
        "inspector.path", \.inspector.path, .path(orEmpty: "beside mailreeve"), "The program mailreeve-inspector."),
    Setting(
        "inspector.workers", \.inspector.workers, .count(0...1024),
        "Messages inspected at one time. 0 is the number of processors."),
    Setting(
        "inspector.spares", \.inspector.spares, .count(0...64),
        "Workers forked ahead to take the place of one that is replaced."),
    Setting(
        "inspector.messages_per_worker", \.inspector.messagesPerWorker, .count(1...1_000_000),
        "Messages that one worker inspects before it is replaced. 1 is the strict mode. `learn` gives up to 16 small ones to a worker at "
            + "one time, which count as one."),
    Setting(
        "inspector.memory", \.inspector.memory, .size(67_108_864...oneTiB),
        "Address space of a worker beyond what the loaded virus scanner needs."),
    Setting(
        "inspector.report_size", \.inspector.reportSize, .size(65_536...1_073_741_824),
        "Largest report accepted from a worker."),
    Setting(
        "inspector.sandbox", \.inspector.sandbox, .choice,
        "required refuses to start without the whole sandbox; allow-weaker goes on with what the kernel has."),
]

private let noticeKeys: [Setting] = [
    Setting("notices.directory", \.notices.directory, .path, "Files with the texts of notices, one for each language."),
    Setting(
        "notices.per_hour", \.notices.perHour, .count(0...100_000),
        "Notices to one address in an hour, senders of mail refused for its content too; further ones are only logged."),
    Setting(
        "notices.sender_time", \.notices.senderTime, .duration(1...3600),
        "A next hop's taking a notification to the sender. When it takes longer, the client has to try again."),
    Setting(
        "notices.others_time", \.notices.othersTime, .duration(1...3600),
        "All notices to recipients and administrators of one message. Those that take longer are only logged."),
    Setting(
        "notices.returned_size", \.notices.returnedSize, .size(0...twoGiB),
        "Largest message that goes back as a whole to a sender who asks for it (RET=FULL); of others the header does."),
    Setting(
        "notices.quoted_header", \.notices.quotedHeader, .size(0...1_048_576),
        "Octets of the message's header that a notification to its sender quotes."),
    Setting(
        "notices.at_once", \.notices.atOnce, .count(1...1000), "Notices of one message that are sent side by side."),
    Setting(
        "notices.recipients", \.notices.recipients, .count(1...100_000),
        "Recipients whom a notice names; of further ones it says how many there are."),
    Setting(
        "notices.addresses", \.notices.addresses, .count(1...10_000_000),
        "Addresses whose notices of the last hour are counted. When there are more, further ones get none."),
    Setting(
        "notices.viruses", \.notices.viruses, .count(0...10_000_000),
        "Names of viruses that new_virus_admin was told of and is not told of again. When there are more, none is new."),
]

private let disclaimerKeys: [Setting] = [
    Setting(
        "disclaimers.directory", \.disclaimers.directory, .path,
        "Texts for disclaimer: NAME.txt and, where the HTML is not to be made of it, NAME.html; UTF-8, up to 16 KiB.")
]

private let logKeys: [Setting] = [
    Setting("log.target", \.log.target, .choice, "Where log lines go."),
    Setting("log.format", \.log.format, .choice, "Lines for people, or one JSON object a line."),
    Setting("log.level", \.log.level, .choice, "The least important lines that are written."),
    Setting("log.facility", \.log.facility, .word(of: syslogFacilities), "Facility for syslog."),
    Setting(
        "log.queue_lines", \.log.queueLines, .count(100...10_000_000),
        "Lines that wait for a slow reader of the log. Further ones are lost; a line says how many."),
]

private let tlsKeys: [Setting] = [
    Setting(
        "tls.certificate", \.tls.certificate, .path(orEmpty: "STARTTLS cannot be offered"),
        "PEM file with the certificate chain for listeners."),
    Setting("tls.key", \.tls.key, .path(orEmpty: "none"), "PEM file with the key of the certificate."),
]

/// Every key but those of listeners and policies.
let settingsSchema = Schema<Settings>(
    keys: processKeys + addressKeys + postfixRuleKeys + scoreKeys + workspaceKeys + limitKeys + unpackingKeys
        + timeoutKeys + inspectorKeys + clamavKeys + cacheKeys + scanningKeys + ownRuleKeys + bannedKeys
        + shortCircuitKeys
        + bayesKeys
        + quarantineKeys + digestKeys + journalKeys + noticeKeys + disclaimerKeys + logKeys + tlsKeys,
    sections: [
        ("workspace", "Scratch space for decoding and unpacking."),
        ("limits", "Sizes and counts. What goes beyond is refused or reported, never silently cut."),
        ("unpacking", "What one message may unpack to. Beyond it is over-limits; what was extracted is scanned."),
        ("timeouts", "Deadlines."),
        ("inspector", "The process that reads mail in a sandbox, and its workers."),
        ("clamav", "The embedded virus scanner."),
        ("cache", "Answers that are kept for content that comes again. Failures and doubts never are."),
        ("scanning", "Scanners outside the inspector, together; each one stands under scanners."),
        ("rules", "What Postfix has no settings for, of header and body checks."),
        ("banned", "Names and types of files that are not let through."),
        (
            "short_circuit",
            "What is known of a message may decide, so that scanners that seek spam are left out. Off unless set."
        ),
        ("bayes", "The spam scorer: what was learnt with mailreeve learn judges mail."),
        ("quarantine", "Mail that was kept back."),
        (
            "digests",
            "Mail that tells recipients what was kept from them, with links to release it (docs/QUARANTINE.md)."
        ),
        ("journal", "One event for each message."),
        ("notices", "Mail of our own: to senders, recipients and administrators of mail that is kept back."),
        ("disclaimers", "Texts that are put under messages."),
        ("log", "Logging."),
        ("tls", "The certificate for STARTTLS on listeners: both files or none."),
    ],
    special: ["meta_tests", "scanners", "listeners", "policies", "banks", "recipients"])

/// Facilities of syslog(3).
let syslogFacilities =
    ["mail", "daemon", "user", "auth", "authpriv", "news", "uucp", "cron", "kern", "lpr", "syslog", "ftp"]
    + (0..<8).map { "local\($0)" }

/// The sentence for `listeners`.
let listenersDoc = "Where mail comes in, by SMTP or LMTP as the client chooses. A list; it replaces the default one."
/// The keys of one listener.
let listenerSchema = Schema<Settings.Listener>(keys: [
    ListenerKey("address", \.address, .listenAddress, "127.0.0.1:10024, \"[::1]:10024\" or unix:/path."),
    ListenerKey(
        "placement", \.placement, .choice,
        "before-queue can refuse mail while the sender waits; after-queue cannot without the MTA sending a bounce."),
    ListenerKey("policy", \.policy, .policyName, "What is done with mail that comes in here."),
    ListenerKey(
        "line_endings", \.lineEndings,
        ValueType<LineEndings>.choice.orNull(meaning: "normalize after the queue, reject before it"),
        "What is done with lines that do not end in CRLF."),
    ListenerKey(
        "allowed_clients", \.allowedClients, ValueType<CIDR>.network.list(of: "networks", allowEmpty: true),
        "Networks that may connect; an IPv4 network holds IPv4-mapped addresses too. Unix sockets are governed by mode."
    ),
    ListenerKey(
        "xforward_clients", \.xforwardClients, ValueType<CIDR>.network.list(of: "networks", allowEmpty: true),
        "Networks that may name the original client with XFORWARD."),
    ListenerKey(
        "starttls", \.startTLS, .choice, "STARTTLS: not offered, offered, or required before MAIL (530 5.7.0)."),
    ListenerKey("mode", \.mode, .mode, "Mode of a Unix socket."),
    ListenerKey("owner", \.owner, .owner(orEmpty: "left as it is"), "Owner of a Unix socket."),
])
