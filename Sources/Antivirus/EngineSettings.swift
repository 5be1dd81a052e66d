package import MailModel

/// What the engine is loaded with. The names are libclamav's own (`clamd.conf(5)`).
package struct EngineSettings: Hashable, Sendable {
    /// Database directory, or one file of it.
    package var database: String
    /// `MaxScanSize` and `MaxFileSize`, octets; more is `ScanOutcome.overLimits`.
    package var maxScanSize: Int
    /// `MaxRecursion`.
    package var maxRecursion: Int
    /// `MaxFiles`.
    package var maxFiles: Int
    /// Milliseconds for one scan (`MaxScanTime`); 0 for no limit, which suits a caller that has deadlines of its own.
    package var maxScanTime = 0
    /// Remember the digests of clean content and pass it when it comes again. Off for mail: what one hostile message
    /// leaves in the memory of a worker must not speak for another one.
    package var cache = false
    package var options = EngineOptions.standard
    /// `ExcludePUA`: categories of possibly unwanted applications that are left out.
    package var excludedPUA: [String] = []

    package init(database: String, maxScanSize: Int, maxRecursion: Int, maxFiles: Int) {
        self.database = database
        self.maxScanSize = maxScanSize
        self.maxRecursion = maxRecursion
        self.maxFiles = maxFiles
    }

    /// What one scan is bounded by.
    package var limits: EngineLimits { EngineLimits(scanSize: maxScanSize, recursion: maxRecursion, files: maxFiles) }
}

/// Numbers beyond which libclamav gives up on a content, which it says (`clamd.conf(5)`).
package struct EngineLimits: Hashable, Sendable {
    /// `MaxScanSize`: octets of the content and of all that is made of it.
    package var scanSize: Int
    /// `MaxRecursion`.
    package var recursion: Int
    /// `MaxFiles`.
    package var files: Int

    /// - Parameters:
    ///   - scanSize: octets, at least 1.
    ///   - recursion: at least 1.
    ///   - files: at least 1; libclamav counts them in 32 bits, further ones are none.
    package init(scanSize: Int, recursion: Int, files: Int) {
        self.scanSize = scanSize
        self.recursion = recursion
        self.files = min(files, Int(Int32.max) - 1)
    }
}

/// What became of a scan.
package struct ScanResult: Hashable, Sendable {
    /// What it said: nothing when it has looked at everything and found nothing.
    package var outcomes: [ScanOutcome]
    /// Octets of the content and of what was made of it, as libclamav counts them: what is smaller than 4,096 octets is none.
    package var octets = 0

    package init(_ outcomes: [ScanOutcome], octets: Int = 0) {
        self.outcomes = outcomes
        self.octets = octets
    }
}

/// One thing that a scan said. A scan that says nothing has looked at everything and found nothing.
package enum ScanOutcome: Hashable, Sendable {
    /// A signature matched; its name.
    case found(String)
    /// A limit of the engine was reached; libclamav's name for the limit.
    case overLimits(String)
    /// The name of the limit on what is made of a content, `EngineLimits.scanSize`.
    package static let sizeLimit = "Heuristics.Limits.Exceeded.MaxScanSize"
    /// The content is encrypted; libclamav's name for the form.
    case encrypted(String)
    /// The engine gave up; its words.
    case failed(String)
    /// The directory for temporary files has no room left; the engine's words.
    case full(String)

    var isFound: Bool { if case .found = self { true } else { false } }

    var isFull: Bool { if case .full = self { true } else { false } }

    /// The outcome of an alert. Some names stand for "not looked at" instead of "found".
    init(alert name: String) {
        switch UncheckedReason(alert: name) {
        case .overLimits: self = .overLimits(name)
        case .encrypted: self = .encrypted(name)
        default: self = .found(name)
        }
    }
}

/// The engine could not be loaded or set: what was tried, in libclamav's words.
package struct EngineError: Error, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
