internal import Bytes
internal import Members

/// Reads compound files: every stream becomes a member, and what Office, Outlook and Windows installer keep in them is
/// taken apart further.
struct CompoundDocument {
    private let extraction: Extraction
    private let file: CompoundFile
    /// Indices of the entries within each storage.
    private var children: [Int: [Int]] = [:]
    private let isInstaller: Bool
    private let isMessage: Bool
    /// Octets of streams that may still be read: streams that share sectors are a bomb.
    private var octetsLeft: Int
    /// A stream was cut at a limit: it is the last one.
    private var isOver = false

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard let file = CompoundFile(bytes, entryLimit: extraction.limits.items) else {
            extraction.problem(.corrupt, "compound file without a readable header")
            return
        }
        if file.limitReached { extraction.problem(.directoryEntries) }
        if file.isDamaged { extraction.problem(.corrupt, "tables of the compound file") }
        var document = CompoundDocument(file, extraction, size: bytes.count)
        document.read(bytes)
    }

    private init(_ file: CompoundFile, _ extraction: Extraction, size: Int) {
        self.file = file
        self.extraction = extraction
        let root = file.entries.first { $0.kind == .root }
        isInstaller =
            root.map { InstallerNames.isInstaller($0.classID) } == true
            || file.entries.contains { $0.name.starts(with: "\u{4840}".utf8) }
        isMessage = file.entries.contains { $0.name.starts(with: "__properties_version1.0".utf8) }
        // Honest files hold less than they are long; what damaged ones hold twice is no harm yet.
        octetsLeft = size * 2 + 65_536
        for (index, entry) in file.entries.enumerated() {
            if let parent = entry.parent { children[parent, default: []].append(index) }
        }
    }

    private mutating func read(_ bytes: Span<UInt8>) {
        for (index, entry) in file.entries.enumerated() where !isOver && !extraction.isStopped {
            switch entry.kind {
            case .storage, .root: storage(index, bytes)
            case .stream: stream(index, bytes)
            }
        }
    }

    /// The stream `name` in a storage.
    private func child(_ name: String, of storage: Int) -> Int? {
        children[storage]?.first {
            file.entries[$0].kind == .stream && equalNames(file.entries[$0].name, Array(name.utf8))
        }
    }

    /// Names are compared without case ([MS-CFB] 2.6.4).
    private func equalNames(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && zip(left, right).allSatisfy { asciiLower($0) == asciiLower($1) }
    }

    private mutating func content(_ index: Int, _ bytes: Span<UInt8>) -> [UInt8] {
        let entry = file.entries[index]
        let most = min(extraction.room, octetsLeft)
        let (content, isWhole) = file.stream(entry, of: bytes, limit: most)
        octetsLeft -= content.count
        extraction.charge(content.count)
        if !isWhole {
            if entry.size > most, most < bytes.count {
                extraction.problem(.streamOctets)
                isOver = true
            } else {
                extraction.problem(.corrupt, "stream of the compound file is cut off")
            }
        }
        return content
    }

    // MARK: Storages

    private mutating func storage(_ index: Int, _ bytes: Span<UInt8>) {
        if let information = child("EncryptionInfo", of: index), let package = child("EncryptedPackage", of: index) {
            encrypted(content(information, bytes), content(package, bytes))
        }
        if let directory = child("dir", of: index), let project = project(directory, bytes) {
            extraction.fact(.macro, Array(project.modules.map(\.name).joined(separator: Array(", ".utf8))))
            modules(project, index, bytes)
        }
        if let word = child("WordDocument", of: index) { wordDocument(word, index, bytes) }
        if let workbook = child("Workbook", of: index) ?? child("Book", of: index) { self.workbook(workbook, bytes) }
        if let presentation = child("PowerPoint Document", of: index) {
            PowerPointRecords.read(content(presentation, bytes).span, extraction)
            if let user = child("Current User", of: index), PowerPointRecords.isEncrypted(content(user, bytes).span) {
                extraction.problem(.encrypted, "presentation")
            }
        }
        if file.entries[index].classID == Self.equationClass { extraction.fact(.equation, Array("Equation.3".utf8)) }
        if file.entries[index].name.starts(with: "__attach_version1.0".utf8) { attachment(index, bytes) }
    }

    private func encrypted(_ information: [UInt8], _ package: [UInt8]) {
        var passwords = PasswordTries(wellKnown: [PasswordTries.officeDefault], extraction.options)
        let opened = EncryptedPackage.open(
            information: information.span, package: package.span, mostRounds: extraction.options.limits.agileRounds,
            &passwords)
        extraction.report(passwords)
        if let opened {
            extraction.opened(with: opened.source)
            if !opened.isProved { extraction.problem(.encrypted, "Office document") }
            extraction.member(.decrypted, opened.content.span)
        } else {
            extraction.problem(.encrypted, "Office document")
        }
    }

    private mutating func project(_ directory: Int, _ bytes: Span<UInt8>) -> VBAProject? {
        guard let text = VBACompression.decompress(content(directory, bytes).span, at: 0, limit: extraction.bufferRoom)
        else {
            return nil
        }
        extraction.charge(text.count)
        return VBAProject(text.span)
    }

    private mutating func modules(_ project: VBAProject, _ storage: Int, _ bytes: Span<UInt8>) {
        for index in children[storage] ?? [] where file.entries[index].kind == .stream {
            let name = file.entries[index].name
            guard !equalNames(name, Array("dir".utf8)), extraction.countItem() else { continue }
            let stream = content(index, bytes)
            guard let source = project.source(of: name, stream.span, limit: extraction.bufferRoom) else { continue }
            extraction.charge(source.count)
            extraction.member(.macro, names: [name], source.span)
        }
    }

    private mutating func wordDocument(_ index: Int, _ storage: Int, _ bytes: Span<UInt8>) {
        let stream = content(index, bytes)
        guard !WordDocument.isEncrypted(stream.span) else {
            extraction.problem(.encrypted, "Word document")
            return
        }
        WordDocument.ddeFields(stream.span, extraction)
        let table = String(decoding: WordDocument.tableName(stream.span), as: UTF8.self)
        if let index = child(table, of: storage) {
            WordDocument.template(stream.span, content(index, bytes).span, extraction)
        }
    }

    private mutating func workbook(_ index: Int, _ bytes: Span<UInt8>) {
        let stream = content(index, bytes)
        guard let filePass = ExcelRecords.read(stream.span, extraction) else { return }
        var passwords = PasswordTries(wellKnown: [PasswordTries.officeDefault], extraction.options)
        let opened = ExcelDecryption.open(stream.span, filePass: stream.span.extracting(filePass), &passwords)
        extraction.report(passwords)
        guard let opened else {
            extraction.problem(.encrypted, "workbook")
            return
        }
        extraction.opened(with: opened.source)
        extraction.charge(opened.content.count)
        _ = ExcelRecords.read(opened.content.span, extraction, isDecrypted: true)
        extraction.member(.decrypted, names: [file.entries[index].name], opened.content.span)
    }

    /// An attachment of an Outlook message. A message within it is a storage; its own parts are read as those of any storage.
    private mutating func attachment(_ index: Int, _ bytes: Span<UInt8>) {
        var names: [[UInt8]] = []
        var data: [UInt8] = []
        for child in children[index] ?? [] where file.entries[child].kind == .stream && extraction.countItem() {
            guard let property = OutlookMessage.Property(file.entries[child].name) else { continue }
            if OutlookMessage.nameTags.contains(property.tag) {
                names.append(OutlookMessage.text(content(child, bytes).span, property.type))
            } else if property.tag == OutlookMessage.attachmentData, property.type == 0x0102 {
                data = content(child, bytes)
            }
        }
        extraction.member(.file, names: Names.withoutExtensions(names), data.span)
    }

    /// {0002CE02-0000-0000-C000-000000000046}
    private static let equationClass: [UInt8] = [2, 0xCE, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]

    // MARK: Streams

    /// A stream that is not longer than a mini sector stands in one piece in the file itself, which is scanned too. Files have
    /// names and types that are tested, and a batch file is as short.
    private static let smallestStream = 64

    private mutating func stream(_ index: Int, _ bytes: Span<UInt8>) {
        let entry = file.entries[index]
        if equalNames(entry.name, Array("\u{1}Ole".utf8)) { OLELink.read(content(index, bytes).span, extraction) }
        let isPackage = equalNames(entry.name, Array("\u{1}Ole10Native".utf8))
        guard entry.size > Self.smallestStream || entry.size > 0 && (isPackage || isFileOfInstaller(entry)),
            extraction.countItem(), !isReadElsewhere(index)
        else { return }
        let content = content(index, bytes)
        if isPackage {
            OLEPackage.read(content.span, extraction)
            return
        }
        if isMessage, let property = OutlookMessage.Property(entry.name) {
            message(property, content.span)
            return
        }
        if isMessage, content.count < Self.smallestProperty, entry.name.starts(with: "__".utf8) { return }
        let path = file.path(entry)
        // The streams of an installer are files.
        if isInstaller {
            extraction.member(.stream, names: [InstallerNames.decode(path)], content.span)
        } else {
            extraction.member(.storageStream, names: [path], content.span)
        }
    }

    /// A stream of an installer that is no table, nor what every compound file may have (its name begins with U+0005).
    private func isFileOfInstaller(_ entry: CompoundFile.Entry) -> Bool {
        isInstaller && !entry.name.starts(with: "\u{4840}".utf8) && entry.name.first != 5
    }

    /// Attachment data were handed on with their names.
    private func isReadElsewhere(_ index: Int) -> Bool {
        guard isMessage, let property = OutlookMessage.Property(file.entries[index].name),
            let parent = file.entries[index].parent
        else { return false }
        return property.tag == OutlookMessage.attachmentData
            && file.entries[parent].name.starts(with: "__attach_version1.0".utf8)
    }

    /// Small properties stand in one piece in the file itself, which is scanned too: no member for each recipient's name.
    private static let smallestProperty = 1_024

    private func message(_ property: OutlookMessage.Property, _ value: Span<UInt8>) {
        switch property.tag {
        case OutlookMessage.compressedRTF: CompressedRTF.read(value, extraction)
        case OutlookMessage.plainBody, OutlookMessage.html, OutlookMessage.headers:
            extraction.member(.body, value)
        default:
            if value.count >= Self.smallestProperty { extraction.member(.stream, value) }
        }
    }

}
