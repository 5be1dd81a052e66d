internal import Bytes
internal import Codecs
internal import Documents
internal import MIME

/// Recognises what content is by its octets, never by a name. Content that fits several types (a polyglot) has all of
/// them.
package enum Recognition {
    /// Octets at the start in which text forms are looked for.
    private static let prefix = 1024
    /// Octets at the start in which an HTML application or yEnc is looked for in other forms, and words of scripts in texts.
    private static let active = 65_536

    /// Every type that fits, the most telling first; empty when nothing does.
    package static func types(of content: Span<UInt8>) -> [FileType] {
        types(of: content, isText: content.hasOnlyControlsOfText)
    }

    /// - Parameters:
    ///   - isText: there is no control character in it but those of text.
    ///   - mayBeMail: fields of mail at the start make it mail; else it is text as any other.
    static func types(of content: Span<UInt8>, isText: Bool, mayBeMail: Bool = true) -> [FileType] {
        guard content.count > 0 else { return [] }
        var found: [FileType] = []
        func add(_ type: FileType) {
            if !found.contains(type) { found.append(type) }
        }
        for type in Signature.types(of: content) where !isText || !isMerelyText(type, content) { add(type) }
        for index in checks.indices where checks[index].fits(content) { add(checks[index].type) }
        for index in FileSystemChecks.all.indices where FileSystemChecks.all[index].fits(content) {
            add(FileSystemChecks.all[index].type)
        }
        // A disk of fixed size lies in its file as it is.
        if found.contains(.vhd) { found.removeAll { $0 == .disk } }
        if found.contains(.debian) { found.removeAll { $0 == .ar } }
        let beginsWithZip = ZipSignatures.beginsWithZip(content)
        if found == [.script], ActiveText.isDesktopEntry(content.extracting(0..<min(content.count, prefix))) {
            // It may say what opens it.
            add(.desktopEntry)
        }
        if beginsWithZip {
            addTextOfArchive(content, &found)
        } else if found == [.pdf], isText {
            // Its mark may stand in any line of a script.
            addTextOfArchive(content, &found)
            for type in ScriptText.types(of: content.extracting(0..<min(content.count, active))) { add(type) }
        } else if found.isEmpty || found == [.xml] {
            addText(content, mayBeMail: mayBeMail, &found)
        } else if ActiveText.isHTMLApplication(content.extracting(0..<min(content.count, active))) {
            // What runs it passes over everything before its tags, such as an image.
            add(.htmlApplication)
        }
        if beginsWithZip {
            found.insert(.zip, at: 0)
        } else if !isText {
            // Every mark of a zip archive has control characters.
            addZip(content, &found)
        }
        return found
    }

    /// Formats with numbers in octets, whose marks are letters: a text that begins with them is none.
    private static let neverText: [FileType] = [
        .cpio, .lrzip, .grzip, .xar, .egg, .installShield, .vhd, .vhdx, .vmdk, .parallels, .squashfs, .zpaq, .stuffIt,
        .chm, .ace,
    ]

    /// A text begins with the mark of a format that is never text, or with a word that another line would have to follow.
    private static func isMerelyText(_ type: FileType, _ content: Span<UInt8>) -> Bool {
        type == .warc ? !StructureChecks.isWARC(content) : neverText.contains(type)
    }

    /// Types for which a few octets are not enough.
    private static let checks: [(type: FileType, fits: @Sendable (Span<UInt8>) -> Bool)] = [
        (.bzip2, FileSignature.isBzip2), (.compress, { FileSignature.isCompress($0) || CompressedData.isOdd($0) }),
        (.lzma, StructureChecks.isLZMA),
        (.lzip, { Codec.lzip.begins($0, at: 0) }), (.zlib, StructureChecks.isZlib),
        (.zstd, StructureChecks.isSkippedZstd), (.lz4, StructureChecks.isSkippedLZ4), (.tar, StructureChecks.isTar),
        (.cab, CabinetHeader.isHere),
        (.lha, FileSignature.isLHA), (.iso9660, StructureChecks.isISO9660), (.udf, StructureChecks.isUDF),
        (.arj, StructureChecks.isARJ), (.arc, ArcReader.isArchive), (.vhd, StructureChecks.hasVHDFooter),
        (.dmg, StructureChecks.hasAppleTrailer), (.disk, StructureChecks.isDisk), (.pdf, { PDFReader.matches($0) }),
        (.installer, StructureChecks.isInstaller), (.windowsLibrary, StructureChecks.isPELibrary),
        (.windowsProgram, StructureChecks.isPE), (.dosProgram, StructureChecks.isMZ),
        (.nsis, StructureChecks.isNSIS),
        (.javaClass, StructureChecks.isJavaClass), (.machO, StructureChecks.isUniversalMachO),
        (.bitmap, StructureChecks.isBitmap), (.icon, StructureChecks.isIcon), (.heif, StructureChecks.isHEIF),
        (.mp4, StructureChecks.isMP4), (.mpeg, StructureChecks.isMPEG), (.mp3, StructureChecks.isMP3),
        (.paintbrush, StructureChecks.isPaintbrush), (.animatedCursor, { StructureChecks.isRIFF($0, "ACON") }),
        (.capture, StructureChecks.isCapture), (.pythonCode, StructureChecks.isPythonCode),
        (.task, StructureChecks.isTask), (.binaryPropertyList, PropertyList.isActiveBinary),
    ]

    private static func addText(_ content: Span<UInt8>, mayBeMail: Bool, _ found: inout [FileType]) {
        let head = content.extracting(0..<min(content.count, prefix))
        let long = content.extracting(0..<min(content.count, active))
        if let narrow = TextChecks.narrowed(long) {
            // Windows writes its own text files in UTF-16.
            found =
                ActiveText.types(of: narrow.span.extracting(0..<min(narrow.count, prefix)))
                + PropertyList.types(of: narrow.span) + found
            if TextChecks.isHTML(narrow.span) {
                found.append(.html)
            } else {
                for type in ScriptText.types(of: narrow.span) where !found.contains(type) { found.append(type) }
            }
            for signature in Signature.table
            where signature.type == .registry && narrow.span.hasBytes(signature.bytes, at: signature.offset) {
                found.append(.registry)
            }
            if !found.isEmpty, found != [.html] { found.append(.text) }
        }
        let activeTypes = ActiveText.types(of: head) + PropertyList.types(of: long)
        found = activeTypes + found
        if TextChecks.isHTML(head) { found.append(.html) }
        // Text all the same, in which files may be encoded.
        if found == activeTypes, !activeTypes.isEmpty, TextChecks.isText(head) { found.append(.text) }
        guard found.isEmpty else { return }
        if mayBeMail, Mbox.isMbox(content), TextChecks.beginsWithMailFields(content, afterFirstLine: true) {
            found.append(.mbox)
        } else if mayBeMail, TextChecks.beginsWithMailFields(content, afterFirstLine: false) {
            found.append(.mail)
        } else if TextChecks.isBinHex(head) {
            found.append(.binHex)
        } else {
            guard TextChecks.isText(head) else {
                add(ScriptText.settings(content), &found)
                // Its octets are no text.
                if found.isEmpty, TextChecks.isYEnc(long) { found.append(.yEnc) }
                return
            }
            found += ScriptText.types(of: long)
            if TextChecks.isUUEncoded(head) { found.append(.uuencoded) }
            if IntelHex.begins(head) { found.append(.intelHex) }
            found.append(.text)
        }
    }

    /// What programs make of a zip archive that go by the name: they pass over what they do not know.
    private static func addTextOfArchive(_ content: Span<UInt8>, _ found: inout [FileType]) {
        let head = content.extracting(0..<min(content.count, prefix))
        found += ActiveText.types(of: head)
        if TextChecks.isHTML(head) { found.append(.html) }
        if TextChecks.isBinHex(head) { found.append(.binHex) }
        add(ScriptText.settings(content), &found)
        if !found.contains(.htmlApplication),
            ActiveText.isHTMLApplication(content.extracting(0..<min(content.count, active)))
        {
            found.append(.htmlApplication)
        }
    }

    private static func add(_ types: [FileType], _ found: inout [FileType]) {
        for type in types where !found.contains(type) { found.append(type) }
    }

    /// A zip archive that begins elsewhere shows itself by its end, a directory that programs find near the end, or any of its local headers.
    /// Within another archive those are most often members that its reader finds: there only an archive that ends with the content counts, as a
    /// second reading, and no member whose octets headers of blocks stand between.
    private static func addZip(_ content: Span<UInt8>, _ found: inout [FileType]) {
        let isArchive = found.contains(where: \.opening.isArchive)
        if let end = ZipEnd.last(of: content), !isArchive || end.leadsToMembers(content) {
            found.append(.zip)
        } else if !found.contains(where: { $0.opening.isReadable && !hidesZip($0) }),
            ZipSignatures.firstOfArchive(content) != nil || ZipEnd.isFound(in: content)
        {
            found.append(.zip)
        }
    }

    /// Documents in one stream, behind or within which an archive can stand in one piece; in others it is cut into
    /// sectors.
    private static func hidesZip(_ type: FileType) -> Bool { type == .pdf || type == .rtf || type == .html }
}
