internal import Linux

/// Looks whether all pages that a store refers to are in its file. LMDB reads the file as memory, and a page behind its end
/// ends the process (SIGBUS): a file that lost its tail, when it was copied in use or restored to a full disk, must be
/// known before.
///
/// A file may be shorter than its meta page says and whole: pages that one transaction took and freed again are never
/// written. So where it is short, the trees are walked, with reads instead of memory. Form: LMDB 0.9, data version 1.
struct LMDBPages {
    private static let pageHeader = 16
    private static let magic: UInt32 = 0xBEEF_C0DE
    private static let noPage = UInt64.max
    /// Flags of a page.
    private static let branch: UInt16 = 0x01
    private static let leaf: UInt16 = 0x02
    /// Flags of a node: its data is on pages of its own; its data is the record of a table.
    private static let bigData: UInt16 = 0x01
    private static let table: UInt16 = 0x02
    /// Octets of the record of a table, and where its root is in it.
    private static let tableSize = 48
    private static let tableRoot = 40
    /// Where a meta page has the number of the last page in use.
    private static let lastPage = 136

    private let file: Descriptor
    private let pageSize: Int
    /// Whole pages of the file.
    private let pages: UInt64

    /// - Parameters:
    ///   - file: `data.mdb`.
    ///   - place: directory of the store, for people.
    ///   - last: the last page that the newest meta page knows of.
    /// - Throws: `damaged` when a page is missing.
    static func check(_ file: Descriptor, place: String, pageSize: Int, last: UInt64) throws(StoreError) {
        do throws(SystemError) {
            let pages = UInt64(clamping: try file.size() / pageSize)
            if last < pages { return }
            let missing = try LMDBPages(file: file, pageSize: pageSize, pages: pages).isCut()
            if !missing { return }
        } catch {
            throw .failed("\(place)/data.mdb: \(error)")
        }
        throw .damaged("\(place)/data.mdb is cut off: pages that it refers to are missing")
    }

    private func isCut() throws(SystemError) -> Bool {
        guard let meta = try newestMeta() else { return true }
        // Roots of the table of free pages and of the table of tables.
        var waiting = [40, 40 + Self.tableSize].map { Self.number(meta, $0 + Self.tableRoot) }
        var seen: UInt64 = 0
        while let number = waiting.popLast() {
            if number == Self.noPage { continue }
            // A page stands in one place only: more steps than pages are a circle.
            seen += 1
            guard number < pages, seen <= pages else { return true }
            let page = try file.read(at: Int(number) * pageSize, count: pageSize)
            guard let found = references(page) else { return true }
            waiting += found
        }
        return false
    }

    /// Octets of the file up to the last page that one of the meta pages knows of.
    static func end(of file: Descriptor, pageSize: Int) throws(SystemError) -> Int {
        let metas = try LMDBPages(file: file, pageSize: pageSize, pages: 2).metas()
        guard let last = metas.map({ number($0, lastPage) }).max() else { return try file.size() }
        return (Int(clamping: last) + 1) * pageSize
    }

    private func metas() throws(SystemError) -> [[UInt8]] {
        var metas: [[UInt8]] = []
        for number in 0..<2 {
            let page = try file.read(at: number * pageSize, count: pageSize)
            if page.count == pageSize, Self.word(page, Self.pageHeader) == Self.magic { metas.append(page) }
        }
        return metas
    }

    /// The meta page of the last transaction.
    private func newestMeta() throws(SystemError) -> [UInt8]? {
        try metas().max { Self.transaction($0) < Self.transaction($1) }
    }

    private static func transaction(_ meta: [UInt8]) -> UInt64 { number(meta, 144) }

    /// Pages that a page refers to; the last of those where the data of a node lies on its own. Nil for what is no page of a
    /// tree.
    private func references(_ page: [UInt8]) -> [UInt64]? {
        guard page.count == pageSize else { return nil }
        let flags = Self.half(page, 10)
        let isBranch = flags & Self.branch != 0
        guard isBranch || flags & Self.leaf != 0 else { return nil }
        let end = Int(Self.half(page, 12))
        guard end >= Self.pageHeader, end <= pageSize else { return nil }
        var found: [UInt64] = []
        for place in stride(from: Self.pageHeader, to: end - 1, by: 2) {
            let node = Int(Self.half(page, place))
            guard node + 8 <= pageSize else { return nil }
            let low = UInt64(Self.half(page, node)) | UInt64(Self.half(page, node + 2)) << 16
            let nodeFlags = Self.half(page, node + 4)
            let data = node + 8 + Int(Self.half(page, node + 6))
            if isBranch {
                found.append(low | UInt64(nodeFlags) << 32)
            } else if nodeFlags & Self.bigData != 0 {
                guard data + 8 <= pageSize else { return nil }
                let first = Self.number(page, data)
                let (last, isTooFar) = first.addingReportingOverflow(
                    (UInt64(Self.pageHeader) + low - 1) / UInt64(pageSize))
                guard !isTooFar, last < pages else { return nil }
            } else if nodeFlags & Self.table != 0 {
                guard data + Self.tableSize <= pageSize else { return nil }
                found.append(Self.number(page, data + Self.tableRoot))
            }
        }
        return found
    }

    private static func half(_ bytes: [UInt8], _ offset: Int) -> UInt16 {
        UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        UInt32(half(bytes, offset)) | UInt32(half(bytes, offset + 2)) << 16
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        UInt64(word(bytes, offset)) | UInt64(word(bytes, offset + 4)) << 32
    }
}
