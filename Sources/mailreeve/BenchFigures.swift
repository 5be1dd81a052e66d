/// What a run of `bench` measured.
struct BenchFigures {
    /// Time of each message that was answered, microseconds.
    var microseconds: [Int] = []
    /// Messages by the code of the reply that decided them; 0 stands for a connection that was lost.
    var replies: [Int: Int] = [:]
    /// Octets of the messages that were answered, as they are in the files.
    var octets = 0
    /// Sessions that gave up, by the reason.
    var failures: [String: Int] = [:]
    /// Time from the first to the last message, seconds.
    var seconds = 0.0
    /// Processor time of this program, seconds.
    var processorSeconds = 0.0

    /// Adds what another session measured.
    mutating func add(_ other: BenchFigures) {
        microseconds += other.microseconds
        replies.merge(other.replies, uniquingKeysWith: +)
        octets += other.octets
        failures.merge(other.failures, uniquingKeysWith: +)
    }

    /// True when `expected` messages were answered, all with 2xx.
    func isFlawless(expected: Int) -> Bool {
        let good = replies.filter { (200..<300).contains($0.key) }.reduce(0) { $0 + $1.value }
        return failures.isEmpty && good == expected
    }

    /// The smallest value that at least `percent` of a hundred values do not exceed (nearest rank); nil of none.
    /// - Parameter sorted: ascending.
    static func percentile(_ percent: Int, of sorted: [Int]) -> Int? {
        guard !sorted.isEmpty else { return nil }
        let rank = (sorted.count * max(0, min(100, percent)) + 99) / 100
        return sorted[max(1, rank) - 1]
    }

    /// The report, a few lines.
    var text: String {
        let sorted = microseconds.sorted()
        func milliseconds(_ value: Int?) -> String { value.map { Self.fixed(Double($0) / 1000, 2) } ?? "-" }
        let rate = seconds > 0 ? Double(sorted.count) / seconds : 0
        let volume = seconds > 0 ? Double(octets) / seconds / 1_000_000 : 0
        var lines = [
            "messages    \(sorted.count) in \(Self.fixed(seconds, 2)) s",
            "rate        \(Self.fixed(rate, 1)) messages/s, \(Self.fixed(volume, 2)) MB/s",
            "time        p50 \(milliseconds(Self.percentile(50, of: sorted))) ms, "
                + "p95 \(milliseconds(Self.percentile(95, of: sorted))) ms, "
                + "p99 \(milliseconds(Self.percentile(99, of: sorted))) ms, max \(milliseconds(sorted.last)) ms",
        ]
        let codes = replies.sorted { $0.key < $1.key }.map { code, count in
            "\(code == 0 ? "connection lost" : String(code)): \(count)"
        }
        lines.append("replies     " + (codes.isEmpty ? "none" : codes.joined(separator: ", ")))
        lines.append("own cost    \(Self.fixed(processorSeconds, 2)) s of processor time")
        for (reason, count) in failures.sorted(by: { $0.key < $1.key }) {
            lines.append("gave up     \(count) \(count == 1 ? "session" : "sessions"): \(reason)")
        }
        return lines.joined(separator: "\n")
    }

    /// A number that is not negative with a fixed count of decimals.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        var factor = 1
        for _ in 0..<decimals { factor *= 10 }
        let scaled = Int((max(0, value) * Double(factor)).rounded())
        let fraction = String(scaled % factor)
        return "\(scaled / factor)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
