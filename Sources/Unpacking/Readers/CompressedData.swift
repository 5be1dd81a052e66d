internal import Codecs

/// Data of compress(1), which libarchive decodes: a file of that program, or what other archives hold of one.
enum CompressedData {
    /// Lends what a file decodes to, piece by piece.
    /// - Parameter file: with its head of three octets.
    static func decode(_ file: Span<UInt8>, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool) -> CodecResult {
        var result = CodecResult()
        result.end = .corrupt
        return file.withUnsafeBufferPointer { bytes in
            guard let archive = LibArchive() else { return result }
            archive.enable(.compress)
            archive.enableRaw()
            // What its filter does not take libarchive hands out as it stands.
            guard archive.open(bytes), case .entry = archive.next(), archive.isFiltered else { return result }
            let end = archive.copyData(while: mayGoOn) { piece in
                result.produced += piece.count
                return use(piece)
            }
            result.consumed = archive.consumed
            switch end {
            case .complete: result.end = .complete
            case .stopped: result.end = .stopped
            case .failed: break
            }
            return result
        }
    }
}
