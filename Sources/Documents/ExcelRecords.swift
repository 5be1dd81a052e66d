internal import Bytes
internal import Members

/// The records of an Excel workbook stream ([MS-XLS], and BIFF5 before it): macro sheets, DDE links, encryption.
enum ExcelRecords {
    private static let boundSheet = 0x0085
    private static let filePass = 0x002F
    private static let supBook = 0x01AE

    /// Reports what the workbook has.
    /// - Parameter isDecrypted: the record that says how it was encrypted means nothing any more.
    /// - Returns: range of the body of the record that says how the workbook is encrypted.
    static func read(_ stream: Span<UInt8>, _ extraction: Extraction, isDecrypted: Bool = false) -> Range<Int>? {
        var at = 0
        var encryption: Range<Int>?
        while let id = stream.little16(at), let length = stream.little16(at + 2), extraction.countItem() {
            let range = stream.range(at + 4, length)
            let body = stream.extracting(range)
            switch id {
            case boundSheet where encryption == nil: sheet(body, extraction)
            case supBook where encryption == nil: link(body, extraction)
            case filePass where !isDecrypted: encryption = range
            default: break
            }
            at += 4 + length
        }
        return encryption
    }

    /// BOUNDSHEET (section 2.4.28): position, visibility, type, name.
    private static func sheet(_ body: Span<UInt8>, _ extraction: Extraction) {
        guard body.count > 7, body[5] == 1 else { return }
        let isOld = body.count == 7 + Int(body[6])
        var name: [UInt8] = []
        if isOld {
            name = Names.ansi(body.extracting(body.range(7, Int(body[6]))))
        } else if body[7] & 1 == 0 {
            name = Names.ansi(body.extracting(body.range(8, Int(body[6]))))
        } else {
            name = Names.utf16(body.extracting(body.range(8, Int(body[6]) * 2)))
        }
        extraction.fact(.macroSheet, name)
    }

    /// SUPBOOK (section 2.4.271) of a DDE or OLE link: program, octet 3, topic.
    private static func link(_ body: Span<UInt8>, _ extraction: Extraction) {
        guard let units = body.little16(2), units < 0x100, body.count > 5 else { return }
        let isWide = body[4] & 1 == 1
        let text = body.extracting(body.range(5, isWide ? units * 2 : units))
        var name = isWide ? Names.utf16(text) : Names.ansi(text)
        guard let bar = name.firstIndex(of: 3) else { return }
        name[bar] = UInt8(ascii: "|")
        extraction.fact(.dde, name)
    }
}
