internal import Bytes
internal import Members

/// Passwords that texts within an archive tell: a note beside an encrypted archive, or beside other files of it.
package struct ArchiveTexts {
    /// Texts of one message that are looked at.
    package static let most = 16

    private var left = most
    /// No more of them than half of those that the message has.
    private var found: [Passwords.Candidate] = []

    /// True for a member that may be a text of this kind.
    /// - Parameter size: octets of its content.
    func wants(size: Int) -> Bool { left > 0 && size > 0 && size <= DocumentWords.size }

    /// Looks at the content of a member; nothing happens unless `PasswordFinder` takes it for a text.
    mutating func read(_ content: Span<UInt8>, limit: Int) {
        var finder = PasswordFinder()
        guard finder.read(file: content) else { return }
        left -= 1
        for candidate in finder.passwords(site: [], limit: limit).candidates where candidate.source == .text {
            guard found.count < limit / 2 else { return }
            if found.contains(where: { $0.password == candidate.password }) { continue }
            found.append(Passwords.Candidate(password: candidate.password, source: .archiveText))
        }
    }

    /// The passwords of the message with those in front.
    func added(to passwords: Passwords) -> Passwords {
        found.isEmpty ? passwords : passwords.preceded(by: found)
    }
}
