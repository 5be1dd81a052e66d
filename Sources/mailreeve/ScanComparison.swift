import Foundation
import MailModel

/// What differs between two inspection documents (`scan --json`) of one message: then, and today.
struct ScanComparison {
    /// A line for each difference.
    private(set) var lines: [String] = []

    private typealias Object = [String: Any]

    /// nil when one is no document.
    init?(then: [UInt8], now: [UInt8]) {
        guard let then = Self.object(then), let now = Self.object(now) else { return nil }
        compare("category", then["category"] as? String, now["category"] as? String)
        compare("score", Self.points(then["score"]), Self.points(now["score"]))
        let tests = (Self.tests(then), Self.tests(now))
        for name in Set(tests.0.keys).union(tests.1.keys).sorted() { compare(name, tests.0[name], tests.1[name]) }
        for (title, key, fields) in [
            ("finding", "findings", ["class", "name", "part"]), ("unchecked", "unchecked", ["reason", "part"]),
            ("anomaly", "anomalies", ["kind", "part"]),
        ] {
            let sets = (Self.facts(then, key, fields), Self.facts(now, key, fields))
            lines += sets.0.subtracting(sets.1).sorted().map { "- \(title) \($0)" }
            lines += sets.1.subtracting(sets.0).sorted().map { "+ \(title) \($0)" }
        }
        // What a next hop was still to be asked for then has no outcome there.
        let outcomes = (Self.recipients(then), Self.recipients(now))
        for address in Set(outcomes.0.keys).intersection(outcomes.1.keys).sorted() {
            compare("<\(address)>", outcomes.0[address], outcomes.1[address])
        }
    }

    private mutating func compare(_ what: String, _ then: String?, _ now: String?) {
        if then != now { lines.append("\(what): \(then ?? "-") -> \(now ?? "-")") }
    }

    private static func object(_ bytes: [UInt8]) -> Object? {
        (try? JSONSerialization.jsonObject(with: Data(bytes))) as? Object
    }

    private static func points(_ value: Any?) -> String? {
        (value as? NSNumber).map { "\(($0.doubleValue * 1000).rounded() / 1000)" }
    }

    private static func tests(_ document: Object) -> [String: String] {
        let tests = (document["tests"] as? [Object] ?? []).compactMap { test in
            (test["name"] as? String).flatMap { name in points(test["score"]).map { (name, $0) } }
        }
        return Dictionary(tests, uniquingKeysWith: { first, _ in first })
    }

    private static func facts(_ document: Object, _ key: String, _ fields: [String]) -> Set<String> {
        let items = document[key] as? [Object] ?? []
        return Set(items.map { item in fields.compactMap { item[$0] as? String }.joined(separator: " ") })
    }

    private static func recipients(_ document: Object) -> [String: String] {
        let items = (document["recipients"] as? [Object] ?? []).compactMap { item in
            (item["address"] as? String).map { ($0, item["disposition"] as? String ?? "") }
        }
        return Dictionary(items, uniquingKeysWith: { first, _ in first })
    }
}
