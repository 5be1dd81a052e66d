internal import Bytes

/// The named tests that stand for ranges of the probability, with the points that SpamAssassin 4 gives them by default where
/// Bayes and network tests run.
package enum BayesBand {
    /// A test: `BAYES_50` and its points.
    package struct Test: Hashable, Sendable {
        package var name: String
        package var score: Double
    }

    /// Bounds and tests, from the lowest. A probability belongs to the first whose bound it is below.
    private static let bands: [(below: Double, test: Test)] = [
        (0.01, Test(name: "BAYES_00", score: -1.9)), (0.05, Test(name: "BAYES_05", score: -0.5)),
        (0.20, Test(name: "BAYES_20", score: -0.001)), (0.40, Test(name: "BAYES_40", score: -0.001)),
        (0.60, Test(name: "BAYES_50", score: 0.8)), (0.80, Test(name: "BAYES_60", score: 1.5)),
        (0.95, Test(name: "BAYES_80", score: 2.0)), (0.99, Test(name: "BAYES_95", score: 3.0)),
    ]

    /// The tests for a probability. Above 99.9 % `BAYES_999` comes with `BAYES_99`, as with SpamAssassin.
    package static func tests(_ probability: Double) -> [Test] {
        for band in bands where probability < band.below { return [band.test] }
        let certain = Test(name: "BAYES_99", score: 3.5)
        return probability < 0.999 ? [certain] : [certain, Test(name: "BAYES_999", score: 0.2)]
    }
}

/// The string that every spam filter must find, so that filters can be tried out without spam.
package enum GTUBE {
    /// The test's name and points, as with SpamAssassin.
    package static let name = "GTUBE"
    package static let score = 1000.0

    /// The 68 octets, put together here so that no filter takes this file for spam.
    private static let text: [UInt8] = Array(
        ("XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X").utf8)

    /// True when the string stands in a text.
    package static func isIn(_ text: Span<UInt8>) -> Bool {
        text.firstIndex(of: Self.text.span) != nil
    }
}
