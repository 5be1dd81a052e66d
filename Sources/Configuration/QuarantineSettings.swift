internal import DomainNames

extension Settings {
    /// Mail that was kept back: how long, how much, and where it is looked up.
    package struct QuarantineSettings: Sendable, Equatable {
        /// Seconds that an entry is kept; 0: for ever.
        package var keep = 2_592_000
        /// Octets of the files of all entries; 0: no bound. Beyond it the oldest go.
        package var size = 10_737_418_240
        /// Domains with bounds of their own.
        package var tenants: [TenantBound] = []
        /// Connection string of a PostgreSQL database with the index; empty: SQLite beside the mail.
        package var postgresql = ""
        /// Where the mail itself is kept.
        package var store = QuarantineStore.files
        /// The key with which files are encrypted; empty: they are not.
        package var keyFile = ""
        /// Keys that only read.
        package var oldKeyFiles: [String] = []
        /// Where release requests in AM.PDP come in; nil: nowhere.
        package var releaseListener: ListenAddress?
        /// How they are released.
        package var releaseFormat = ReleaseFormat.resend
        /// Connections there at one time.
        package var releaseConnections = 16
        /// Seconds that one of them may last.
        package var releaseTime = 300
        /// Seconds for which a released message is not caught again; 0: it carries no mark.
        package var releaseMark = 86_400
        package init() {}
    }

    /// Where the mail in quarantine is kept.
    package enum QuarantineStore: String, Sendable, Equatable, CaseIterable {
        /// In files of this host.
        case files
        /// In the database of `quarantine.postgresql`.
        case postgresql
    }

    /// How a message is released, in amavis's words.
    package enum ReleaseFormat: String, Sendable, Equatable, CaseIterable {
        /// As it was received.
        case resend
        /// As an attachment of a note.
        case attach
        /// As text below a note.
        case plain
    }

    /// The bounds of one domain: `example.com 7d 1 GiB`.
    package struct TenantBound: Sendable, Equatable {
        /// In lower case.
        package var domain: String
        /// Seconds; 0: for ever.
        package var keep: Int
        /// Octets; 0: no bound of its own.
        package var size: Int

        package init(domain: String, keep: Int, size: Int) {
            self.domain = domain
            self.keep = keep
            self.size = size
        }
    }
}

/// Ten years: longer than any law asks for.
private let longestKeep = 315_360_000
private let largestQuarantine = 1_125_899_906_842_624

private typealias Setting = SchemaKey<Settings>

let quarantineKeys: [SchemaKey<Settings>] = [
    Setting(
        "quarantine.keep", \.quarantine.keep, .duration(0...longestKeep),
        "How long mail stays in quarantine. 0 is for ever."),
    Setting(
        "quarantine.size", \.quarantine.size, .size(0...largestQuarantine),
        "Octets that all mail in quarantine may take, compressed. Beyond it the oldest goes. 0 is no bound."),
    Setting(
        "quarantine.tenants", \.quarantine.tenants,
        ValueType<Settings.TenantBound>.tenantBound.list(of: "tenants", allowEmpty: true),
        """
        Domains with a time and a size of their own, such as "example.com 7d 1 GiB"; 0 is no bound. Mail whose recipients are \
        all in such a domain is theirs; mail to several domains has the common bounds.
        """),
    Setting(
        "quarantine.postgresql", \.quarantine.postgresql, .connection,
        """
        PostgreSQL database (UTF-8) in which several hosts share the index of their quarantines, as libpq names it. The mail \
        stays on the host that kept it, unless quarantine.store says otherwise.
        """),
    Setting(
        "quarantine.store", \.quarantine.store, .choice,
        """
        Where the mail in quarantine is kept: files of this host, or the database of quarantine.postgresql, where every host can \
        show, release and delete it (amavis: sql:).
        """),
    Setting(
        "quarantine.key_file", \.quarantine.keyFile, .path(orEmpty: "files are not encrypted"),
        """
        Key of 32 octets with which message, envelope and report are encrypted (AES-256-GCM). It belongs to root or to user, \
        and nobody else can read it. The index has subjects and addresses all the same.
        """),
    Setting(
        "quarantine.old_key_files", \.quarantine.oldKeyFiles,
        ValueType<String>.path.list(of: "paths", allowEmpty: true),
        "Keys that were key_file before: what was encrypted with them is still read. fsck says which are needed."),
    Setting(
        "quarantine.release_listener", \.quarantine.releaseListener,
        ValueType<ListenAddress>.listenAddress.orNull(meaning: "none"),
        """
        Where release requests of amavisd-release come in (AM.PDP): unix:/path, for the user and group of the daemon, or \
        127.0.0.1:9998. Each needs the secret of its message (quarantine show).
        """),
    Setting(
        "quarantine.release_format", \.quarantine.releaseFormat, .choice,
        """
        What such a request releases: the message as it was received, as an attachment of a note, or as text below one (amavis: \
        release_format). A requeued message goes as it was received.
        """),
    Setting(
        "quarantine.release_connections", \.quarantine.releaseConnections, .count(1...1000),
        "Connections to release_listener at one time; others wait."),
    Setting(
        "quarantine.release_time", \.quarantine.releaseTime, .duration(1...86_400),
        "How long a connection to release_listener may last."),
    Setting(
        "quarantine.release_mark", \.quarantine.releaseMark, .duration(0...2_592_000),
        """
        How long a released message that comes through the gateway once more is passed on: it carries a signed mark \
        (docs/QUARANTINE.md). 0 is no mark.
        """),
]

extension ValueType where Value == String {
    /// What libpq's PQconnectdb takes: a URI, or words of the form name=value.
    fileprivate static let connection = ValueType.scalar(
        "connection string; or \"\": SQLite beside the mail",
        expected: "a connection string such as host=db dbname=mail",
        parse: { text throws(ValueError) in
            guard text.isEmpty || text.contains("=") || text.contains("://") else {
                throw ValueError("'\(shown(text))' is not a connection string such as host=db dbname=mail")
            }
            return text
        },
        write: { yamlText($0) })
}

extension ValueType where Value == Settings.TenantBound {
    /// A domain, a time and a size.
    static let tenantBound = ValueType.scalar(
        "domain, time and size", expected: "a domain, a time and a size such as example.com 7d 1 GiB",
        parse: { text throws(ValueError) in
            let words = text.split(separator: " ", maxSplits: 2).map(String.init)
            guard words.count == 3, let keep = quantity(words[1], units: timeUnits),
                let size = quantity(words[2], units: sizeUnits), !words[0].contains("@")
            else {
                throw ValueError(
                    "'\(shown(text))' is not a domain, a time and a size such as example.com 7d 1 GiB")
            }
            guard keep <= longestKeep, size <= largestQuarantine else {
                throw ValueError(
                    "'\(shown(text))' is out of range; allowed are \(durationText(longestKeep)) and "
                        + sizeText(largestQuarantine))
            }
            return Settings.TenantBound(domain: DomainNames.folded(words[0]), keep: keep, size: size)
        },
        write: { yamlText("\($0.domain) \(durationText($0.keep)) \(sizeText($0.size))") })
}
