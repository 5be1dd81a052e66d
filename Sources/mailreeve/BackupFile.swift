import Bayes
import Glibc
import Linux
import MailModel

/// A backup that is to be restored, which is read more than once. What can be read only once, such as a pipe, is kept in a file
/// without a name in `TMPDIR` or /tmp.
struct BackupFile {
    private let file: Descriptor
    private let name: String
    /// Where it begins: the shell may have read of standard input.
    private let start: off_t

    /// - Parameter path: `-` for standard input.
    init(_ path: OctetPath) throws(SystemError) {
        let name = LearnSource.shown(path)
        var opened: Descriptor
        do throws(SystemError) {
            opened = path == "-" ? Descriptor(owning: try check("dup") { dup(0) }) : try Descriptor.open(path, O_RDONLY)
        } catch {
            throw SystemError("open \(name)", code: error.code)
        }
        if try opened.isRegularFile() {
            start = lseek(opened.raw, 0, SEEK_CUR)
        } else {
            opened = try Self.copied(opened, name)
            start = 0
        }
        file = opened
        self.name = name
    }

    private static func copied(_ source: Descriptor, _ name: String) throws(SystemError) -> Descriptor {
        let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let copy = try Descriptor.scratch(
            in: directory, name: "mailreeve-backup-\(getpid())-\(UInt64.random(in: 0...UInt64.max))")
        var buffer = [UInt8](repeating: 0, count: 262_144)
        while true {
            let count = try check("read \(name)") { Glibc.read(source.raw, &buffer, buffer.count) }
            if count == 0 { return copy }
            try copy.write(Array(buffer[..<count]))
        }
    }

    /// Puts octets from an offset on at the beginning of a buffer. Gives how many; 0 at the end.
    func read(_ offset: Int, _ buffer: inout [UInt8]) throws(StoreError) -> Int {
        do throws(SystemError) {
            return try check("read \(name)") { pread(file.raw, &buffer, buffer.count, start + off_t(offset)) }
        } catch {
            throw .failed("\(error)")
        }
    }
}
