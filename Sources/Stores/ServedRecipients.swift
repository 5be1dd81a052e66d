internal import Digests
internal import Glibc
package import Linux
package import MailModel
internal import Synchronization

/// Recipients who have got a message whose client may try again: it was told so because something went wrong for others after the
/// first copy was on its way, or it has not heard its reply yet. When the client tries again they are not sent to a second time, and the copy in the
/// quarantine is not made a second time.
///
/// States of an entry, and the one atomic step that means "remembered":
///
///     KEY.N.tmp  being written
///     KEY        complete: on the disk, then `rename(2)`, then the directory
///
/// One entry is one envelope and one content: the same octets for other recipients are another message, which may have been
/// sent on its own. Postfix tries all recipients of a transaction again when its reply to the end of data was 4xx; should a
/// client group them otherwise then, they get a duplicate. Entries are forgotten when the client has the final reply, when they are older than
/// `Limits.seconds`, and beyond `Limits.entries` the oldest first. What is lost here costs a duplicate, never a message.
package final class ServedRecipients: Sendable {
    /// Bounds.
    package struct Limits: Sendable {
        /// Messages that are remembered.
        package var entries: Int
        /// How long a client may try, in seconds; Postfix gives up after five days.
        package var seconds: Int

        package init(entries: Int = 10_000, seconds: Int = 6 * 86_400) {
            self.entries = entries
            self.seconds = seconds
        }
    }

    /// One envelope and one content.
    package struct Key: Hashable, Sendable {
        fileprivate let name: String

        /// - Parameters:
        ///   - recipients: all of the transaction, in any order.
        ///   - digest: of the content, without what differs from try to try.
        package init(sender: MailPath, recipients: [MailPath], digest: [UInt8]) {
            // No address in xtext holds a line end: two envelopes never make the same text.
            let lines = Set(recipients.map { Xtext.encode($0.bytes) }).sorted { $0.lexicographicallyPrecedes($1) }
            let text = ([Xtext.encode(sender.bytes)] + lines).reduce(digest) { $0 + [0x0A] + $1 }
            name = hexadecimal(text.withUnsafeBytes { SHA256.digest($0) })
        }
    }

    private let directory: String
    private let bounds: Mutex<Limits>
    /// Time of each entry on the disk.
    private let entries: Mutex<[String: Int]>
    /// Counts what is written.
    private let writes = Atomic<UInt64>(0)

    private static let firstLine = "mailreeve-served 1"
    /// Octets of one entry: a line for each of 100,000 recipients.
    private static let sizeLimit = 134_217_728

    /// Opens the directory, which is made with mode 0700 when absent, and forgets what is too old. Blocks on a disk.
    /// - Parameter time: Unix time.
    package init(directory: String, limits: Limits = Limits(), time: Int) throws(SystemError) {
        self.directory = directory
        bounds = Mutex(limits)
        if mkdir(directory, 0o700) != 0, errno != EEXIST { throw SystemError("mkdir \(directory)", code: errno) }
        var found: [String: Int] = [:]
        for name in try directoryNames(directory) {
            var status = stat()
            let path = "\(directory)/\(name)"
            guard lstat(path, &status) == 0 else { continue }
            if Self.isKey(name), Int(status.st_mtim.tv_sec) > time - limits.seconds {
                found[name] = Int(status.st_mtim.tv_sec)
            } else if Self.isKey(name) || name.hasSuffix(".tmp") {
                unlink(path)
            }
        }
        entries = Mutex(found)
    }

    /// Bounds; new ones hold from the next message on.
    package var limits: Limits {
        get { bounds.withLock { $0 } }
        set { bounds.withLock { $0 = newValue } }
    }

    /// True when nothing is remembered: no digest has to be taken.
    package var isEmpty: Bool { entries.withLock { $0.isEmpty } }

    /// What is remembered of a message.
    package struct Memory: Sendable, Hashable {
        /// Recipients who have been served.
        package var recipients: Set<MailPath> = []
        /// The name of the copy in the quarantine; nil when there is none.
        package var copy: String?
        /// Places outside the quarantine that have got a copy, and for whom it was made.
        package var copied: [CopyPlace: Set<MailPath>] = [:]

        package init() {}
    }

    /// What is remembered of a message. Blocks on a disk.
    /// - Returns: nothing for an entry that cannot be read: its recipients get the message again.
    package func memory(of key: Key) -> Memory {
        guard entries.withLock({ $0[key.name] != nil }) else { return Memory() }
        BlockingCheck.mayBlock("served recipients")
        guard let bytes = try? read(key), let memory = Self.decode(bytes) else { return Memory() }
        return memory
    }

    /// Remembers recipients beside those that are remembered. When this returns they are on the disk.
    /// - Parameters:
    ///   - copy: in the quarantine; nil leaves what is remembered.
    ///   - copied: places outside it that have got a copy, and for whom.
    package func remember(
        _ key: Key, _ recipients: [MailPath], copy: String? = nil, copied: [CopyPlace: Set<MailPath>] = [:], time: Int
    ) throws(SystemError) {
        BlockingCheck.mayBlock("served recipients")
        var all = memory(of: key)
        all.recipients.formUnion(recipients)
        all.copy = copy ?? all.copy
        all.copied.merge(copied) { $0.union($1) }
        let path = "\(directory)/\(key.name)"
        // Two messages that are alike have one name: neither is to write into the other's file.
        let temporary = "\(path).\(writes.add(1, ordering: .relaxed).newValue).tmp"
        let file = try Descriptor.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        do throws(SystemError) {
            try file.write(Self.encode(all))
            try file.synchronize()
            try check("rename \(temporary)") { rename(temporary, path) }
            try synchronizeDirectory(directory)
        } catch {
            unlink(temporary)
            throw error
        }
        let limits = limits
        let surplus: [String] = entries.withLock { entries in
            entries[key.name] = time
            let old = entries.filter { $0.value <= time - limits.seconds }.map(\.key)
            for name in old { entries[name] = nil }
            let excess = max(0, entries.count - limits.entries)
            let oldest = entries.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(excess).map(\.key)
            for name in oldest { entries[name] = nil }
            return old + oldest
        }
        for name in surplus { unlink("\(directory)/\(name)") }
    }

    /// Forgets a message whose client has its final reply. Blocks on a disk.
    package func forget(_ key: Key) {
        guard entries.withLock({ $0.removeValue(forKey: key.name) }) != nil else { return }
        BlockingCheck.mayBlock("served recipients")
        unlink("\(directory)/\(key.name)")
    }

    private func read(_ key: Key) throws(SystemError) -> [UInt8] {
        let file = try Descriptor.open("\(directory)/\(key.name)", O_RDONLY | O_NOFOLLOW)
        return try file.read(at: 0, count: min(try file.size(), Self.sizeLimit))
    }

    private static func isKey(_ name: String) -> Bool {
        name.utf8.count == 64 && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// One recipient a line in xtext (RFC 3461 section 4), the copy behind `=`, which begins no xtext, other places of copies
    /// behind `==`, each with its recipients behind spaces; then the digest of all lines. Older versions wrote no recipients there: such a
    /// place has a copy for nobody.
    private static func encode(_ memory: Memory) -> [UInt8] {
        func words(_ names: some Collection<[UInt8]>) -> [String] {
            names.map { String(decoding: Xtext.encode($0), as: UTF8.self) }.sorted()
        }
        let places = memory.copied.map { place, recipients in
            "==" + (words([place.bytes]) + words(recipients.map(\.bytes))).joined(separator: " ")
        }
        let copy = memory.copy.map { ["=\($0)"] } ?? []
        let all = [firstLine] + words(memory.recipients.map(\.bytes)) + copy + places.sorted()
        let text = Array(all.joined(separator: "\n").utf8) + [0x0A]
        return text + Array(digest(text).utf8) + [0x0A]
    }

    private static func decode(_ bytes: [UInt8]) -> Memory? {
        guard bytes.count > 65 else { return nil }
        let text = Array(bytes.dropLast(65))
        guard bytes.suffix(65).elementsEqual(Array(digest(text).utf8) + [0x0A]) else { return nil }
        var lines = text.split(separator: 0x0A)
        guard let first = lines.first, first.elementsEqual(firstLine.utf8) else { return nil }
        lines.removeFirst()
        var memory = Memory()
        for line in lines {
            if line.starts(with: [0x3D, 0x3D]) {
                let words = line.dropFirst(2).split(separator: 0x20).map { Xtext.decode($0) }
                guard case let place?? = words.first, !words.contains(nil) else { return nil }
                let recipients = words.dropFirst().compactMap { $0.map { MailPath(bytes: $0) } }
                memory.copied[CopyPlace(bytes: place), default: []].formUnion(recipients)
                continue
            }
            if line.first == 0x3D {
                memory.copy = String(decoding: line.dropFirst(), as: UTF8.self)
                continue
            }
            guard let path = Xtext.decode(line) else { return nil }
            memory.recipients.insert(MailPath(bytes: path))
        }
        return memory
    }

    private static func digest(_ text: [UInt8]) -> String {
        hexadecimal(text.withUnsafeBytes { SHA256.digest($0) })
    }
}
