internal import Digests
internal import Glibc
internal import Linux
internal import MailModel

/// The keys with which files of the quarantine are encrypted: one that writes, and others that only read what was written with them.
package struct QuarantineKeys: Sendable {
    /// 32 octets, and the name by which files say which one they need.
    struct Key: Sendable, Hashable {
        /// 8 octets that follow from the key and say nothing of it.
        let id: [UInt8]
        private let bytes: [UInt8]

        static let idSize = 8

        init(_ bytes: [UInt8]) {
            self.bytes = bytes
            id = Array(Self.derived(bytes, "mailreeve quarantine key 1\n", []).prefix(Self.idSize))
        }

        /// The key of one file (HMAC-SHA256 of what is written here and of its salt): no two files share key and nonce.
        func fileKey(_ salt: [UInt8]) -> [UInt8] { Self.derived(bytes, "mailreeve quarantine file 1\n", salt) }

        private static func derived(_ key: [UInt8], _ words: String, _ salt: [UInt8]) -> [UInt8] {
            MessageDigest.sha256.authentication((Array(words.utf8) + salt).span, key: key)
        }
    }

    /// Why a file is no key; for people.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        /// As it was named.
        package let file: String
        package let description: String
    }

    /// nil: what is written is not encrypted.
    let writing: Key?
    private let all: [[UInt8]: Key]

    /// Nothing is encrypted, and nothing encrypted can be read.
    package static let none = QuarantineKeys(nil, [])

    private init(_ writing: Key?, _ others: [Key]) {
        self.writing = writing
        all = Dictionary(
            ((writing.map { [$0] } ?? []) + others).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads key files. Blocks on a disk.
    /// - Parameters:
    ///   - writing: path of the key that encrypts; empty: none.
    ///   - reading: paths of further keys.
    package init(writing: String, reading: [String]) throws(Fault) {
        var others: [Key] = []
        for path in reading { others.append(try Self.read(path)) }
        self.init(writing.isEmpty ? nil : try Self.read(writing), others)
    }

    /// The key of this name; nil where it is not among them.
    func key(_ id: [UInt8]) -> Key? { all[id] }

    private static func read(_ path: String) throws(Fault) -> Key {
        func fault(_ text: String) -> Fault {
            Fault(file: path, description: "\(Escaping.text(path, limit: 500)): \(text)")
        }
        let bytes: [UInt8]
        var status = stat()
        do throws(SystemError) {
            let file = try Descriptor.open(path, O_RDONLY)
            try check("fstat \(path)") { fstat(file.raw, &status) }
            guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError("read", code: EINVAL) }
            bytes = try file.read(at: 0, count: AESGCM.keySize + 1)
        } catch {
            throw fault("a key file cannot be read: \(error)")
        }
        // What others can read hides nothing, and what others can write is no key of ours.
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw fault("a key file belongs to root or to the user of the gateway")
        }
        guard status.st_mode & 0o037 == 0 else {
            throw fault("a key file has a mode of 0400, 0440, 0600 or 0640: others could read or change it")
        }
        guard bytes.count == AESGCM.keySize else { throw fault("a key file has \(AESGCM.keySize) octets") }
        return Key(bytes)
    }
}
