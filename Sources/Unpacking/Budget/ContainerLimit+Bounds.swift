internal import Documents
internal import MIME
package import Members

extension ContainerLimit {
    /// Where the limit lies, for people: the setting and its default, or the number that it always has.
    package var bound: String {
        let limits = ContainerLimits()
        let documents = DocumentLimits()
        return switch self {
        case .hiddenArchives: "`unpacking.hidden_archives`, \(limits.hiddenArchives)"
        case .streamMarks, .arjMarks: "`unpacking.marks`, \(limits.marks)"
        case .dictionary: "`unpacking.dictionary`, \(limits.dictionary) octets"
        case .folder, .encryptedEntry: "`unpacking.buffer`, \(limits.buffer) octets"
        case .encodedFiles: "`unpacking.encoded_files`, \(limits.encodedFiles) of each coding"
        case .zipDirectories:
            "`unpacking.zip_directories`, \(limits.zipDirectories); \(ZipDirectory.mostEntries) entries of one archive"
        case .zipPieces: "`unpacking.zip_pieces`, \(limits.zipPieces)"
        case .imageNames: "`unpacking.image_names`, \(limits.imageNames) octets"
        case .passwordKeys: "`unpacking.password_keys`, \(limits.passwordKeys); a note, as what stays encrypted is told"
        case .messageStructure: "`limits.mime_parts`, `limits.mime_depth` and the others of a message"
        case .overlappingEntries, .overlappingFiles, .overlappingHelp: "none may; the container is not opened"
        case .strayArchives: "\(StrayArchives.most) in the first 4 MiB of an archive"
        case .headers: "\(RarListing.most) headers, or \(RarListing.nameOctets) octets of names"
        case .partitions: "\(DiskReader.mostPartitions), or \(DiskReader.mostEntries) entries of a table"
        case .imageEntries: "\(UDFReader.Limits.entries) entries, \(UDFReader.Limits.directories) directories"
        case .imageDirectories:
            "UDF: \(UDFReader.Limits.depth) levels, \(UDFReader.Limits.path) octets of a path; "
                + "FAT: \(FATReader.deepest) levels, \(FATReader.longestPath) octets of a path; "
                + "of both, as many octets as the file has; "
                + "ISO 9660: \(ISOTrees.mostDirectories) directories, \(ISOTrees.mostRecords) records, "
                + "\(ISOTrees.longestPath) octets of a path, \(ISOTrees.pathOctets) of all"
        case .directoryEntries, .items: "\(documents.items) of one document"
        case .octets, .streamOctets:
            "\(documents.memberOctets) octets of a member, \(documents.decodedOctets) of a document, "
                + "\(documents.expansion) for each octet of it"
        case .bufferedOctets: "\(documents.bufferedOctets) octets"
        case .filters: "\(PDFFilters.mostFilters) filters of a stream; octets as above"
        case .packetLayers: "\(OpenPGPMessage.mostLayers)"
        case .lists: "\(documents.depth)"
        case .objects, .embeddedFiles: "\(documents.rereading) octets read for each octet of the document"
        case .attachments:
            "\(TNEFSignature.defaultAttachmentLimit) attachments, \(TNEFSignature.defaultPropertyLimit) properties"
        }
    }

    /// In which content.
    package var scope: String {
        switch self {
        case .hiddenArchives, .streamMarks, .arjMarks: "programs, scripts, media, unknown content"
        case .dictionary: "xz, LZMA, lzip, Zstandard, 7z, zip, RAR 4 (PPMd)"
        case .folder: "7z"
        case .encryptedEntry, .zipDirectories, .zipPieces, .overlappingEntries: "zip"
        case .encodedFiles: "text"
        case .imageNames, .imageEntries: "UDF"
        case .imageDirectories: "UDF, FAT, ISO 9660"
        case .passwordKeys: "7z, RAR, zip (AES), Office, PDF"
        case .messageStructure: "mail in a container"
        case .overlappingFiles: "cabinets"
        case .overlappingHelp: "compiled help"
        case .strayArchives: "every archive"
        case .headers: "RAR"
        case .partitions: "disk images"
        case .directoryEntries, .streamOctets: "compound files"
        case .items, .octets: "documents"
        case .bufferedOctets: "PDF, OpenPGP in armour"
        case .filters, .lists, .objects: "PDF"
        case .packetLayers: "OpenPGP"
        case .embeddedFiles: "OneNote"
        case .attachments: "TNEF"
        }
    }
}

extension UnpackingLimit {
    /// The setting and its default, or the number that it always has.
    package var bound: String {
        let limits = UnpackingLimits()
        return switch self {
        case .levels: "`unpacking.levels`, \(limits.levels)"
        case .files: "`unpacking.files`, \(limits.files)"
        case .names: "\(UnpackingLimits.nameOctets) octets of all names"
        case .bytes:
            "`unpacking.maximum_quota`, \(limits.maximumQuota) octets, `minimum_quota` and the factors beside it"
        case .ratio: "`unpacking.ratio`, \(limits.ratio), beyond the first \(UnpackingLimits.ratioFloor) octets"
        case .seconds: "`unpacking.seconds`, \(limits.seconds)"
        case .processorSeconds: "`unpacking.processor_seconds`, \(limits.processorSeconds)"
        case .workspace: "`unpacking.workspace`, \(limits.workspace) octets"
        }
    }
}
