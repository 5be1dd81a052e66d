internal import Checks
internal import Configuration

/// A policy, or the keys of one that a bank, an entry of `recipients` or a line of `recipient_tables` sets, with its place: what
/// one of them alone names must be read and be right as well.
struct PlacedPolicy {
    /// The values of `keys`; its others are those of a policy that says nothing.
    var values: Settings.PolicySettings
    /// The keys that it sets; nil for all.
    private var keys: Set<String>?
    /// A path of the configuration, or file and line of a table.
    private var place: String
    private var isInTable = false

    /// All that there are.
    /// - Parameter overlays: those of tables, by table and line.
    static func all(_ settings: Settings, _ overlays: [LookupName: [Int: PolicyOverlay]]) -> [PlacedPolicy] {
        func placed(_ overlay: PolicyOverlay, _ place: String, isInTable: Bool = false) -> PlacedPolicy {
            PlacedPolicy(values: overlay.values, keys: overlay.keys, place: place, isInTable: isInTable)
        }
        var all = settings.policies.map { PlacedPolicy(values: $1, place: "policies.\($0)") }
        all += settings.banks.enumerated().map { placed($1.overlay, "banks[\($0)]") }
        all += settings.recipients.enumerated().map { placed($1.overlay, "recipients[\($0)]") }
        for (name, lines) in overlays {
            all += lines.map { placed($1, "\(name.place):\($0)", isInTable: true) }
        }
        return all
    }

    /// Where a key is set; nil where it is not.
    fileprivate func place(of key: String) -> String? {
        guard keys?.contains(key) != false else { return nil }
        return isInTable ? place : "\(place).\(key)"
    }
}

extension [PlacedPolicy] {
    /// The values that a key has, and where one of those who set it stands.
    func places<Value: Hashable>(
        of key: String, _ value: KeyPath<Settings.PolicySettings, Value>
    ) -> [Value: String] {
        let found = compactMap { policy in policy.place(of: key).map { (policy.values[keyPath: value], $0) } }
        return Dictionary(found, uniquingKeysWith: Swift.min)
    }
}
