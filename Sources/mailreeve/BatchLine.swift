import Bayes
import Glibc

extension BatchRecord {
    /// The batch in the list of `--undo`.
    var line: String {
        let state = isUndone ? "  undone" : isPartlyUndone ? "  left of what was undone" : ""
        let by = teacher.map { ", \(Self.words($0))" } ?? ""
        return "batch \(number): \(spam) spam, \(ham) ham, at \(Self.date(time))\(by)\(state)"
    }

    private static func words(_ teacher: Teacher) -> String {
        switch teacher {
        case .person: "learn"
        case .autolearning: "autolearning"
        case .release: "release"
        }
    }

    /// A time of the computer's own zone, to the second.
    private static func date(_ seconds: UInt64) -> String {
        var time = time_t(clamping: seconds)
        var parts = tm()
        var text = [CChar](repeating: 0, count: 64)
        guard localtime_r(&time, &parts) != nil else { return "\(seconds)" }
        let count = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S %z", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
