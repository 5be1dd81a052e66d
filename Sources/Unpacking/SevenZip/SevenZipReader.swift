internal import Bytes
internal import Codecs
internal import Compression
internal import Members

/// Reads 7z archives by their own header, one folder after the other: a coder that is unknown, or encryption, keeps nothing
/// from being read but its own folder.
struct SevenZipReader {
    static let what = "7z archive"
    /// Headers within each other: encoded ones hold a header.
    private static let mostHeaders = 4
    /// Octets of the largest header.
    private static let largestHeader = 16_777_216
    /// Octets of the largest archive that is copied folder by folder where libarchive could read it as it is.
    private static let largestCopied = 16_777_216

    let sink: any MemberSink
    private let passwords: PasswordSupply
    private let maker: PasswordKeys
    /// The password that was right last: most often that of the next folder as well.
    private var last: Passwords.Candidate?
    /// A folder stays encrypted.
    private var hasClosed = false
    /// Passwords that were tried in vain.
    private var misses = 0
    /// What was packed from a pipe: one member, and no list of names. Programs call it after the archive.
    private var isUnnamed = false

    private init(_ sink: any MemberSink, _ passwords: @escaping PasswordSupply, _ maker: PasswordKeys) {
        self.sink = sink
        self.passwords = passwords
        self.maker = maker
    }

    /// Returns false, with nothing handed out, when the header cannot be read, or when libarchive can read all of the archive
    /// and it is too large to be copied for nothing.
    /// - Parameter keys: of all archives of the message.
    static func read(
        _ content: Span<UInt8>, passwords: @escaping PasswordSupply, keys: PasswordKeys, into sink: any MemberSink
    ) -> Bool {
        var reader = SevenZipReader(sink, passwords, keys)
        guard let header = reader.header(content) else { return false }
        reader.isUnnamed = header.files.count == 1 && !header.hasNames
        let isOfLibrary = header.folders.allSatisfy(\.isOfLibrary)
        if isOfLibrary, !reader.isUnnamed, reader.last == nil, content.count > largestCopied { return false }
        reader.readFolders(header, content)
        if reader.hasClosed {
            // Noise is all that either of them gives.
            let doubt = reader.last == nil ? "" : ": another password than that of other members, or damaged"
            sink.report(.encrypted, "member of \(what)\(doubt)")
        }
        if let last = reader.last { sink.report(openedWith: last.source) }
        if sink.mayGoOn(), let end = ArchiveEnd.ofSevenZip(content) {
            ArchiveEnd.addRest(of: content, from: end, what, into: sink)
        }
        return true
    }

    // MARK: Header

    private mutating func header(_ content: Span<UInt8>) -> SevenZipHeader? {
        guard let offset = content.littleEndian64(at: 12), let size = content.littleEndian64(at: 20), size > 0,
            let stated = content.littleEndian32(at: 28), offset <= UInt64(content.count), size <= UInt64(content.count)
        else { return nil }
        let range = content.clamped(SevenZipHeader.start + Int(offset), Int(size))
        guard range.count == Int(size), crc32(content.extracting(range)) == stated else { return nil }
        var bytes = content.extracting(range).array
        for _ in 0..<Self.mostHeaders {
            guard bytes.first == UInt8(SevenZipHeader.Property.encodedHeader) else {
                return SevenZipHeader(bytes.span, archive: content.count)
            }
            guard let encoded = SevenZipHeader(encoded: bytes.span, archive: content.count),
                let folder = encoded.folders.first, folder.size <= min(Self.largestHeader, sink.room),
                let stream = encoded.streams.first?.first,
                let packed = packed(
                    folder, encoded.packed.prefix(folder.packedStreams.count), content, stream,
                    isProved: { SevenZipHeader.begins($0) })
            else { return nil }
            var decoded: [UInt8] = []
            guard
                case .complete = decode(
                    packed,
                    { piece in
                        piece.withUnsafeBufferPointer { decoded.append(contentsOf: $0) }
                        return decoded.count <= folder.size
                    })
            else { return nil }
            sink.spend(decoded.count)
            bytes = decoded
        }
        return nil
    }

    // MARK: Folders

