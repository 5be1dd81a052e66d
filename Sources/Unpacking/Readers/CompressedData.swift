internal import Bytes
internal import Codecs

/// Data of compress(1), which libarchive decodes: a file of that program, or what other archives hold of one.
enum CompressedData {
    private static let smallestCode = 9
    private static let largestCode = 16
    /// The code that empties the table, and the first one that is made.
    private static let clear = 256
    /// Bits of the head that mean nothing.
    private static let reserved: UInt8 = 0x60
    /// Codes of one width are written in groups of eight.
    private static let group = 8

    /// Codes that are looked at where the head is odd, and fewest that tell something: of noise one in two is out of the table.
    private static let trial = 248
    private static let fewest = 24

    /// The head says codes that compress(1) does not make. Programs take shorter ones, and then make no entries; longer ones none
    /// takes. Two octets of a mark are too few here: the codes have to be in the table.
    static func isOdd(_ file: Span<UInt8>) -> Bool {
        guard file.hasBytes(mark.span, at: 0), file.count > 3,
            case let most = Int(file[2] & 0x1F), !(smallestCode...largestCode ~= most)
        else { return false }
        let count = min(trial, (file.count - 3) * 8 / smallestCode)
        let first = file[2] & 0x80 != 0 ? clear + 1 : clear
        for index in 0..<count {
            let place = index * smallestCode
            guard let pair = file.littleEndian16(at: 3 + place / 8) else { return false }
            let code = Int(pair) >> (place % 8) & (1 << smallestCode - 1)
            let entries = most < smallestCode || index == 0 ? 0 : index
            guard code < 256 || index > 0 && code < first + entries else { return false }
        }
        return count >= fewest
    }

    private static let mark: [UInt8] = [0x1F, 0x9D]

    /// A file ends behind a whole code, with what fills up its last octet. There is no mark of the end, and the library takes
    /// a cut for one.
    static func isWhole(_ file: Span<UInt8>) -> Bool {
        guard file.count > 2 else { return false }
        let most = min(largestCode, max(smallestCode, Int(file[2] & 0x1F)))
        let clears = file[2] & 0x80 != 0
        let end = (file.count - 3) * 8
        var (place, groups, width) = (0, 0, smallestCode)
        // The first code makes no entry.
        var entries = clears ? clear : clear - 1
        func bits(_ at: Int, _ count: Int) -> Int {
            var value = 0
            for octet in 0..<3 {
                let index = 3 + at / 8 + octet
                if index < file.count { value |= Int(file[index]) << (octet * 8) }
            }
            return value >> (at % 8) & ((1 << count) - 1)
        }
        func aligned() -> Int { groups + (place - groups + width * group - 1) / (width * group) * (width * group) }
        while end - place >= 8 {
            if entries >= 1 << width, width < most {
                place = aligned()
                groups = place
                width += 1
            }
            guard place + width <= end else { return false }
            let code = bits(place, width)
            place += width
            if clears, code == clear {
                place = aligned()
                (groups, width, entries) = (place, smallestCode, clear)
            } else if entries < 1 << most {
                entries += 1
            }
        }
        return place >= end || bits(place, end - place) == 0
    }

    /// Lends what a file decodes to, piece by piece.
    /// - Parameter file: with its head of three octets.
    static func decode(_ file: Span<UInt8>, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool) -> CodecResult {
        if file.count > 2, file[2] & reserved != 0 {
            // gzip and ncompress warn of these bits and go on; the library would take the file for none.
            var plain = file.array
            plain[2] &= ~reserved
            return decode(plain.span, while: mayGoOn, use)
        }
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
