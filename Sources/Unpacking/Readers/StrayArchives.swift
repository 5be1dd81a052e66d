internal import Bytes
internal import Members

/// Archives in what no member of an archive has: fields of headers, frames that are skipped, gaps, free sectors. Programs for
/// RAR, 7z, cab, ARJ and LHA look for their mark in the first part of any file, whatever it begins with, those for zip for the
/// end of a directory in its last part, whatever stands behind it (attacks F4, F7).
enum StrayArchives {
    /// Octets at the start in which programs look for the mark.
    private static let searched = 4_194_304
    /// Archives that are opened.
    static let most = 64
    /// Octets of an archive by which members are searched for it.
    private static let head = 32
    /// Octets of members that are searched and compared in all.
    private static let mostCompared = 1_073_741_824
    /// What a look at a member counts for among these.
    private static let look = 256
    /// Octets of a block's header in a compression that stores what it cannot compress.
    private static let blockHeader = 8
    /// Octets of an archive that are of a member when they are equal to its own.
    private static let shown = 1_024
    /// Octets of an archive's header that are looked for in what a weak compression decoded to.
    private static let sign = 12

    /// - Parameters:
    ///   - covered: octets that became content of members, which are searched by themselves.
    ///   - types: what it was read as.
    ///   - weak: the compression of all of it, which was decoded to its end without any problem, if it leaves parts as they were.
    ///   - members: what was taken out of the archive: calls its argument with each content, until that says false.
    static func read(
        _ content: Span<UInt8>, besides covered: Coverage, as types: [FileType], leaving weak: WeakCompression?,
        into sink: any MemberSink, members: (_ use: (Span<UInt8>) -> Bool) -> Void
    ) {
        var left = mostCompared
        var count = 0
        func use(_ archive: Range<Int>, _ sign: Range<Int>, isWhole: Bool) -> Bool {
            guard sink.mayGoOn() else { return false }
            let octets = content.extracting(archive)
            if isWhole, isStart(octets, of: content) { return true }
            let equal = equalOctets(octets, members, &left)
            // Nothing else is left out: what a member has a part of may go on with anything.
            if isWhole, equal == octets.count { return true }
            let isLeft =
                weak?.hasInBlocks(archive, content) == true && has(content.extracting(sign), members, &left)
            guard count < most else {
                if isLeft { return true }
                sink.report(.strayArchives)
                return false
            }
            count += 1
            var member = Member(flags: .slack, role: "archive beside members")
            // A compression that stores some blocks and runs of octets as they are shows parts of what a member has.
            if isLeft {
                // Whatever it leads to is no archive of its own: all of it is in a member, and its marks are searched there.
                member.flags.insert(.quoted)
            } else if equal >= (isWhole ? shown : head) {
                member.flags.formUnion([.quoted, .resembling])
            } else {
                sink.report(.ambiguous, "archive beside members")
            }
            return sink.add(member, range: archive)
        }
        let parts = covered.gaps(upTo: min(content.count, searched))
        HiddenArchives.forEachMarked(content, in: parts, isLHA: types.contains(.lha), sink) {
            use($0, content.clamped($0.lowerBound, Self.sign), isWhole: $1)
        }
        if !types.contains(.zip) { forEachZip(content, sink, use) }
    }

    /// Archives of zip whose directory ends in the last part of a content.
    private static func forEachZip(
        _ content: Span<UInt8>, _ sink: any MemberSink,
        _ use: (_ archive: Range<Int>, _ record: Range<Int>, _ isWhole: Bool) -> Bool
    ) {
        var next = content.firstIndex(of: ZipSignatures.endOfDirectory, from: max(1, content.count - ZipEnd.searched))
        // One search for all of them: there may be thousands of ends; most files have none.
        let firstMember = next == nil ? nil : content.firstIndex(of: ZipSignatures.localHeader, from: 1)
        var lists: [Int: Int]?
        while let place = next, sink.mayGoOn() {
            next = content.firstIndex(of: ZipSignatures.endOfDirectory, from: place + 1)
            guard let end = ZipEnd(content, at: place) else { return }
            let start = end.start(in: content, firstMember: firstMember) {
                if let lists { return lists }
                let found = ZipEnd.lists(in: content, from: firstMember ?? 1)
                if found == nil { sink.report(.zipDirectories) }
                lists = found ?? [:]
                return lists ?? [:]
            }
            guard let start, start < place else { continue }
            let record = place..<min(end.comment.lowerBound, content.count)
            guard use(start..<min(end.end, content.count), record, !end.isWide) else { return }
        }
    }

    /// How many octets of an archive some member has, from its start on.
    private static func equalOctets(
        _ octets: Span<UInt8>, _ members: (_ use: (Span<UInt8>) -> Bool) -> Void, _ left: inout Int
    ) -> Int {
        let needle = octets.extracting(octets.clamped(0, head))
        var (equal, rest) = (0, left)
        defer { left = rest }
        func compare(_ member: Span<UInt8>, at place: Int) {
            let count = equalOctets(octets, member, at: place)
            rest -= count
            equal = max(equal, count)
        }
        // Most often it is a member.
        members { member in
            rest -= look
            if member.hasBytes(needle, at: 0) { compare(member, at: 0) }
            return rest > 0 && equal < octets.count
        }
        guard rest > 0, equal < octets.count else { return equal }
        members { member in
            var from = 1
            rest -= look + member.count
            while rest > 0, equal < octets.count, let place = member.firstIndex(of: needle, from: from) {
                compare(member, at: place)
                from = place + 1
            }
            return rest > 0 && equal < octets.count
        }
        return equal
    }

    /// Some member has these octets.
    private static func has(
        _ octets: Span<UInt8>, _ members: (_ use: (Span<UInt8>) -> Bool) -> Void, _ left: inout Int
    ) -> Bool {
        var (isThere, rest) = (false, left)
        defer { left = rest }
        members { member in
            rest -= look + member.count
            isThere = rest > 0 && member.firstIndex(of: octets, from: 0) != nil
            return rest > 0 && !isThere
        }
        return isThere
    }

    /// A recovery record of RAR 2 has the first sectors of a small archive as they are, and zeros up to its end.
    private static func isStart(_ octets: Span<UInt8>, of content: Span<UInt8>) -> Bool {
        var count = octets.count
        while count > 0, octets[count - 1] == 0 { count -= 1 }
        return content.hasBytes(octets.extracting(0..<count), at: 0)
    }

    /// How many octets a member has from a place on, but for headers of blocks that stand between them in the archive.
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
        return at
    }
}
