internal import Bytes
internal import MIME
internal import Members

/// Finds files that are encoded into text: uuencoded, yEnc, BinHex, and text that is base64 from its first line to its
/// last.
enum TextReader {
    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        let found = EncodedBlocks.find(in: content)
        if found.limitReached { sink.report(.overLimits, "encoded files in a text") }
        for block in found.blocks {
            var decoded: [UInt8] = []
            let result = block.decode(content, into: &decoded, limit: sink.room)
            let member = Member(names: block.names, role: block.coding.rawValue)
            guard sink.add(member, content: Array(decoded[result.content])) else { return }
        }
        guard found.blocks.isEmpty, isBase64(content) else { return }
        var decoded: [UInt8] = []
        _ = TransferDecoder.decode(content, encoding: .base64, into: &decoded, limit: sink.room)
        _ = sink.add(Member(role: "base64"), content: decoded)
    }

    /// Fewest characters that count: less is too often just a word.
    private static let fewest = 64

    /// Nothing but characters of base64 and line ends, of which there are enough for a file.
    private static func isBase64(_ content: Span<UInt8>) -> Bool {
        var characters = 0
        for index in content.indices {
            switch content[index] {
            case 0x41...0x5A, 0x61...0x7A, 0x30...0x39, 0x2B, 0x2F, 0x3D: characters += 1
            case 0x0D, 0x0A, 0x20, 0x09: break
            default: return false
            }
        }
        return characters >= fewest
    }
}
