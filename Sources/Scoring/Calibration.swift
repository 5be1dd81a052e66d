/// Turns sums of a committee into probabilities: a logistic curve fitted by maximum likelihood to sums of messages that the
/// committee did not learn from (Platt 1999, with his smoothed targets and the steps of Lin, Lin and Weng 2007).
package enum Calibration {
    /// A logistic curve: what a sum is multiplied with, and what is added, before the logistic function.
    package struct Curve: Hashable, Sendable {
        package var slope: Double
        package var offset: Double

        package init(slope: Double, offset: Double) {
            self.slope = slope
            self.offset = offset
        }

        /// Where too little is known to fit one.
        static let guess = Curve(slope: 3, offset: 0)
    }

    private static let iterations = 100

    /// How much the curve of mail that changes counts beside that of mail that does not (chosen by the nested runs of docs/BAYES.md).
    private static let shareOfChange = 1.0 / 3

    /// The curve that is to be used: its logarithm of odds is the mean of what two say (the logarithmic opinion pool of Genest and
    /// Zidek, 1986), since neither is known to be the right one for mail to come.
    /// - Parameters:
    ///   - changing: fitted on mail that was judged by mail of another time.
    ///   - steady: fitted on mail that was judged by mail of its time.
    static func between(changing: Curve, steady: Curve) -> Curve {
        let share = shareOfChange
        return Curve(
            slope: share * changing.slope + (1 - share) * steady.slope,
            offset: share * changing.offset + (1 - share) * steady.offset)
    }

    static func fit(_ margins: [Double], isSpam: [Bool]) -> Curve {
        let spam = Double(isSpam.count { $0 })
        let ham = Double(isSpam.count) - spam
        guard spam > 0, ham > 0 else { return .guess }
        let high = (spam + 1) / (spam + 2)
        let low = 1 / (ham + 2)
        var slope = 1.0
        var offset = 0.0
        var loss = Self.loss(margins, isSpam, high, low, slope, offset)
        for _ in 0..<iterations {
            var (h11, h22, h21, g1, g2) = (1e-9, 1e-9, 0.0, 0.0, 0.0)
            for index in margins.indices {
                let margin = margins[index]
                let probability = Exponential.logistic(slope * margin + offset)
                let spread = probability * (1 - probability)
                let error = probability - (isSpam[index] ? high : low)
                h11 += margin * margin * spread
                h22 += spread
                h21 += margin * spread
                g1 += margin * error
                g2 += error
            }
            if abs(g1) < 1e-6, abs(g2) < 1e-6 { break }
            let determinant = h11 * h22 - h21 * h21
            guard determinant > 0 else { break }
            let slopeStep = -(h22 * g1 - h21 * g2) / determinant
            let offsetStep = -(h11 * g2 - h21 * g1) / determinant
            var length = 1.0
            var moved = false
            while length > 1e-8 {
                let next = Self.loss(
                    margins, isSpam, high, low, slope + length * slopeStep, offset + length * offsetStep)
                if next < loss {
                    slope += length * slopeStep
                    offset += length * offsetStep
                    loss = next
                    moved = true
                    break
                }
                length /= 2
            }
            if !moved { break }
        }
        // A curve that falls would turn the judgement round: then too little is known.
        return slope > 0 ? Curve(slope: slope, offset: offset) : .guess
    }

    private static func loss(
        _ margins: [Double], _ isSpam: [Bool], _ high: Double, _ low: Double, _ slope: Double, _ offset: Double
    ) -> Double {
        var sum = 0.0
        for index in margins.indices {
            let target = isSpam[index] ? high : low
            let value = slope * margins[index] + offset
            // ln(1 + e^-|v|) keeps its digits at both ends.
            let tail = Exponential.logarithm(1 + Exponential.power(-abs(value)))
            sum += value >= 0 ? (1 - target) * value + tail : -target * value + tail
        }
        return sum
    }
}
