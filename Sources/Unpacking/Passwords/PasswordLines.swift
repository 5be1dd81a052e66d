internal import Bytes
internal import Members

/// Passwords of several words, behind a word for "password" on its line or on the line below.
struct PasswordLines {
    /// What most likely is a password as a whole: behind a colon or an equals sign, or by itself on the next line that is not empty.
    private(set) var likely: [[UInt8]] = []
    /// What may be one: the words behind without a sign, with the first of them and without ("is", "lautet"), and the line below them.
    private(set) var possible: [[UInt8]] = []

    /// - Parameter rest: what stands behind the word for "password", as far as it is looked at.
    init(_ rest: [UInt8]) {
        let lines = rest.split(omittingEmptySubsequences: false) { $0 == 0x0A || $0 == 0x0D }
        guard let first = lines.first.map(Self.trimmed) else { return }
        let below = lines.dropFirst().map(Self.trimmed).first { !$0.isEmpty }
        if let sign = first.firstIndex(where: { $0 == 0x3A || $0 == 0x3D }) {
            Self.take(first[(sign + 1)...], &likely)
        } else {
            Self.take(first, &possible)
            if let blank = first.firstIndex(of: 0x20) { Self.take(first[blank...], &possible) }
        }
        guard let below else { return }
        let isAlone = first.last == 0x3A || first.last == 0x3D || !first.contains(where: Self.isOfWord)
        if isAlone { Self.take(below, &likely) } else { Self.take(below, &possible) }
    }

    /// Takes a line of several words, and its first sentence.
    private static func take(_ line: ArraySlice<UInt8>, _ found: inout [[UInt8]]) {
        let line = trimmed(line)
        var lines = [line]
        let end = line.indices.first {
            ends.contains(line[$0]) && $0 + 1 < line.endIndex && line[$0 + 1] == 0x20
        }
        if let end { lines = [line[...end], line] }
        for line in lines where line.contains(0x20) && line.count <= Passwords.longest { found.append(Array(line)) }
    }

    /// What ends a sentence, or a part of one.
    private static let ends: Set<UInt8> = Set(".!?,;".utf8)

    private static func isOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
        default: false
        }
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var line = line
        while let first = line.first, first == 0x20 || first == 0x09 { line.removeFirst() }
        while let last = line.last, last == 0x20 || last == 0x09 { line.removeLast() }
        return line
    }
}
