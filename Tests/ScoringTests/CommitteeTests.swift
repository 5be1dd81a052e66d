import Testing

@testable import Scoring

@Suite("The committee")
struct CommitteeTests {
    /// Messages of two kinds with words of their own and words in common.
    static func examples(_ count: Int, from start: Int = 0) -> [CommitteeTrainer.Example] {
        (start..<start + count).map { number in
            let isSpam = number % 2 == 0
            let own = isSpam ? "viagra lottery winner cash prize" : "meeting project report agenda minutes"
            let rest = "hello number\(number % 17) dear word\(number % 29)"
            var extractor = TokenExtractor()
            let set = extractor.tokens(of: Array("Subject: \(rest)\r\n\r\n\(own) \(rest)".utf8).span)
            return CommitteeTrainer.Example(features: Features(tokens: set.tokens), isSpam: isSpam)
        }
    }

    static func features(_ body: String) -> Features {
        var extractor = TokenExtractor()
        return Features(tokens: extractor.tokens(of: Array("Subject: hello\r\n\r\n\(body)".utf8).span).tokens)
    }

    @Test("learns what separates the classes")
    func learns() throws {
        let memory = try #require(LearntMemory(Self.examples(200)))
        for example in Self.examples(60, from: 1000) {
            let probability = memory.judge(example.features).probability
            #expect(example.isSpam ? probability > 0.9 : probability < 0.1)
        }
    }

    @Test(
        "mail of which nothing is known is near one half",
        arguments: [
            "", "\u{43F}\u{440}\u{438}\u{432}\u{435}\u{442} \u{434}\u{440}\u{443}\u{433}",
            "\u{6211}\u{4EEC}\u{660E}\u{5929}\u{89C1}", "\u{627}\u{644}\u{633}\u{644}\u{627}\u{645}",
            "qqqq wwww zzzz kkkk xxxx vvvv jjjj",
        ])
    func unknown(_ body: String) throws {
        // More ham than spam, and ham that is all alike: the curve lies far on one side.
        let examples = Self.examples(400).enumerated().filter { !$0.element.isSpam || $0.offset % 4 == 0 }.map(
            \.element)
        let memory = try #require(LearntMemory(examples))
        var extractor = TokenExtractor()
        for head in ["", "Subject: \(body)\r\n"] {
            let tokens = extractor.tokens(of: Array("\(head)\r\n\(body)".utf8).span).tokens
            let probability = memory.judge(Features(tokens: tokens)).probability
            #expect(abs(probability - 0.5) < 0.2, "\(probability)")
        }
        #expect(memory.judge(Features(keys: [])).probability == 0.5)
    }

    @Test("one class alone teaches nothing")
    func oneClass() {
        #expect(LearntMemory(Self.examples(40).filter(\.isSpam)) == nil)
        #expect(LearntMemory([]) == nil)
    }

    @Test("the order of learning changes no judgement much")
    func order() throws {
        let examples = Self.examples(200)
        let sorted = examples.filter(\.isSpam) + examples.filter { !$0.isSpam }
        let mixed = try #require(LearntMemory(examples))
        let classwise = try #require(LearntMemory(sorted))
        for example in Self.examples(40, from: 500) {
            let (one, other) = (mixed.judge(example.features), classwise.judge(example.features))
            // Their header is chance, of which a machine that did not converge makes much.
            #expect(abs(one.margin - other.margin) < 0.3)
            #expect(abs(one.probability - other.probability) < 0.1)
        }
    }

    /// Words of ham that differ, and of which no message has all.
    private static func salad(_ count: Int, _ seed: Int) -> [String] {
        (0..<count).map { "honest\((seed &* 7919 &+ $0 &* 104_729) % 3000)" }
    }

