internal import Bytes
internal import Members

/// Passwords that texts within an archive tell: a note beside an encrypted archive, or beside other files of it. They are kept as they are
/// until something encrypted is met, as most archives have texts and few have anything encrypted.
package struct ArchiveTexts {
    /// Texts of one message that are looked at.
    package static let most = 16

    private var left = most
    private var waiting: [ContentStore.Stored] = []
    /// No more of them than half of those that the message has.
    private var found: [Passwords.Candidate] = []

    /// Whether something waits to be looked at.
    var isWaiting: Bool { !waiting.isEmpty }

    /// True for a member that may be a text of this kind.
    /// - Parameter size: octets of its content.
    func wants(size: Int) -> Bool { left > 0 && size > 0 && size <= DocumentWords.size }

    /// Keeps the content of a member for `read`.
    mutating func keep(_ content: ContentStore.Stored) { waiting.append(content) }

    /// Looks at all contents that were kept; nothing happens for one that `PasswordFinder` takes for no text.
    /// - Parameter withContent: lends one.
    mutating func read(limit: Int, withContent: (ContentStore.Stored, (Span<UInt8>) -> Void) -> Void) {
        for content in waiting where left > 0 {
            var finder = PasswordFinder()
            var isText = false
            withContent(content) { isText = finder.read(file: $0) }
            guard isText else { continue }
            left -= 1
            for candidate in finder.passwords(site: [], limit: limit).candidates
            where candidate.source == .text && found.count < limit / 2 {
                if found.contains(where: { $0.password == candidate.password }) { continue }
                found.append(Passwords.Candidate(password: candidate.password, source: .archiveText))
            }
        }
        waiting.removeAll()
    }

    /// The passwords of the message with those in front.
    func added(to passwords: Passwords) -> Passwords {
        found.isEmpty ? passwords : passwords.preceded(by: found)
    }
}
