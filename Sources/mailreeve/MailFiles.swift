import Glibc
import Linux
import MIME

/// A file with mail on the command line; `-` is standard input.
struct MailFile {
    let name: String
    private let descriptor: Descriptor?

    /// Octets of the largest file that is read: mail is held in memory.
    static let sizeLimit = 1 << 30

    /// Names a file that is opened when it is read.
    init(_ name: String) {
        self.name = name
        descriptor = nil
    }

    /// Opens the file now, for a program that will not be allowed to do so later.
    init(opening name: String) throws(SystemError) {
        self.name = name
        descriptor = name == "-" ? nil : try Descriptor.open(name, O_RDONLY)
    }

    /// The whole file.
    func read() throws(SystemError) -> [UInt8] {
        if name == "-" { return try Self.readAll(0, limit: Self.sizeLimit, name) }
        let file: Descriptor
        if let descriptor { file = descriptor } else { file = try Descriptor.open(name, O_RDONLY) }
        return try Self.readAll(file.raw, limit: Self.sizeLimit, name)
    }

    /// The messages in the file: one, or those of an mbox, with their numbers. Line ends are CRLF where the file has
    /// no CRLF at all.
    func messages() throws(SystemError) -> [(number: Int?, bytes: [UInt8])] {
        let bytes = Mbox.canonical(try read())
        let ranges = Mbox.messages(in: bytes.span, separators: .likeTheFirst)
        if ranges.isEmpty { return [(nil, bytes)] }
        return ranges.enumerated().map { index, range in
            (index + 1, Mbox.unquoted(bytes.span.extracting(range)))
        }
    }

    /// Reads to the end.
    /// - Throws: `EFBIG` when there are more than `limit` octets.
    static func readAll(_ descriptor: Int32, limit: Int, _ name: String) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 262_144)
        while true {
            let count = try check("read \(name)") { Glibc.read(descriptor, &buffer, buffer.count) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > limit { throw SystemError("read \(name)", code: EFBIG) }
        }
    }
}
