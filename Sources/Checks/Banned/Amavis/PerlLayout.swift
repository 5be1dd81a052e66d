/// Takes out the white space and comments of the flag `x`, which a file of rules has no lines for: where the flag stands
/// behind the pattern, and where it stands in it (`(?x)`, `(?xi: )`). A class of characters has neither.
struct PerlLayout {
    private let bytes: [UInt8]
    private var out: [UInt8] = []
    private var index = 0
    private var isExtended: Bool
    /// What it was outside of each group that is open.
    private var outer: [Bool] = []

    static func removed(from pattern: [UInt8], isExtended: Bool) -> [UInt8] {
        var layout = PerlLayout(pattern, isExtended)
        while layout.index < pattern.count { layout.step() }
        return layout.out
    }

    private init(_ bytes: [UInt8], _ isExtended: Bool) {
        self.bytes = bytes
        self.isExtended = isExtended
    }

    private mutating func step() {
        switch bytes[index] {
        case 0x5C where index + 1 < bytes.count: copy(2)
        case 0x5B: takeClass()
        case 0x28: open()
        case 0x29:
            if let flag = outer.popLast() { isExtended = flag }
            copy(1)
        case 0x23 where isExtended:
            index = bytes[index...].firstIndex(of: 0x0A) ?? bytes.count
            part()
        case let byte where isExtended && isSpace(byte):
            index += 1
            part()
        default: copy(1)
        }
    }

    /// `\1 2` is no `\12`: digits behind an escape stay apart from it.
    private mutating func part() {
        guard index < bytes.count, isAlphanumeric(bytes[index]) else { return }
        let run = out.reversed().prefix(4).prefix(while: isAlphanumeric).count
        guard run > 0, run < out.count, out[out.count - run - 1] == 0x5C else { return }
        out += Array("(?:)".utf8)
    }

    private mutating func copy(_ count: Int) {
        let end = min(index + count, bytes.count)
        if index < end { out += bytes[index..<end] }
        index = end
    }

    private mutating func takeClass() {
        copy(1)
        if index < bytes.count, bytes[index] == 0x5E { copy(1) }
        // A bracket that comes first belongs to the class.
        if index < bytes.count, bytes[index] == 0x5D { copy(1) }
        while index < bytes.count, bytes[index] != 0x5D {
            if bytes[index] == 0x5C {
                copy(2)
            } else if bytes[index...].starts(with: [0x5B, 0x3A]), let end = endOfName() {
                copy(end - index)
            } else {
                copy(1)
            }
        }
        copy(1)
    }

    /// Where a class by name (`[:alpha:]`) ends that begins here; nil when it has no end.
    private func endOfName() -> Int? {
        var end = index + 2
        while end < bytes.count, isAlphanumeric(bytes[end]) || bytes[end] == 0x5E { end += 1 }
        return bytes[end...].starts(with: [0x3A, 0x5D]) ? end + 2 : nil
    }

    private mutating func open() {
        guard index + 2 < bytes.count, bytes[index + 1] == 0x3F else {
            outer.append(isExtended)
            return copy(1)
        }
        if bytes[index + 2] == 0x23 {
            // A comment, whose blanks are text.
            return copy((bytes[index...].firstIndex(of: 0x29) ?? bytes.count - 1) + 1 - index)
        }
        var (flag, isOn, end) = (isExtended, true, index + 2)
        if bytes[end] == 0x5E {
            flag = false
            end += 1
        }
        while end < bytes.count, bytes[end] == 0x2D || (0x61...0x7A).contains(bytes[end] | 0x20) {
            if bytes[end] == 0x2D { isOn = false }
            if bytes[end] == 0x78 { flag = isOn }
            end += 1
        }
        // Flags alone hold to the end of the group around them, with a colon in a group of their own.
        if end < bytes.count, bytes[end] == 0x29 {
            isExtended = flag
            return copy(end + 1 - index)
        }
        outer.append(isExtended)
        if end < bytes.count, bytes[end] == 0x3A {
            isExtended = flag
            return copy(end + 1 - index)
        }
        copy(2)
    }
}
