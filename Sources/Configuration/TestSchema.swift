internal import MailModel
package import Policy

extension Settings {
    /// A test that is made of others, as it is written.
    package struct MetaTestEntry: Sendable, Equatable {
        package var name = ""
        /// Read by `MetaExpression`.
        package var expression = ""
        package var points = 1.0
        package var description = ""
        package init() {}
    }

    /// When what is known decides, so that scanners that seek spam are not asked.
    package struct ShortCircuit: Sendable, Equatable {
        package var spam: Double?
        package var ham: Double?
        package var tests: [String] = []
        package init() {}
    }
}

private typealias Setting = SchemaKey<Settings>
private typealias MetaKey = SchemaKey<Settings.MetaTestEntry>

/// Points of tests.
let scoreKeys: [SchemaKey<Settings>] = [
    Setting(
        "scores", \.scores, ValueType<[String: Double]>.scores,
        "Points of named tests in place of those that they come with, {BAYES_99: 4.0}. 0 takes a test out.")
]

let shortCircuitKeys: [SchemaKey<Settings>] = [
    Setting(
        "short_circuit.spam", \.shortCircuit.spam, ValueType<Double>.points.orNull(meaning: "points do not decide"),
        "Points from which on scanners that seek spam are not asked."),
    Setting(
        "short_circuit.ham", \.shortCircuit.ham, ValueType<Double>.points.orNull(meaning: "points do not decide"),
        "Points down to which they are not asked, where all of the message was looked at."),
    Setting(
        "short_circuit.tests", \.shortCircuit.tests, ValueType<String>.testName.list(of: "tests", allowEmpty: true),
        "Tests any one of which decides, whatever the points; meta tests too."),
]

/// The sentence for `meta_tests`.
let metaTestsDoc =
    "Tests that are made of others, as SpamAssassin's meta (docs/RULES.md). A list, in any order; none by default."
/// The keys of one meta test.
let metaTestSchema = Schema<Settings.MetaTestEntry>(keys: [
    MetaKey(
        "name", \.name, .metaName, "Its name; each once. One that begins with __ has no points and is not shown."),
    MetaKey(
        "expression", \.expression, .metaExpression,
        "Names of tests, numbers, ! && || + - * < <= > >= == != and parentheses: BAYES_99 && !(A || B)."),
    MetaKey("points", \.points, .points, "Points where the expression is not 0."),
    MetaKey("description", \.description, .argument, "What it means, for reports."),
])

extension SettingsReader {
    /// What no single test, and no single level, shows.
    mutating func checkTests() {
        checkMetaTests()
        let levels = loaded.settings.shortCircuit
        if let spam = levels.spam, let ham = levels.ham, spam <= ham {
            loaded.report(
                at: "short_circuit.spam", "short_circuit.ham",
                message:
                    "short_circuit.spam (\(pointsText(spam))) is not over short_circuit.ham (\(pointsText(ham))): every "
                    + "score would decide")
        }
    }

    private mutating func checkMetaTests() {
        let tests = loaded.settings.metaTests
        var places: [String: Int] = [:]
        var isWhole = tests.count <= MetaTests.countLimit
        if !isWhole {
            loaded.report(at: "meta_tests", message: "more than \(MetaTests.countLimit) meta tests")
        }
        for (index, test) in tests.enumerated() {
            let path = "meta_tests[\(index)]"
            if test.expression.isEmpty, !faulty.contains("\(path).expression") {
                loaded.report(at: path, message: "a meta test needs 'expression'")
            }
            if let first = places[test.name], !test.name.isEmpty {
                let line = loaded.origins["meta_tests[\(first)]"].map { " on line \($0.line)" } ?? ""
                loaded.report(at: "\(path).name", path, message: "there is another meta test '\(test.name)'\(line)")
            }
            places[test.name] = places[test.name] ?? index
            isWhole = isWhole && places[test.name] == index && !test.expression.isEmpty && !test.name.isEmpty
        }
        guard isWhole else { return }
        do throws(MetaTests.Circle) {
            _ = try MetaTests(tests.compactMap(\.read))
        } catch {
            let way = (error.names + error.names.prefix(1)).prefix(20).joined(separator: " -> ")
            let path = "meta_tests[\(error.names.first.flatMap { places[$0] } ?? 0)]"
            loaded.report(
                at: "\(path).expression", path, message: "these tests ask each other in a circle: \(way)")
        }
    }
}

