/// What `-D` prints, on standard error, in the form of sa-learn.
struct LearnDebug: Sendable, Equatable {
    /// What a line is about, in the words of sa-learn.
    enum Area: String {
        case config
        case archiveIterator = "archive-iterator"
        case bayes, learn
    }

    /// Areas that are wanted; none for all; with `no` in front one that is not. nil without `-D`.
    private var wanted: [String]?

    var isOn: Bool { wanted != nil }

    /// - Parameter areas: as behind `-D`.
    mutating func begin(_ areas: String) {
        wanted = areas.split(separator: ",").map(String.init)
    }

    func say(_ area: Area, _ text: @autoclosure () -> String) {
        guard let wanted, !wanted.contains("no" + area.rawValue),
            wanted.isEmpty || wanted.contains(area.rawValue) || wanted.contains("all")
        else { return }
        Terminal.printError("dbg: \(area.rawValue): \(text())")
    }
}
