internal import Bytes
internal import Checks
internal import Digests
internal import Documents
internal import InspectionLink
internal import MIME
internal import Magic
internal import MailModel
internal import Members
internal import Unpacking

/// Taking containers apart: what the parts of a message hold, and what that holds.
extension Inspection.Run {
    /// Passwords that the message tells, for its encrypted members.
    static func passwords(_ message: Span<UInt8>, _ walker: PartWalker, site: [String], _ request: Inspect) -> Passwords
    {
        var finder = PasswordFinder()
        let files = walker.tree.parts.indices.count {
            walker.tree.parts[$0].kind == .leaf && walker.text($0) == nil
        }
        finder.read(message: message)
        for address in request.context.addresses { finder.read(address: Array(address.utf8)) }
        for part in walker.tree.parts where part.kind == .leaf && part.reading == 0 {
            for name in part.names { finder.read(fileName: Array(name.utf8)) }
        }
        // Messages that are attached, and what the parts say of themselves.
        for index in walker.tree.parts.indices.dropFirst().prefix(headers)
        where walker.tree.parts[index].reading == 0 {
            walker.tree.withHeader(of: index, in: message) { finder.read(message: $0) }
        }
        var notes = ArchiveTexts.most
        for index in walker.tree.parts.indices {
            guard walker.tree.parts[index].kind.hasContent, walker.tree.parts[index].reading == 0 else { continue }
            var decoded: [UInt8] = []
            guard let (mediaType, charset) = walker.text(index) else {
                // A note may be attached as anything; but for itself there must be something to open.
                guard notes > 0 else { continue }
                _ = walker.tree.decodeBody(of: index, in: message, into: &decoded, limit: DocumentWords.textSize + 1)
                let isDocument = DocumentWords.isDocument(decoded.span)
                if isDocument, files == 1 { continue }
                if isDocument, decoded.count > DocumentWords.textSize {
                    decoded.removeAll(keepingCapacity: true)
                    _ = walker.tree.decodeBody(of: index, in: message, into: &decoded, limit: DocumentWords.size + 1)
                }
                if finder.read(file: decoded.span) { notes -= 1 }
                continue
            }
            _ = walker.tree.decodeBody(of: index, in: message, into: &decoded, limit: Self.passwordText)
            let text = TextContent.read(
                decoded.span, mediaType: mediaType, charset: charset, limit: Self.passwordText)
            let shown = text.html?.visible ?? text.text
            finder.read(text: shown.span, isWhole: true)
            // A reader may look at the title, too, at what stands for a picture, and at fields.
            if text.html != nil {
                let words = MarkupWords.read(text.text.span, limit: Self.passwordText)
                finder.read(text: words.span)
            }
        }
        return finder.passwords(site: site, limit: request.limits.unpacking.passwords)
    }

    /// Lends the contents of the parts that may be containers, for what texts in them tell of passwords.
    static func containers(_ message: Span<UInt8>, _ walker: PartWalker, _ use: (Span<UInt8>) -> Void) {
        for index in walker.tree.parts.indices
        where walker.tree.parts[index].kind == .leaf && walker.tree.parts[index].reading == 0
            && walker.text(index) == nil
        {
            var decoded: [UInt8] = []
            _ = walker.tree.decodeBody(of: index, in: message, into: &decoded, limit: largestContainer)
            use(decoded.span)
        }
    }

    /// Octets of a part that are looked at so.
    private static let largestContainer = 16_777_216
    /// Parts whose headers are read for passwords.
    private static let headers = 64
    /// Octets of one part's text that are read for passwords.
    private static let passwordText = 262_144

