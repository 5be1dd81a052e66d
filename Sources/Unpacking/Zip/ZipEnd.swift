internal import Bytes

/// An end-of-central-directory record (APPNOTE.TXT section 4.3.16), as programs find it in the last part of any file.
struct ZipEnd {
    /// Octets without the comment.
    private static let fixed = 22
    private static let longestComment = 65_535
    /// Of the locator of a record of zip64, which stands in front.
    private static let locator = 20

    let place: Int
    /// Of the directory: its octets, and where it begins, counted from the start of the archive.
    let size: Int
    let offset: Int
    /// The size or the offset stands in the record of zip64 instead.
    let isWide: Bool
    /// Behind the comment, which may reach beyond what there is: programs open such an archive.
    let end: Int

    init?(_ content: Span<UInt8>, at place: Int) {
        guard let size = content.littleEndian32(at: place + 12), let offset = content.littleEndian32(at: place + 16),
            let comment = content.littleEndian16(at: place + 20)
        else { return nil }
        self.place = place
        (self.size, self.offset) = (Int(size), Int(offset))
        isWide = size == .max || offset == .max
        end = place + Self.fixed + Int(comment)
    }

    /// Where its comment stands.
    var comment: Range<Int> { place + Self.fixed..<end }

    /// The record whose comment reaches exactly to the end of a content, and in front of which the directory lies.
    static func last(of content: Span<UInt8>) -> ZipEnd? {
        var from = max(0, content.count - fixed - longestComment)
        while let place = content.firstIndex(of: ZipSignatures.endOfDirectory, from: from) {
            from = place + 1
            guard let record = ZipEnd(content, at: place), record.end == content.count else { continue }
            if record.size == 0 || record.size == Int(UInt32.max) || record.isBehindDirectory(content) { return record }
        }
        return nil
    }

    /// The record is the last of a content, behind its directory, and has no comment.
    static func isWithoutComment(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes(ZipSignatures.endOfDirectory, at: content.count - fixed),
            let record = ZipEnd(content, at: content.count - fixed), record.end == content.count
        else { return false }
        return record.isBehindDirectory(content)
    }

    /// Octets at the end of a file in which programs look for a record. unzip looks the farthest: for 66,000, in whole blocks.
    static let searched = 81_920

    /// A record that programs find leads to a member, whatever stands behind it.
    static func isFound(in content: Span<UInt8>) -> Bool {
        var next = content.firstIndex(of: ZipSignatures.endOfDirectory, from: max(1, content.count - searched))
        guard next != nil, let firstMember = content.firstIndex(of: ZipSignatures.localHeader, from: 1) else {
            return false
        }
        var lists: [Int: Int]?
        while let place = next, let end = ZipEnd(content, at: place) {
            let start = end.start(in: content, firstMember: firstMember) {
                let known = lists ?? Self.lists(in: content, from: firstMember) ?? [:]
                lists = known
                return known
            }
            if start != nil { return true }
            next = content.firstIndex(of: ZipSignatures.endOfDirectory, from: place + 1)
        }
        return false
    }

    /// As the size of the directory says.
    private func isBehindDirectory(_ content: Span<UInt8>) -> Bool {
        content.hasBytes(ZipSignatures.centralHeader, at: place - size)
    }

    /// Every header of the directory in front of the record leads to a member.
    func leadsToMembers(_ content: Span<UInt8>) -> Bool { isWide || leads(content, from: place - size, toAll: true) }

    /// Where the archive begins: at the place that its offsets are counted from, or with its first member. nil where no directory
    /// that a program could take for its own leads to a member: what a compression leaves of an archive as it was.
    ///
    /// unzip counts from the start of the file where no directory lies in front of the record, 7-Zip goes by the headers alone.
    /// - Parameters:
    ///   - firstMember: the first local header behind the start of the content.
    ///   - lists: is asked for where lists of central headers begin, by where they end.
    func start(in content: Span<UInt8>, firstMember: Int?, lists: () -> [Int: Int]) -> Int? {
        if isWide { return content.hasBytes(ZipSignatures.zip64Locator, at: place - Self.locator) ? firstMember : nil }
        var directory = place - size
        if !isBehindDirectory(content) {
            let isAtOffset = content.hasBytes(ZipSignatures.centralHeader, at: offset)
            guard let found = isAtOffset ? offset : lists()[place] else { return nil }
            directory = found
        }
        guard leads(content, from: directory, toAll: false) else { return nil }
        let base = directory - offset
        return base > 0 && content.hasBytes(ZipSignatures.localHeader, at: base) ? base : firstMember
    }

    /// A local header stands where an entry of the directory says, in an archive that begins as the record says or with the content.
    private func leads(_ content: Span<UInt8>, from directory: Int, toAll: Bool) -> Bool {
        let base = directory - offset
        var position = directory
        while position < place, content.hasBytes(ZipSignatures.centralHeader, at: position),
            let length = Self.lengthOfHeader(content, at: position),
            let stated = content.littleEndian32(at: position + 42)
        {
            let isThere =
                stated == .max || content.hasBytes(ZipSignatures.localHeader, at: base + Int(stated))
                || content.hasBytes(ZipSignatures.localHeader, at: Int(stated))
            if isThere != toAll { return isThere }
            position += length
        }
        return toAll
    }

    private static func lengthOfHeader(_ content: Span<UInt8>, at place: Int) -> Int? {
        guard let name = content.littleEndian16(at: place + 28), let extra = content.littleEndian16(at: place + 30),
            let comment = content.littleEndian16(at: place + 32)
        else { return nil }
        return 46 + Int(name) + Int(extra) + Int(comment)
    }

    /// Where lists of central headers begin, by where they end; nil where there are more headers than anyone looks at.
    static func lists(in content: Span<UInt8>, from start: Int) -> [Int: Int]? {
        var headers: [Int] = []
        var from = start
        while let header = content.firstIndex(of: ZipSignatures.centralHeader, from: from) {
            guard headers.count < ZipDirectory.mostEntries else { return nil }
            headers.append(header)
            from = header + 4
        }
        // From the last: a header in front of a list goes on with it, and one within a name does not.
        var ends: [Int: Int] = [:]
        var lists: [Int: Int] = [:]
        for header in headers.reversed() {
            guard let length = lengthOfHeader(content, at: header) else { continue }
            let end = ends[header + length] ?? header + length
            ends[header] = end
            lists[end] = header
        }
        return lists
    }
}
