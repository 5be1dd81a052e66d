internal import Glibc
package import Linux
internal import MailModel
internal import Synchronization

/// Senders whose mail recipients themselves have said is no spam, by a link of a digest.
///
/// States of the file, and the one atomic step that means "added":
///
///     allowed_senders.tmp    being written
///     allowed_senders        complete: on the disk, then `rename(2)`, then the directory
///
/// One `RECIPIENT SENDER` a line, both in xtext (RFC 3461 section 4), so that an administrator can read the file and remove lines. It
/// is read at the start and at a reload; a look-up touches no disk.
package final class AllowedSenders: Sendable {
    private struct Pair: Hashable {
        var recipient: [UInt8]
        var sender: [UInt8]
    }

    private struct State {
        var pairs: Set<Pair> = []
        var counts: [[UInt8]: Int] = [:]

        mutating func insert(_ pair: Pair) {
            if pairs.insert(pair).inserted { counts[pair.recipient, default: 0] += 1 }
        }
    }

    private let directory: String
    private let state = Mutex(State())
    /// Held by who writes the file: those who add at the same time wait for each other, and look-ups for nobody.
    private let writing = Mutex(())
    private var path: String { directory + "/allowed_senders" }

    /// Pairs of all recipients together.
    private static let mostPairs = 100_000
    /// Octets of the file that are read.
    private static let sizeLimit = 67_108_864

    /// Reads the file. A line that is none of ours is passed over: it allows nobody. Blocks on a disk.
    /// - Parameter directory: made when the first sender is added.
    package init(directory: String) throws(SystemError) {
        self.directory = directory
        try read()
    }

    /// Reads the file once more, after somebody has changed it. Blocks on a disk.
    package func read() throws(SystemError) {
        var found = State()
        do throws(SystemError) {
            let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW)
            let bytes = try file.read(at: 0, count: min(try file.size(), Self.sizeLimit))
            for line in bytes.split(separator: 0x0A) where found.pairs.count < Self.mostPairs {
                let words = line.split(separator: 0x20)
                guard words.count == 2, let recipient = Xtext.decode(words[0]), let sender = Xtext.decode(words[1])
                else { continue }
                found.insert(Pair(recipient: recipient, sender: sender))
            }
        } catch {
            guard error.code == ENOENT else { throw error }
        }
        let pairs = found
        state.withLock { $0 = pairs }
    }

    /// True when nobody has allowed anybody.
    package var isEmpty: Bool { state.withLock { $0.pairs.isEmpty } }

    /// True when a recipient has allowed a sender. Addresses are in the form in which they are looked up.
    package func allows(recipient: [UInt8], sender: [UInt8]) -> Bool {
        state.withLock { $0.pairs.contains(Pair(recipient: recipient, sender: sender)) }
    }

    /// Adds a sender. When this returns true, he is on the disk. Blocks.
    /// - Parameter limit: senders of one recipient.
    /// - Returns: false when the recipient has as many, or all recipients together have too many.
    package func add(recipient: [UInt8], sender: [UInt8], limit: Int) throws(SystemError) -> Bool {
        BlockingCheck.mayBlock("allowed senders")
        let pair = Pair(recipient: recipient, sender: sender)
        return try writing.withLock { (_) throws(SystemError) in
            var next = state.withLock { $0 }
            if next.pairs.contains(pair) { return true }
            guard next.counts[recipient, default: 0] < limit, next.pairs.count < Self.mostPairs else { return false }
            next.insert(pair)
            try write(next.pairs)
            let added = next
            state.withLock { $0 = added }
            return true
        }
    }

    private func write(_ pairs: Set<Pair>) throws(SystemError) {
        func text(_ bytes: [UInt8]) -> String { String(decoding: Xtext.encode(bytes), as: UTF8.self) }
        let lines = pairs.map { "\(text($0.recipient)) \(text($0.sender))\n" }.sorted()
        try replaceFile(path, in: directory, with: Array(lines.joined().utf8))
    }
}

/// Makes a directory where it is absent; its name is then on the disk.
func makeDurableDirectory(_ path: String) throws(SystemError) {
    try makeDirectories(path) { (made) throws(SystemError) in
        try synchronizeDirectory(parentDirectory(of: made))
    }
}

/// Writes a file beside its place and renames it: afterwards the new content is on the disk, or the old one still is.
func replaceFile(_ path: String, in directory: String, with bytes: [UInt8]) throws(SystemError) {
    try makeDurableDirectory(directory)
    let temporary = path + ".tmp"
    do throws(SystemError) {
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
        try file.write(bytes)
        try file.synchronize()
        try check("rename \(temporary)") { rename(temporary, path) }
        try synchronizeDirectory(directory)
    } catch {
        unlink(temporary)
        throw error
    }
}
