internal import Linux
internal import MailModel

/// Wall time by stage of one inspection.
struct StageClock {
    /// The stages, in the order in which reports show them.
    enum Stage: String, CaseIterable {
        case mime
        case rules
        case decode
        case text
        case tokens
        case unpack
        case digest
        case clamav
    }

    private var nanoseconds: [Int] = Array(repeating: 0, count: Stage.allCases.count)
    private var last = monotonicNow()

    /// Counts the time since the last call for a stage.
    mutating func spent(_ stage: Stage) {
        let now = monotonicNow()
        for (index, candidate) in Stage.allCases.enumerated() where candidate == stage {
            nanoseconds[index] += now - last
        }
        last = now
    }

    /// The times so far.
    var timings: [Report.Timing] {
        zip(Stage.allCases, nanoseconds).map { Report.Timing(stage: $0.rawValue, microseconds: $1 / 1000) }
    }
}
