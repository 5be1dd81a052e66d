internal import Glibc
package import Linux
package import MailModel

/// What recipients have been told of by digests, so that the next one goes on where the last one ended.
///
/// States, and the atomic steps:
///
///     told       complete: until when mail was told of, what of the last hour before, who is owed what, and who is the first of them
///     running    a digest that was begun: its mail, fixed when it was renamed to this name, and who has it
///     lock       held (`flock(2)`) by the digest that runs
///
/// A digest is begun by `running`, gets a line for each recipient after his mail was taken, and ends when `told` is renamed into its
/// place. One that was killed is gone on with: a recipient whose line a crash swallowed is told twice, nobody is left out. Who could not
/// be told holds up nobody: he is owed his mail by the next digest.
package struct DigestMemory: Sendable {
    /// Mail of a digest.
    package struct Mail: Sendable, Hashable {
        package var id: String
        /// Unix time.
        package var time: Int

        package init(id: String, time: Int) {
            self.id = id
            self.time = time
        }
    }

    /// Mail of which somebody could not be told: the next digest does.
    package struct Owed: Sendable, Hashable {
        package var mail: Mail
        /// In the form of `QuarantineDigest.Letter.mailbox`; nil where the message could not be read, and nobody knows who wants it.
        package var mailbox: MailPath?

        package init(mail: Mail, mailbox: MailPath? = nil) {
            self.mail = mail
            self.mailbox = mailbox
        }
    }

    /// Until when recipients were told.
    package struct Told: Sendable, Hashable {
        /// Unix time.
        package var until: Int
        /// Mail of the last `overlap` before that they were told of.
        package var mail: [Mail]
        package var owed: [Owed]
        /// The mailbox with which the next digest begins, since this one came no further; nil where it tried all.
        package var next: MailPath?
    }

    /// A digest that is under way.
    package struct Run: Sendable {
        package let until: Int
        package let mail: [Mail]
        /// What somebody is owed from before.
        package let owed: [Owed]
        /// With whom it begins.
        package let first: MailPath?
        /// What they were told of before, as far as a search may still find it.
        fileprivate let before: [Mail]
        /// Mailboxes that have theirs.
        package let done: Set<MailPath>
        fileprivate let file: Descriptor

        /// What is remembered when it has ended.
        /// - Parameters:
        ///   - owed: of what it could not tell.
        ///   - next: the first one whom it did not try.
        package func told(owing owed: [Owed], next: MailPath?) -> Told {
            Told(
                until: until, mail: (before + mail).filter { $0.time >= until - DigestMemory.overlap }, owed: owed,
                next: next)
        }

        /// Notes that a mailbox has its mail, or never will; it is on the disk then.
        package func append(_ mailbox: MailPath) throws(SystemError) {
            try file.write(Array("done ".utf8) + Xtext.encode(mailbox.bytes) + [0x0A])
            try file.synchronize()
        }
    }

    private let directory: String
    private let sizeLimit: Int
    private let lock: Descriptor

    /// Seconds for which mail may lie in the quarantine with the time of its arrival before a search finds it: it is looked for again,
    /// and what was told of is left out.
    package static let overlap = 3600
    /// Octets of a file: a line for each of a million messages.
    package static let sizeLimit = 134_217_728

    /// Takes the lock. Blocks on a disk.
    /// - Throws: `EWOULDBLOCK` while another digest runs.
    package init(directory: String, sizeLimit: Int = Self.sizeLimit) throws(SystemError) {
        self.directory = directory
        self.sizeLimit = sizeLimit
        try makeDurableDirectory(directory)
        let lock = try Descriptor.open(directory + "/lock", O_RDWR | O_CREAT | O_NOFOLLOW)
        try check("lock \(directory)") { flock(lock.raw, LOCK_EX | LOCK_NB) }
        self.lock = lock
    }

    /// The end of the last digest; nil where there was none.
    package func told() throws(SystemError) -> Told? {
        guard let lines = try lines(of: "told"), let until = Self.number(lines.first, "until") else { return nil }
        return Told(
            until: until, mail: lines.compactMap { Self.mail($0, "mail") }, owed: lines.compactMap(Self.owed),
            next: Self.mailboxes(lines, "next").first)
    }

    /// A digest that was begun and not ended; nil where there is none.
    package func unfinished() throws(SystemError) -> Run? {
        guard let lines = try lines(of: "running"), let until = Self.number(lines.first, "until") else { return nil }
        // Killed between its last two steps it has ended.
        if let told = try told(), told.until >= until { return nil }
        let done = Set(Self.mailboxes(lines, "done"))
        let first = Self.mailboxes(lines, "next").first
        let (mail, before) = (lines.compactMap { Self.mail($0, "mail") }, lines.compactMap { Self.mail($0, "before") })
        return try run(until: until, mail, lines.compactMap(Self.owed), first, before, done)
    }

    /// Begins a digest.
    /// - Parameters:
    ///   - until: Unix time of the search.
    ///   - told: the end of the digest before.
    package func begin(until: Int, _ mail: [Mail], after told: Told?) throws(SystemError) -> Run {
        let (before, owed) = (told?.mail ?? [], told?.owed ?? [])
        let lines =
            ["until \(until)"] + mail.map { "mail \($0.id) \($0.time)" } + owed.map(Self.line)
            + before.map { "before \($0.id) \($0.time)" } + Self.line(next: told?.next)
        try replace("running", with: lines)
        return try run(until: until, mail, owed, told?.next, before, [])
    }

    /// Ends a digest: everybody has his mail, or is owed it by the next one.
    /// - Parameter next: the first one whom it did not try.
    package func end(_ run: Run, owing owed: [Owed], next: MailPath?) throws(SystemError) {
        let told = run.told(owing: owed, next: next)
        let lines =
            ["until \(told.until)"] + told.mail.map { "mail \($0.id) \($0.time)" } + owed.map(Self.line)
            + Self.line(next: next)
        try replace("told", with: lines)
        unlink(path("running"))
    }

    /// - Throws: `EFBIG` for more than would be read again: then a digest stays unfinished, rather than that somebody is forgotten.
    private func replace(_ name: String, with lines: [String]) throws(SystemError) {
        let text = Self.text(lines)
        guard text.count <= sizeLimit else { throw SystemError("write \(path(name))", code: EFBIG) }
        try replaceFile(path(name), in: directory, with: text)
    }

    private func run(
        until: Int, _ mail: [Mail], _ owed: [Owed], _ first: MailPath?, _ before: [Mail], _ done: Set<MailPath>
    ) throws(SystemError) -> Run {
        let file = try Descriptor.open(path("running"), O_WRONLY | O_APPEND | O_NOFOLLOW)
        return Run(until: until, mail: mail, owed: owed, first: first, before: before, done: done, file: file)
    }

    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// The whole lines of a file; nil where it is absent. What a crash left of a last line is cut off, so that the next one does not
    /// become a part of it.
    private func lines(of name: String) throws(SystemError) -> [ArraySlice<UInt8>]? {
        let file: Descriptor
        do throws(SystemError) {
            file = try Descriptor.open(path(name), O_RDWR | O_NOFOLLOW)
        } catch {
            if error.code == ENOENT { return nil }
            throw error
        }
        let bytes = try file.read(at: 0, count: min(try file.size(), sizeLimit))
        let whole = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        if whole < bytes.count { try check("ftruncate \(name)") { ftruncate(file.raw, off_t(whole)) } }
        return bytes[..<whole].split(separator: 0x0A)
    }

    private static func text(_ lines: [String]) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }

    private static func number(_ line: ArraySlice<UInt8>?, _ name: String) -> Int? {
        let words = (line ?? []).split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        return words.count == 2 && words[0] == name ? Int(words[1]) : nil
    }

    private static func mail(_ line: ArraySlice<UInt8>, _ name: String) -> Mail? {
        let words = line.split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3, words[0] == name, Quarantine.isValid(words[1]), let time = Int(words[2]) else {
            return nil
        }
        return Mail(id: words[1], time: time)
    }

    /// Those in lines of a name.
    private static func mailboxes(_ lines: [ArraySlice<UInt8>], _ name: String) -> [MailPath] {
        let start = Array("\(name) ".utf8)
        return lines.compactMap { line in
            line.starts(with: start) ? Xtext.decode(line.dropFirst(start.count)).map { MailPath(bytes: $0) } : nil
        }
    }

    private static func line(next: MailPath?) -> [String] {
        next.map { ["next " + String(decoding: Xtext.encode($0.bytes), as: UTF8.self)] } ?? []
    }

    private static func line(_ owed: Owed) -> String {
        let words = "owed \(owed.mail.id) \(owed.mail.time)"
        return owed.mailbox.map { "\(words) " + String(decoding: Xtext.encode($0.bytes), as: UTF8.self) } ?? words
    }

    private static func owed(_ line: ArraySlice<UInt8>) -> Owed? {
        if let mail = mail(line, "owed") { return Owed(mail: mail) }
        guard let blank = line.lastIndex(of: 0x20), let mail = mail(line[..<blank], "owed"),
            let mailbox = Xtext.decode(line[(blank + 1)...])
        else { return nil }
        return Owed(mail: mail, mailbox: MailPath(bytes: mailbox))
    }
}
