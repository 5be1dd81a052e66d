internal import CSandbox
internal import Glibc

/// A file descriptor with one owner: closed when the last reference goes.
package final class Descriptor: Sendable {
    /// The number; valid as long as this object lives.
    package let raw: Int32

    /// Takes over an open descriptor.
    package init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// `open(2)` with `O_CLOEXEC`.
    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(SystemError) -> Descriptor {
        Descriptor(owning: try check("open \(path)") { Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    /// `open(2)` with `O_CLOEXEC`; the error does not name the file, whose name may be no text.
    package static func open(_ path: OctetPath, _ flags: Int32) throws(SystemError) -> Descriptor {
        Descriptor(owning: try check("open") { path.withCString { Glibc.open($0, flags | O_CLOEXEC, 0o600) } })
    }

    /// An anonymous file in memory that can be sealed (`memfd_create(2)`).
    package static func memory(_ name: String) throws(SystemError) -> Descriptor {
        Descriptor(owning: try check("memfd_create") { csandbox_memfd(name) })
    }

    /// A pipe (`pipe(2)`).
    package static func pipe() throws(SystemError) -> (reader: Descriptor, writer: Descriptor) {
        var ends: [Int32] = [-1, -1]
        try check("pipe") { csandbox_pipe(&ends) }
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }

    /// A new file for reading and writing that has no name any more: it goes with its last descriptor.
    /// - Parameter name: what the file is called in `directory` until it is open; nothing may be there by this name.
    package static func scratch(in directory: String, name: String) throws(SystemError) -> Descriptor {
        let path = "\(directory)/\(name)"
        let file = try open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
        try check("unlink \(path)") { unlink(path) }
        return file
    }

    /// Seals a memory file: from here on nobody, not even we, can change, grow or shrink it.
    package func seal() throws(SystemError) {
        try check("seal") { csandbox_seal(raw) }
    }

    /// True when the file can never change again.
    package var isSealed: Bool { csandbox_seals(raw) == csandbox_all_seals() }

    /// Size of the file in octets.
    package func size() throws(SystemError) -> Int {
        var status = stat()
        try check("fstat") { fstat(raw, &status) }
        return Int(status.st_size)
    }

    /// True when nobody can reach the file by a name and this descriptor can only read it: an unlinked regular file.
    package var isUnlinkedReadOnlyFile: Bool {
        var status = stat()
        guard fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_nlink == 0 else { return false }
        return csandbox_flags(raw) & O_ACCMODE == O_RDONLY
    }

    /// Takes a write lock on the whole file, which ends with this descriptor; it and the locks of `fcntl(2)` that other processes
    /// take keep each other out (`F_OFD_SETLK`).
    /// - Returns: false when somebody else has one.
    package func tryLock() throws(SystemError) -> Bool {
        do throws(SystemError) {
            try check("lock") { csandbox_lock(raw) }
            return true
        } catch {
            guard error.code == EAGAIN || error.code == EACCES else { throw error }
            return false
        }
    }

    /// For a child right after `fork(2)` that closes all descriptors by number: this object will never close its own,
    /// which may mean another file by then.
    package func abandon() {
        _ = Unmanaged.passRetained(self)
    }

    /// True for a regular file, memory files included: reading it never waits for somebody.
    package func isRegularFile() throws(SystemError) -> Bool {
        var status = stat()
        try check("fstat") { fstat(raw, &status) }
        return status.st_mode & S_IFMT == S_IFREG
    }

    /// Writes all bytes at the file position.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            done += try check("write") { Glibc.write(raw, base + done, bytes.count - done) }
        }
    }

    /// Writes all bytes at the file position.
    package func write(_ bytes: [UInt8]) throws(SystemError) {
        let result: Result<Void, SystemError> = bytes.withUnsafeBytes { buffer in
            do throws(SystemError) {
                try write(buffer)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Writes all bytes at an offset without moving the file position.
    package func write(_ bytes: Span<UInt8>, at offset: Int) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            done += try check("pwrite") {
                bytes.withUnsafeBytes {
                    pwrite(raw, $0.baseAddress.map { $0 + done }, $0.count - done, off_t(offset + done))
                }
            }
        }
    }

    /// Makes the file hold these bytes and nothing else. Its pages are used again: what stood there is cut off last.
    package func replaceContent(_ bytes: [UInt8]) throws(SystemError) {
        try write(bytes.span, at: 0)
        try check("ftruncate") { ftruncate(raw, off_t(bytes.count)) }
    }

    /// Reads at an offset without moving the file position; fewer bytes than asked only at the end of the file.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count, let base = buffer.baseAddress {
            let got = try check("pread") { pread(raw, base + done, buffer.count - done, off_t(offset + done)) }
            if got == 0 { break }
            done += got
        }
        return done
    }

    /// Reads up to `count` octets at an offset.
    package func read(at offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            do throws(SystemError) {
                filled = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// `fsync(2)`: the content is on the disk.
    package func synchronize() throws(SystemError) {
        BlockingCheck.mayBlock("fsync")
        try check("fsync") { fsync(raw) }
    }
}
