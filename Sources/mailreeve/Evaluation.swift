import Scoring

/// Cross-validation on a site's own mail: each fifth is judged by what the other four taught.
enum Evaluation {
    private static let folds = 5

    /// The table for a person: mistakes at some thresholds, the area over the curve, how far probabilities can be trusted.
    /// - Returns: nil where there is too little of either class.
    static func table(_ examples: [CommitteeTrainer.Example]) -> String? {
        let spam = examples.count { $0.isSpam }
        let ham = examples.count - spam
        guard spam >= folds, ham >= folds else { return nil }
        let judged = judge(examples)
        var lines = [
            "cross-validation in \(folds) parts: \(spam) spam, \(ham) ham",
            "1-AUC: \(percent(lostArea(judged)))",
            "loss: \(decimals(loss(judged))) (mean of -ln of what was given to the right class; 0.693 is a coin's)",
            "threshold   ham above   spam below",
        ]
        for threshold in [0.5, 0.9, 0.99] {
            let lost = judged.count { !$0.isSpam && $0.probability > threshold }
            let missed = judged.count { $0.isSpam && $0.probability <= threshold }
            lines.append(column("\(threshold)", 9) + column("\(lost)", 12) + column("\(missed)", 13))
        }
        lines.append("probability  messages  spam among them")
        for step in 0..<10 {
            let range = Double(step) / 10..<(step == 9 ? 1.1 : Double(step + 1) / 10)
            let found = judged.filter { range.contains($0.probability) }
            let share = found.isEmpty ? "-" : percent(Double(found.count { $0.isSpam }) / Double(found.count))
            lines.append(
                column("\(Double(step) / 10)-\(Double(step + 1) / 10)", 11) + column("\(found.count)", 10)
                    + column(share, 17))
        }
        return lines.joined(separator: "\n")
    }

    private struct Judged {
        var probability: Double
        var isSpam: Bool
    }

    private static func judge(_ examples: [CommitteeTrainer.Example]) -> [Judged] {
        var out: [Judged] = []
        for fold in 0..<folds {
            let others = examples.indices.filter { $0 % folds != fold }.map { examples[$0] }
            guard let memory = LearntMemory(others) else { continue }
            for index in stride(from: fold, to: examples.count, by: folds) {
                out.append(
                    Judged(
                        probability: memory.judge(examples[index].features).probability,
                        isSpam: examples[index].isSpam))
            }
        }
        return out
    }

    private static func loss(_ judged: [Judged]) -> Double {
        let sum = judged.reduce(0.0) { sum, message in
            sum - Exponential.logarithm(message.isSpam ? message.probability : 1 - message.probability)
        }
        return sum / Double(max(1, judged.count))
    }

    /// The share of pairs of spam and ham in which ham is thought the likelier spam.
    private static func lostArea(_ judged: [Judged]) -> Double {
        let order = judged.sorted { $0.probability < $1.probability }
        let spam = Double(order.count { $0.isSpam })
        let ham = Double(order.count) - spam
        guard spam > 0, ham > 0 else { return 0 }
        var wrong = 0.0
        var spamBelow = 0.0
        var index = 0
        while index < order.count {
            var end = index
            while end < order.count, order[end].probability == order[index].probability { end += 1 }
            let spamHere = Double(order[index..<end].count { $0.isSpam })
            wrong += (Double(end - index) - spamHere) * (spamBelow + spamHere / 2)
            spamBelow += spamHere
            index = end
        }
        return wrong / (spam * ham)
    }

    private static func percent(_ share: Double) -> String {
        decimals(share * 100) + " %"
    }

    /// With three decimals.
    private static func decimals(_ value: Double) -> String {
        let thousandths = Int((value * 1000).rounded())
        let fraction = "\(thousandths % 1000)"
        return "\(thousandths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    private static func column(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