    @Test("1,600 words of ham that nobody sees change a probability by at most 0.15")
    func wordSalad() throws {
        let payload = ["viagra", "lottery", "winner", "cash", "prize", "pills", "casino", "refinance"]
        func lines(_ html: String, _ plain: String? = nil) -> [UInt8] {
            let text =
                plain.map {
                    "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\($0)"
                        + "\r\n--b\r\nContent-Type: text/html\r\n\r\n\(html)\r\n--b--\r\n"
                } ?? "Content-Type: text/html\r\n\r\n\(html)"
            return Array("Subject: hello\r\n\(text)".utf8)
        }
        var extractor = TokenExtractor()
        func features(_ bytes: [UInt8]) -> Features { Features(tokens: extractor.tokens(of: bytes.span).tokens) }
        // As many as make the curve sure: the mail has no header that could say more.
        let examples = (0..<1200).map { number in
            let words =
                number % 2 == 0
                ? (0..<4).map { payload[(number + $0 * 3) % payload.count] } : Self.salad(60, number)
            return CommitteeTrainer.Example(
                features: features(lines("<p>\(words.joined(separator: " "))</p>")), isSpam: number % 2 == 0)
        }
        let memory = try #require(LearntMemory(examples))
        let spam = payload.prefix(4).joined(separator: " ")
        let plain = memory.judge(features(lines("<p>\(spam)</p>"))).probability
        #expect(plain > 0.9)
        let salad = Self.salad(1600, 1).joined(separator: " ")
        for bytes in [
            lines("<p>\(spam)</p><p style='display:none'>\(salad)</p>"),
            lines("<p style='display:none'>\(salad)</p><p>\(spam)</p>"), lines("<p>\(spam)</p>", salad),
            lines("<p>\(spam)</p>", "\(spam) \(salad)"),
        ] {
            #expect(memory.judge(features(bytes)).probability > plain - 0.15)
        }
    }

    @Test("a message learnt 1,000 times counts in the machines as once")
    func repeated() throws {
        let examples = Self.examples(200)
        let copies = [CommitteeTrainer.Example](
            repeating: CommitteeTrainer.Example(features: Self.features("meeting project lottery"), isSpam: true),
            count: 1000)
        let plain = try #require(LearntMemory(examples + copies.prefix(1)))
        let poisoned = try #require(LearntMemory(examples + copies))
        for example in Self.examples(40, from: 700) where !example.isSpam {
            let features = example.features
            let (before, after) = (plain.margins(features), poisoned.margins(features))
            for view in [EvidenceView.words, .pairs, .grams] {
                #expect(abs(before[view.rawValue] - after[view.rawValue]) < 0.3)
            }
        }
    }

    @Test("calibration gives a rising curve through the middle of what overlaps")
    func calibration() {
        let margins = (0..<1000).map { Double($0 % 100) / 50 - 1 }
        let isSpam = margins.indices.map { index in
            // The share of spam rises with the margin.
            Double(index / 100) < (margins[index] + 1) * 5
        }
        let curve = Calibration.fit(margins, isSpam: isSpam)
        #expect(curve.slope > 1)
        #expect(abs(Exponential.logistic(curve.offset) - 0.5) < 0.1)
        #expect(Calibration.fit([0.1, 0.2], isSpam: [true, true]).slope > 0)
        #expect(Calibration.fit([1, -1], isSpam: [false, true]).slope > 0)
    }

    @Test("where older mail differs from newer mail, the committee claims less")
    func drift() throws {
        func examples(changing: Bool) -> [CommitteeTrainer.Example] {
            (0..<400).map { number in
                let isSpam = number % 2 == 0
                // A fifth of the oldest third looks as the other class does later, and has words of its time.
                let isOld = number < 132
                let looksSpam = changing && isOld && number % 10 < 2 ? !isSpam : isSpam
                let own = looksSpam ? "viagra lottery winner cash" : "meeting project report agenda"
                return CommitteeTrainer.Example(
                    features: Self.features("\(own) word\(number % 29) \(isSpam ? "alpha" : "omega")\(isOld ? 0 : 1)"),
                    isSpam: isSpam)
            }
        }
        let steady = try #require(CommitteeTrainer.solve(examples(changing: false)))
        let changing = try #require(CommitteeTrainer.solve(examples(changing: true)))
        for sum in [0.4, 0.8] {
            let (steady, changing) = (steady.model.probability(sum), changing.model.probability(sum))
            #expect(changing / (1 - changing) < steady / (1 - steady) / 1.25)
        }
    }

