/// Tables of the charsets that need one, unpacked when first used. Nothing is read from outside of the program, so a
/// closed sandbox does not matter; `load` unpacks all before workers are forked, so that they share the memory.
enum CharsetTables {
    static let singleByte = unpacked(singleByteCodes)
    static let gbk = unpacked(gbkCodes)
    static let gb18030Ranges = unpacked(gbkRanges)
    static let big5 = unpacked(big5Codes)
    static let jis0208 = unpacked(jis0208Codes)
    static let jis0212 = unpacked(jis0212Codes)
    static let uhc = unpacked(uhcCodes)
    static let cns1 = unpacked(cns1Codes)
    static let cns2 = unpacked(cns2Codes)

    /// Unpacks all tables; gives the number of entries.
    static func load() -> Int {
        [singleByte, gbk, gb18030Ranges, big5, jis0208, jis0212, uhc, cns1, cns2].reduce(0) { $0 + $1.count }
    }

    /// The form is described in the script that makes the tables.
    private static func unpacked(_ packed: StaticString) -> [UInt32] {
        let text = UnsafeBufferPointer(start: packed.utf8Start, count: packed.utf8CodeUnitCount)
        var octets: [UInt8] = []
        _ = Base64.decode(text.span, into: &octets, limit: text.count)
        var table: [UInt32] = []
        var last = 0
        var index = 0
        func number() -> Int {
            var value = 0
            var shift = 0
            while index < octets.count {
                let octet = octets[index]
                index += 1
                value |= Int(octet & 0x7F) << shift
                shift += 7
                if octet & 0x80 == 0 { break }
            }
            return value
        }
        while index < octets.count {
            let code = number()
            if code == 0 {
                table.append(contentsOf: repeatElement(0, count: number()))
            } else {
                last += code & 1 == 0 ? code / 2 : -(code / 2)
                table.append(UInt32(truncatingIfNeeded: last))
            }
        }
        return table
    }

    /// Code point at `index` of `table`; nil for a hole and past the end.
    static func code(_ table: [UInt32], _ index: Int) -> UInt32? {
        guard index >= 0, index < table.count, table[index] != 0 else { return nil }
        return table[index]
    }
}
