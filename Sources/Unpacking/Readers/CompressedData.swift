/// Data of compress(1), which libarchive decodes: a file of that program, or what other archives hold of one.
enum CompressedData {
    /// How decoding ended.
    enum End {
        /// Octets of the file that were used.
        case complete(consumed: Int)
        /// `use` or `mayGoOn` said no.
        case stopped
        /// Damaged, or cut off.
        case failed
    }

    /// Lends what a file decodes to, piece by piece.
    /// - Parameter file: with its head of three octets.
    static func decode(_ file: Span<UInt8>, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool) -> End {
        file.withUnsafeBufferPointer { bytes in
            guard let archive = LibArchive() else { return .failed }
            archive.enable(.compress)
            archive.enableRaw()
            // What its filter does not take libarchive hands out as it stands.
            guard archive.open(bytes), case .entry = archive.next(), archive.isFiltered else { return .failed }
            return switch archive.copyData(while: mayGoOn, use) {
            case .complete: .complete(consumed: archive.consumed)
            case .stopped: .stopped
            case .failed: .failed
            }
        }
    }
}