    /// A folder without its encryption, and the streams that it gets.
    struct Packed {
        var folder: SevenZipFolder
        var streams: [[UInt8]]
    }

    enum End {
        case complete
        case stopped
        case unsupported
        /// Decoding takes more memory than it may.
        case memory
        case failed
    }

    private mutating func readFolders(_ header: SevenZipHeader, _ content: Span<UInt8>) {
        var files = header.files[...]
        // Those without content stand between the others.
        func takeFiles(_ count: Int) -> [SevenZipHeader.File] {
            var taken: [SevenZipHeader.File] = []
            var left = count
            while let file = files.first, left > 0 || !file.hasStream {
                files.removeFirst()
                taken.append(file)
                if file.hasStream { left -= 1 }
            }
            return taken
        }
        var next = 0
        for (index, folder) in header.folders.enumerated() {
            guard sink.mayGoOn() else { return }
            let ranges = header.packed.dropFirst(next).prefix(folder.packedStreams.count)
            next += folder.packedStreams.count
            guard read(folder, takeFiles(header.streams[index].count), header.streams[index], ranges, content) else {
                return
            }
        }
        // Without any folder, or more than the folders have.
        for file in files where sink.mayGoOn() {
            if file.hasStream { sink.report(.corrupt, "damaged \(Self.what)") }
            guard add(file) else { return }
        }
    }

    /// Returns false when the sink wants no more.
    private mutating func read(
        _ folder: SevenZipFolder, _ files: [SevenZipHeader.File], _ streams: [SevenZipHeader.Stream],
        _ ranges: ArraySlice<Range<Int>>, _ content: Span<UInt8>
    ) -> Bool {
        for file in files where !file.hasStream {
            guard add(file) else { return false }
        }
        let withContent = files.filter(\.hasStream)
        if withContent.count < streams.count { sink.report(.corrupt, "damaged \(Self.what)") }
        guard !withContent.isEmpty || !streams.isEmpty else { return true }
        let packed = packed(folder, ranges, content, streams.first { $0.size > 0 }) { GuessedContent.isProved($0) }
        guard let packed else {
            if !isInMemory(ranges) {
                sink.report(.folder, of: Self.what)
            } else if folder.isEncrypted {
                hasClosed = true
            } else {
                sink.report(.corrupt, "damaged \(Self.what)")
            }
            return withContent.allSatisfy { add($0, folder.isEncrypted ? .encrypted : []) }
        }
        var splitter = SevenZipSplitter(
            sink, withContent.map { member($0, folder.isEncrypted ? [.decrypted, .guessed] : []) }, streams)
        let end = decode(packed) { splitter.append($0) }
        splitter.finish()
        switch end {
        case .complete: if splitter.isShort { sink.report(.corrupt, "damaged \(Self.what)") }
        case .stopped: return false
        case .unsupported: sink.report(.unsupported, "method in \(Self.what)")
        case .memory: sink.report(.dictionary, of: Self.what)
        case .failed: sink.report(.corrupt, "damaged \(Self.what)")
        }
        if splitter.hasWrongChecksum { sink.report(.corrupt, "member of \(Self.what) with a wrong checksum") }
        return !splitter.isStopped
    }

    /// A folder, as it is packed, is in memory as a whole.
    private func isInMemory(_ ranges: ArraySlice<Range<Int>>) -> Bool {
        ranges.reduce(0) { $0 + $1.count } <= sink.limits.buffer
    }

    private func add(_ file: SevenZipHeader.File, _ flags: MemberFlags = []) -> Bool {
        let member = member(file, flags)
        let isEmpty = !file.hasStream && member.flags.isDisjoint(with: [.directory, .symbolicLink, .special])
        return isEmpty ? sink.add(member, content: []) : sink.add(member)
    }

    private func member(_ file: SevenZipHeader.File, _ flags: MemberFlags) -> Member {
        var member = Member(names: file.name.isEmpty ? [] : [file.name], flags: flags)
        if !member.hasReadableName {
            sink.report(isUnnamed ? .note : .ambiguous, "member of \(Self.what) without a readable name")
        }
        if file.isDirectory || file.attributes & 0x10 != 0 { member.flags.insert(.directory) }
        // A Unix mode stands in the upper half where this bit says so.
        switch file.attributes & 0x8000 != 0 ? file.attributes >> 16 & 0o170000 : 0 {
        case 0o120000: member.flags.insert(.symbolicLink)
        case 0o010000, 0o020000, 0o060000, 0o140000: member.flags.insert(.special)
        default: break
        }
        return member
    }

