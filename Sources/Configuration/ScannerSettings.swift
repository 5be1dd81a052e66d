package import MailModel

/// How the scanners outside the inspector are used together.
package struct ScanningSettings: Sendable, Equatable {
    /// The first virus that is found ends the search of the others.
    package var firstHitStops = false
    /// Between two self-tests of a scanner that works, and of one that does not.
    package var selfTestInterval = 600
    package var retryInterval = 10
    /// Octets of all decoded parts of a message that are handed to scanners.
    package var partsSize = 402_653_184
    /// Path of `mailreeve-launcher`; empty means beside `mailreeve`.
    package var launcher = ""
    package init() {}
}

/// Answers that are kept for content that comes again.
package struct CacheSettings: Sendable, Equatable {
    /// Messages; 0 for none.
    package var messages = 500
    /// Seconds that an answer counts, by what it was; 0 keeps none.
    package var clean = 60
    package var infected = 1800
    /// A worker does not scan a part again that it found clean.
    package var parts = true
    package init() {}
}

/// One scanner outside the inspector.
package struct ScannerEntry: Sendable, Equatable {
    /// Its name in logs, verdicts and status.
    package var name = ""
    package var kind = Kind.clamd
    /// Asked only when no other with the same aim has looked at the whole message.
    package var backup = false
    package var onFailure = FailurePolicy.tempfail
    /// Seconds for one message.
    package var timeout = 30
    /// nil: for programs and the site's own scanners.
    package var parts: Bool?
    /// nil: what suits the kind and the sample.
    package var seeks: Aim?
    /// nil: what suits the kind.
    package var selfTest: Sample?
    /// Seconds that signatures may be old; 0 for any age.
    package var staleAfter = 0
    /// Octets of the largest message that it is given, 0 for any; nil: what suits the kind.
    package var maxSize: Int?
    /// It names every match of a content and not the first alone.
    package var allMatches = false
    /// Messages that it is given at one time.
    package var concurrency = 8
    package var addresses: [ServerAddress] = []
    /// Each message begins with the next address.
    package var spread = false
    /// Of kind http: the target of the request.
    package var path = "/"
    package var method = Method.instream
    /// What a daemon of kind text is told, with `{}` for the directory.
    package var request = ""
    package var programs: [String] = []
    package var arguments: [String] = []
    package var cleanCodes = [0]
    package var infectedCodes = [1]
    package var uncheckedCodes: [Int] = []
    package var cleanPattern = ""
    package var infectedPattern = ""
    package var uncheckedPattern = ""
    /// What is the matter with what it did not look at.
    package var uncheckedReason = Obstacle.unsupported
    package var namePattern = ""
    /// What is in every whole answer of a program or of a daemon of kind text; empty for any.
    package var endPattern = ""
    /// What the program may read besides the system and the message.
    package var readable: [String] = []
    package var network = false
    /// Address space of the program.
    package var memory = 4_294_967_296
    /// Of spamd: whose preferences count; empty for those of the server.
    package var user = ""
    /// Of rspamd's worker, or the bearer token of kind http; empty for none.
    package var password = ""
    /// Points here for a hundred points there.
    package var scorePercent = 100
    /// The most points that it takes off a message's score.
    package var maxCredit = 10
    package init() {}

    package enum Kind: String, Sendable, Equatable, CaseIterable {
        case clamd
        case command
        case spamd
        case rspamd
        /// Of the site's own.
        case `protocol`
        /// The same behind HTTP.
        case http
        /// A daemon that answers a line of text with text.
        case text
    }

    /// Why a scanner did not look at something, of those reasons that are no failure of its own.
    package enum Obstacle: String, Sendable, Equatable, CaseIterable {
        case unsupported, encrypted, corrupt
        case overLimits = "over-limits"

        package var reason: UncheckedReason {
            switch self {
            case .unsupported: .unsupported
            case .encrypted: .encrypted
            case .corrupt: .corrupt
            case .overLimits: .overLimits
            }
        }
    }

    /// What it is there for: one that looks for spam cannot stand in for one that looks for viruses.
    package enum Aim: String, Sendable, Equatable, CaseIterable { case viruses, spam }

    /// How clamd gets the message.
    package enum Method: String, Sendable, Equatable, CaseIterable { case instream, fildes }

    /// What a scanner must find to be believed.
    package enum Sample: String, Sendable, Equatable, CaseIterable { case eicar, gtube, none }

    /// Octets of a message beyond which spam filters are not asked: spam is small, and their time grows with the size.
    package static let spamFilterSize = 2_097_152

    /// `parts` with its default for the kind.
    package var takesParts: Bool {
        if let parts { return parts }
        return switch kind {
        case .command, .protocol, .http, .text: true
        case .clamd, .spamd, .rspamd: false
        }
    }

    /// `seeks` with its default: a scanner of the site's own that is tested with spam looks for spam.
    package var aim: Aim {
        if let seeks { return seeks }
        return switch kind {
        case .spamd, .rspamd: .spam
        case .protocol, .http: selfTest == .gtube ? .spam : .viruses
        case .clamd, .command, .text: .viruses
        }
    }

    /// `self_test` with its default.
    package var sample: Sample { selfTest ?? (aim == .spam ? .gtube : .eicar) }
    /// `max_size` with its default for the kind.
    package var sizeLimit: Int { maxSize ?? (kind.isSpamFilter ? Self.spamFilterSize : 0) }
}

extension ScannerEntry.Kind {
    /// It can be reached at an address.
    package var isServer: Bool { self != .command }

    /// It can be a program that is run.
    package var isProgram: Bool { self == .command || self == .protocol }

    /// Each message is laid out for it in a directory of the workspace.
    var readsFiles: Bool { self == .command || self == .text }

    /// It gives points.
    var isSpamFilter: Bool { self == .spamd || self == .rspamd }
}

extension ValueType where Value == ServerAddress {
    /// Where a scanner listens.
    static let scannerEndpoint = ValueType.scalar(
        "address", expected: "an address such as 127.0.0.1:3310 or unix:/path",
        parse: { text throws(ValueError) in try ServerAddress(parsing: text) }, write: { yamlText($0.description) })
}
