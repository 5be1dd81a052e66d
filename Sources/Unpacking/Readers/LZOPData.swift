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
        var reader = Reader(position: mark.count)
        return begins(content, at: 0) && reader.header(content) != nil && reader.isIntact
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

    /// Lends what the file decodes to, block by block; all files in it, one behind the other.
    /// - Parameter memory: octets of a block.
    static func decode(
        _ file: Span<UInt8>, memory: Int, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool
    ) -> CodecResult {
        var result = CodecResult()
        var start = 0
        repeat {
            var reader = Reader(position: start + mark.count)
            guard let flags = reader.header(file) else {
                result.end = reader.isUnsupported ? .unsupported : .corrupt
                return result
            }
            result.end = blocks(file, &reader, flags, memory, &result, mayGoOn, use)
            result.consumed = min(reader.position, file.count)
            if result.end == .complete { result.whole += 1 }
            start = result.consumed
        } while result.end == .complete && begins(file, at: start)
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

    private struct Reader {
        var position: Int
        /// Of a method or filter that is not decoded.
        private(set) var isUnsupported = false
        /// The checksum of the header is right.
        private(set) var isIntact = false

        init(position: Int) {
            self.position = position
        }

        /// nil behind the end.
        mutating func number(_ file: Span<UInt8>, _ octets: Int) -> Int? {
            guard position >= 0, position <= file.count - octets else { return nil }
            var value = 0
            for index in position..<position + octets { value = value << 8 | Int(file[index]) }
            position += octets
            return value
        }

        /// Goes over a header; its flags.
        mutating func header(_ file: Span<UInt8>) -> Int? {
            let start = position
            guard let version = number(file, 2), number(file, 2) != nil else { return nil }
            let isWide = version >= wideHeaders
            if isWide, number(file, 2) == nil { return nil }
            guard let method = number(file, 1), !isWide || number(file, 1) != nil, let flags = number(file, 4) else {
                return nil
            }
            guard 1...3 ~= method, flags & Flag.filter == 0 else {
                isUnsupported = true
                return nil
            }
            // Mode and time.
            position += isWide ? 12 : 8
            guard let name = number(file, 1) else { return nil }
            position += name
            let fields = file.extracting(file.clamped(start, position - start))
            guard let sum = number(file, 4) else { return nil }
            isIntact = sum == Int(flags & Flag.sumOfHeader != 0 ? crc32(fields) : adler32(fields))
            if flags & Flag.extraField != 0 {
                guard let size = number(file, 4) else { return nil }
                position += size
                guard number(file, 4) != nil else { return nil }
            }
            return flags
        }
    }
}
