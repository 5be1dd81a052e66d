/// What libclamav is asked to look for beside its ordinary signatures, in the terms of `clamd.conf(5)`.
package struct EngineOptions: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// `DetectPUA`: possibly unwanted applications.
    package static let pua = EngineOptions(rawValue: 1)
    /// `HeuristicAlerts`.
    package static let heuristics = EngineOptions(rawValue: 1 << 1)
    /// `PhishingSignatures` and `PhishingScanURLs`.
    package static let phishing = EngineOptions(rawValue: 1 << 2)
    /// `OfficialDatabaseOnly`.
    package static let officialOnly = EngineOptions(rawValue: 1 << 3)
    /// `AlertBrokenExecutables`.
    package static let alertBroken = EngineOptions(rawValue: 1 << 4)
    /// `AlertBrokenMedia`.
    package static let alertBrokenMedia = EngineOptions(rawValue: 1 << 5)
    /// `AlertOLE2Macros`.
    package static let alertMacros = EngineOptions(rawValue: 1 << 6)
    /// `AlertPhishingSSLMismatch`.
    package static let alertSSLMismatch = EngineOptions(rawValue: 1 << 7)
    /// `AlertPhishingCloak`.
    package static let alertCloak = EngineOptions(rawValue: 1 << 8)
    /// `AlertPartitionIntersection`.
    package static let alertPartitions = EngineOptions(rawValue: 1 << 9)
    /// `StructuredDataDetection`, for numbers of payment cards.
    package static let alertCards = EngineOptions(rawValue: 1 << 10)
    /// Every signature that matches a content is named, not only the first.
    package static let allMatches = EngineOptions(rawValue: 1 << 11)
    /// libclamav opens archives and mail that were opened before, where signatures ask for what is around a file.
    package static let containers = EngineOptions(rawValue: 1 << 12)

    /// libclamav's own defaults.
    package static let standard: EngineOptions = [.heuristics, .phishing, .containers]
    /// Every bit that has a meaning.
    package static let known = EngineOptions(rawValue: (1 << 13) - 1)
}
