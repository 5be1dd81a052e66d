import Testing

@testable import Scoring

@Suite("Methods of judging")
struct MethodTests {
    @Test(
        "logarithm and exponential function agree with known values",
        arguments: [
            (2.0, 0.6931471805599453), (10, 2.302585092994046), (0.5, -0.6931471805599453), (1, 0),
            (1e-300, -690.7755278982137), (1e300, 690.7755278982137), (2.718281828459045, 1),
        ])
    func elementary(_ x: Double, _ logarithm: Double) {
        #expect(abs(Exponential.logarithm(x) - logarithm) <= 1e-12 * max(1, abs(logarithm)))
        #expect(abs(Exponential.power(logarithm) / x - 1) < 1e-11)
    }

    @Test("the ends of the functions are finite")
    func ends() {
        #expect(Exponential.logarithm(0) < -700 && Exponential.logarithm(-1) < -700)
        #expect(Exponential.power(-10_000) == 0 && Exponential.power(10_000).isFinite)
        #expect(Exponential.logistic(-800) >= 0 && Exponential.logistic(800) == 1)
    }

    /// Values by the formula of the method, computed elsewhere with exact fractions.
    @Test(
        "f(w) is Robinson's",
        arguments: [
            (UInt32(10), UInt32(0), 0.9986184, 0), (UInt32(0), UInt32(10), 0.00160917, 0),
            (UInt32(5), UInt32(5), 0.5001137, 0),
            (UInt32(1), UInt32(0), 0.9865437, 0),
        ])
    func wordProbability(_ spam: UInt32, _ ham: UInt32, _ expected: Double, _ unused: Int) {
        let found = FisherMethod.probability(FisherMethod.Counts(spam: spam, ham: ham), spam: 1000, ham: 1000)
        #expect(abs(found - expected) < 1e-6)
    }

    @Test(
        "the tail of the chi-square distribution",
        arguments: [
            // Q(2x | 2n) from tables: x, n, value.
            (1.0, 1, 0.36787944117144233), (2.0, 2, 0.40600584970983794), (5.0, 3, 0.12465201948308113),
            (100.0, 150, 0.999998115789534),
        ])
    func tail(_ x: Double, _ n: Int, _ expected: Double) {
        #expect(abs(Exponential.power(FisherMethod.logarithmOfTail(x, n)) - expected) < 1e-7)
    }

    @Test("the tail keeps its digits where the value is below any number")
    func deepTail() {
        let value = FisherMethod.logarithmOfTail(5000, 10)
        #expect(value < -4900 && value > -5000)
    }

    @Test("tokens of one class pull the classical method to its end; none leave it in the middle")
    func combination() {
        let spammy = [FisherMethod.Counts](repeating: FisherMethod.Counts(spam: 50, ham: 0), count: 40)
        let hammy = [FisherMethod.Counts](repeating: FisherMethod.Counts(spam: 0, ham: 50), count: 40)
        #expect(FisherMethod.combine(spammy, spam: 500, ham: 500).probability > 0.999)
        #expect(FisherMethod.combine(hammy, spam: 500, ham: 500).probability < 0.001)
        #expect(FisherMethod.combine([], spam: 500, ham: 500) == FisherMethod.Result(probability: 0.5, evidence: 0))
        let both = FisherMethod.combine(spammy + hammy, spam: 500, ham: 500).probability
        #expect(abs(both - 0.5) < 0.01)
    }

    @Test(
        "probabilities meet the named tests of SpamAssassin",
        arguments: [
            (0.0, ["BAYES_00"]), (0.00999, ["BAYES_00"]), (0.01, ["BAYES_05"]), (0.05, ["BAYES_20"]),
            (0.2, ["BAYES_40"]),
            (0.4, ["BAYES_50"]), (0.6, ["BAYES_60"]), (0.8, ["BAYES_80"]), (0.95, ["BAYES_95"]), (0.99, ["BAYES_99"]),
            (0.9985, ["BAYES_99"]), (0.999, ["BAYES_99", "BAYES_999"]), (1.0, ["BAYES_99", "BAYES_999"]),
        ] as [(Double, [String])])
    func bands(_ probability: Double, _ names: [String]) {
        #expect(BayesBand.tests(probability).map(\.name) == names)
    }

    @Test("the weights of each view have length 1, whatever the message holds")
    func lengths() {
        var tokens: [UInt64] = []
        for tokenClass in TokenClass.allCases {
            for number in 1...(Int(tokenClass.rawValue) * 7) {
                tokens.append(tokenClass.token(TokenHash.mixed(UInt64(number))))
            }
        }
        let features = Features(tokens: tokens.sorted())
        var squares = [Float](repeating: 0, count: EvidenceView.count)
        for key in features.keys {
            guard let tokenClass = Features.tokenClass(key) else { continue }
            let value = features.values[Int(tokenClass.rawValue)]
            guard let view = tokenClass.view else {
                #expect(value == 0)
                continue
            }
            squares[view.rawValue] += value * value
        }
        for square in squares { #expect(abs(square - 1) < 1e-4) }
    }

    /// RFC 3174 section 7.3 and sha1sum(1).
    @Test(
        "SHA-1",
        arguments: [
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"), ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            ("viagra", "49b6ed7d58fbd7fd8c16b7c7f3616fbd9d908616"),
            ("sk:aaaaaaa", "6670c917a70f9530fff2709af077300af7b7d00d"),
            ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "cef734ba81a024479e09eb5a75b6ddae62e6abf1"),
        ])
    func sha1(_ text: String, _ expected: String) {
        let bytes = Array(text.utf8)
        let digest = SHA1.digest(bytes.span).map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }
        #expect(digest.joined() == expected)
    }

    @Test("the test string is found wherever it stands, and nothing like it")
    func testString() {
        let string = Array(("XJS*C4JDBQADN1.NSBN3*2IDNEN*" + "GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X").utf8)
        for offset in 0..<4 {
            let text = [UInt8](repeating: 0x20, count: offset) + string + [0x0A]
            let found = GTUBE.isIn(text.span)
            #expect(found)
        }
        var other = string
        other[0] = 0x59
        let short = Array(string.dropLast())
        let (foundOther, foundShort) = (GTUBE.isIn(other.span), GTUBE.isIn(short.span))
        #expect(!foundOther && !foundShort)
    }
}
