internal import MailModel

/// A test that is made of others.
package struct MetaTest: Hashable, Sendable {
    package var name: String
    package var expression: MetaExpression
    package var points: Double
    /// What it means, in a few words; may be empty.
    package var description: String

    package init(name: String, expression: MetaExpression, points: Double = 1, description: String = "") {
        self.name = name
        self.expression = expression
        self.points = points
        self.description = description
    }
}

/// The meta tests of a site, each behind those that it asks, in whatever order they are written.
package struct MetaTests: Hashable, Sendable {
    /// Meta tests of a site at most.
    package static let countLimit = 1000
    /// Tests that the evidence of one names.
    private static let evidenceNames = 20

    /// Tests that ask each other in a circle: the names on the way round.
    package struct Circle: Error, Hashable, Sendable {
        package var names: [String]
    }

    private let tests: [MetaTest]

    /// No tests.
    package init() {
        tests = []
    }

    /// - Parameter written: each name once.
    package init(_ written: [MetaTest]) throws(Circle) {
        let asked = Self.askedPlaces(written)
        var waiting = asked.map(\.count)
        var askers = Array(repeating: [Int](), count: written.count)
        for (asker, places) in asked.enumerated() {
            for place in places { askers[place].append(asker) }
        }
        var order = waiting.indices.filter { waiting[$0] == 0 }
        var next = 0
        while next < order.count {
            for asker in askers[order[next]] {
                waiting[asker] -= 1
                if waiting[asker] == 0 { order.append(asker) }
            }
            next += 1
        }
        guard order.count == written.count else { throw Self.circle(written, asked, waiting) }
        tests = order.map { written[$0] }
    }

    /// For each test the places of those that it asks, each once.
    private static func askedPlaces(_ written: [MetaTest]) -> [[Int]] {
        var places: [String: Int] = [:]
        for (index, test) in written.enumerated() where places[test.name] == nil { places[test.name] = index }
        return written.enumerated().map { index, test in
            var found = Set(test.expression.names.compactMap { places[$0] })
            for glob in test.expression.globs {
                // A pattern that matches the test itself means the others.
                for (other, candidate) in written.enumerated() where other != index {
                    if MetaExpression.matches(glob, candidate.name) { found.insert(other) }
                }
            }
            return found.sorted()
        }
    }

    /// Follows those that never came up until one is met again.
    private static func circle(_ written: [MetaTest], _ asked: [[Int]], _ waiting: [Int]) -> Circle {
        var way: [Int] = []
        var next = waiting.firstIndex { $0 > 0 }
        while let place = next {
            if let first = way.firstIndex(of: place) { return Circle(names: way[first...].map { written[$0].name }) }
            way.append(place)
            next = asked[place].first { waiting[$0] > 0 }
        }
        return Circle(names: way.map { written[$0].name })
    }

    /// The meta tests that fire beside these tests, hidden ones among them. One whose name has fired already adds nothing.
    func fired(beside given: [ScoredTest], scores: [String: Double]) -> [ScoredTest] {
        guard !tests.isEmpty else { return [] }
        var hits: [String: Hit] = [:]
        for test in given { hits[test.name, default: Hit(value: 1, points: 0)].add(test) }
        // Names in the order in which they fired, so that evidence is always the same.
        var names = given.map(\.name)
        var out: [ScoredTest] = []
        for test in tests where hits[test.name] == nil && scores[test.name] != 0 {
            let value = test.expression.value(
                { hits[$0]?.value ?? 0 }, points: { hits[$0]?.points ?? 0 },
                sum: { glob in hits.reduce(0) { $0 + (MetaExpression.matches(glob, $1.key) ? $1.value.value : 0) } })
            guard value.isFinite, value != 0 else { continue }
            let points = test.name.isHiddenTest ? 0 : scores[test.name] ?? test.points
            let supporters = test.expression.named(among: names)
            let scored = ScoredTest(
                name: test.name, score: points, description: test.description,
                evidence: Self.evidence(supporters, hits), headerShare: Self.headerShare(supporters, hits))
            out.append(scored)
            var hit = Hit(value: value, points: 0)
            hit.add(scored)
            hit.supporters = supporters
            hits[test.name] = hit
            names.append(test.name)
        }
        return out
    }

    /// What is known of a test that fired.
    private struct Hit {
        var value: Double
        var points: Double
        var headerShares: [Double?] = []
        /// Of a meta test, those of its expression that fired.
        var supporters: [String] = []

        init(value: Double, points: Double) {
            self.value = value
            self.points = points
        }

        mutating func add(_ test: ScoredTest) {
            points += test.score
            headerShares.append(test.headerShare)
        }
    }

    /// `A, __B (C, D)`: the tests of the expression that fired; behind one that is not shown those that it asks.
    private static func evidence(_ supporters: [String], _ hits: [String: Hit]) -> String {
        var words = supporters.prefix(evidenceNames).map { name in
            let behind = name.isHiddenTest ? hits[name]?.supporters ?? [] : []
            return behind.isEmpty ? name : "\(name) (\(behind.prefix(evidenceNames).joined(separator: ", ")))"
        }
        if supporters.count > evidenceNames { words.append("and \(supporters.count - evidenceNames) more") }
        return words.isEmpty ? "none of its tests" : words.joined(separator: ", ")
    }

    /// It may count for learning where all that it rests on may, each with an equal part of its points, as SpamAssassin shares them out
    /// to header and body.
    private static func headerShare(_ supporters: [String], _ hits: [String: Hit]) -> Double? {
        let shares = supporters.flatMap { hits[$0]?.headerShares ?? [] }
        let known = shares.compactMap { $0 }
        return known.isEmpty || known.count < shares.count ? nil : known.reduce(0, +) / Double(known.count)
    }
}

extension MetaExpression {
    /// Those of the names that it names or matches, each once.
    fileprivate func named(among fired: [String]) -> [String] {
        var seen: Set<String> = []
        return fired.filter { name in
            (names.contains(name) || globs.contains { Self.matches($0, name) }) && seen.insert(name).inserted
        }
    }
}

extension String {
    /// A test of this name scores nothing by itself and is not shown; it is there for others to ask (SpamAssassin's `__`).
    package var isHiddenTest: Bool { hasPrefix("__") }
}
