package import Checks
package import MailModel

/// Everything that an administrator can set, with its default. The names of the YAML keys are the field names in
/// `snake_case`; sizes are octets, times are seconds unless a field says otherwise.
package struct Settings: Sendable, Equatable {
    /// User that all processes run as when started as root.
    package var user = "mailreeve"
    /// Group; nil is the user's primary group.
    package var group: String?
    /// Name in greetings, `Received:` and replies; empty means the machine's name.
    package var hostname = ""
    /// Where quarantine, large spool files and the control socket live.
    package var stateDirectory = "/var/lib/mailreeve"
    /// Path of the control socket; empty means `control.sock` in the state directory.
    package var controlSocket = ""
    package var bayes = Bayes()
    /// Points of named tests that differ from those that the tests come with; 0 takes a test out.
    package var scores: [String: Double] = [:]
    /// Tests that are made of others.
    package var metaTests: [MetaTestEntry] = []
    package var shortCircuit = ShortCircuit()
    package var quarantine = QuarantineSettings()
    package var digests = DigestSettings()
    package var journal = JournalSettings()
    package var workspace = Workspace()
    package var limits = Limits()
    package var unpacking = Unpacking()
    package var timeouts = Timeouts()
    package var inspector = InspectorProcess()
    package var clamav = ClamAV()
    package var cache = CacheSettings()
    package var scanning = ScanningSettings()
    /// Scanners outside the inspector.
    package var scanners: [ScannerEntry] = []
    package var rules = RuleSettings()
    package var notices = Notices()
    package var disclaimers = Disclaimers()
    package var log = Log()
    package var tls = TLSFiles()
    package var listeners: [Listener] = [Listener()]
    /// Policies by name; `default` always exists.
    package var policies: [String: PolicySettings] = ["default": PolicySettings()]
    /// Policy banks, in the order in which they are laid over a listener's policy.
    package var banks: [Bank] = []
    /// Settings for some recipients, laid over that.
    package var recipients: [RecipientSettings] = []
    /// Characters each of which separates a mailbox from its extension; the first is written. Empty: there are no extensions.
    package var recipientDelimiter = "+"
    /// Whose results about authors are believed; empty: those of the host that the MTA's `Received:` names.
    package var authservIDs: [String] = []
    /// Tables of such settings.
    package var recipientTables: [LookupName] = []
    /// Recipients that are ours; nil: all, unless the mail is originating.
    package var localDomains: AddressList?

    package init() {}

    /// Scratch space for decoding and unpacking.
    package struct Workspace: Sendable, Equatable {
        /// Directory on a tmpfs; each message gets a directory below it.
        package var directory = "/run/mailreeve/workspace"
        /// Accept a directory that is not on a tmpfs.
        package var allowNonTmpfs = false
        /// Factor in the sizing line of `check-config`: unpacked size over message size.
        package var expansion = 2
        package init() {}
    }

    /// Sizes and counts.
    package struct Limits: Sendable, Equatable {
        /// Largest message taken (SIZE, 552 5.3.4); Postfix's default is 10240000.
        package var messageSize = 104_857_600
        /// Recipients of one message; more get 452 4.5.3.
        package var recipients = 1000
        /// Octets of one command line with CRLF; longer is 500 5.5.2.
        package var commandLine = 4096
        /// Wrong commands in one session before 421 4.7.0.
        package var commandErrors = 20
        /// Connections over all listeners; more get 421 4.7.0.
        package var connections = 500
        /// Connections from one client address; more get 421 4.7.0. 0 means no limit of its own.
        package var connectionsPerClient = 0
        /// Messages between DATA and their reply; more get 452 4.3.1 at DATA.
        package var messagesInFlight = 200
        /// Octets of all messages in flight, memory and disk; more get 452 4.3.1.
        package var spoolBytes = 1_073_741_824
        /// A message up to this size is held in memory; a larger one in an unlinked file in the state directory.
        package var spoolMemoryPerMessage = 1_048_576
        /// Free octets that must remain in the file systems of state directory and workspace; less gets 452 4.3.1.
        package var freeSpace = 67_108_864
        /// `Received:` fields from which on a message is a loop (554 5.4.6).
        package var hopCount = 50
        /// Those among them that Mailreeve wrote.
        package var ownHopCount = 10
        /// Transactions with next hops at one time, over all messages.
        package var nextHopTransactions = 100
        /// Messages over one connection to a next hop.
        package var nextHopMessages = 100
        /// Messages of which is remembered who has got them while others still have to.
        package var servedMessages = 10_000
        /// Seconds for which that is remembered; Postfix tries for five days.
        package var servedTime = 518_400
        /// MIME parts.
        package var mimeParts = 10_000
        /// MIME nesting.
        package var mimeDepth = 100
        /// Octets of one header block.
        package var headerBytes = 1_048_576
        /// Fields of one header block.
        package var headerFields = 10_000
        /// Parameters of one MIME field.
        package var mimeParameters = 200
        /// Octets of a boundary; RFC 2046 section 5.1.1 allows 70, real software writes more.
        package var mimeBoundaryLength = 2048
        /// Readings of an ambiguous message besides the ordinary one.
        package var mimeReadings = 128
        /// Octets in all those readings, beyond four times the message.
        package var mimeReadingBytes = 1_048_576
        /// Octets of one part's text that are read as people see them.
        package var textBytes = 4_194_304
        /// Places that are changed in the HTML of one message.
        package var htmlEdits = 10_000
        /// Attributes of a tag that stays when HTML is sanitised.
        package var htmlAttributes = 200
        /// Octets of a body, encoded, that is written anew.
        package var rewrittenBody = 16_777_216
        package init() {}
    }

    /// What one message may unpack to. Reaching a limit ends unpacking; what was extracted is scanned, and the message is
    /// `unchecked: over-limits`.
    package struct Unpacking: Sendable, Equatable {
        /// Containers within each other (amavis: MAXLEVELS).
        package var levels = 14
        /// Members of all containers together (amavis: MAXFILES).
        package var files = 1500
        /// The quota is `max(minimum_quota, size x minimum_factor, min(maximum_quota, size x maximum_factor))` octets, as in
        /// amavis (MIN_EXPANSION_QUOTA and so on).
        package var minimumQuota = 102_400
        package var maximumQuota = 314_572_800
        package var minimumFactor = 5
        package var maximumFactor = 500
        /// Octets for each octet of one container, beyond the first 16 MiB.
        package var ratio = 2000
        /// Wall time.
        package var seconds = 60
        /// Processor time.
        package var processorSeconds = 30
        /// Octets of members in memory at one time, and of the largest one; others lie in the workspace.
        package var memory = 16_777_216
        package var memberMemory = 1_048_576
        /// Octets that one message may write to the workspace.
        package var workspace = 536_870_912
        /// Passwords that are tried on one encrypted member.
        package var passwordTries = 100
        /// Keys that are made of passwords for 7z and RAR archives of one message.
        package var passwordKeys = 400
        /// The site's own passwords, tried on every encrypted member.
        package var passwords: [String] = []
        /// Octets of a dictionary or window.
        package var dictionary = 268_435_456
        /// Octets of what is decoded in memory as a whole.
        package var buffer = 67_108_864
        /// Of one content: archives that are taken out of it, and places that look like one.
        package var hiddenArchives = 256
        package var marks = 4096
        /// Of one text, of each coding.
        package var encodedFiles = 256
        /// Of one zip archive.
        package var zipDirectories = 256
        package var zipPieces = 64
        /// Octets of all names in one UDF image.
        package var imageNames = 16_777_216
        package init() {}
    }

    /// Deadlines, in seconds.
    package struct Timeouts: Sendable, Equatable {
        /// Waiting for a command.
        package var command = 300
        /// From MAIL to the end of data.
        package var message = 1200
        /// Waiting for the next octets of data.
        package var dataBlock = 180
        /// Slowest average rate of data in octets a second, judged from 30 s after DATA on; 0 means none.
        package var minimumRate = 100
        /// One inspection, waiting for a worker included, on after-queue listeners.
        package var inspection = 120
        /// End of data to our reply on before-queue listeners, next hop included; below Postfix's
        /// smtpd_proxy_timeout of 100.
        package var beforeQueue = 90
        /// Connecting to the next hop.
        package var nextHopConnect = 20
        /// One reply of the next hop.
        package var nextHopReply = 60
        /// The next hop's reply to the end of data (RFC 5321 section 4.5.3.2.6).
        package var nextHopDataDone = 600
        /// An idle connection to the next hop is closed after this.
        package var nextHopIdle = 30
        /// Another program's lock of an mbox file of `quarantine_to`; Postfix waits 20 s (`deliver_lock_attempts`,
        /// `deliver_lock_delay`).
        package var mboxLock = 20
        /// An answer of the server of `quarantine.postgresql` to one statement.
        package var postgresql = 15
        /// Finishing mail in flight at SIGTERM.
        package var drain = 60
        package init() {}
    }

    /// The inspector and its workers.
    package struct InspectorProcess: Sendable, Equatable {
        /// Path of `mailreeve-inspector`; empty means beside `mailreeve`.
        package var path = ""
        /// Messages inspected at one time; 0 means the number of processors.
        package var workers = 0
        /// Workers forked ahead to take the place of one that is replaced.
        package var spares = 1
        /// Messages that one worker inspects before it is replaced; 1 is the strict mode.
        package var messagesPerWorker = 100
        /// Address space of a worker beyond what the loaded engine needs, in octets.
        package var memory = 1_073_741_824
        /// Largest report accepted from a worker, in octets.
        package var reportSize = 16_777_216
        /// `required` refuses to start without the whole sandbox; `allow-weaker` goes on with what the kernel has.
        package var sandbox = SandboxMode.required
        package init() {}
    }

    package enum SandboxMode: String, Sendable, Equatable, CaseIterable {
        case required
        case allowWeaker = "allow-weaker"
    }

    /// The embedded virus scanner.
    package struct ClamAV: Sendable, Equatable {
        package var enabled = true
        /// Database directory.
        package var database = "/var/lib/clamav"
        /// Used, with a loud warning, when the database directory is empty: signatures for tests only.
        package var testDatabase = "/usr/share/mailreeve/signatures"
        /// libclamav's `MaxScanSize` and `MaxFileSize`; beyond is `unchecked: over-limits`.
        package var maxScanSize = 419_430_400
        /// libclamav's `MaxRecursion`.
        package var maxRecursion = 17
        /// libclamav's `MaxFiles`.
        package var maxFiles = 10_000
        /// Seconds between two looks for changed signatures; 0 for none.
        package var selfCheck = 60
        /// Load new signatures while the old ones serve.
        package var concurrentReload = true
        package var options = EngineOptions.standard
        /// Categories of possibly unwanted applications that are left out.
        package var excludePUA: [String] = []
        /// Findings that are points and no virus.
        package var nameScores: [NameScore] = []
        package init() {}
    }

    /// Notices to senders, recipients and administrators.
    package struct Notices: Sendable, Equatable {
        /// Files with their texts, one for each language.
        package var directory = "/usr/share/mailreeve/notices"
        /// Notices to one recipient, administrator, or sender of mail that was refused for what is in it, in an hour; further ones are
        /// only logged.
        package var perHour = 60
        /// Seconds in which the next hop has to take a notification to the sender; else the client has to try again.
        package var senderTime = 15
        /// Seconds for which all notices to recipients and administrators together hold the reply up at most.
        package var othersTime = 5
        /// Octets of the largest message that goes back to its sender as a whole (`RET=FULL`, RFC 3461 section 4.3).
        package var returnedSize = 1_048_576
        /// Octets of its header block that a notification quotes.
        package var quotedHeader = 16_384
        /// Notices of one message on their way at the same time.
        package var atOnce = 8
        /// Recipients that one notice names.
        package var recipients = 50
        /// Addresses whose notices are counted; beyond it none is sent to further ones.
        package var addresses = 10_000
        /// Names of viruses that are remembered for `new_virus_admin`; beyond it none is new.
        package var viruses = 10_000
        package init() {}
    }

    /// Texts under messages.
    package struct Disclaimers: Sendable, Equatable {
        /// Files with the texts.
        package var directory = "/etc/mailreeve/disclaimers"
        package init() {}
    }

    package struct Log: Sendable, Equatable {
        package var target = LogTarget.stderr
        package var format = LogFormat.text
        package var level = LogLevel.info
        /// Facility for syslog.
        package var facility = "mail"
        /// Lines that wait for a slow reader; further ones are lost, and counted.
        package var queueLines = 20_000
        package init() {}
    }

    package enum LogTarget: String, Sendable, Equatable, CaseIterable { case stderr, syslog }
    package enum LogFormat: String, Sendable, Equatable, CaseIterable { case text, json }
    package enum LogLevel: String, Sendable, Equatable, CaseIterable { case debug, info, notice, warning, error }

    /// Our certificate for STARTTLS on listeners.
    package struct TLSFiles: Sendable, Equatable {
        /// PEM file with the chain; empty means STARTTLS is not offered.
        package var certificate = ""
        /// PEM file with the key.
        package var key = ""
        package init() {}
    }

    /// One place where mail comes in; SMTP and LMTP alike, chosen by EHLO or LHLO.
    package struct Listener: Sendable, Equatable {
        /// `127.0.0.1:10024`, `[::1]:10024`, `unix:/path`.
        package var address = ListenAddress.tcp(.ipv4Loopback, port: 10024)
        package var placement = Placement.afterQueue
        /// Name of the policy.
        package var policy = "default"
        /// nil: `normalize` after the queue, `reject` before it.
        package var lineEndings: LineEndings?
        /// Networks that may connect, in CIDR form; Unix sockets are governed by their mode.
        package var allowedClients: [CIDR] = [.ipv4Loopback, .ipv6Loopback]
        /// Networks that may use XFORWARD.
        package var xforwardClients: [CIDR] = [.ipv4Loopback, .ipv6Loopback]
        package var startTLS = ListenerTLS.none
        /// Mode of a Unix socket.
        package var mode = 0o660
        /// Owner of a Unix socket (`user` or `user:group`); empty leaves it.
        package var owner = ""
        package init() {}

        /// `line_endings` with its default for the placement.
        package var effectiveLineEndings: LineEndings {
            lineEndings ?? (placement == .beforeQueue ? .reject : .normalize)
        }
    }

    /// STARTTLS on a listener: not offered, offered, required before MAIL (530 5.7.0).
    package enum ListenerTLS: String, Sendable, Equatable, CaseIterable { case none, may, encrypt }
}
