internal import Bytes
internal import Members

/// The records of the stream `PowerPoint Document` ([MS-PPT]): embedded objects, which may be deflated.
enum PowerPointRecords {
    /// ExOleObjStg and its kin (section 2.10.34): a compound file.
    private static let objectStorage = 0x1011

    static func read(_ stream: Span<UInt8>, _ extraction: Extraction) {
        var at = 0
        while let head = stream.little16(at), let type = stream.little16(at + 2), let length = stream.little32(at + 4),
            extraction.countItem(), !extraction.isStopped
        {
            let body = stream.range(at + 8, length)
            if type == objectStorage { object(stream.extracting(body), isDeflated: head >> 4 == 1, extraction) }
            // Containers are entered, all others skipped.
            at += head & 0xF == 0xF ? 8 : 8 + length
        }
    }

    private static func object(_ body: Span<UInt8>, isDeflated: Bool, _ extraction: Extraction) {
        guard isDeflated else {
            extraction.member(.file, body)
            return
        }
        extraction.inflatedMember(
            .file, body.extracting(body.range(4, body.count)), stated: body.little32(0),
            "deflated object of a presentation")
    }

    /// True when the stream `Current User` says that the presentation is encrypted (section 2.3.2).
    static func isEncrypted(_ currentUser: Span<UInt8>) -> Bool {
        currentUser.little32(12) == 0xF3D1_C4DF
    }
}
