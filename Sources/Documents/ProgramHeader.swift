internal import Bytes

/// The header of a program of DOS or Windows, asked for more than its first two octets: those are met by chance in every
/// 65,536th token or key.
package enum ProgramHeader {
    /// Where the header of Windows or OS/2 may be; further on no linker puts it.
    private static let furthest = 16_777_216
    /// Octets of the header (`IMAGE_DOS_HEADER`).
    private static let length = 64
    /// Pages of 512 octets in the memory that DOS has, and paragraphs of 16 in a header of 64 KiB.
    private static let mostPages = 2048
    private static let mostParagraphs = 4096

    /// Windows starts what has `PE` where offset 60 points, whatever the other fields say; DOS what has a size, and a
    /// header that holds its own relocations.
    package static func isHere(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= length, bytes.hasBytes("MZ", at: 0) else { return false }
        let place = Int(bytes.littleEndian32(at: 60) ?? 0)
        for mark in ["PE\0\0", "NE", "LE", "LX"] as [StaticString] where bytes.hasBytes(mark, at: place) { return true }
        func field(_ at: Int) -> Int { Int(bytes.littleEndian16(at: at) ?? 0) }
        let (lastPage, pages, relocations, paragraphs) = (field(2), field(4), field(6), field(8))
        return lastPage < 512 && 1...mostPages ~= pages && 2...mostParagraphs ~= paragraphs
            && paragraphs * 16 <= pages * 512 && field(10) <= field(12)
            && (relocations == 0 || field(24) + relocations * 4 <= paragraphs * 16)
    }

    /// Octets that are needed to tell, where `head` are the first of more; nil when they are enough.
    static func wanted(_ head: Span<UInt8>) -> Int? {
        guard head.hasBytes("MZ", at: 0), let place = head.littleEndian32(at: 60), Int(place) < furthest else {
            return nil
        }
        return Int(place) + 4 > head.count ? Int(place) + 4 : nil
    }
}
