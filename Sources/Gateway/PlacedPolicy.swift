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
    private var place: SettingPlace

    /// All that there are.
    /// - Parameter overlays: those of tables, by table and line.
    static func all(_ settings: Settings, _ overlays: [LookupName: [Int: PolicyOverlay]]) -> [PlacedPolicy] {
        func placed(_ overlay: PolicyOverlay, _ place: SettingPlace) -> PlacedPolicy {
            PlacedPolicy(values: overlay.values, keys: overlay.keys, place: place)
        }
        var all = settings.policies.map { PlacedPolicy(values: $1, place: .key("policies.\($0)")) }
        all += settings.banks.enumerated().map { placed($1.overlay, .key("banks[\($0)]")) }
        all += settings.recipients.enumerated().map { placed($1.overlay, .key("recipients[\($0)]")) }
        for (name, lines) in overlays {
            all += lines.map { placed($1, .table(name.place, line: $0)) }
        }
        return all
    }

    /// Where a key is set; nil where it is not.
    fileprivate func place(of key: String) -> SettingPlace? {
        guard keys?.contains(key) != false else { return nil }
        guard case .key(let path) = place else { return place }
        return .key("\(path).\(key)")
    }

    /// Every table that its lists ask for addresses, and where each is named.
    var tables: [(name: LookupName, place: SettingPlace)] {
        values.tables.map { ($0.name, place(of: $0.key) ?? place) }
    }
}

extension [PlacedPolicy] {
    /// The values that a key has, and where one of those who set it stands.
    func places<Value: Hashable>(
        of key: String, _ value: KeyPath<Settings.PolicySettings, Value>
    ) -> [Value: SettingPlace] {
        let found = compactMap { policy in policy.place(of: key).map { (policy.values[keyPath: value], $0) } }
        return Dictionary(found, uniquingKeysWith: Swift.min)
    }
}

extension Settings.PolicySettings {
    /// Every table that its lists ask for addresses, with the key of the list.
    var tables: [(name: LookupName, key: String)] {
        let lists = [
            ("allow_senders", allowSenders.tables), ("allow_authors", allowAuthors.tables),
            ("deny_senders", denySenders.tables), ("sender_points", senderPoints.tables),
        ]
        return lists.flatMap { key, names in names.map { ($0, key) } }
    }
}
