internal import Compression
internal import Members

/// `editdata.mso` and its kin: a compound file with macros, deflated behind a head of 50 octets whose length Office itself
/// writes in it. The format is not published by its maker.
enum ActiveMime {
    static func matches(_ bytes: Span<UInt8>) -> Bool { bytes.has("ActiveMime") }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        // The head's length is in it, or the usual one; anything else is searched.
        var starts = [50]
        if let stated = bytes.little32(0x1E) { starts.insert(stated + 46, at: 0) }
        for start in starts + Array(10..<256) where start < bytes.count && bytes[start] == 0x78 {
            var content: [UInt8] = []
            let result = Inflate.append(
                bytes.extracting(start..<bytes.count), form: .zlib, to: &content, limit: extraction.room)
            guard !content.isEmpty else { continue }
            extraction.charge(content.count)
            extraction.member(.file, content.span)
            switch result.end {
            case .complete: break
            case .limit: extraction.stop("octets")
            default: extraction.problem(.corrupt, "deflated data of ActiveMime")
            }
            return
        }
        extraction.problem(.corrupt, "ActiveMime without deflated data")
    }
}
