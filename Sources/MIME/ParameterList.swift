internal import Bytes
internal import MailModel

/// The parameters of one field, with the sections of RFC 2231 put together.
struct ParameterList {
    /// One candidate for a parameter's value.
    struct Value {
        /// The value, percent encoding removed.
        var bytes: [UInt8]
        /// Charset of an RFC 2231 value in lower case; nil for plain values.
        var charset: [UInt8]?
    }

    private struct Entry {
        /// Section number of RFC 2231 section 3; nil for values in one piece.
        var section: Int?
        /// The value is percent encoded (RFC 2231 section 4).
        var extended: Bool
        var parameter: FieldBody.Parameter
    }

    /// What a parameter must differ in from all others of its field.
    private struct Form: Hashable {
        var name: [UInt8]
        var section: Int?
        var extended: Bool
    }

    private var entries: [[UInt8]: [Entry]] = [:]
    private var seen: Set<Form> = []
    private(set) var anomalies: Set<AnomalyKind> = []
    /// Some parameter is in sections (RFC 2231 section 3).
    private(set) var hasSections = false
    /// There were more parameters than the limit.
    private(set) var isOverLimit = false

    /// Reads up to `limit` parameters from `field`, whose leading value has been read.
    init(_ field: inout FieldBody, limit: Int) {
        var count = 0
        while let parameter = field.nextParameter() {
            guard count < limit else {
                isOverLimit = true
                break
            }
            count += 1
            add(parameter)
        }
        anomalies.formUnion(field.anomalies)
        for same in entries.values {
            let sections = Set(same.compactMap(\.section))
            if let highest = sections.max(), highest != sections.count - 1 { anomalies.insert(.brokenContinuation) }
        }
    }

    /// Every candidate for the value of `name`: plain values as written, then the RFC 2231 forms.
    func values(of name: StaticString) -> [Value] {
        guard let found = entries[Self.key(name)] else { return [] }
        var values: [Value] = []
        for entry in found where entry.section == nil && !entry.extended {
            values.append(Value(bytes: entry.parameter.value))
            if let unescaped = entry.parameter.unescaped { values.append(Value(bytes: unescaped)) }
        }
        for entry in found where entry.section == nil && entry.extended {
            let (charset, text) = Self.splitCharset(entry.parameter.value)
            values.append(Value(bytes: Hex.decoded(text), charset: charset))
        }
        let sections = found.filter { $0.section != nil }
        if let joined = Self.joined(Self.ordered(sections)) { values.append(joined) }
        return values
    }

    /// The sections of `name` put together in other ways than that of `values`: as they stand, and where numbers come twice
    /// or are missing the first or the last of each up to the gap.
    func otherJoinings(of name: StaticString) -> [Value] {
        let sections = (entries[Self.key(name)] ?? []).filter { $0.section != nil }
        let numbers = sections.compactMap(\.section)
        var others: [Value?] = []
        if numbers != numbers.sorted() { others.append(Self.joined(sections)) }
        let ordered = Self.ordered(sections)
        let first = Self.oneOfEach(ordered)
        if first.count < sections.count {
            others.append(Self.joined(first))
            others.append(
                Self.joined(Self.oneOfEach(ordered.reversed().sorted { ($0.section ?? 0) < ($1.section ?? 0) })))
        }
        return others.compactMap { $0 }
    }

    /// The first entry of each number, from the lowest up to a gap.
    private static func oneOfEach(_ ordered: [Entry]) -> [Entry] {
        var chosen: [Entry] = []
        for entry in ordered {
            guard let last = chosen.last?.section, let number = entry.section else {
                chosen.append(entry)
                continue
            }
            if number == last { continue }
            guard number == last + 1 else { break }
            chosen.append(entry)
        }
        return chosen
    }

    /// Numbers and contents of the sections of `name`.
    func sections(of name: StaticString) -> [(number: Int, bytes: [UInt8])] {
        (entries[Self.key(name)] ?? []).compactMap { entry in
            guard let number = entry.section else { return nil }
            return (number, Self.joined([entry])?.bytes ?? [])
        }
    }

    /// The value that stands for `name`: plain before RFC 2231, the first of several. `anomalies` is told when candidates
    /// that come from different parameters differ.
    func value(of name: StaticString, anomalies: inout Set<AnomalyKind>) -> Value? {
        guard let found = entries[Self.key(name)] else { return nil }
        let all = values(of: name)
        if found.filter({ $0.section == nil }).count > 1 || (all.count > 1 && found.contains { $0.section != nil }) {
            anomalies.insert(.duplicateParameter)
        }
        return all.first
    }

    private mutating func add(_ parameter: FieldBody.Parameter) {
        // Blanks around the mark: some readers have no mind of them.
        var base =
            parameter.name.contains(0x2A) ? parameter.name.filter { !FieldBody.isBlank($0) }[...] : parameter.name[...]
        var extended = false
        var section: Int?
        if base.last == 0x2A {
            base = base.dropLast()
            extended = true
        }
        if let star = base.lastIndex(of: 0x2A), let number = Self.sectionNumber(base[(star + 1)...]) {
            base = base[..<star]
            section = number
            hasSections = true
        }
        let name = Array(base)
        entries[name, default: []].append(Entry(section: section, extended: extended, parameter: parameter))
        if !seen.insert(Form(name: name, section: section, extended: extended)).inserted {
            anomalies.insert(section == nil ? .duplicateParameter : .brokenContinuation)
        }
    }

    /// At most four digits: a limit on parameters makes higher sections useless.
    private static func sectionNumber(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 4 else { return nil }
        var number = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }

    /// Sections come in any order; equal numbers keep theirs.
    private static func ordered(_ sections: [Entry]) -> [Entry] {
        sections.enumerated().sorted { left, right in
            (left.element.section ?? 0, left.offset) < (right.element.section ?? 0, right.offset)
        }.map { $0.element }
    }

    private static func joined(_ sections: [Entry]) -> Value? {
        guard !sections.isEmpty else { return nil }
        var bytes: [UInt8] = []
        var charset: [UInt8]?
        for (position, section) in sections.enumerated() {
            var text = section.parameter.value[...]
            if position == 0, section.extended {
                let split = splitCharset(section.parameter.value)
                charset = split.charset
                text = split.text
            }
            bytes += section.extended ? Hex.decoded(text) : Array(text)
        }
        return Value(bytes: bytes, charset: charset)
    }

    /// `charset'language'text` (RFC 2231 section 4); without both quotes everything is text.
    private static func splitCharset(_ value: [UInt8]) -> (charset: [UInt8]?, text: ArraySlice<UInt8>) {
        guard let first = value.firstIndex(of: 0x27),
            let second = value[(first + 1)...].firstIndex(of: 0x27)
        else { return (nil, value[...]) }
        return (value[..<first].map(FieldBody.lower), value[(second + 1)...])
    }

    private static func key(_ name: StaticString) -> [UInt8] {
        name.withUTF8Buffer { Array($0) }
    }
}
