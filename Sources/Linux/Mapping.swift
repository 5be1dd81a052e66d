internal import Glibc

/// A whole file mapped read-only. The file must be unable to shrink (sealed memory file, unlinked file that nobody
/// truncates): a page beyond the end of a file is a bus error.
package final class Mapping: Sendable {
    private nonisolated(unsafe) let base: UnsafeRawPointer?
    /// Size in octets.
    package let count: Int

    /// Maps `descriptor` from its start.
    package init(_ descriptor: Descriptor) throws(SystemError) {
        count = try descriptor.size()
        guard count > 0 else {
            base = nil
            return
        }
        guard let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor.raw, 0), address != MAP_FAILED else {
            throw SystemError("mmap", code: errno)
        }
        base = UnsafeRawPointer(address)
    }

    deinit {
        if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }

    /// The bytes; valid inside the closure.
    package func withBytes<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        let buffer = UnsafeBufferPointer(start: base?.assumingMemoryBound(to: UInt8.self), count: count)
        return try body(buffer.span)
    }
}
