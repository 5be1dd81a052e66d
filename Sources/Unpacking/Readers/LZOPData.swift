internal import Bytes
internal import Codecs
internal import Compression

/// Files of lzop: a header for each file in it, and blocks of LZO1X, as lzop's own source describes them. Numbers have the
/// highest octet first.
enum LZOPData {
    static let mark: [UInt8] = [0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A]
    /// A file of lzop begins here.
    static func begins(_ content: Span<UInt8>, at start: Int) -> Bool {
        content.hasBytes([0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A], at: start)
    }

    /// Octets of the largest block that lzop takes.
    private static let mostBlock = 67_108_864
    /// The version from which on headers have the level and the upper half of the time.
    private static let wideHeaders = 0x0940

    /// A file of lzop begins here, with a header whose checksum is right.
    static func hasHeader(_ content: Span<UInt8>) -> Bool {
        guard case .header(let header) = header(content, at: 0) else { return false }
        return header.isIntact
    }

    /// Where the blocks of the first file begin; nil where its header has a field that programs pass over, or is none.
    static func firstBlock(_ content: Span<UInt8>) -> Int? {
        guard case .header(let header) = header(content, at: 0), header.flags & Flag.extraField == 0 else { return nil }
        return header.end
    }

    private enum Flag {
        static let adlerOfContent = 0x1
        static let adlerOfData = 0x2
        static let extraField = 0x40
        static let sumOfContent = 0x100
        static let sumOfData = 0x200
        static let filter = 0x800
        static let sumOfHeader = 0x1000
    }

    /// The header of one file.
    struct Header {
        /// The name that the file had, a path with some options.
        var name: [UInt8]
        /// Its checksum is right.
        var isIntact: Bool
        fileprivate var flags: Int
        /// Where the blocks begin.
        fileprivate var end: Int
    }

    /// What stands where a file would begin.
    enum Beginning {
        case header(Header)
        /// A header with a method or filter that is not decoded.
        case unsupported
        case corrupt
    }

    /// Lends what all files decode to that stand one behind the other, block by block.
    /// - Parameters:
    ///   - memory: octets of a block.
    ///   - begin: is told of each file before its blocks.
    static func decode(
        _ content: Span<UInt8>, memory: Int, while mayGoOn: () -> Bool, begin: (Header) -> Void,
        _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult {
        var result = CodecResult()
        repeat {
            switch header(content, at: result.consumed) {
            case .header(let header):
                begin(header)
                let (produced, whole) = (result.produced, result.whole)
                result = decode(content, header, memory: memory, while: mayGoOn, use)
                result.produced += produced
                result.whole += whole
            case .unsupported: result.end = .unsupported
            case .corrupt: result.end = .corrupt
            }
        } while result.end == .complete && begins(content, at: result.consumed)
        return result
    }

    /// Lends what one file decodes to.
    static func decode(
        _ content: Span<UInt8>, _ header: Header, memory: Int, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult {
        var result = CodecResult()
        var reader = Reader(position: header.end)
        result.end = blocks(content, &reader, header.flags, memory, &result, mayGoOn, use)
        result.consumed = min(reader.position, content.count)
        if result.end == .complete { result.whole = 1 }
        return result
    }

    private static func blocks(
        _ file: Span<UInt8>, _ reader: inout Reader, _ flags: Int, _ memory: Int, _ result: inout CodecResult,
        _ mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult.End {
        while mayGoOn() {
            guard let size = reader.number(file, 4) else { return .truncated }
            if size == 0 { return .complete }
            guard let packed = reader.number(file, 4) else { return .truncated }
            guard size <= mostBlock, packed <= size else { return .corrupt }
            guard size <= memory else { return .memory }
            let adler = flags & Flag.adlerOfContent != 0 ? reader.number(file, 4) : nil
            let sum = flags & Flag.sumOfContent != 0 ? reader.number(file, 4) : nil
            if packed < size {
                for flag in [Flag.adlerOfData, Flag.sumOfData] where flags & flag != 0 { reader.position += 4 }
            }
            let data = file.clamped(reader.position, packed)
            guard data.count == packed else { return .truncated }
            reader.position = data.upperBound
            let content: [UInt8]? =
                packed == size
                ? file.extracting(data).array : LZO1X.decode(file.extracting(data), size: size)
            guard let content else { return .corrupt }
            result.produced += content.count
            guard use(content.span) else { return .stopped }
            if let adler, adler32(content.span) != UInt32(adler) { return .corrupt }
            if let sum, crc32(content.span) != UInt32(sum) { return .corrupt }
        }
        return .stopped
    }

    /// The header of the file at a place, behind its mark.
    static func header(_ content: Span<UInt8>, at start: Int) -> Beginning {
        guard begins(content, at: start) else { return .corrupt }
        let first = start + mark.count
        var reader = Reader(position: first)
        guard let version = reader.number(content, 2), reader.number(content, 2) != nil else { return .corrupt }
        let isWide = version >= wideHeaders
        if isWide, reader.number(content, 2) == nil { return .corrupt }
        guard let method = reader.number(content, 1), !isWide || reader.number(content, 1) != nil,
            let flags = reader.number(content, 4)
        else { return .corrupt }
        guard 1...3 ~= method, flags & Flag.filter == 0 else { return .unsupported }
        // Mode and time.
        reader.position += isWide ? 12 : 8
        guard let length = reader.number(content, 1) else { return .corrupt }
        let name = content.extracting(content.clamped(reader.position, length)).array
        reader.position += length
        let fields = content.extracting(content.clamped(first, reader.position - first))
        guard let sum = reader.number(content, 4) else { return .corrupt }
        let isIntact = sum == Int(flags & Flag.sumOfHeader != 0 ? crc32(fields) : adler32(fields))
        if flags & Flag.extraField != 0 {
            guard let size = reader.number(content, 4) else { return .corrupt }
            reader.position += size
            guard reader.number(content, 4) != nil else { return .corrupt }
        }
        return .header(Header(name: name, isIntact: isIntact, flags: flags, end: reader.position))
    }

    private struct Reader {
        var position: Int

        init(position: Int) {
            self.position = position
        }

        /// nil behind the end.
        mutating func number(_ content: Span<UInt8>, _ octets: Int) -> Int? {
            guard position >= 0, position <= content.count - octets else { return nil }
            var value = 0
            for index in position..<position + octets { value = value << 8 | Int(content[index]) }
            position += octets
            return value
        }
    }
}
