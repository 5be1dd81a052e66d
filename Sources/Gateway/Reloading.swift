/// What came of reading the settings again.
struct ReloadOutcome: Sendable {
    /// Why the old settings stay; nil when the new ones are in force.
    var error: String?
    /// What has changed in the tables of rules, and what is newly to be warned of; escape before showing.
    var changes: [String] = []

    static let stopping = ReloadOutcome(error: "the gateway is stopping")
}

/// One reload after the other, whoever asks, and none once the daemon is stopping: it would open listeners again.
actor ReloadTurns {
    private var last: Task<ReloadOutcome, Never>?
    private(set) var isOpen = true

    func take(_ work: @escaping @Sendable () async -> ReloadOutcome) async -> ReloadOutcome {
        guard isOpen else { return .stopping }
        let turn = Task { [last] in
            _ = await last?.value
            return await work()
        }
        last = turn
        return await turn.value
    }

    func close() {
        isOpen = false
    }
}
