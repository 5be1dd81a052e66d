internal import Glibc

/// A file, or a range of it, mapped read-only. The file must be unable to shrink (sealed memory file, unlinked file that nobody
/// truncates): a page beyond the end of a file is a bus error.
package final class Mapping: Sendable {
    private nonisolated(unsafe) let base: UnsafeRawPointer?
    /// Octets of the first page that stand before what was asked for.
    private let lead: Int
    /// Size in octets.
    package let count: Int

    /// Maps `descriptor` from its start.
    package convenience init(_ descriptor: Descriptor) throws(SystemError) {
        try self.init(descriptor, range: 0..<(try descriptor.size()))
    }

    /// Maps a range of `descriptor` that lies within the file.
    package init(_ descriptor: Descriptor, range: Range<Int>) throws(SystemError) {
        count = range.count
        lead = range.lowerBound % Self.page
        guard count > 0 else {
            base = nil
            return
        }
        let start = off_t(range.lowerBound - lead)
        guard let address = mmap(nil, lead + count, PROT_READ, MAP_PRIVATE, descriptor.raw, start),
            address != MAP_FAILED
        else {
            throw SystemError("mmap", code: errno)
        }
        base = UnsafeRawPointer(address)
    }

    private static let page = sysconf(Int32(_SC_PAGESIZE))

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), lead + count) }
    }

    /// The bytes; valid inside the closure.
    package func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let buffer = UnsafeBufferPointer(
            start: base.map { ($0 + lead).assumingMemoryBound(to: UInt8.self) }, count: count)
        return try body(buffer.span)
    }
}
