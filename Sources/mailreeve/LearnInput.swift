import Glibc
import Linux

/// What one file, or standard input, holds, piece by piece and unpacked.
struct LearnInput {
    /// Octets of a piece.
    private static let piece = 32_768
    /// Octets that are read of one file, after unpacking: where a packed file that has no end stops.
    static let sizeLimit = 64 << 30

    private let file: Descriptor
    private let isRegular: Bool
    private var unpacking: Compression.Unpacking?
    /// What was read to know the form, until it is asked for.
    private var start: [UInt8]
    private var taken = 0
    /// What the program that unpacks says of a file that was whole; at its end.
    private(set) var warning: String?

    /// - Parameter path: `-` is standard input.
    init(_ path: OctetPath, _ compression: Compression) throws(SystemError) {
        if path == "-" {
            file = Descriptor(owning: try check("standard input") { fcntl(0, F_DUPFD_CLOEXEC, 3) })
        } else {
            file = try Descriptor.open(path, O_RDONLY)
        }
        isRegular = try file.isRegularFile()
        let raw = file.raw
        let offset = isRegular ? try check("lseek", { lseek(raw, 0, SEEK_CUR) }) : 0
        start = try Self.beginning(of: file)
        guard let program = Compression.program(for: start) else { return }
        let unpacking: Compression.Unpacking
        if isRegular {
            try check("lseek") { lseek(raw, offset, SEEK_SET) }
            unpacking = try compression.start(program, input: file)
        } else {
            unpacking = try compression.start(program, input: file, after: start)
        }
        self.unpacking = unpacking
        start = try Self.beginning(of: unpacking.output)
    }

    /// The first octets, enough to know a form by them, fewer only at the end; what is behind them may be there too.
    private static func beginning(of file: Descriptor) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < markSize {
            let more = try readSome(file, limit: piece)
            if more.isEmpty { break }
            bytes += more
        }
        return bytes
    }

    /// Octets that tell a form: an mbox may begin with blank lines.
    private static let markSize = 512

    /// What the content begins with, up to 512 octets; before the first `next`.
    var mark: [UInt8] { Array(start.prefix(Self.markSize)) }

    /// The next octets; empty at the end.
    /// - Throws: also when the file was packed and is damaged, after all that could be unpacked.
    mutating func next() throws(SystemError) -> [UInt8] {
        var bytes = start
        start = []
        if bytes.isEmpty { bytes = try readSome(unpacking?.output ?? file, limit: Self.piece) }
        taken += bytes.count
        guard taken <= Self.sizeLimit else { throw SystemError("read", code: EFBIG) }
        if bytes.isEmpty { warning = try unpacking?.finish() }
        return bytes
    }

    /// Octets of the file, as it lies there, that were read so far; 0 of what is no regular file.
    var position: Int {
        isRegular ? max(0, Int(lseek(file.raw, 0, SEEK_CUR))) : 0
    }
}
