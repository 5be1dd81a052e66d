internal import Bytes
internal import Members

/// Reads files of Microsoft's COMPRESS (`SZDD`): LZSS with a window of 4 KiB.
enum SZDDReader {
    private static let headerSize = 14
    private static let window = 4096

    static func read(_ content: Span<UInt8>, into sink: any MemberSink) {
        guard content.count > headerSize, let stated = content.littleEndian32(at: 10) else {
            return sink.report(.corrupt, "damaged szdd file")
        }
        let size = Int(stated)
        guard sink.begin(Member(role: Member.decompressed)) else { return }
        var ring = [UInt8](repeating: 0x20, count: window)
        var place = window - 16
        var piece: [UInt8] = []
        var produced = 0
        var position = headerSize
        func put(_ byte: UInt8) {
            ring[place & (window - 1)] = byte
            place += 1
            piece.append(byte)
            produced += 1
        }
        decoding: while position < content.count {
            let flags = content[position]
            position += 1
            for bit in 0..<8 {
                // Programs that believe the size stop here and others go on: only nothing may follow.
                if produced == size, isZero(content, from: position) { break decoding }
                if flags >> UInt8(bit) & 1 == 1 {
                    guard position < content.count else { break decoding }
                    put(content[position])
                    position += 1
                } else {
                    guard position + 1 < content.count else { break decoding }
                    let start = Int(content[position]) | Int(content[position + 1] & 0xF0) << 4
                    let length = Int(content[position + 1] & 0x0F) + 3
                    position += 2
                    for index in 0..<length { put(ring[(start + index) & (window - 1)]) }
                }
            }
            if piece.count >= 65_536 {
                guard sink.append(piece.span) else { return sink.end() }
                piece.removeAll(keepingCapacity: true)
            }
        }
        _ = sink.append(piece.span)
        sink.end()
        if produced < size { sink.report(.corrupt, "szdd file is cut off") }
        if produced > size { sink.report(.ambiguous, "szdd file with a wrong size") }
    }

    private static func isZero(_ content: Span<UInt8>, from start: Int) -> Bool {
        for index in start..<content.count where content[index] != 0 { return false }
        return true
    }
}
