internal import CCompression

/// CRC-32 of ISO 3309 (zip, gzip, arj), at the speed of the processor's own multiplication.
/// - Parameter seed: the checksum of what stands before; 0 at the start.
package func crc32(_ bytes: Span<UInt8>, seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBufferPointer { mailreeve_crc32(seed, $0.baseAddress, $0.count) }
}

/// Adler-32 (RFC 1950 section 8.2).
package func adler32(_ bytes: Span<UInt8>) -> UInt32 {
    bytes.withUnsafeBufferPointer { libdeflate_adler32(1, $0.baseAddress, $0.count) }
}