    /// Recognises content, queues what is in it, and scans it.
    /// - Parameters:
    ///   - item: the member that it is; nil for a part of the message.
    ///   - structure: what the MIME reader makes of it.
    mutating func look(
        _ content: Span<UInt8>, part: Int, item: Unpacker.Item?, structure: PartWalker.Structure = .none
    ) {
        let isText = item == nil && builder.report.parts[part].declaredType.hasPrefix("text/")
        let opened = unpacker.open(
            content, as: part, item: item, mail: isText ? .text : structure.hasParts ? .opened : .open,
            asEncodedText: !structure.mayHoldBlocks, isQuoted: structure.isCutOff,
            namedPage: PageName.page(builder.report.parts[part]),
            isPiece: ArchiveNames.arePiece(builder.report.parts[part].names))
        if isForTokensOnly {
            // What is in it is called by its type and name.
            builder.describe(part) { $0.detectedType = opened.types.first?.mediaType ?? "" }
            takeTokens(of: content, opened, item: item)
            return
        }
        let detected = detectedType(content, opened.types, isText: isText)
        builder.describe(part) {
            $0.detectedType = detected
            $0.types = Self.shortTypes(opened.types, content)
        }
        if BannedStage.isDisplayed(content, builder.report.parts[part], in: builder.report) {
            mark("displayed", part: part)
        }
        if let type = opened.types.first, type != .text { builder.addNote(type.title, part: part) }
        for type in opened.types.dropFirst() { builder.addNote("also \(type.title)", part: part) }
        fileLinks?.take(
            content, opened,
            isText: item == nil && TextContent.isText(builder.report.parts[part].declaredType))
        for fact in opened.facts {
            mark(fact.kind.rawValue, part: part)
            // Where a password comes from is a note already.
            if fact.kind == .password { continue }
            builder.addNote("\(fact.kind.rawValue): \(String(decoding: fact.text, as: UTF8.self))", part: part)
        }
        let problems = ArchiveNames.problems(
            of: opened, names: builder.report.parts[part].names,
            isQuoted: item?.member.flags.contains(.quoted) == true)
        let isDamaged = problems.contains { $0.kind == .corrupt }
        for problem in problems { note(problem, part: part, isDamaged: isDamaged) }
        // No archive is without control characters, whatever word it begins with.
        if opened.types.isEmpty || opened.types == [.text], Self.archives.contains(detected),
            !content.hasOnlyControlsOfText
        {
            let isQuoted = item?.member.flags.contains(.quoted) == true || structure.isCutOff
            note(
                ContainerProblem(isQuoted ? .note : .corrupt, "an archive by its first octets, and by no other"),
                part: part, isDamaged: true)
        }
        for limit in opened.limits { builder.reach(limit.rawValue, part: part) }
        clock.spent(.unpack)
        if let item, item.isEmbedded { takeHTML(content, part: part, item, opened.types) }
        takeUnreadHTML(part: part, opened)
        materialise(content, part: part)
        takeTokens(of: content, opened, item: item)
        scan(content, part: part, opened)
    }

    /// Archives and compressed files as libmagic names them, by signatures that are met by chance no more than ours. Where our
    /// own recognition asks for more and does not find it, the content is damaged, and some programs open it all the same.
    private static let archives: Set<String> = [
        "application/gzip", "application/java-archive", "application/vnd.debian.binary-package",
        "application/vnd.ms-cab-compressed", "application/vnd.rar", "application/x-7z-compressed",
        "application/x-archive", "application/x-arj", "application/x-bzip2", "application/x-cpio",
        "application/x-gtar", "application/x-iso9660-image", "application/x-lha", "application/x-lharc",
        "application/x-lz4", "application/x-lzip", "application/x-rar", "application/x-rpm", "application/x-tar",
        "application/x-ustar", "application/x-xz", "application/zip", "application/zstd",
    ]

    /// The media type: libmagic is asked where our own signatures say nothing, or no more than that it is text.
    private func detectedType(_ content: Span<UInt8>, _ types: [FileType], isText: Bool) -> String {
        let own = types.first?.mediaType ?? ""
        guard types.isEmpty || (types == [.text] && !isText), content.count > 0 else { return own }
        return magic?.mediaType(of: content) ?? own
    }

    /// - Parameter isDamaged: something in the same content is.
    mutating func note(_ problem: ContainerProblem, part: Int, isDamaged: Bool) {
        switch problem.kind {
        // Another way to decode a part gives garbage more often than not.
        case .corrupt where builder.report.parts[part].reading > 0,
            .cut where builder.report.parts[part].reading > 0,
            .unsupported where builder.report.parts[part].reading > 0 && isDamaged:
            builder.addNote(problem.detail, part: part)
        case .corrupt, .cut: builder.addUnchecked(.corrupt, part: part, problem.detail)
        case .unsupported: builder.addUnchecked(.unsupported, part: part, problem.detail)
        case .encrypted:
            builder.addUnchecked(.encrypted, part: part, problem.detail)
            builder.describe(part) { $0.encrypted = true }
        case .overLimits: builder.addUnchecked(.overLimits, part: part, problem.detail)
        case .ambiguous: builder.addUnchecked(.ambiguous, part: part, problem.detail)
        case .note: builder.addNote(problem.detail, part: part)
        }
    }

