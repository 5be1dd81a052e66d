import MailModel

extension Report {
    /// Adds what `X-Report:` fields in the first octets of a message say: `virus NAME`, `banned NAME`, `bad-header FAULT`,
    /// `unchecked REASON`, `spam-string`, `engine-failed`.
    mutating func takeDictation(_ text: String) {
        for line in text.split(separator: "\r\n") where line.hasPrefix("X-Report: ") {
            let words = line.dropFirst("X-Report: ".count).split(separator: " ", maxSplits: 1).map(String.init)
            let detail = words.count > 1 ? words[1] : ""
            if words[0] == "unchecked" {
                guard let reason = UncheckedReason(rawValue: detail) else { continue }
                unchecked.append(Unchecked(reason, part: 0, detail: "dictated"))
                completedScanners = []
            } else if words[0] == "engine-failed" {
                unchecked.append(Unchecked(.scannerFailed, part: 0, scanner: "clamav", detail: "dictated"))
                completedScanners = []
            } else if words[0] == "spam-string" {
                findings.append(Finding(scanner: Finding.testStrings, kind: .spam, name: "GTUBE", part: 0))
            } else if let kind = Finding.Kind(rawValue: words[0]) {
                findings.append(
                    Finding(scanner: "clamav", kind: kind, name: detail, part: 0, evidence: "dictated"))
            }
        }
    }
}
