import Checks
import TestSupport

/// A pattern made by chance, and texts that it is likely to match.
struct RandomPattern {
    let text: String
    private let sample: (inout SeededGenerator) -> [UInt8]

    /// - Parameter depth: groups within one another.
    init(_ type: TableType, depth: Int = 3, using generator: inout SeededGenerator) {
        let branches = (0..<(Self.chance(5, &generator) ? 2 : 1)).map { _ in
            Self.sequence(type, depth, &generator)
        }
        text = branches.map(\.text).joined(separator: "|")
        sample = { branches.randomElement(using: &$0)?.sample(&$0) ?? [] }
    }

    private init(_ text: String, _ sample: @escaping (inout SeededGenerator) -> [UInt8]) {
        self.text = text
        self.sample = sample
    }

    /// A text with a match in it as often as not: a sample, whole or damaged, between others.
    func subject(_ generator: inout SeededGenerator) -> [UInt8] {
        var middle = sample(&generator)
        if Self.chance(4, &generator), !middle.isEmpty {
            middle.remove(at: Int.random(in: middle.indices, using: &generator))
        }
        return Self.noise(&generator) + middle + Self.noise(&generator)
    }

    private static let octets = Array("abcdABvq12 .-_\n\u{B}\u{E9}".unicodeScalars.map { UInt8($0.value) })

    private static func noise(_ generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in octets.randomElement(using: &generator) ?? 0 }
    }

    private static func chance(_ inverse: Int, _ generator: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<inverse, using: &generator) == 0
    }

    private static func sequence(_ type: TableType, _ depth: Int, _ generator: inout SeededGenerator) -> RandomPattern {
        let parts = (0..<Int.random(in: depth == 3 ? 2...6 : 0...3, using: &generator)).map { _ in
            repeated(type, depth, &generator)
        }
        return RandomPattern(parts.map(\.text).joined()) { generator in parts.flatMap { $0.sample(&generator) } }
    }

    private static func repeated(_ type: TableType, _ depth: Int, _ generator: inout SeededGenerator) -> RandomPattern {
        let part = item(type, depth, &generator)
        guard chance(2, &generator) else { return part }
        var (sign, times): (String, ClosedRange<Int>) =
            [
                ("*", 0...3), ("+", 1...3), ("?", 0...1), ("{1,}", 1...3), ("{0,2}", 0...2), ("{1,3}", 1...3),
                ("{2}", 2...2), ("{2,3}", 2...3), ("{,2}", 0...2),
            ].randomElement(using: &generator) ?? ("", 1...1)
        if type == .pcre {
            if chance(5, &generator) { sign += ["?", "+"].randomElement(using: &generator) ?? "" }
            if chance(12, &generator) { sign = "(?#c)" + sign }
        }
        return RandomPattern(part.text + sign) { generator in
            (0..<Int.random(in: times, using: &generator)).flatMap { _ in part.sample(&generator) }
        }
    }

    private static func item(_ type: TableType, _ depth: Int, _ generator: inout SeededGenerator) -> RandomPattern {
        switch Int.random(in: 0..<(depth > 0 ? 16 : 9), using: &generator) {
        case 0..<5: return literal(&generator)
        case 5..<8: return set(type, &generator)
        case 8:
            let shared = ["^", "$", "\\b", "\\B"]
            let perl = ["(?i)", "(?-i)", "(?s)", "(?m)", "(?#c)", "\\A", "\\z", "\\Z", "\\K", "\\1", "\\2"]
            let text = (type == .pcre ? shared + perl : shared).randomElement(using: &generator) ?? ""
            return RandomPattern(text) { _ in [] }
        case 9 where type == .pcre:
            let look = ["(?=", "(?!", "(?<=", "(?<!"].randomElement(using: &generator) ?? ""
            return RandomPattern(look + RandomPattern(type, depth: 0, using: &generator).text + ")") { _ in [] }
        default:
            let inner = RandomPattern(type, depth: depth - 1, using: &generator)
            let opening =
                type == .pcre ? ["(", "(", "(?:", "(?>", "(?|", "(?i:"].randomElement(using: &generator) ?? "(" : "("
            return RandomPattern(opening + inner.text + ")", inner.sample)
        }
    }

    private static func literal(_ generator: inout SeededGenerator) -> RandomPattern {
        let letter = Array("abcdABvq12 _-").randomElement(using: &generator) ?? "a"
        return RandomPattern(String(letter)) { _ in Array(String(letter).utf8) }
    }

    private static func set(_ type: TableType, _ generator: inout SeededGenerator) -> RandomPattern {
        let shared = [
            (".", "a1 -"), ("\\w", "ab1_"), ("\\W", " -."), ("\\s", " \n\u{B}"), ("\\S", "a-1"), ("[ab]", "ab"),
            ("[^a-c]", "dAB1 "), ("[a-d1]", "abcd1"), ("[[:upper:]]", "AB"), ("[[:space:]x]", " \n"), ("\\.", "."),
            ("[^[:alnum:]]", " .-"),
        ]
        let perl = [("\\d", "12"), ("\\D", "a -"), ("\\x41", "A"), ("[\\w-]", "a-1"), ("[^\\W]", "ab_"), ("\\xe9", "")]
        let (text, members) = (type == .pcre ? shared + perl : shared).randomElement(using: &generator) ?? (".", "a")
        let octets = Array(members.utf8)
        return RandomPattern(text) { generator in octets.randomElement(using: &generator).map { [$0] } ?? [0xE9] }
    }
}