    /// Looks at every member of every container, breadth first.
    mutating func takeMembers() {
        while let item = unpacker.next() {
            let holder = builder.report.parts[item.container]
            let memberNames = ArchiveNames.names(of: item.member, in: holder)
            let description = PartDescription(
                path: "\(holder.path)/\(item.number)",
                names: memberNames.map { NameReadings.shown($0, item.member.flags) },
                size: item.size, encrypted: item.member.flags.contains(.encrypted),
                origin: item.isEmbedded ? .embedded : .archive, reading: holder.reading, container: item.container)
            let part = builder.add(description)
            for (flag, word) in Self.memberMarks where item.member.flags.contains(flag) { mark(word, part: part) }
            if !names.add(memberNames, part: part) { builder.reach("name-readings", part: part) }
            for note in Self.notes(item.member) { builder.addNote(note, part: part) }
            if item.hasContent { lookAtMember(item, part: part) }
            unpacker.release(item)
        }
        if let failure = unpacker.workspaceFailure { failWorkspace(failure) }
    }

    private mutating func lookAtMember(_ item: Unpacker.Item, part: Int) {
        let unpacker = unpacker
        _ = unpacker.withContent(of: item) { content in
            if !isForTokensOnly {
                let digest = content.withUnsafeBytes { SHA256.digest($0) }
                builder.describe(part) { $0.sha256 = digest }
                clock.spent(.digest)
            }
            look(content, part: part, item: item)
        }
    }

    /// What the content is called in rules, each name once.
    private static func shortTypes(_ types: [FileType], _ content: Span<UInt8>) -> [String] {
        var names: [String] = []
        for name in types.flatMap({ ShortTypes.names(of: $0.name) }) where !names.contains(name) { names.append(name) }
        if names.isEmpty { names = [content.count == 0 ? ShortTypes.empty : ShortTypes.unrecognised] }
        if !types.contains(where: { $0.name == "script" }), !isUnicodeText(content) {
            names = ShortTypes.ofPlainText(names)
        }
        return Array(names.prefix(ReportLimits().types))
    }

    /// Octets of text of which file(1) tells the encoding.
    private static let encodingPrefix = 65_536

    /// Text that file(1) calls UTF-8 or UTF-16, rather than ASCII or ISO-8859.
    private static func isUnicodeText(_ content: Span<UInt8>) -> Bool {
        let head = content.extracting(0..<min(content.count, encodingPrefix)).withUnsafeBufferPointer { Array($0) }
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return true }
        guard head.contains(where: { $0 >= 0x80 }) else { return false }
        // The last character may be cut.
        let cut = head.count < encodingPrefix ? 0 : head.suffix(3).reversed().prefix { $0 & 0xC0 == 0x80 }.count + 1
        return String(validating: head.dropLast(cut), as: UTF8.self) != nil
    }

    /// Notes what rules on files may ask for.
    private mutating func mark(_ word: String, part: Int) { marks[part, default: []].insert(word) }

    private static let memberMarks: [(MemberFlags, String)] = [
        (.directory, "directory"), (.symbolicLink, "link"), (.hardLink, "link"), (.special, "special"),
        (.macro, "macro"), (.decrypted, "decrypted"),
    ]

    private static func notes(_ member: Member) -> [String] {
        var notes = member.role.isEmpty ? [] : [member.role]
        let words: [(MemberFlags, String)] = [
            (.directory, "directory"), (.symbolicLink, "symbolic link"), (.hardLink, "hard link"),
            (.special, "device, FIFO or socket"), (.macro, "macro"), (.slack, "between or behind members"),
            (.decrypted, "was encrypted"),
        ]
        for (flag, word) in words where member.flags.contains(flag) { notes.append(word) }
        return notes
    }
}
