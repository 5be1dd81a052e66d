/// Folders that libarchive does not take as they stand: it has no more than one filter, and that behind LZMA and LZMA2 only,
/// where 7-Zip adds one to programs whatever the method is. Their first coder is decoded by itself, and what comes out is
/// handed to the next.
extension SevenZipFolder {
    /// A coder that has to be decoded by itself.
    struct Stage {
        /// Its place among the packed streams.
        var stream: Int
        /// The folder of this coder alone.
        var alone: SevenZipFolder
        /// What is left, and gets what the coder gives in its place.
        var rest: SevenZipFolder
        /// The rest takes that as stored LZMA2 only.
        var isStored: Bool
    }

    /// libarchive decodes it as it stands.
    var isOfLibrary: Bool { coders.allSatisfy(\.isOfLibrary) && nextStage == nil && !isOneFilter }

    /// A filter and nothing else.
    var isOneFilter: Bool { coders.count == 1 && coders[0].isFilter }

    /// The first such coder; nil when there is none.
    var nextStage: Stage? {
        guard coders.count > 1 else { return nil }
        for (stream, place) in packedStreams.enumerated() {
            guard let (index, output) = self.index(ofInStream: place), isByItself(index) else { continue }
            var alone = SevenZipFolder()
            alone.coders = [coders[index]]
            alone.packedStreams = [0]
            alone.unpackSizes = [unpackSizes[output]]
            if isChain {
                guard let rest = without(index, inStream: place, outStream: output) else { return nil }
                return Stage(stream: stream, alone: alone, rest: rest, isStored: false)
            }
            var rest = self
            rest.coders[index].method = Coder.lzma2
            rest.coders[index].properties = [Self.dictionary]
            return Stage(stream: stream, alone: alone, rest: rest, isStored: true)
        }
        return nil
    }

    /// A coder that a packed stream feeds is decoded by itself.
    private func isByItself(_ index: Int) -> Bool {
        let coder = coders[index]
        guard coder.inStreams == 1, coder.outStreams == 1, !coder.isAES else { return false }
        guard isChain else { return !coder.isOfLibrary || coders.count == 2 && !coder.isLZMA }
        // In the order of 7-Zip, the filter last.
        return !(coders.count == 2 && index == 0 && coder.isOfLibrary(before: coders[1]))
    }

    /// One coder behind the other.
    private var isChain: Bool { coders.allSatisfy { $0.inStreams == 1 && $0.outStreams == 1 } }

    /// The folder of a chain without its first coder; nil where nothing is behind it.
    private func without(_ index: Int, inStream: Int, outStream: Int) -> SevenZipFolder? {
        guard let next = bonds.first(where: { $0.outStream == outStream })?.inStream else { return nil }
        func moved(_ place: Int, _ gone: Int) -> Int { place > gone ? place - 1 : place }
        var rest = self
        rest.coders.remove(at: index)
        rest.unpackSizes.remove(at: outStream)
        rest.bonds = bonds.filter { $0.outStream != outStream }.map {
            (moved($0.inStream, inStream), moved($0.outStream, outStream))
        }
        rest.packedStreams = [moved(next, inStream)]
        return rest
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

    /// A filter that stands alone, behind stored LZMA2, as libarchive takes it.
    var overStored: SevenZipFolder {
        var folder = self
        folder.coders.insert(
            Coder(method: Coder.lzma2, inStreams: 1, outStreams: 1, properties: [Self.dictionary]), at: 0)
        folder.bonds = [(1, 0)]
        folder.packedStreams = [0]
        folder.unpackSizes.append(size)
        return folder
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
}
