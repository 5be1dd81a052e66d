package import MailModel

extension Settings {
    /// Mail that tells recipients what was kept from them, with links by which they have it released.
    package struct DigestSettings: Sendable, Equatable {
        /// Where the mail goes that a link makes.
        package var releaseAddress = ""
        /// Seconds for which a link holds.
        package var linkTime = 1_209_600
        /// Messages that one digest names.
        package var messages = 1000
        /// Letters that one run tries to send.
        package var letters = 10_000
        /// Failures of next hops in a row after which a run asks them no more.
        package var failures = 10
        /// Senders whom one recipient can allow.
        package var allowedSenders = 200
        /// Requests of an hour of which the log says why they were ignored.
        package var ignoredPerHour = 60
        package init() {}
    }
}

/// Longest time for which a link can hold: what it did is remembered for as long.
package let longestLinkTime = 7_776_000

/// Categories of which recipients may release mail themselves.
package let digestCategories: [MailModel.Category] = [.spam, .spammy, .badHeader, .banned]

private typealias Setting = SchemaKey<Settings>

let digestKeys: [SchemaKey<Settings>] = [
    Setting(
        "digests.release_address", \.digests.releaseAddress, .address(orEmpty: "no digests are sent"),
        """
        Address to which the links of digests write. Mail to it has to come through the gateway, which reads the link in its \
        subject and delivers it nowhere.
        """),
    Setting(
        "digests.link_time", \.digests.linkTime, .duration(3600...longestLinkTime),
        "How long the links of a digest hold."),
    Setting(
        "digests.messages", \.digests.messages, .count(1...10_000),
        "Messages that one digest names, the newest first; of further ones it says how many there are."),
    Setting(
        "digests.letters", \.digests.letters, .count(1...1_000_000),
        "Recipients whom one run of mailreeve quarantine digest tells. The next one begins with the others."),
    Setting(
        "digests.failures", \.digests.failures, .count(1...1000),
        "Failures of next hops in a row after which a run leaves what goes by them to the next one."),
    Setting(
        "digests.allowed_senders", \.digests.allowedSenders, .count(0...10_000),
        "Senders whom one recipient can allow by links. When there are more, a link releases only."),
    Setting(
        "digests.ignored_per_hour", \.digests.ignoredPerHour, .count(0...100_000),
        "Requests of an hour of which the log says why they were ignored; further ones are only ignored."),
]

extension ValueType where Value == MailModel.Category {
    /// A category of which recipients may release mail themselves.
    static let digestCategory: ValueType = {
        let words = digestCategories.map(\.rawValue)
        return .scalar(
            "one of " + words.joined(separator: ", "), expected: oneOf(words),
            parse: { text throws(ValueError) in
                guard let value = digestCategories.first(where: { $0.rawValue == text }) else {
                    throw ValueError("'\(shown(text))' is not \(oneOf(words))\(suggestion(for: text, among: words))")
                }
                return value
            },
            write: { $0.rawValue })
    }()
}

extension SettingsReader {
    /// Digests that would have no links.
    mutating func checkDigests() {
        let settings = loaded.settings
        guard settings.digests.releaseAddress.isEmpty, !faulty.contains("digests.release_address") else { return }
        var keys = settings.policies.filter(\.value.digest).map { "policies.\($0.key).digest" }.sorted()
        keys += settings.banks.indices.filter { settings.banks[$0].overlay.values.digest }.map { "banks[\($0)].digest" }
        keys += settings.recipients.indices.filter { settings.recipients[$0].overlay.values.digest }.map {
            "recipients[\($0)].digest"
        }
        for key in keys { loaded.report(at: key, message: "digest: yes needs digests.release_address") }
    }
}
