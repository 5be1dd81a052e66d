internal import MailModel

/// Largest count of octets that libclamav takes for a limit (INT_MAX less two).
private let clamavLargest = 2_147_483_645

private typealias Setting = SchemaKey<Settings>

/// The embedded virus scanner. The words in brackets are those of clamd.conf(5).
let clamavKeys: [SchemaKey<Settings>] = [
    Setting("clamav.enabled", \.clamav.enabled, .flag, "Scan with the embedded libclamav."),
    Setting("clamav.database", \.clamav.database, .path, "Directory of the signatures, as freshclam keeps it."),
    Setting(
        "clamav.test_database", \.clamav.testDatabase, .path(orEmpty: "none"),
        "Signatures for tests only, used with a loud warning when the database directory is empty, or the default one is not there. "
            + "Where these are not there either, the gateway does not start."),
    Setting(
        "clamav.self_check", \.clamav.selfCheck, .duration(0...86_400),
        "Look for changed signatures; they are then loaded beside those in force. 0 is only at a reload [SelfCheck]."),
    Setting(
        "clamav.concurrent_reload", \.clamav.concurrentReload, .flag,
        "Load new signatures beside the old ones: two official sets need 2.5 GB. no lets mail wait meanwhile."),
    Setting(
        "clamav.max_scan_size", \.clamav.maxScanSize, .size(1_048_576...clamavLargest),
        "libclamav's MaxScanSize and MaxFileSize; what is larger is over-limits."),
    Setting(
        "clamav.max_recursion", \.clamav.maxRecursion, .count(1...100),
        "libclamav's MaxRecursion; what is nested deeper is over-limits."),
    Setting(
        "clamav.max_files", \.clamav.maxFiles, .count(1...1_000_000),
        "libclamav's MaxFiles; an archive with more is over-limits."),
    option("official_only", .officialOnly, "Load only what ClamAV's makers have signed [OfficialDatabaseOnly]."),
    option("detect_pua", .pua, "Find possibly unwanted applications too [DetectPUA]."),
    Setting(
        "clamav.exclude_pua", \.clamav.excludePUA,
        ValueType<String>.scannerName.list(of: "categories", allowEmpty: true),
        "Categories of possibly unwanted applications that are left out, such as NetTool [ExcludePUA]."),
    option("heuristics", .heuristics, "Heuristic alerts [HeuristicAlerts]."),
    option(
        "phishing", .phishing, "Signatures and checks of links for phishing [PhishingSignatures, PhishingScanURLs]."),
    option(
        "container_signatures", .containers,
        "Where signatures ask for the archive or mail around a file, libclamav opens these again; that takes its time."),
    option("alert_broken", .alertBroken, "Broken executables are infected [AlertBrokenExecutables]."),
    option("alert_broken_media", .alertBrokenMedia, "Broken pictures are infected [AlertBrokenMedia]."),
    option("alert_ole2_macros", .alertMacros, "Office documents with macros are infected [AlertOLE2Macros]."),
    option(
        "alert_phishing_ssl_mismatch", .alertSSLMismatch,
        "Links that show https and lead elsewhere are infected [AlertPhishingSSLMismatch]."),
    option("alert_phishing_cloak", .alertCloak, "Cloaked links are infected [AlertPhishingCloak]."),
    option(
        "alert_partition_intersection", .alertPartitions,
        "Disk images with overlapping partitions are infected [AlertPartitionIntersection]."),
    option("alert_cards", .alertCards, "Numbers of payment cards are infected [StructuredDataDetection]."),
    Setting(
        "clamav.virus_name_to_score", \.clamav.nameScores,
        ValueType<NameScore>.nameScore.list(of: "scores", allowEmpty: true),
        "Findings of any scanner that are points and no virus: a pcre pattern for the name, =>, points or infected."
    ),
]

private func option(_ name: String, _ option: EngineOptions, _ doc: String) -> SchemaKey<Settings> {
    Setting("clamav." + name, \.clamav.options[has: option], .flag, doc)
}

extension EngineOptions {
    /// Whether an option is set.
    subscript(has option: EngineOptions) -> Bool {
        get { contains(option) }
        set { if newValue { insert(option) } else { remove(option) } }
    }
}

/// What the name of a finding is worth.
package struct NameScore: Sendable, Hashable, CustomStringConvertible {
    /// A pcre pattern.
    package var pattern: String
    /// Tenths of a point, from -1000 to 1000 points; nil for names that stay viruses, whatever a later pattern says.
    package var tenths: Int?

    package init(pattern: String, tenths: Int?) {
        self.pattern = pattern
        self.tenths = tenths
    }

    /// The word for `tenths` nil.
    fileprivate static let infected = "infected"

    package var description: String {
        guard let tenths else { return "\(pattern) => \(Self.infected)" }
        let (whole, rest) = abs(tenths).quotientAndRemainder(dividingBy: 10)
        return "\(pattern) => \(tenths < 0 ? "-" : "")\(whole).\(rest)"
    }
}

extension ValueType where Value == NameScore {
    /// `pattern => points`.
    static let nameScore = ValueType.scalar(
        "pattern => points", expected: "a pattern and points such as ^Heuristics\\.Phishing\\. => 3.5",
        parse: { text throws(ValueError) in
            let form = "a pattern and points, or infected, such as ^Heuristics\\.Phishing\\. => 3.5"
            guard let arrow = text.ranges(of: " => ").last, arrow.lowerBound != text.startIndex else {
                throw ValueError("'\(shown(text))' is not \(form)")
            }
            let (pattern, worth) = (String(text[..<arrow.lowerBound]), text[arrow.upperBound...])
            if worth == NameScore.infected { return NameScore(pattern: pattern, tenths: nil) }
            guard let tenths = tenths(worth) else { throw ValueError("'\(shown(text))' is not \(form)") }
            return NameScore(pattern: pattern, tenths: tenths)
        },
        write: { yamlText($0.description) })

    /// A number with at most one digit behind the point.
    private static func tenths(_ text: Substring) -> Int? {
        let isNegative = text.hasPrefix("-")
        let pieces = text.dropFirst(isNegative ? 1 : 0).split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(pieces.count), let whole = decimal(pieces[0]), whole <= 1000 else { return nil }
        var value = whole * 10
        if pieces.count == 2 {
            guard pieces[1].count == 1, let digit = decimal(pieces[1]) else { return nil }
            value += digit
        }
        return isNegative ? -value : value
    }
}
