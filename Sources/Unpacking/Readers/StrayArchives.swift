internal import Bytes
internal import Members

/// Archives in what no member of an archive has: fields of headers, frames that are skipped, gaps, free sectors. Programs for
/// RAR and 7z look for their mark in the first part of any file, whatever it begins with (attacks F4, F7).
enum StrayArchives {
    /// Octets at the start in which programs look for the mark.
    private static let searched = 4_194_304
    /// Marks that are looked at closely.
    static let most = 64
    /// Octets of an archive by which members are searched for it.
    private static let head = 32
    /// Octets of members that are searched in all, beyond those with which they begin.
    private static let mostCompared = 1_073_741_824
    /// Octets of a block's header in a compression that stores what it cannot compress, and of the longest of such blocks.
    private static let blockHeader = 8

    /// - Parameter covered: octets that became content of members, which are searched by themselves.
    /// - Parameter members: what was taken out of the archive: calls its argument with each content, until that says false.
    static func read(
        _ content: Span<UInt8>, besides covered: Coverage, into sink: any MemberSink,
        members: (_ use: (Span<UInt8>) -> Bool) -> Void
    ) {
        let parts = covered.gaps(upTo: min(content.count, searched))
        var left = mostCompared
        for (number, archive) in HiddenArchives.marked(content, in: parts, most: most, sink).enumerated() {
            guard sink.mayGoOn() else { return }
            guard number < most else { return sink.report(.strayArchives) }
            let octets = content.extracting(archive)
            if isStart(octets, of: content) { continue }
            let needle = octets.extracting(octets.clamped(0, head))
            var equal = 0
            members { member in
                var from = 0
                if !member.hasBytes(needle, at: 0) { left -= member.count }
                while left > 0, equal < octets.count, let place = member.firstIndex(of: needle, from: from) {
                    equal = max(equal, equalOctets(octets, member, at: place))
                    from = place + 1
                }
                return equal < octets.count
            }
            if equal == octets.count { continue }
            var member = Member(flags: .slack, role: "archive beside members")
            // A compression that stores some blocks as they are shows the first part of what a member has.
            if equal >= shown {
                member.flags.insert(.quoted)
            } else {
                sink.report(.ambiguous, "archive beside members")
            }
            guard sink.add(member, range: archive) else { return }
        }
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
        // A member that is a part only is damaged, and marked for it.
        return other == member.count ? octets.count : at
    }
}
