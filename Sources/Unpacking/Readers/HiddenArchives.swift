internal import Bytes
internal import Compression
internal import Documents
internal import Members

/// Finds archives that stand behind other content: self-extracting programs, pictures and documents with an archive, an
/// installer, compiled HTML help, a disk or a BinHex file at their end; in programs, scripts and what nobody knows compressed files as well. zip archives need no such search:
/// recognition finds them wherever they are.
enum HiddenArchives {
    /// A signature.
    private struct Mark: Sendable {
        let bytes: [UInt8]
        /// Octets of the archive in front of it.
        var offset = 0
        /// One of `HiddenStreams`.
        var isStream = false
        /// One of `HiddenDisks`.
        var isDisk = false
    }

    /// Signatures that are looked for together.
    private struct Marks: Sendable {
        let all: [Mark]
        let sequences: SequenceSet

        init(_ all: [Mark]) {
            self.all = all
            sequences = SequenceSet(all.map(\.bytes))
        }
    }

    private static let marks = Marks(archiveMarks)
    private static let archiveMarks = [
        Mark(bytes: [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07]),
        Mark(bytes: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]),
        Mark(bytes: [0x4D, 0x53, 0x43, 0x46]), Mark(bytes: [0x60, 0xEA]),
        Mark(bytes: [0x2A, 0x2A, 0x41, 0x43, 0x45, 0x2A, 0x2A], offset: 7), Mark(bytes: Array("ITSF".utf8)),
        Mark(bytes: StructureChecks.markOfNSIS, offset: 4), Mark(bytes: TextReader.markOfBinHex),
    ]
    /// Those of archives that programs look for in the first part of any file.
    private static let strayMarks =
        archiveMarks.prefix(4)
        + ["-lh", "-lz", "-pm"].map { Mark(bytes: Array($0.utf8), offset: 2) }
    private static let diskMarks = HiddenDisks.marks.map { Mark(bytes: $0.bytes, offset: $0.offset, isDisk: true) }
    private static let allMarks = Marks(
        archiveMarks + diskMarks
            + HiddenStreams.marks.map { Mark(bytes: $0.bytes, offset: $0.offset, isStream: true) })

    /// Those of what has a checksum at its end.
    private static let marksOfWhole = Marks(
        archiveMarks + diskMarks
            + HiddenStreams.marks.filter(\.isChecked).map { Mark(bytes: $0.bytes, offset: $0.offset, isStream: true) })

    /// - Parameter isText: there is no control character in the content but those of text. It quotes marks, and holds no
    ///   archive as it stands; its start alone would say nothing of the rest.
    /// - Parameter streams: compressed files are looked for as well, and what they are to this content.
    /// - Parameter start: where they may begin first.
    /// - Parameter withDisks: disks are looked for; off in what is one, which has copies of its own parts.
    static func read(
        _ content: Span<UInt8>, isText: Bool, streams: Streams = .whole, from start: Int = 0, withDisks: Bool = true,
        into sink: any MemberSink
    ) {
        if isText { return }
        var search = Search(sink, streams == .whole ? marksOfWhole : allMarks, content)
        search.findsDisks = withDisks
        search.needsWhole = streams == .whole
        search.firstStream = start
        search.endsWithDamage = streams != .carried
        var count = 0
        // Pieces of damaged streams may overlap: together they are no more than what there is.
        var damagedLeft = content.count
        while let archive = search.next(content) {
            guard count < sink.limits.hiddenArchives else {
                // Nobody opens all that a database has.
                let limit = ContainerLimit.hiddenArchives
                if streams == .stored { return sink.report(.note, limit.rawValue) }
                return sink.report(limit)
            }
            count += 1
            var member = Member(flags: .slack, role: "archive behind other content")
            // Databases cut into pages, and recordings into packets, what they store.
            if search.isDamaged, search.endsWithDamage {
                guard archive.count <= damagedLeft else { continue }
                damagedLeft -= archive.count
                if streams == .stored { member.flags.insert(.quoted) }
            }
            guard sink.add(member, range: archive) else { return }
        }
    }

    /// What compressed files within a content are.
    enum Streams {
        /// Its own way to store: only those count that decode to their end or are no chance, and archives with a mark of their own.
        case whole
        /// What a program or script unpacks: one that is damaged may be read all the same, and goes on to the end.
        case carried
        /// Data among others, maybe in pieces.
        case stored
    }

    /// An archive begins somewhere behind the first octet.
    /// - Parameter orStream: a compressed file counts as well.
    static func isIn(_ content: Span<UInt8>, orStream: Bool = false, _ sink: any MemberSink) -> Bool {
        var search = Search(sink, orStream ? allMarks : marks, content)
        return search.next(content) != nil
    }

    /// Archives of RAR, 7z, cab, ARJ and LHA that begin in some parts of a content, behind its first octet.
    /// - Parameters:
    ///   - isLHA: the content is such an archive: the header of each of its members has the mark.
    ///   - use: takes an archive, and whether its headers lead to its end; false ends the search.
    static func forEachMarked(
        _ content: Span<UInt8>, in parts: [Range<Int>], isLHA: Bool, _ sink: any MemberSink,
        _ use: (_ archive: Range<Int>, _ isWhole: Bool) -> Bool
    ) {
        var passed = 0
        for mark in strayMarks where !(isLHA && mark.bytes[0] == 0x2D) {
            var from = 1
            for part in parts {
                from = max(from, part.lowerBound)
                // It begins in the part, and may end behind it.
                let end = part.upperBound + mark.offset + mark.bytes.count - 1
                while let place = content.firstIndex(of: mark.bytes, from: from + mark.offset, to: end) {
                    let start = place - mark.offset
                    from = start + 1
                    passed += 1
                    if passed % Search.marksPerLook == 0, !sink.mayGoOn() { return }
                    guard isArchive(content, at: start, mark) else { continue }
                    // Those of members are for the reader of their archive.
                    if mark.bytes[0] == 0x60, !ArjReader.isMain(content, at: start) { continue }
                    let stated = statedEnd(of: content, at: start, mark, sink)
                    guard use(start..<(stated ?? content.count), stated != nil) else { return }
                    // One that does not say where it ends covers nothing.
                    from = stated ?? start + 1
                }
            }
        }
    }

    /// Goes through content once for all marks together, and once for each that is there.
    private struct Search {
        /// What is known of one mark.
        private enum Place {
            case unknown
            case found(Int)
            case none
        }

        /// Marks that are passed between two looks at the clock.
        fileprivate static let marksPerLook = 4096

        private let sink: any MemberSink
        private let marks: [Mark]
        /// Where each mark stands first.
        private let first: [Int?]
        private var places: [Place]
        private var from = 1
        private var arjHeadersLeft: Int
        private var streams: HiddenStreams
        /// The streams that were found, by where they begin.
        private var found: [Int: HiddenStreams.Found] = [:]
        /// A damaged stream ends where decoding does, rather than with the content.
        var endsWithDamage = false
        /// Where a stream may begin first.
        var firstStream = 0
        /// Where one with gaps may: descriptors of an image follow each other, and each could be the first of another.
        private var firstImage = 0
        /// A damaged stream is none, unless it is sure to be one.
        var needsWhole = false
        var findsDisks = true
        /// The last stream was damaged.
        private(set) var isDamaged = false

        init(_ sink: any MemberSink, _ marks: Marks, _ content: Span<UInt8>) {
            self.sink = sink
            self.marks = marks.all
            first = marks.sequences.firstPlaces(in: content)
            arjHeadersLeft = sink.limits.marks
            places = first.map { $0 == nil ? .none : .unknown }
            streams = HiddenStreams(sink)
        }

        /// The next archive; it ends where it says, or else with the content.
        mutating func next(_ content: Span<UInt8>) -> Range<Int>? {
            var next: (start: Int, mark: Mark)?
            for (index, mark) in marks.enumerated() {
                if case .found(let start) = places[index], start < from { places[index] = .unknown }
                if case .unknown = places[index] {
                    places[index] = find(mark, first[index] ?? 0, content).map { Place.found($0) } ?? .none
                }
                if case .found(let start) = places[index], start < next?.start ?? .max { next = (start, mark) }
            }
            guard let (first, mark) = next else { return nil }
            let end = found[first]?.end ?? statedEnd(of: content, at: first, mark, sink) ?? content.count
            isDamaged = found[first].map { !$0.isWhole } ?? false
            guard isDamaged else {
                let hasGaps = found[first]?.hasGaps == true
                if hasGaps { firstImage = first + StructureChecks.firstDescriptor }
                from = hasGaps ? first + 1 : end
                return first..<end
            }
            // Whatever stands behind the damage, decoding may have gone over it.
            from = endsWithDamage ? first + 1 : content.count
            return first..<(endsWithDamage ? end : content.count)
        }

        /// Programs that unpack have the marks among their constants, so each is looked at closely.
        /// - Parameter first: where it stands first.
        private mutating func find(_ mark: Mark, _ first: Int, _ content: Span<UInt8>) -> Int? {
            var position = max(first, (mark.isStream ? max(from, firstStream) : from) + mark.offset)
            if mark.isDisk, !findsDisks { return nil }
            var passed = 0
            while let place = content.firstIndex(of: mark.bytes, from: position) {
                position = place + 1
                passed += 1
                if passed % Self.marksPerLook == 0, !sink.mayGoOn() { return nil }
                let start = place - mark.offset
                if mark.isDisk {
                    guard let end = HiddenDisks.end(in: content, at: start) else { continue }
                    found[start] = HiddenStreams.Found(end: end)
                    return start
                }
                if mark.isStream {
                    guard let stream = streams.find(in: content, at: start),
                        stream.isWhole || stream.isSure || !needsWhole,
                        !stream.hasGaps || start >= firstImage
                    else { continue }
                    found[start] = stream
                    return start
                }
                if content[start] == 0x60 {
                    guard ArjReader.mayBeHeader(content, at: start) else { continue }
                    guard sink.mayGoOn() else { return nil }
                    guard arjHeadersLeft > 0 else {
                        sink.report(.arjMarks)
                        return nil
                    }
                    arjHeadersLeft -= 1
                }
                if isArchive(content, at: start, mark) { return start }
            }
            return nil
        }
    }

    private static func isArchive(_ content: Span<UInt8>, at start: Int, _ mark: Mark) -> Bool {
        switch mark.bytes[0] {
        case 0x52:
            if content.hasBytes([0x01, 0x00], at: start + 6) {
                return ArchiveFacts.hasRAR5Checksum(content.extracting(start..<content.count))
            }
            return content.hasBytes([0x00], at: start + 6)
                && RarListing.beginsVersion4(content.extracting(start..<content.count))
        case 0x37:
            return ArchiveFacts.hasSevenZipChecksum(content, at: start)
        case 0x4D:
            return CabinetHeader.isBehindOthers(content.extracting(start..<content.count))
        case 0x60:
            return ArjReader.mayBeHeader(content, at: start) && ArjReader.isHeader(content, at: start)
        case 0x2D:
            return LHAHeader.isHere(content.extracting(start..<content.count))
        case 0x49:
            return CompiledHelp.isBehindOthers(content.extracting(start..<content.count))
        case 0x28:
            return TextReader.beginsBinHex(content, at: start)
        case 0xEF:
            // A program with it is known as what it is.
            return !StructureChecks.isMZ(content) && StructureChecks.isHeaderOfNSIS(content, at: start)
        default:
            // A main header has type 0, and a size that reaches behind the mark.
            return content.hasBytes([0], at: start + 4) && content.littleEndian16(at: start + 2) ?? 0 > 10
        }
    }

    /// Where an archive ends by its own headers, behind its start; nil when they do not say it.
    private static func statedEnd(of content: Span<UInt8>, at start: Int, _ mark: Mark, _ sink: any MemberSink) -> Int?
    {
        let archive = content.extracting(start..<content.count)
        let size: Int? =
            switch mark.bytes[0] {
            case 0x52:
                RarListing(archive, archive.hasBytes([0x01], at: 6) ? .rar5 : .rar, while: { sink.mayGoOn() })
                    .endOfArchive
            case 0x37: ArchiveEnd.ofSevenZip(archive)
            case 0x4D: archive.littleEndian32(at: 8).map { Int($0) }
            case 0x60: ArjReader.end(archive, while: { sink.mayGoOn() })
            case 0x2D: LHAHeader.endOfArchive(archive, while: { sink.mayGoOn() })
            case 0x28: TextReader.endOfBinHex(archive)
            default: nil
            }
        return size.flatMap { 1...archive.count ~= $0 ? start + $0 : nil }
    }
}
