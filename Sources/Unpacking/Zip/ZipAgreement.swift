internal import Bytes
internal import Members

/// What a local header and the descriptor behind its data say of sizes and checksum, beside what the directory says:
/// programs that read from the front believe the first, and others the second (attack F5).
struct ZipAgreement {
    /// What to report; nil when all say the same.
    let problem: ContainerProblem?

    init(_ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>) {
        // Section 7: an encrypted directory leaves nothing true in local headers.
        guard !entry.isStronglyEncrypted, !local.isStronglyEncrypted else {
            problem = nil
            return
        }
        if !Self.agrees(local.compressedSize, entry.compressedSize, local)
            || !Self.agrees(local.size, entry.size, local)
        {
            problem = ContainerProblem(.ambiguous, "zip entry with two sizes")
        } else if local.checksum != entry.checksum, !Self.isAbsent(local) {
            problem = ContainerProblem(.ambiguous, "zip entry with two checksums")
        } else if local.hasDescriptor, !Self.hasDescriptor(entry, local, content) {
            // Where the local header says all of it, nothing can be read in another way: writers that copy members leave it out.
            let isNeeded = local.checksum != entry.checksum || local.size != entry.size
            problem = ContainerProblem(
                isNeeded || local.compressedSize != entry.compressedSize ? .ambiguous : .note,
                "zip entry without the descriptor that it announces")
        } else {
            problem = nil
        }
    }

    /// With a descriptor, a size is none or the largest of 32 bits in the local header, or already right.
    private static func agrees(_ stated: Int, _ listed: Int, _ local: ZipEntry) -> Bool {
        stated == listed || (local.hasDescriptor && (stated == 0 || stated == Int(UInt32.max)))
    }

    /// With a descriptor the local header has no checksum: zeros, or what Info-ZIP encrypts with instead, the time in the upper
    /// half (section 6.1.6 takes the highest octet).
    private static func isAbsent(_ local: ZipEntry) -> Bool {
        local.hasDescriptor
            && (local.checksum == 0 || (local.isEncrypted && local.checksum == UInt32(local.time) << 16))
    }

    /// The descriptor stands behind the data: checksum and compressed size, of four or eight octets, with or without a
    /// signature in front (section 4.3.9).
    private static func hasDescriptor(_ entry: ZipEntry, _ local: ZipEntry, _ content: Span<UInt8>) -> Bool {
        // Without data some writers leave it out; beyond the end it is in another volume, or the data is cut off, which is
        // told elsewhere.
        let (end, overflow) = local.dataStart.addingReportingOverflow(entry.compressedSize)
        guard entry.compressedSize > 0, !overflow, end < content.count else { return true }
        return [end, content.hasBytes(ZipSignatures.descriptor, at: end) ? end + 4 : end].contains {
            content.littleEndian32(at: $0) == entry.checksum
                && content.littleEndian32(at: $0 + 4) == UInt32(truncatingIfNeeded: entry.compressedSize)
        }
    }
}
