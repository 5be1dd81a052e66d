internal import Bytes
internal import Codecs
internal import Compression
internal import Members

/// Decoding of folders: libarchive has most methods; those that it lacks are decoded by their own libraries or here.
extension SevenZipReader {
    /// Lends what a folder decodes to. Coders that have to be decoded by themselves come first, one after the other; what came in
    /// front of damage goes on to the next as well.
    func decode(_ packed: Packed, _ use: (Span<UInt8>) -> Bool) -> End {
        guard packed.folder.coders.allSatisfy({ $0.dictionary ?? 0 <= sink.limits.dictionary }) else { return .memory }
        var packed = packed
        var end = End.complete
        let limit = min(sink.limits.buffer, sink.room)
        while let stage = packed.folder.nextStage {
            guard stage.alone.size <= limit else {
                sink.report(.folder, of: Self.what)
                return .unsupported
            }
            var content: [UInt8] = []
            let alone = decodeTogether(Packed(folder: stage.alone, streams: [packed.streams[stage.stream]])) { piece in
                piece.withUnsafeBufferPointer { content.append(contentsOf: $0) }
                return content.count <= limit && sink.mayGoOn()
            }
            if case .stopped = alone { return .stopped }
            // Streams of BCJ2 may be empty.
            if content.isEmpty, stage.alone.size > 0 || !stage.isStored { return alone }
            if case .complete = end { end = alone }
            packed.streams[stage.stream] = stage.isStored ? SevenZipFolder.stored(content) : content
            packed.folder = stage.rest
        }
        let last = decodeTogether(packed, use)
        guard case .complete = last else { return last }
        return end
    }

    /// Decodes a folder that has no coder to be decoded by itself any more.
    private func decodeTogether(_ packed: Packed, _ use: (Span<UInt8>) -> Bool) -> End {
        let coders = packed.folder.coders
        if coders.isEmpty { return packed.streams.allSatisfy { use($0.span) } ? .complete : .stopped }
        if coders.count == 1, packed.streams.count == 1, let end = decode(coders[0], packed, packed.streams[0], use) {
            return end
        }
        // Of coders with several inputs, BCJ2 alone, libarchive takes one.
        guard coders.allSatisfy(\.isOfLibrary), coders.count(where: { $0.inStreams > 1 }) <= 1 else {
            return .unsupported
        }
        return decodeByLibrary(packed.folder, packed.streams, use)
    }

    /// Decodes a coder that stands alone; nil for what libarchive takes as it stands.
    private func decode(
        _ coder: SevenZipFolder.Coder, _ packed: Packed, _ stream: [UInt8], _ use: (Span<UInt8>) -> Bool
    ) -> End? {
        let size = packed.folder.size
        switch coder.method {
        case SevenZipFolder.Coder.deflate64:
            return switch Deflate64.pieces(stream.span, limit: size, use).end {
            case .complete, .limit: .complete
            case .stopped: .stopped
            case .truncated, .corrupt: .failed
            }
        case SevenZipFolder.Coder.zstd: return decode([stream[...]], .zstd, size, use)
        case SevenZipFolder.Coder.lz4: return decode([stream[...]], .lz4, size, use)
        case SevenZipFolder.Coder.brotli: return decode(Self.brotliFrames(stream), .brotli, size, use)
        case SevenZipFolder.Coder.lzma where coder.isRareLZMA:
            return decode([Self.lzmaFile(coder, stream, size)[...]], .lzma, size, use)
        default: break
        }
        if let filter = SevenZipFilter(coder.method) {
            guard stream.count <= min(sink.limits.buffer, sink.room) else {
                sink.report(.folder, of: Self.what)
                return .unsupported
            }
            var content = stream
            filter.decode(&content, coder.properties)
            return use(content.span.extracting(0..<min(size, content.count))) ? .complete : .stopped
        }
        if coder.isFilter {
            return decodeByLibrary(packed.folder.overStored, [SevenZipFolder.stored(stream)], use)
        }
        return nil
    }

    /// Decodes streams one behind the other, to as many octets as the folder has.
    private func decode(
        _ streams: [ArraySlice<UInt8>], _ codec: Codec, _ size: Int, _ use: (Span<UInt8>) -> Bool
    ) -> End {
        var left = size
        for stream in streams where left > 0 {
            let result = codec.pieces(stream.span, memory: sink.limits.dictionary, while: { sink.mayGoOn() }) { piece in
                let taken = piece.extracting(0..<min(left, piece.count))
                left -= taken.count
                return use(taken) && left > 0
            }
            switch result.end {
            case _ where left == 0: break
            case .complete: break
            case .stopped: return .stopped
            case .memory: return .memory
            case .unsupported: return .unsupported
            case .truncated, .corrupt: return .failed
            }
        }
        return .complete
    }

    /// A stream as a file of LZMA's own: behind properties and dictionary, which the coder has, and its size.
    private static func lzmaFile(_ coder: SevenZipFolder.Coder, _ stream: [UInt8], _ size: Int) -> [UInt8] {
        coder.properties + (0..<8).map { UInt8(truncatingIfNeeded: size >> ($0 * 8)) } + stream
    }

    /// Octets of what stands in front of each frame of Brotli in 7-Zip ZS.
    private static let brotliHeader = 16
    /// The mark of a frame to be skipped over, as Zstandard has it, and the octets behind its size.
    private static let brotliMark: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 8, 0, 0, 0]

    /// Streams of Brotli, which does not tell where one ends: each stands behind the mark of a frame to be skipped over, the
    /// size of the stream, and `BR` with a hint at what it decodes to. Without a mark it is one stream.
    private static func brotliFrames(_ stream: [UInt8]) -> [ArraySlice<UInt8>] {
        var frames: [ArraySlice<UInt8>] = []
        var start = 0
        while stream.span.hasBytes(brotliMark.span, at: start), let size = stream.span.littleEndian32(at: start + 8) {
            let range = stream.span.clamped(start + brotliHeader, Int(size))
            frames.append(stream[range])
            start = range.upperBound
        }
        return frames.isEmpty ? [stream[...]] : frames
    }

    private func decodeByLibrary(
        _ folder: SevenZipFolder, _ streams: [[UInt8]], _ use: (Span<UInt8>) -> Bool
    ) -> End {
        let archive = folder.archive(streams)
        return archive.span.withUnsafeBufferPointer { bytes in
            guard let reader = LibArchive() else { return .memory }
            reader.enable(.sevenZip)
            guard reader.open(bytes), case .entry = reader.next() else { return .failed }
            return switch reader.copyData(while: { sink.mayGoOn() }, use) {
            case .complete: .complete
            case .stopped: .stopped
            case .failed: reader.failure(Self.what).kind == .unsupported ? .unsupported : .failed
            }
        }
    }
}
