extension TokenExtractor {
    /// Octets of subjects that are shown, and words and signs in them: about a line. Whatever they hold, it is less than half of
    /// the words, pairs and grams of a message.
    private static let subjectSize = 256
    private static let subjectWords = 100

    /// Takes the words of the `Subject:` fields. There should be one (RFC 5322 section 3.6); of several a reader shows the first
    /// or the last, and these share the line. Words of the others and behind the line speak to filters only (attack).
    mutating func add(subjects: [[UInt8]]) {
        let id = TokenHash("subject").mixed
        let shown = min(subjects.count, 2)
        for (index, subject) in subjects.enumerated() {
            let text = subject.span
            let isShown = index == 0 || index == subjects.count - 1
            let end = isShown ? Self.lineEnd(text, Self.subjectSize / shown, words: Self.subjectWords / shown) : 0
            addWords(of: text.extracting(0..<end), field: id)
            addGrams(of: text.extracting(0..<end))
            add(hidden: text.extracting(end..<text.count))
        }
    }

    private static func lineEnd(_ text: Span<UInt8>, _ size: Int, words: Int) -> Int {
        let end = text.count > size ? cut(text, size) : text.count
        var reader = WordReader()
        var read = 0
        while read < words, reader.next(in: text.extracting(0..<end)) != nil { read += 1 }
        return read < words ? end : reader.position
    }
}
