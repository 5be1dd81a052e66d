internal import Bytes
internal import Compression

/// The table of contents of a XAR archive: XML, deflated, behind the header.
enum XARContents {
    /// Octets of the largest one that is looked at.
    private static let largest = 67_108_864

    /// The XML, and where the heap behind it begins; nil when it cannot be read or is too large.
    static func read(_ content: Span<UInt8>) -> (xml: [UInt8], heap: Int)? {
        guard content.count >= 28, let stated = content.littleEndian64(at: 8)?.byteSwapped else { return nil }
        let header = Int(content[4]) << 8 | Int(content[5])
        let compressed = content.clamped(header, Int(clamping: stated))
        var xml: [UInt8] = []
        let result = Inflate.append(content.extracting(compressed), form: .zlib, to: &xml, limit: largest)
        return result.end == .limit ? nil : (xml, compressed.upperBound)
    }
}