    // MARK: Encryption

    /// A folder with its streams, decrypted where they are encrypted; nil when that is not possible.
    /// - Parameters:
    ///   - first: what it decodes to first, which tells whether a password is right.
    ///   - isProved: the same by its first octets, where the archive has no checksum of it.
    private mutating func packed(
        _ folder: SevenZipFolder, _ ranges: ArraySlice<Range<Int>>, _ content: Span<UInt8>,
        _ first: SevenZipHeader.Stream?, isProved: (Span<UInt8>) -> Bool
    ) -> Packed? {
        guard ranges.count == folder.packedStreams.count, isInMemory(ranges) else { return nil }
        let streams = ranges.map { content.extracting($0).array }
        guard folder.isEncrypted else { return Packed(folder: folder, streams: streams) }
        guard let inner = folder.withoutEncryption(), let first else { return nil }
        let others = passwords().candidates.filter { $0.password != last?.password }
        for candidate in (last.map { [$0] } ?? []) + others {
            guard sink.mayGoOn() else { return nil }
            guard misses < maker.most || candidate.password == last?.password,
                let keys = keys(folder, candidate.password)
            else {
                sink.report(.note, ContainerLimit.passwordKeys.rawValue)
                return nil
            }
            if let plain = decrypted(folder, streams, keys) {
                let packed = Packed(folder: inner, streams: plain)
                if isRight(packed, first, isProved) {
                    last = candidate
                    return packed
                }
            }
            misses += 1
        }
        return nil
    }

    /// Keys by salt and rounds; nil when there are too many.
    private func keys(_ folder: SevenZipFolder, _ password: [UInt8]) -> [[UInt8]: [UInt8]]? {
        var keys: [[UInt8]: [UInt8]] = [:]
        for coder in folder.coders where coder.isAES {
            guard let encryption = SevenZipAES(coder.properties), keys[encryption.keyName] == nil else { continue }
            let key = maker.key(.sevenZip, encryption.keyName, password, rounds: encryption.cost) {
                encryption.key(password)
            }
            guard let key else { return nil }
            keys[encryption.keyName] = key
        }
        return keys
    }

    /// The packed streams without their encryption.
    private func decrypted(
        _ folder: SevenZipFolder, _ streams: [[UInt8]], _ keys: [[UInt8]: [UInt8]]
    ) -> [[UInt8]]? {
        var out: [[UInt8]] = []
        for (stream, place) in zip(streams, folder.packedStreams) {
            guard let (coder, number) = folder.coder(ofInStream: place) else { return nil }
            guard coder.isAES else {
                out.append(stream)
                continue
            }
            guard let encryption = SevenZipAES(coder.properties), let key = keys[encryption.keyName],
                let plain = encryption.decrypt(stream.span, key: key, size: folder.unpackSizes[number])
            else { return nil }
            out.append(plain)
        }
        return out
    }

    /// Octets of a first stream without checksum that are looked at.
    private static let headSize = 65_536

    /// The first stream has its checksum, or else, where there is none, all of the folder decodes and the stream begins as
    /// content does.
    private func isRight(
        _ packed: Packed, _ first: SevenZipHeader.Stream, _ isProved: (Span<UInt8>) -> Bool
    ) -> Bool {
        var sum: UInt32 = 0
        var head: [UInt8] = []
        var left = min(first.size, sink.room)
        let end = decode(packed) { piece in
            let taken = piece.extracting(0..<min(left, piece.count))
            if first.checksum == nil {
                let room = taken.extracting(0..<min(taken.count, Self.headSize - head.count))
                room.withUnsafeBufferPointer { head.append(contentsOf: $0) }
            }
            sum = crc32(taken, seed: sum)
            left -= taken.count
            return left > 0 || first.checksum == nil
        }
        if let checksum = first.checksum, left == 0 { return sum == checksum }
        guard case .complete = end, first.checksum == nil else { return false }
        return isProved(head.span)
    }
}
