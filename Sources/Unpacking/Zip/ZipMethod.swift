internal import Bytes
internal import Codecs
internal import Compression
internal import Members

/// Decodes the data of one zip member, encrypted or not, by its method (APPNOTE.TXT section 4.4.5).
struct ZipMethod {
    /// What came of it.
    struct Result {
        /// Octets of the data that were used.
        var consumed = 0
        /// Octets of output, and their CRC-32.
        var produced = 0
        var checksum: UInt32 = 0
        var end = CodecResult.End.complete
    }

    let entry: ZipEntry

    /// True when there is a decoder.
    var isKnown: Bool { [0, 8, 9, 12, 14, 93, 95, 98].contains(entry.method) }

    /// Lends what the data decodes to, piece by piece.
    /// - Parameters:
    ///   - input: from the data on, as far as a stream that ends by itself may be followed.
    ///   - size: octets of the data by its headers.
    ///   - memory: octets that a dictionary may take.
    ///   - mayGoOn: asked where nothing comes out.
    ///   - use: false ends decoding.
    func pieces(
        _ input: Span<UInt8>, size: Int, memory: Int, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool
    ) -> Result {
        var checksum: UInt32 = 0
        let data = input.extracting(input.clamped(0, size))
        func take(_ piece: Span<UInt8>) -> Bool {
            checksum = crc32(piece, seed: checksum)
            return use(piece)
        }
        var result: Result
        switch entry.method {
        case 0:
            result = Result(consumed: data.count, produced: data.count)
            if !take(data) { result.end = .stopped }
        case 8: result = Result(Inflate.pieces(input, form: .raw, limit: .max, take))
        case 9: result = Result(Deflate64.pieces(input, limit: .max, take))
        case 12: result = Result(Codec.bzip2.pieces(input, memory: memory, while: mayGoOn, take))
        case 93: result = Result(Codec.zstd.pieces(input, memory: memory, while: mayGoOn, take))
        case 95: result = Result(Codec.xz.pieces(input, memory: memory, while: mayGoOn, take))
        case 14: result = lzma(data, memory, mayGoOn, take)
        case 98: result = byLibrary(data, mayGoOn, take)
        default: result = Result(end: .unsupported)
        }
        result.checksum = checksum
        return result
    }

    /// Octets in front of a stream of method 14: version and size of the properties, the properties (section 5.8.8).
    private static let lzmaHeader = 9
    /// liblzma's smallest dictionary.
    private static let smallestDictionary = 4096

    /// Method 14, as a file of LZMA's own.
    private func lzma(
        _ data: Span<UInt8>, _ memory: Int, _ mayGoOn: () -> Bool, _ take: (Span<UInt8>) -> Bool
    ) -> Result {
        guard data.count >= Self.lzmaHeader, data[2] == 5, data[3] == 0, let stated = data.littleEndian32(at: 5) else {
            return Result(end: .corrupt)
        }
        guard Int(stated) <= memory else { return Result(end: .memory) }
        // An end mark ends the stream, or its length.
        let length = entry.flags & 2 != 0 || (entry.size == 0 && !entry.hasChecksum) ? nil : entry.size
        let dictionary = min(Int(stated), max(Self.smallestDictionary, length ?? .max))
        var file = [data[4]]
        for shift in 0..<4 { file.append(UInt8(truncatingIfNeeded: dictionary >> (shift * 8))) }
        for shift in 0..<8 { file.append(UInt8(truncatingIfNeeded: (length ?? -1) >> (shift * 8))) }
        let header = file.count
        data.extracting(Self.lzmaHeader..<data.count).withUnsafeBufferPointer { file.append(contentsOf: $0) }
        var result = Result(Codec.lzma.pieces(file.span, memory: memory, while: mayGoOn, take))
        result.consumed = max(0, result.consumed - header) + Self.lzmaHeader
        return result
    }

    /// PPMd, by libarchive, which says no more of damage than that there is some.
    private func byLibrary(
        _ data: Span<UInt8>, _ mayGoOn: () -> Bool, _ take: (Span<UInt8>) -> Bool
    ) -> Result {
        let archive = SingleZip.archive(entry, data)
        return archive.span.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return Result(end: .memory) }
            reader.enableStreamedZip()
            guard reader.open(bytes), case .entry = reader.next() else { return Result(end: .corrupt) }
            var result = Result(consumed: data.count)
            let end = reader.copyData(while: mayGoOn) { piece in
                result.produced += piece.count
                return take(piece)
            }
            switch end {
            case .complete: break
            case .stopped: result.end = .stopped
            case .failed: result.end = .corrupt
            }
            return result
        }
    }
}

extension ZipMethod.Result {
    init(_ result: CodecResult) {
        self.init(consumed: result.consumed, produced: result.produced, end: result.end)
    }

    init(_ result: InflateResult) {
        self.init(CodecResult(result))
    }
}
