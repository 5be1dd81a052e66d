internal import Bytes
internal import Members

/// Archives in what no member of an archive has: fields of headers, frames that are skipped, gaps, free sectors. Programs for
/// RAR, 7z, cab, ARJ and LHA look for their mark in the first part of any file, whatever it begins with, those for zip for the
/// end of a directory in its last part, whatever stands behind it (attacks F4, F7).
enum StrayArchives {
    /// Octets at the start in which programs look for the mark.
    private static let searched = 4_194_304
    /// Octets at the end in which they look for the directory of a zip archive. unzip looks the farthest: for 66,000, in whole blocks.
    private static let searchedAtEnd = 81_920
    /// Archives that are opened.
    static let most = 64
    /// Octets of an archive by which members are searched for it.
    private static let head = 32
    /// Octets of members that are searched in all, beyond those with which they begin.
    private static let mostCompared = 1_073_741_824
    /// Octets of a block's header in a compression that stores what it cannot compress, and of the longest of such blocks.
    private static let blockHeader = 8

    /// - Parameters:
    ///   - covered: octets that became content of members, which are searched by themselves.
    ///   - types: what it was read as.
    ///   - members: what was taken out of the archive: calls its argument with each content, until that says false.
    static func read(
        _ content: Span<UInt8>, besides covered: Coverage, as types: [FileType], into sink: any MemberSink,
        members: (_ use: (Span<UInt8>) -> Bool) -> Void
    ) {
        var left = mostCompared
        var count = 0
        func use(_ archive: Range<Int>) -> Bool {
            guard sink.mayGoOn() else { return false }
            let octets = content.extracting(archive)
            if isStart(octets, of: content) { return true }
            let equal = equalOctets(octets, members, &left)
            if equal == octets.count { return true }
            guard count < most else {
                sink.report(.strayArchives)
                return false
            }
            count += 1
            var member = Member(flags: .slack, role: "archive beside members")
            // A compression that stores some blocks as they are shows the first part of what a member has.
            if equal >= shown {
                member.flags.insert(.quoted)
            } else {
                sink.report(.ambiguous, "archive beside members")
            }
            return sink.add(member, range: archive)
        }
        let parts = covered.gaps(upTo: min(content.count, searched))
        HiddenArchives.forEachMarked(content, in: parts, isLHA: types.contains(.lha), sink, use)
        if !types.contains(.zip) { forEachZip(content, use) }
    }

    /// Archives of zip whose directory ends in the last part of a content.
    private static func forEachZip(_ content: Span<UInt8>, _ use: (Range<Int>) -> Bool) {
        var from = max(1, content.count - searchedAtEnd)
        while let end = content.firstIndex(of: ZipSignatures.endOfDirectory, from: from) {
            from = end + 1
            guard let start = startOfZip(content, end: end), let comment = content.littleEndian16(at: end + 20) else {
                continue
            }
            // Programs open one whose comment is longer than what is left.
            guard use(start..<min(end + 22 + Int(comment), content.count)) else { return }
        }
    }

    /// Where the archive of an end-of-central-directory record begins; nil where no directory stands in front of that.
    private static func startOfZip(_ content: Span<UInt8>, end: Int) -> Int? {
        guard let size = content.littleEndian32(at: end + 12), let offset = content.littleEndian32(at: end + 16) else {
            return nil
        }
        // zip64 has them elsewhere.
        if size != .max, offset != .max {
            let directory = end - Int(size)
            guard size > 0, directory > 0, content.hasBytes(ZipSignatures.centralHeader, at: directory) else {
                return nil
            }
            // Programs believe the directory, whatever local headers say.
            let start = directory - Int(offset)
            if start > 0 { return start }
        }
        return content.firstIndex(of: ZipSignatures.localHeader, from: 1, to: end)
    }

    /// How many octets of an archive some member has, from its start on.
    private static func equalOctets(
        _ octets: Span<UInt8>, _ members: (_ use: (Span<UInt8>) -> Bool) -> Void, _ left: inout Int
    ) -> Int {
        let needle = octets.extracting(octets.clamped(0, head))
        var equal = 0
        // Most often it is a member.
        members { member in
            if member.hasBytes(needle, at: 0) { equal = max(equal, equalOctets(octets, member, at: 0)) }
            return equal < octets.count
        }
        if equal == octets.count { return equal }
        members { member in
            var from = 1
            left -= member.count
            while left > 0, equal < octets.count, let place = member.firstIndex(of: needle, from: from) {
                equal = max(equal, equalOctets(octets, member, at: place))
                from = place + 1
            }
            return left > 0 && equal < octets.count
        }
        return equal
    }

    /// A recovery record of RAR 2 has the first sectors of a small archive as they are, and zeros up to its end.
    private static func isStart(_ octets: Span<UInt8>, of content: Span<UInt8>) -> Bool {
        var count = octets.count
        while count > 0, octets[count - 1] == 0 { count -= 1 }
        return content.hasBytes(octets.extracting(0..<count), at: 0)
    }

    /// Octets of an archive that are of a member when they are equal to its own.
    private static let shown = 1_024

    /// How many octets a member has from a place on, but for headers of blocks that stand between them in the archive. What
    /// follows the member's end is none of it.
    private static func equalOctets(_ octets: Span<UInt8>, _ member: Span<UInt8>, at place: Int) -> Int {
        var (at, other) = (0, place)
        while at < octets.count, other < member.count {
            if octets[at] == member[other] {
                at += 1
                other += 1
                continue
            }
            // Behind the header goes on what stood in front of it.
            let rest = member.extracting(member.clamped(other, head))
            let next = (1...blockHeader).first { octets.hasBytes(rest, at: at + $0) }
            guard let next, rest.count > blockHeader else { return at }
            at += next
        }
        // A member that begins with the mark is opened for itself, and where it is a part only it is damaged, and marked for it. Any
        // other may end like the start of an archive.
        return other == member.count && place == 0 ? octets.count : at
    }
}
