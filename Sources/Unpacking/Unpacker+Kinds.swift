internal import Bytes

/// What kinds of content are looked at in which way.
extension Unpacker {
    /// Text that people read, and what else shows or stores files rather than making them.
    static func mayQuote(_ types: [FileType]) -> Bool {
        types.allSatisfy {
            $0.opening.isArchive
                || [.text, .html, .xml, .vectorImage, .mail, .mbox, .uuencoded, .intelHex].contains($0)
        }
    }

    /// Archives may stand behind anything. Readers of archives look behind the end themselves, as what is found further in
    /// is most often a member; and files within a compound file are cut into sectors.
    static func mayHideArchives(_ types: [FileType]) -> Bool {
        !types.contains { $0.opening.isArchive || $0.name == "ole" }
    }

    /// It ends with a directory that leads to its members, as programs for zip want it, and that is none of a database's.
    static func isZip(_ content: Span<UInt8>) -> Bool {
        guard !StructureChecks.isWholeSQLite(content), ZipEnd.last(of: content) != nil,
            let listing = ZipDirectory(content).listings.last
        else {
            return false
        }
        return listing.entries.contains { ZipEntry(local: content, at: $0.localHeader) != nil }
    }

    /// Files of programs that store files of others.
    static func isStore(_ type: FileType) -> Bool { [.sqlite, .access, .capture].contains(type) }

    /// What has no reader, and no other but that of zip, whose members are recognised anywhere.
    static func isUnread(_ types: [FileType]) -> Bool {
        types.contains { $0.opening == .unsupported }
            && types.allSatisfy { $0.opening == .unsupported || $0.opening == .zip }
    }

    /// Scripts, pages, documents of text: what has no reader for files that are encoded into lines.
    static func mayHoldEncodedText(_ types: [FileType]) -> Bool {
        !types.contains { [.encodedText, .mail, .mbox].contains($0.opening) || $0 == .binHex }
    }

    /// Programs, scripts, and what nothing is known of: no media, no documents, which have compressed streams of their own.
    static func mayExtractItself(_ types: [FileType]) -> Bool {
        let media = ["image/", "audio/", "video/", "font/"]
        return types.allSatisfy { type in
            (type.opening == .program || type == .nsis || type.opening == .plain || type.opening == .encodedText)
                && !media.contains { type.mediaType.hasPrefix($0) }
        }
    }

    /// Images, compressed files, what nobody knows: what holds no page of its own as it stands.
    static func mayBePage(_ types: [FileType]) -> Bool {
        types.allSatisfy { type in
            switch type.opening {
            case .document where type == .html || type == .vectorImage || type == .xml: true
            case .plain, .encodedText, .gzip, .filter, .szdd: true
            default: false
            }
        }
    }

    /// Where a document ends that may have an archive behind it.
    static func end(_ content: Span<UInt8>, _ types: [FileType]) -> (end: Int, what: String)? {
        for type in types {
            switch type {
            case .compoundFile: return ArchiveEnd.ofCompoundFile(content).map { ($0, "compound file") }
            case .tnef: return ArchiveEnd.ofTNEF(content).map { ($0, "TNEF stream") }
            case .oneNote: return ArchiveEnd.ofOneNote(content).map { ($0, "OneNote section") }
            default: continue
            }
        }
        return nil
    }
}