    @Test("what the curve says in doubt stays, and odds of sure spam are divided by what a lost message costs")
    func cost() {
        let model = CommitteeModel(spam: 0, ham: 0, biases: [], curve: Calibration.Curve(slope: 3, offset: -1))
        // The eighth powers of what the curve says, 4 of each of them beside 1.
        for (said, divisor) in [(0.02, 1), (0.5, 1.015625), (0.8, 1.67108864), (0.9, 2.72186884), (0.999999, 5)] {
            let sum = (Exponential.logarithm(said / (1 - said)) + 1) / 3
            let found = model.probability(sum)
            let expected = said / (1 - said) / divisor
            #expect(abs(found / (1 - found) / expected - 1) < 1e-4, "\(said)")
        }
        let values = stride(from: -3, through: 9, by: 0.01).map(model.probability)
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 })
        #expect(values.allSatisfy { 0 < $0 && $0 < 1 })
    }

    @Test("the curve stands between those of changing and of steady mail, a third of the way to the first")
    func between() {
        let between = Calibration.between(
            changing: Calibration.Curve(slope: 4, offset: -9), steady: Calibration.Curve(slope: 10, offset: 3))
        #expect(abs(between.slope - 8) < 1e-12 && abs(between.offset + 1) < 1e-12)
    }

    @Test("the oldest third of each class is judged by the others, and each half by the other")
    func trials() {
        // Nine spams, then twelve hams.
        let isSpam = (0..<21).map { $0 < 9 }
        let judged = CommitteeTrainer.trials(isSpam).map { trial in
            isSpam.indices.filter { trial.isJudged[$0] }
        }
        #expect(judged.count == 3)
        #expect(judged.first == [0, 1, 2, 9, 10, 11, 12])
        #expect(judged[1...].flatMap(\.self).sorted() == Array(isSpam.indices))
        for half in judged[1...] {
            #expect((4...5).contains(half.count { $0 < 9 }) && half.count { $0 >= 9 } == 6)
            #expect(zip(half, half.dropFirst()).allSatisfy { $1 - $0 <= 3 })
        }
        for trial in CommitteeTrainer.trials(isSpam) {
            #expect(trial.spam == isSpam.indices.count { isSpam[$0] && trial.teaches($0) })
            #expect(trial.ham == isSpam.indices.count { !isSpam[$0] && trial.teaches($0) })
        }
    }

    @Test("in whatever order the parts of the work are done, the same is learnt")
    func orderOfWork() throws {
        let examples = Self.examples(60)
        let usual = try #require(CommitteeTrainer.solve(examples))
        let backwards = try #require(
            CommitteeTrainer.solve(examples) { count, body in for number in (0..<count).reversed() { body(number) } })
        #expect(usual.keys == backwards.keys && usual.weights == backwards.weights && usual.model == backwards.model)
        #expect(usual.keys == usual.keys.sorted() && Set(usual.keys).count == usual.keys.count && usual.keys.count > 20)
    }

    @Test("the explanation names the tokens that decided")
    func explanation() throws {
        let examples = Self.examples(200)
        let solution = try #require(CommitteeTrainer.solve(examples))
        let weights = Dictionary(uniqueKeysWithValues: zip(solution.keys, solution.weights))
        var extractor = TokenExtractor(keepsTexts: true)
        let set = extractor.tokens(of: Array("Subject: hello\r\n\r\nviagra lottery".utf8).span)
        let features = Features(tokens: set.tokens)
        let strongest = Committee.strongest(
            features, weights: features.keys.map { weights[$0] ?? .unknown }, counts: [], spam: 0, ham: 0,
            model: solution.model
        ) { _ in true }
        var texts: [TokenKey: String] = [:]
        for (token, text) in set.texts { texts[token >> Features.cutBits] = text }
        let names = strongest.spam.compactMap { texts[$0.key] }
        #expect(names.contains("viagra") && names.contains("lottery"))
        #expect(strongest.spam.count <= Committee.explained)
        for voice in strongest.spam + strongest.ham {
            let found = examples.filter { $0.features.keys.contains(voice.key) }
            #expect(
                voice.counts
                    == FisherMethod.Counts(
                        spam: UInt32(found.count { $0.isSpam }), ham: UInt32(found.count { !$0.isSpam })))
        }
    }

    @Test("the explanation leaves out tokens whose counts say the opposite")
    func contradictions() {
        let features = Self.features("viagra lottery")
        // 10 spams and 30 hams were learnt: one spam and three hams say nothing.
        for (spam, ham, isForSpam, isForHam) in [
            (2, 1, true, false), (1, 1, true, false), (1, 3, false, false), (1, 4, false, true), (0, 0, false, false),
        ] {
            for weight: Float in [0.5, -0.5] {
                let strongest = Committee.strongest(
                    features,
                    weights: features.keys.map { _ in
                        TokenWeight(
                            weight: weight, counts: FisherMethod.Counts(spam: UInt32(spam), ham: UInt32(ham)))
                    }, counts: [], spam: 10, ham: 30,
                    model: CommitteeModel(spam: 10, ham: 30, biases: [0, 0, 0, 0, 0], curve: .guess)
                ) { _ in true }
                #expect(strongest.spam.isEmpty != (isForSpam && weight > 0), "\(spam)/\(ham), \(weight)")
                #expect(strongest.ham.isEmpty != (isForHam && weight < 0), "\(spam)/\(ham), \(weight)")
            }
        }
    }
}
