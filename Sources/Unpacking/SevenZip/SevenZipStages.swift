internal import Bytes

/// Folders in which libarchive takes a filter behind LZMA and LZMA2 only, and none behind Deflate64, which it lacks: 7-Zip
/// itself adds a filter to programs whatever the method is. The first coder is decoded by itself, and what comes out is
/// handed to the filter as LZMA2 that is stored.
extension SevenZipFolder {
    /// A coder that has to be decoded by itself.
    struct Stage {
        /// Its place among the packed streams.
        var stream: Int
        /// The folder of this coder alone.
        var alone: SevenZipFolder
        /// What is left: a coder for stored LZMA2 stands in its place.
        var rest: SevenZipFolder
    }

    /// libarchive decodes it as it stands.
    var isOfLibrary: Bool { coders.allSatisfy(\.isOfLibrary) && nextStage == nil }

    /// The first such coder; nil when there is none.
    var nextStage: Stage? {
        guard coders.count > 1 else { return nil }
        for (stream, place) in packedStreams.enumerated() {
            guard let (index, output) = self.index(ofInStream: place) else { continue }
            let coder = coders[index]
            guard coder.inStreams == 1, coder.outStreams == 1, !coder.isFilter, !coder.isAES,
                coder.isDeflate64 || coders.count == 2 && !coder.isLZMA
            else { continue }
            var alone = SevenZipFolder()
            alone.coders = [coder]
            alone.packedStreams = [0]
            alone.unpackSizes = [unpackSizes[output]]
            var rest = self
            rest.coders[index].method = Coder.lzma2
            rest.coders[index].properties = [Self.dictionary]
            return Stage(stream: stream, alone: alone, rest: rest)
        }
        return nil
    }

    /// The dictionary of LZMA2 that is stored: the smallest that holds a chunk.
    private static let dictionary: UInt8 = 8
    /// Octets of a chunk that is stored.
    private static let chunk = 65_536

    /// Octets as LZMA2 stores them: chunks of a control octet, their size less one, and themselves.
    static func stored(_ content: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(content.count + content.count / chunk * 3 + 4)
        var start = 0
        while start < content.count {
            let count = min(chunk, content.count - start)
            // The first resets the dictionary.
            out += [
                start == 0 ? 1 : 2, UInt8(truncatingIfNeeded: (count - 1) >> 8), UInt8(truncatingIfNeeded: count - 1),
            ]
            out += content[start..<start + count]
            start += count
        }
        return out + [0]
    }

    private func index(ofInStream stream: Int) -> (index: Int, outStream: Int)? {
        var (ins, outs) = (0, 0)
        for (index, coder) in coders.enumerated() {
            if ins..<ins + coder.inStreams ~= stream { return (index, outs) }
            ins += coder.inStreams
            outs += coder.outStreams
        }
        return nil
    }
}

extension SevenZipFolder.Coder {
    fileprivate static let lzma2: [UInt8] = [0x21]
    fileprivate var isLZMA: Bool { method == Self.lzma2 || method == [3, 1, 1] }

    /// Octets of the dictionary of LZMA and LZMA2, and of the model of PPMd (`Methods.txt` of the LZMA SDK); nil for others.
    var dictionary: Int? {
        if method == Self.lzma2 {
            guard let size = properties.first, size <= 40 else { return nil }
            return size == 40 ? Int(UInt32.max) : (2 | Int(size) & 1) << (Int(size) / 2 + 11)
        }
        guard method == [3, 1, 1] || method == [3, 4, 1] else { return nil }
        return properties.span.littleEndian32(at: 1).map { Int($0) }
    }

    /// Changes octets of programs and tables, and compresses nothing.
    fileprivate var isFilter: Bool { method == [3] || method == [4] || method.starts(with: [3, 3]) }
}
