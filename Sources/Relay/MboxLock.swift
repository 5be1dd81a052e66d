internal import Glibc
internal import Linux

/// The locks of an mbox file: first that of fcntl(2), which a crash takes away, then `FILE.lock`, which programs look at that
/// do not know the other.
///
/// `FILE.lock` is the journal of what is being appended, too, and on the disk before the first octet is: whose file it is, how
/// long that was, and the line by which the message begins. One of ours that is there while we have the lock of fcntl(2) was
/// left by a crash, and that message was never said to be taken: it is cut off, unless somebody wrote behind it.
final class MboxLock {
    /// A lock of another program that is older is nobody's (Postfix: `stale_lock_time`, 500 s).
    static let staleSeconds = 500

    private static let firstLine = "mailreeve-mbox 1"
    /// Octets of a journal: a path of RFC 5321 and some words.
    private static let sizeLimit = 4096

    private let path: String
    private let file: Descriptor
    private var name: String { path + ".lock" }
    private var isHeld = false
    /// What could not be taken away, in words for the log.
    private(set) var remarks: [String] = []

    /// Takes the lock of fcntl(2), which ends with the object.
    init(path: String, file: Descriptor) throws(Mbox.Failure) {
        self.path = path
        self.file = file
        let isOurs: Bool
        do throws(SystemError) {
            // When it was moved away before it was locked, the next try opens the one that has its place.
            let isLocked = try file.tryLock()
            isOurs = try isLocked ? Self.identity(path) == Self.identity(file) : false
        } catch {
            throw .failed(error)
        }
        guard isOurs else { throw .locked(path: path) }
    }

    /// Makes `FILE.lock`, after what a crash left was dealt with.
    /// - Parameter beginning: the line by which the message begins, with its LF.
    /// - Returns: the length of the file.
    /// - Throws: EEXIST when another program has locked the file.
    func take(beginning: [UInt8]) throws(SystemError) -> Int {
        try clear()
        let length = try file.size()
        let text = Array("\(Self.firstLine)\n\(try Self.identity(file)) \(length)\n".utf8) + beginning
        let temporary = name + ".new"
        let journal = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
        defer { unlink(temporary) }
        try journal.write(text)
        try journal.synchronize()
        try check("link \(name)") { link(temporary, name) }
        isHeld = true
        try synchronizeDirectory()
        return length
    }

    /// The message is there. What is not known to be gone from the disk might cut it off after a crash.
    func end() throws(SystemError) {
        try check("unlink \(name)") { unlink(name) }
        try synchronizeDirectory()
        isHeld = false
    }

    /// Gives the lock up, when nothing of the message is there.
    func release() {
        if isHeld { unlink(name) }
        isHeld = false
    }

    private func synchronizeDirectory() throws(SystemError) {
        try Linux.synchronizeDirectory(parentDirectory(of: path))
    }

    /// Removes a `FILE.lock` that nobody has any more.
    private func clear() throws(SystemError) {
        var status = stat()
        guard lstat(name, &status) == 0 else { return }
        guard let left = try? Descriptor.open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
            let bytes = try? left.read(at: 0, count: Self.sizeLimit), bytes.starts(with: Array(Self.firstLine.utf8))
        else {
            let age = time(nil) - Int(status.st_mtim.tv_sec)
            guard age > Self.staleSeconds else { throw SystemError("lock \(path)", code: EEXIST) }
            try check("unlink \(name)") { unlink(name) }
            return
        }
        try recover(bytes)
        try check("unlink \(name)") { unlink(name) }
        try synchronizeDirectory()
    }

    /// Cuts off what a crash left of a message.
    private func recover(_ journal: [UInt8]) throws(SystemError) {
        let lines = journal.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3 else { return }
        let words = String(decoding: lines[1], as: UTF8.self).split(separator: " ")
        // Another file has its place, or its owner has emptied it.
        guard words.count == 2, let length = Int(words[1]), words[0] == (try Self.identity(file)), length >= 0 else {
            return
        }
        let size = try file.size()
        guard size > length else { return }
        if try MboxTail(file, from: length).isOnly(Array(lines[2])) {
            try Mbox.cut(file, to: length)
        } else {
            remarks.append(
                "\(path): a message of which a crash may have left a part only stays at octet \(length): others wrote behind it"
            )
        }
    }

    private static func identity(_ file: Descriptor) throws(SystemError) -> String {
        var status = stat()
        try check("fstat") { fstat(file.raw, &status) }
        return "\(status.st_dev):\(status.st_ino)"
    }

    private static func identity(_ path: String) -> String? {
        var status = stat()
        return lstat(path, &status) == 0 ? "\(status.st_dev):\(status.st_ino)" : nil
    }
}

/// The end of an mbox file, behind what was there before a message was begun.
struct MboxTail {
    private static let chunkSize = 262_144
    private static let word = Array("From ".utf8)
    /// ` 14:35:47 2026`: what a line ends with that begins a message.
    private static let dateSize = 14

    private let file: Descriptor
    private let start: Int

    init(_ file: Descriptor, from start: Int) {
        self.file = file
        self.start = start
    }

    /// True when nothing is there but a message that begins with this line, or a part of it. Another program may have begun its own
    /// in the midst of a line: `From ` anywhere, with a date at the end of the line, counts as one.
    func isOnly(_ beginning: [UInt8]) throws(SystemError) -> Bool {
        var place = start
        // The line ends that stand before it.
        let gap = try file.read(at: place, count: 2).prefix { $0 == 0x0A }.count
        place += gap
        let first = try file.read(at: place, count: beginning.count)
        guard beginning.starts(with: first) else { return false }
        place += first.count
        var matched = 0
        var hasWord = false
        var last: [UInt8] = []
        while true {
            let chunk = try file.read(at: place, count: Self.chunkSize)
            if chunk.isEmpty { return !(hasWord && Self.isDate(last)) }
            place += chunk.count
            for octet in chunk {
                if octet == 0x0A {
                    if hasWord, Self.isDate(last) { return false }
                    (matched, hasWord) = (0, false)
                    last.removeAll(keepingCapacity: true)
                    continue
                }
                // `F` is nowhere else in the word: a mismatch begins anew at most with this octet.
                matched = octet == Self.word[matched] ? matched + 1 : octet == Self.word[0] ? 1 : 0
                if matched == Self.word.count { (matched, hasWord) = (0, true) }
                guard hasWord else { continue }
                if last.count == Self.dateSize { last.removeFirst() }
                last.append(octet)
            }
        }
    }

    private static func isDate(_ octets: [UInt8]) -> Bool {
        octets.count == dateSize
            && zip(octets, " 00:00:00 0000".utf8).allSatisfy { octet, form in
                form == 0x30 ? (0x30...0x39).contains(octet) : octet == form
            }
    }
}