extension Settings {
    /// When scanners that seek spam are left out.
    package var siteShortCircuit: Policy.ShortCircuit {
        Policy.ShortCircuit(spam: shortCircuit.spam, ham: shortCircuit.ham, tests: shortCircuit.tests)
    }

    /// What the site makes of tests.
    package var siteTests: SiteTests {
        SiteTests(scores: scores, metas: (try? MetaTests(metaTests.compactMap(\.read))) ?? MetaTests())
    }
}

extension Settings.MetaTestEntry {
    /// nil where the expression is none, which no settings in use have.
    fileprivate var read: MetaTest? {
        guard let expression = try? MetaExpression(expression) else { return nil }
        return MetaTest(name: name, expression: expression, points: points, description: description)
    }
}

extension ValueType where Value == String {
    /// A test that may have been made by anything: rules, signatures, other filters.
    static let testName = ValueType.scalar(
        "name", expected: "the name of a test",
        parse: { text throws(ValueError) in
            guard isKnownName(text) else {
                throw ValueError("'\(shown(text))' is no test's name (no blanks, 200 octets at most)")
            }
            return text
        }, write: { yamlText($0) })

    /// The name of a test of one's own.
    static let metaName = ValueType.scalar(
        "name", expected: "a name such as MY_TEST",
        parse: { text throws(ValueError) in
            let isFit = text.utf8.enumerated().allSatisfy { index, octet in
                (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || octet == 0x5F
                    || index > 0 && (0x30...0x39).contains(octet)
            }
            guard isFit, (1...100).contains(text.utf8.count), text != "points", text != "rules_matching" else {
                throw ValueError(
                    "'\(shown(text))' is no name for a test (letters, digits and '_', no digit first, 100 at most)")
            }
            return text
        }, write: { yamlText($0) })

    /// What `MetaExpression` reads.
    static let metaExpression = ValueType.scalar(
        "expression", expected: "an expression such as A && !B",
        parse: { text throws(ValueError) in
            do throws(MetaExpression.Refusal) {
                _ = try MetaExpression(text)
            } catch {
                throw ValueError("character \(error.column) of the expression: \(error.message)")
            }
            return text
        }, write: { yamlText($0) })
}

extension ValueType where Value == [String: Double] {
    /// Tests and their points.
    static let scores = ValueType(
        name: "tests and their points",
        read: { node, faults in
            if node.isNull { return [:] }
            guard case .mapping(let entries, _) = node.content else {
                if case .refused = node.content { return nil }
                faults.append(
                    Fault(
                        position: node.position,
                        message: "expected names of tests with their points, found \(node.kind)\(node.quotingAdvice)"))
                return nil
            }
            var scores: [String: Double] = [:]
            var isWhole = true
            for entry in entries {
                guard isKnownName(entry.name) else {
                    faults.append(
                        Fault(
                            position: entry.namePosition,
                            message: "'\(shown(entry.name))' is no test's name (no blanks, 200 octets at most)"))
                    isWhole = false
                    continue
                }
                if let points = ValueType<Double>.points.read(entry.value, &faults) {
                    scores[entry.name] = points
                } else {
                    isWhole = false
                }
            }
            return isWhole ? scores : nil
        },
        write: { scores in
            "{"
                + scores.sorted { $0.key < $1.key }.map { "\(yamlText($0.key)): \(pointsText($0.value))" }.joined(
                    separator: ", ")
                + "}"
        })
}

/// Printable ASCII without blanks, and letters of other scripts: signatures have all kinds of names.
private func isKnownName(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0 != " " && Escaping.isVisible($0) }
}
