internal import Bytes
internal import MIME
package import Members

/// Collects passwords that a message tells its reader: words near "password" in the text, words of the subject, names and
/// domains of the addresses.
package struct PasswordFinder: Sendable {
    /// Octets behind a keyword and in front of it that are looked at.
    private static let window = 240
    /// Words behind and in front that are taken; and the nearest, which come first.
    private static let wordsBehind = 24
    private static let wordsBefore = 6
    private static let nearBehind = 8
    private static let nearBefore = 2
    /// Words behind a keyword that are taken in pairs, as a password of two words.
    private static let pairWords = 4
    /// Places of keywords that are looked at in one text: so many of the first, and as many of the last. Text that nobody sees may stand
    /// in front with more of them.
    private static let places = 32
    /// Octets of one text that are looked at.
    private static let textSize = 262_144

    /// File names that are tried.
    private static let files = 8
    private var fileNames = 0

    /// How likely a word of a text is the password, the most likely first.
    private enum Rank: CaseIterable {
        case hasDigit, isLine, isNear, isPair, isFar
    }

    private var found: [(password: [UInt8], source: Passwords.Source, rank: Rank)] = []

    package init() {}

    /// Looks at a text in UTF-8, and at what it says without the quoting of addresses (RFC 3986 section 2.1).
    /// - Parameter isWhole: it is a text, a file or a comment by itself: where it is one word, that may be the password.
    package mutating func read(text: Span<UInt8>, isWhole: Bool = false) {
        let plain = PasswordWords.plain(text.extracting(0..<min(text.count, Self.textSize)))
        readPlain(plain.span)
        if plain.span.firstIndex(of: UInt8(ascii: "%")) != nil {
            let unquoted = Hex.decoded(plain[...])
            if unquoted.count < plain.count { readPlain(unquoted.span) }
        }
        guard isWhole else { return }
        let words = Self.words(plain.span, most: 1)
        if let word = words.first, words.count == 1 { add(word, .text) }
    }

    private mutating func readPlain(_ text: Span<UInt8>) {
        let (lower, origins) = Self.lower(text)
        var places: [Range<Int>] = []
        for (keyword, isShort) in PasswordWords.long.map({ ($0, false) }) + PasswordWords.short.map({ ($0, true) }) {
            var from = 0
            while let start = lower.span.firstIndex(of: keyword, from: from) {
                from = start + keyword.count
                if isShort, !Self.isWord(start..<from, lower) { continue }
                places.append(origins.isEmpty ? start..<from : origins[start]..<origins[from])
            }
        }
        places = Self.outermost(places.sorted { $0.lowerBound < $1.lowerBound })
        let around = places.map { Self.words(around: $0, text) }
        // Passwords have digits more often than other words; then what stands nearest.
        for (rest, quoted, behind, before) in around {
            for word in quoted + behind + before where word.contains(where: { 0x30...0x39 ~= $0 }) {
                add(word, .text, .hasDigit)
            }
            for word in quoted + behind.prefix(Self.nearBehind) + before.suffix(Self.nearBefore) {
                add(word, .text, .isNear)
            }
            let lines = PasswordLines(rest)
            for line in lines.likely { add(line, .text, .isLine) }
            for line in lines.possible { add(line, .text, .isPair) }
            let nearest = behind.prefix(Self.pairWords)
            for (first, second) in zip(nearest, nearest.dropFirst()) { add(first + [0x20] + second, .text, .isPair) }
            for word in behind.dropFirst(Self.nearBehind) + before.dropLast(Self.nearBefore) {
                add(word, .text, .isFar)
            }
        }
    }

    /// The places that are looked at; where there are too many, one of the first and one of the last by turns, so that neither
    /// takes the room of the other.
    private static func outermost(_ places: [Range<Int>]) -> [Range<Int>] {
        guard places.count > Self.places else { return places }
        let last = places.dropFirst(Self.places).suffix(Self.places).reversed()
        var mixed: [Range<Int>] = []
        for (index, place) in places.prefix(Self.places).enumerated() {
            mixed.append(place)
            if index < last.count { mixed.append(Array(last)[index]) }
        }
        return mixed
    }

    /// Looks at a file beside the encrypted one: an attachment, or a member of the same archive.
    /// - Returns: false, with nothing looked at, when it is neither text nor a document whose text is read for this.
    package mutating func read(file content: Span<UInt8>) -> Bool {
        guard let words = DocumentWords.read(content) else { return false }
        read(text: words.span, isWhole: true)
        // Without a charset, as programs of Windows and DOS write text.
        for text in CodePagePasswords.readings(of: words.span) { read(text: text.span) }
        return true
    }

    /// Neither letter nor digit touches it.
    private static func isWord(_ range: Range<Int>, _ text: [UInt8]) -> Bool {
        let beside = [range.lowerBound - 1, range.upperBound].filter { text.indices.contains($0) }
        return beside.allSatisfy { place in
            switch text[place] {
            case 0x30...0x39, 0x61...0x7A, 0x80...: false
            default: true
            }
        }
    }

    /// What stands behind a keyword, quotations in it, its words, and words in front.
    private static func words(
        around place: Range<Int>, _ text: Span<UInt8>
    ) -> (rest: [UInt8], quoted: [[UInt8]], behind: [[UInt8]], before: [[UInt8]]) {
        let behind = text.extracting(text.clamped(place.upperBound, window))
        let start = max(0, place.lowerBound - window)
        return (
            behind.array, quotations(behind), Array(words(behind).prefix(wordsBehind)),
            Array(words(text.extracting(start..<max(start, place.lowerBound))).suffix(wordsBefore))
        )
    }

    private static let quotes: [(open: [UInt8], close: [UInt8])] = [
        ("\"", "\""), ("'", "'"), ("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ("「", "」"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

    /// What stands in quotation marks: with blanks in it, the words alone are no password.
    private static func quotations(_ text: Span<UInt8>) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for (open, close) in quotes {
            guard let start = text.firstIndex(of: open),
                let end = text.firstIndex(of: close, from: start + open.count)
            else { continue }
            let inner = text.extracting(start + open.count..<end).array
            if !inner.isEmpty, inner.count <= Passwords.longest { found.append(inner) }
        }
        return found
    }

    /// The text in small letters; and where it is not ASCII, for each of its octets and its end the place in the text.
    private static func lower(_ text: Span<UInt8>) -> (text: [UInt8], origins: [Int]) {
        var lower: [UInt8] = []
        lower.reserveCapacity(text.count)
        var isPlain = true
        for index in text.indices {
            lower.append(asciiLower(text[index]))
            if text[index] >= 0x80 { isPlain = false }
        }
        if isPlain { return (lower, []) }
        lower.removeAll(keepingCapacity: true)
        var origins: [Int] = []
        var place = 0
        for scalar in text.withUnsafeBufferPointer({ String(decoding: $0, as: UTF8.self) }).unicodeScalars {
            let small =
                scalar.value < 0x80
                ? [asciiLower(UInt8(scalar.value))] : Array(scalar.properties.lowercaseMapping.utf8)
            for byte in small {
                lower.append(byte)
                origins.append(min(place, text.count))
            }
            place += UTF8.width(scalar)
        }
        origins.append(min(place, text.count))
        return (lower, origins)
    }

    /// Looks at the header block of a message or a part: words of the subject, comments, keywords, the description, and what
    /// stands on both sides of the at signs.
    package mutating func read(message: Span<UInt8>) {
        var scanner = HeaderScanner()
        while let field = scanner.next(in: message) {
            let isSubject = field.isNamed("Subject", in: message)
            if isSubject || Self.wordFields.contains(where: { field.isNamed($0, in: message) }) {
                let decoded = Array(EncodedWords.decoded(message.extracting(field.value).array).utf8)
                read(text: decoded.span)
                guard isSubject else { continue }
                let subject = PasswordWords.plain(decoded.span)
                for word in Self.words(subject.span) { add(word, .subject) }
            } else if Self.addressFields.contains(where: { field.isNamed($0, in: message) }) {
                readAddresses(message.extracting(field.value))
            }
        }
    }

    private static let wordFields: [StaticString] = ["Comments", "Keywords", "Content-Description"]
    private static let addressFields: [StaticString] = ["From", "To", "Cc", "Reply-To"]

    /// Words of display names that are tried of one field.
    private static let names = 16

    /// Takes the addresses of a field, and what stands beside them: display names, each as a whole where it is quoted, and
    /// their words.
    private mutating func readAddresses(_ value: Span<UInt8>) {
        for word in Self.words(value).flatMap(Self.pieces) { read(address: word) }
        let decoded = Array(EncodedWords.decoded(value.array).utf8)
        let text = PasswordWords.plain(decoded.span)
        let names = Self.words(text.span).flatMap(Self.pieces).filter { !$0.contains(0x40) }
        for name in Self.quotations(text.span) + names.prefix(Self.names) { add(name, .address) }
    }

    /// Takes an address apart: its name, its domain with and without the last label.
    package mutating func read(address: [UInt8]) {
        guard let at = address.lastIndex(of: 0x40), at > 0, at < address.count - 1 else { return }
        let domain = Array(address[(at + 1)...])
        add(Array(address[..<at]), .address)
        add(domain, .address)
        if let dot = domain.lastIndex(of: 0x2E) { add(Array(domain[..<dot]), .address) }
        add(address, .address)
    }

    /// Takes the name of a file, without what stands behind its last full stop, and with it; and its last words.
    package mutating func read(fileName: [UInt8]) {
        guard fileNames < Self.files else { return }
        fileNames += 1
        let dot = fileName.lastIndex(of: 0x2E).flatMap { $0 > 0 ? $0 : nil } ?? fileName.count
        let stem = fileName[..<dot]
        found.append((Array(stem), .fileName, .isNear))
        if dot < fileName.count { found.append((fileName, .fileName, .isNear)) }
        // A hyphen is part of a word, or stands between two.
        let words = stem.split(whereSeparator: { Self.betweenWords.contains($0) })
        let pieces = stem.split(whereSeparator: { Self.betweenWords.contains($0) || $0 == 0x2D })
        for list in [words, pieces] where list.count > 1 {
            for word in list.suffix(Self.wordsOfName).reversed() where list == words || !words.contains(word) {
                found.append((Array(word), .fileName, .isNear))
            }
        }
    }

    /// Words of a file's name that are tried, and what stands between them.
    private static let wordsOfName = 4
    private static let betweenWords: Set<UInt8> = Set(" _+=:,()[]{}".utf8)

    /// All that was found, the most likely first, and the site's own.
    /// - Parameter limit: passwords in all; the site's have their place in it.
    package func passwords(site: [String], limit: Int) -> Passwords {
        var passwords = Passwords(limit: limit)
        for password in site { passwords.add(Array(password.utf8), .site) }
        // A long text leaves room for what is told elsewhere.
        let room = limit - passwords.candidates.count
        add(.text, to: &passwords, upTo: passwords.candidates.count + room / 2)
        for source in [Passwords.Source.subject, .address, .fileName] {
            add(source, to: &passwords, upTo: passwords.candidates.count + room / 5)
        }
        for password in ["infected", "virus", "malware", "password", "1234", "12345", "123456"] {
            passwords.add(Array(password.utf8), .wellKnown)
        }
        for source in [Passwords.Source.text, .subject, .address, .fileName] {
            add(source, to: &passwords, upTo: limit)
        }
        return passwords
    }

    private func add(_ source: Passwords.Source, to passwords: inout Passwords, upTo count: Int) {
        for rank in Rank.allCases {
            for item in found
            where item.source == source && item.rank == rank && passwords.candidates.count < count {
                passwords.add(item.password, source)
            }
        }
    }

    private mutating func add(_ word: [UInt8], _ source: Passwords.Source, _ rank: Rank = .isNear) {
        // "Password:1234", and a password with a colon in it.
        let signs = word.indices.filter { (word[$0] == 0x3A || word[$0] == 0x3D) && $0 + 1 < word.count }
        var words = [word]
        for sign in [signs.last, signs.first].compactMap({ $0 }) where words.count == 1 || sign != signs.last {
            words.append(Array(word[(sign + 1)...]))
        }
        // The value of a parameter in an address.
        for word in words {
            if let end = word.firstIndex(of: UInt8(ascii: "&")), end > 0 { words.append(Array(word[..<end])) }
        }
        for word in words { found += Self.forms(of: word).map { ($0, source, rank) } }
        let pieces = Self.pieces(word)
        for piece in pieces where !words.contains(piece) { found += Self.forms(of: piece).map { ($0, source, rank) } }
    }

    /// Marks at the end of a word that may be part of a password or not, one after the other.
    private static let marks = 4

    /// A word as it stands; without marks and brackets around it; and with those that may be its own, of its end as in
    /// `(Spring2026!)`, and of both ends as in `*Star9*.` and `"(abc)"`.
    private static func forms(of word: [UInt8]) -> [[UInt8]] {
        let bare = trimmed(word)
        if bare == word { return [word] }
        var forms = [word, bare]
        func take(_ form: ArraySlice<UInt8>) {
            if !forms.contains(Array(form)) { forms.append(Array(form)) }
        }
        var form = word[...]
        while let first = form.first, punctuation.contains(first) { form.removeFirst() }
        for _ in 0..<marks where form.count > bare.count {
            take(form)
            form.removeLast()
        }
        form = word[...]
        for _ in 0..<marks {
            guard let first = form.first, let last = form.last, form.count > bare.count else { break }
            take(form)
            if form.count > 1, pairs[first] == last { form.removeFirst() }
            if punctuation.contains(last) { form.removeLast() }
        }
        return forms
    }

    /// Marks around a word by what closes them; those that are only at its end go one by one.
    private static let pairs: [UInt8: UInt8] = Dictionary(
        uniqueKeysWithValues: zip("([{<\"'`*_|-".utf8, ")]}>\"'`*_|-".utf8))

    /// What stands between blanks; where letters beyond ASCII touch others, the ASCII in between too, as scripts without
    /// blanks need it.
    /// - Parameter most: the rest is passed over behind one more.
    private static func words(_ text: Span<UInt8>, most: Int = .max) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        func end() {
            guard !word.isEmpty else { return }
            words.append(word)
            if word.contains(where: { $0 >= 0x80 }) {
                for run in word.split(whereSeparator: { $0 >= 0x80 }) where run.count > 1 { words.append(Array(run)) }
            }
            word = []
        }
        for index in text.indices where words.count <= most {
            let byte = text[index]
            if byte <= 0x20 { end() } else { word.append(byte) }
        }
        end()
        return words
    }

    private static let brackets: Set<UInt8> = Set("<>\"|".utf8)

    /// A word without the angle brackets, bars of tables and quotation marks in it, which may be part of a password and are most often not.
    private static func pieces(_ word: [UInt8]) -> [[UInt8]] {
        let pieces = word.split(whereSeparator: { brackets.contains($0) })
        // A cell of a table, with its quotation marks.
        let cells = word.split(separator: UInt8(ascii: "|"))
        let isWhole = cells.count == 1 && cells[0].count == word.count
        return (isWhole || cells == pieces ? pieces : cells + pieces).map(Array.init)
    }

    private static let punctuation: Set<UInt8> = Set(" ()[]{}<>\":;,.!?'`*_=-|".utf8)

    private static func trimmed(_ word: [UInt8]) -> [UInt8] {
        var slice = word[...]
        while let first = slice.first, punctuation.contains(first) { slice.removeFirst() }
        while let last = slice.last, punctuation.contains(last) { slice.removeLast() }
        return Array(slice)
    }
}
