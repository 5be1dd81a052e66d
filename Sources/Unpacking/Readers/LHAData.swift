internal import Bytes

/// Data in one of LHA's codings that stands in an archive of another format: libarchive decodes it as the only member of an
/// archive that is made for it.
enum LHAData {
    /// How decoding ended.
    enum End {
        case complete
        /// `use` wants no more.
        case stopped
        /// Damaged, or cut off.
        case failed
    }

    /// - Parameters:
    ///   - method: as LHA names it, such as `lh7`.
    ///   - size: octets that it decodes to.
    static func decode(_ data: Span<UInt8>, method: String, size: Int, _ use: (Span<UInt8>) -> Bool) -> End {
        let archive = archive(data, method, size)
        return archive.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return .failed }
            reader.enable(.lha)
            guard reader.open(bytes), case .entry = reader.next() else { return .failed }
            return switch reader.copyData(while: { true }, use) {
            case .complete: .complete
            case .stopped: .stopped
            case .failed: .failed
            }
        }
    }

    /// An archive of level 0 with one member.
    private static func archive(_ data: Span<UInt8>, _ method: String, _ size: Int) -> [UInt8] {
        func littleEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        var header: [UInt8] =
            Array("-\(method)-".utf8) + littleEndian(data.count) + littleEndian(size) + littleEndian(0x2100_0000)
        // Attribute, level, length of the name, the name, CRC-16 of the content: ours is checked instead.
        header += [0x20, 0, 1, 0x6D, 0, 0]
        var out: [UInt8] = [UInt8(header.count), header.reduce(0, &+)]
        out += header
        data.withUnsafeBufferPointer { out.append(contentsOf: $0) }
        out.append(0)
        return out
    }
}
