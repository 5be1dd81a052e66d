internal import Bytes
internal import Members

/// Passwords that an archive tells: a note beside an encrypted archive, or beside other files of it; its comment; names in it; the texts
/// and the header of mail in it. They are kept as they are until something encrypted is met, as most archives have texts and few have
/// anything encrypted.
package struct ArchiveTexts {
    /// Texts of one message that are looked at.
    package static let most = 16

    /// Octets of a header block, a comment, or all names of an archive that are looked at.
    private static let size = 16_384

    private enum Kept {
        case member(ContentStore.Stored)
        case text([UInt8])
        case header([UInt8])
    }

    private var left = most
    /// Comments, headers and lists of names that are kept besides.
    private var wordsLeft = most
    private var waiting: [Kept] = []
    /// No more of them than half of those that the message has.
    private var found: [Passwords.Candidate] = []

    /// Whether something waits to be looked at.
    var isWaiting: Bool { !waiting.isEmpty }

    /// True for a member that may be a text of this kind.
    /// - Parameter size: octets of its content.
    func wants(size: Int) -> Bool { left > 0 && size > 0 && size <= DocumentWords.size }

    /// Keeps the content of a member for `read`.
    mutating func keep(_ content: ContentStore.Stored) { waiting.append(.member(content)) }

    /// Keeps the comment of an archive.
    mutating func keep(comment: Span<UInt8>) { keepWords(.text(Self.head(comment))) }

    /// Keeps the header block that mail begins with.
    mutating func keep(header mail: Span<UInt8>) { keepWords(.header(Self.head(mail))) }

    /// Keeps names of members, each directory for itself, and files without the ending as well.
    mutating func keep(names: some Sequence<[UInt8]>) {
        var lines: [UInt8] = []
        var before: ArraySlice<UInt8> = []
        for name in names where lines.count < Self.size {
            for part in name.split(whereSeparator: { $0 == 0x2F || $0 == 0x5C }) where part != before {
                before = part
                lines += part + [0x0A]
                guard let dot = part.lastIndex(of: 0x2E), dot > part.startIndex else { continue }
                lines += part[..<dot] + [0x0A]
            }
        }
        if !lines.isEmpty { keepWords(.text(lines)) }
    }

    private mutating func keepWords(_ words: Kept) {
        guard wordsLeft > 0 else { return }
        wordsLeft -= 1
        waiting.append(words)
    }

    private static func head(_ content: Span<UInt8>) -> [UInt8] {
        content.extracting(0..<min(content.count, size)).array
    }

    /// Looks at all contents that were kept; nothing happens for one that `PasswordFinder` takes for no text.
    /// - Parameter withContent: lends one.
    mutating func read(limit: Int, withContent: (ContentStore.Stored, (Span<UInt8>) -> Void) -> Void) {
        for kept in waiting {
            var finder = PasswordFinder()
            switch kept {
            case .member(let content):
                guard left > 0 else { continue }
                var isText = false
                withContent(content) { isText = finder.read(file: $0) }
                guard isText else { continue }
                left -= 1
            case .text(let text): _ = finder.read(file: text.span)
            case .header(let header): finder.read(message: header.span)
            }
            for candidate in finder.passwords(site: [], limit: limit).candidates
            where candidate.source == .text && found.count < limit / 2 {
                if found.contains(where: { $0.password == candidate.password }) { continue }
                found.append(Passwords.Candidate(password: candidate.password, source: .archiveText))
            }
        }
        waiting.removeAll()
    }

    /// Takes what others tell that were found besides, behind its own.
    mutating func take(_ others: ArchiveTexts, limit: Int) {
        for candidate in others.found where found.count < limit / 2 {
            if !found.contains(where: { $0.password == candidate.password }) { found.append(candidate) }
        }
    }

    /// The passwords of the message with those in front.
    func added(to passwords: Passwords) -> Passwords {
        found.isEmpty ? passwords : passwords.preceded(by: found)
    }
}
