/// Contents that the engine has found clean, by their digest, for as long as the worker lives: the same attachment in many
/// messages, or in many readings of one, is scanned once. Nothing but "clean" is kept, and nobody but this worker believes it.
struct ScanCache {
    /// What a result is of.
    struct Key: Hashable {
        /// SHA-256.
        var digest: [UInt8]
        var parsingArchives: Bool
    }

    /// Entries at one time; all are dropped when there are more.
    static let limit = 4096

    private let isOn: Bool
    private var clean: Set<Key> = []

    init(isOn: Bool) {
        self.isOn = isOn
    }

    func isClean(_ key: Key) -> Bool {
        clean.contains(key)
    }

    mutating func remember(_ key: Key) {
        guard isOn, key.digest.count == 32 else { return }
        if clean.count >= Self.limit { clean.removeAll(keepingCapacity: true) }
        clean.insert(key)
    }
}
