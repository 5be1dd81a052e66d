import Configuration
import Glibc
import Linux

/// Packed files that a program of the system unpacks on the way in, known by their first octets. The program runs in a cell
/// of its own: what it unpacks was written by strangers.
struct Compression {
    /// Octets that are needed to know a packed file.
    static let markSize = 16
    /// Address space of the program, octets: `xz -9` needs 65 MiB.
    private static let memory = 512 << 20
    /// Seconds that the program may take to end behind the end of its output.
    private static let ending = 10

    private static let programs: [(mark: [UInt8], program: String)] = [
        ([0x1F, 0x8B], "gzip"), (Array("BZh".utf8), "bzip2"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4"), (Array("LZIP".utf8), "lzip"),
        ([0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A], "lzop"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"),
    ]

    /// Path of `mailreeve-launcher`, which closes the cell.
    private let launcher: String
    /// Go on where the kernel lacks a part of the cell (`inspector.sandbox`).
    private let allowWeaker: Bool

    /// - Parameter inspector: path of `mailreeve-inspector`; the launcher stands beside it unless the settings say where.
    init(_ settings: Settings, inspector: String) {
        let named = settings.inspector.path.isEmpty ? inspector : settings.inspector.path
        let directory = named.lastIndex(of: "/").map { String(named[...$0]) } ?? ""
        launcher = settings.scanning.launcher.isEmpty ? directory + "mailreeve-launcher" : settings.scanning.launcher
        allowWeaker = settings.inspector.sandbox == .allowWeaker
    }

    /// The program that unpacks what begins like this; nil for what is not packed.
    static func program(for start: [UInt8]) -> String? {
        programs.first { start.starts(with: $0.mark) }?.program
    }

    /// A program at work.
    struct Unpacking {
        /// What it makes of its input.
        let output: Descriptor
        fileprivate let program: SandboxedProgram
        fileprivate let name: String

        /// Waits for the end of the program behind the end of its output.
        /// - Returns: what it says of input that it unpacked whole; nil mostly.
        /// - Throws: when it was not content with its input.
        func finish() throws(SystemError) -> String? {
            let status = try program.wait(deadline: monotonicNow() + ending * 1_000_000_000)
            if status == SandboxedProgram.launchFailed { throw SystemError("start \(name)", code: EPERM) }
            // gzip(1): a warning. All of it was unpacked, and something stands behind it.
            if name == "gzip", status == 2 { return "gzip: trailing garbage ignored" }
            guard status == 0 else { throw SystemError(name, code: EIO) }
            return nil
        }
    }

    /// Begins to unpack what is read from `input`.
    func start(_ program: String, input: Descriptor) throws(SystemError) -> Unpacking {
        guard
            let path = ["/usr/bin/", "/bin/", "/usr/local/bin/"].map({ $0 + program }).first(where: {
                access($0, X_OK) == 0
            })
        else { throw SystemError("\(program) is not installed", code: ENOENT) }
        let (reader, writer) = try Descriptor.pipe()
        let errors = try Descriptor.open("/dev/null", O_RDWR)
        let cell = ProgramSandbox(directory: "", memory: Self.memory, fileSize: 0, allowWeaker: allowWeaker)
        let started = try SandboxedProgram(
            launcher: launcher, cell, [path, "-dc"], descriptors: [input, writer, errors])
        return Unpacking(output: reader, program: started, name: program)
    }

    /// The same for input that cannot be read a second time: what was read of it already comes first.
    func start(_ program: String, input: Descriptor, after start: [UInt8]) throws(SystemError) -> Unpacking {
        let (reader, writer) = try Descriptor.pipe()
        // Ends with the input, or with the program that reads it.
        try startThread {
            var piece = start
            do throws(SystemError) {
                while !piece.isEmpty {
                    try writer.write(piece)
                    piece = try readSome(input, limit: 65_536)
                }
            } catch {
                // The program meets the end of its input too early and says so.
            }
        }
        return try self.start(program, input: reader)
    }
}

/// Reads what there is, up to `limit` octets; empty at the end.
func readSome(_ file: Descriptor, limit: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        do throws(SystemError) {
            count = try check("read") { read(file.raw, buffer.baseAddress, buffer.count) }
        } catch {
            failure = error
        }
    }
    if let failure { throw failure }
    return bytes
}
