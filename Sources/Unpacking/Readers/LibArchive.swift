internal import Bytes
internal import CArchive
internal import Glibc
internal import Members

/// One reader of libarchive over memory, with exactly the formats and filters that its caller names.
///
/// libarchive gives names in the encoding of the locale, and none at all in the locale "C": the process must have set
/// C.UTF-8.
final class LibArchive {
    private let handle: OpaquePointer

    /// nil when there is no memory.
    init?() {
        guard let handle = archive_read_new() else { return nil }
        self.handle = handle
    }

    deinit {
        archive_read_free(handle)
    }

    // MARK: What is read

    func enable(_ format: FileType.ArchiveFormat) {
        switch format {
        case .tar: archive_read_support_format_tar(handle)
        case .cpio: archive_read_support_format_cpio(handle)
        case .ar: archive_read_support_format_ar(handle)
        case .sevenZip: archive_read_support_format_7zip(handle)
        // Read by its own reader.
        case .rar: break
        case .rar5: archive_read_support_format_rar5(handle)
        case .lha: archive_read_support_format_lha(handle)
        case .iso9660: archive_read_support_format_iso9660(handle)
        case .xar: archive_read_support_format_xar(handle)
        case .warc: archive_read_support_format_warc(handle)
        case .rpm:
            archive_read_support_filter_rpm(handle)
            for filter in FileType.ArchiveFilter.allCases { enable(filter) }
            archive_read_support_filter_gzip(handle)
            archive_read_support_format_cpio(handle)
        }
    }

    /// Names in headers of LHA archives that do not say in which code page they are come from code page 437, which has a
    /// character for every octet: libarchive gives up on an archive with one that is no UTF-8. False where it is not there.
    func takeDOSNames() -> Bool {
        NameCharsets.knows(page: NameCharsets.dosPage)
            && archive_read_set_format_option(handle, "lha", "hdrcharset", "CP\(NameCharsets.dosPage)") == ARCHIVE_OK
    }

    /// Each by its own name: `archive_read_support_filter_all` would add those that start programs.
    func enable(_ filter: FileType.ArchiveFilter) {
        switch filter {
        case .bzip2: archive_read_support_filter_bzip2(handle)
        case .compress: archive_read_support_filter_compress(handle)
        case .xz: archive_read_support_filter_xz(handle)
        case .lzma: archive_read_support_filter_lzma(handle)
        case .zstd: archive_read_support_filter_zstd(handle)
        case .lz4: archive_read_support_filter_lz4(handle)
        case .lzip: archive_read_support_filter_lzip(handle)
        // Its own filter for lzop starts a program, and it has none for zlib.
        case .lzop, .zlib: break
        }
    }

    /// Takes what comes out of the filters as one file.
    func enableRaw() {
        archive_read_support_format_raw(handle)
    }

    /// A zip archive read from its local headers.
    func enableStreamedZip() {
        archive_read_support_format_zip_streamable(handle)
    }

    /// Opens memory that outlives this object.
    func open(_ content: UnsafeBufferPointer<UInt8>) -> Bool {
        archive_read_open_memory(handle, content.baseAddress, content.count) == ARCHIVE_OK
    }

    // MARK: Reading

    /// What asking for the next member gave.
    enum Header {
        case entry(Entry)
        case end
        /// A header that makes no sense; the next may be asked for.
        case damaged
        case failed
    }

    /// The next member.
    func next() -> Header {
        var entry: OpaquePointer?
        saysDamage = false
        // libarchive ends the process when a name cannot be converted and this is left of some other call.
        errno = 0
        switch archive_read_next_header(handle, &entry) {
        case ARCHIVE_EOF: return .end
        case ARCHIVE_OK: break
        case ARCHIVE_WARN:
            // Most often a name that cannot be converted.
            saysDamage = ["checksum", "crc", "damaged", "truncated", "corrupt", "malformed", "invalid"].contains(
                where: says)
        case ARCHIVE_RETRY: return .damaged
        default: return .failed
        }
        guard let entry else { return .failed }
        return .entry(Entry(pointer: entry))
    }

    /// The header of the last member was read with a warning of damage.
    private(set) var saysDamage = false

    /// How the content of a member ended.
    enum DataEnd {
        case complete
        case stopped
        case failed
    }

    /// Content of the last member that was read to its end was not what its checksum says.
    private(set) var hasWrongData = false

    /// Lends the content of the member that `next` gave, until `use` or `mayGoOn` says no.
    /// - Parameter size: octets of a file that may be sparse: it may end with a hole.
    func copyData(size fileSize: Int64 = 0, while mayGoOn: () -> Bool, _ use: (Span<UInt8>) -> Bool) -> DataEnd {
        var position: Int64 = 0
        hasWrongData = false
        while true {
            var buffer: UnsafeRawPointer?
            var size = 0
            var offset: Int64 = 0
            switch archive_read_data_block(handle, &buffer, &size, &offset) {
            case ARCHIVE_EOF: return fill(fileSize - min(fileSize, position), use) ? .complete : .stopped
            case ARCHIVE_OK: break
            case ARCHIVE_WARN: hasWrongData = true
            default: return .failed
            }
            if offset > position, !fill(offset - position, use) { return .stopped }
            position = max(position, offset)
            guard size > 0, let buffer else {
                // A reader that gives nothing for ever must not hold us.
                if !mayGoOn() { return .stopped }
                continue
            }
            let piece = UnsafeBufferPointer(start: buffer.assumingMemoryBound(to: UInt8.self), count: size)
            if !use(piece.span) { return .stopped }
            position = position.addingReportingOverflow(Int64(size)).partialValue
        }
    }

    /// Octets of a hole in a sparse file.
    private func fill(_ count: Int64, _ use: (Span<UInt8>) -> Bool) -> Bool {
        let zeros = [UInt8](repeating: 0, count: 65_536)
        var left = count
        while left > 0 {
            let size = Int(min(left, Int64(zeros.count)))
            guard use(zeros.span.extracting(0..<size)) else { return false }
            left -= Int64(size)
        }
        return true
    }

    /// Octets of the content that were used so far: by the filter, or by the format where there is none.
    var consumed: Int { Int(clamping: archive_filter_bytes(handle, -1)) }

    /// Where the reader was when it began to look for the header of the last member.
    var headerPosition: Int { Int(clamping: archive_read_header_position(handle)) }

    /// The content went through a filter.
    var isFiltered: Bool { archive_filter_count(handle) > 1 }

    /// A word, in small letters, stands in the message of the last call. For nothing but a choice of ours: messages hold text
    /// from the archive.
    private func says(_ word: String) -> Bool {
        let words = archive_error_string(handle).map { String(cString: $0).utf8.map(asciiLower) } ?? []
        return words.span.firstIndex(of: Array(word.utf8).span) != nil
    }

    /// Why the last call failed, in our words.
    func failure(_ what: String) -> ContainerProblem {
        if says("encrypt") || says("passphrase") || says("password") { return ContainerProblem(.encrypted, what) }
        if says("solid") { return ContainerProblem(.unsupported, "solid member of \(what)") }
        if ["unsupported", "not supported", "no support", "unavailable", "unknown"].contains(where: says) {
            return ContainerProblem(.unsupported, "method in \(what)")
        }
        if says("truncated") || says("end of") { return ContainerProblem(.cut, "\(what) is cut off") }
        return ContainerProblem(.corrupt, "damaged \(what)")
    }

    /// The header of one member, valid until the next one is asked for.
    struct Entry {
        let pointer: OpaquePointer

        /// What it is; its name without content.
        var member: Member {
            var member = Member()
            // libarchive ends the process when it cannot convert a name and an earlier call left ENOMEM behind.
            errno = 0
            if let name = Entry.bytes(archive_entry_pathname(pointer)) ?? Entry.bytes(
                archive_entry_pathname_utf8(pointer))
                ?? Entry.bytes(archive_entry_pathname_w(pointer))
            {
                member.names.append(name)
            }
            if let target = Entry.bytes(archive_entry_symlink(pointer)) {
                member.flags.insert(.symbolicLink)
                member.names.append(target)
            }
            if let target = Entry.bytes(archive_entry_hardlink(pointer)) {
                member.flags.insert(.hardLink)
                member.names.append(target)
            }
            switch archive_entry_filetype(pointer) {
            case 0o040000: member.flags.insert(.directory)
            case 0o120000: member.flags.insert(.symbolicLink)
            case 0o010000, 0o020000, 0o060000, 0o140000: member.flags.insert(.special)
            default: break
            }
            return member
        }

        var isEncrypted: Bool { archive_entry_is_encrypted(pointer) != 0 }
        /// Size of the content where the header says it; 0 otherwise.
        var size: Int64 { archive_entry_size_is_set(pointer) != 0 ? archive_entry_size(pointer) : 0 }

        private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
            guard let text else { return nil }
            return (0..<strlen(text)).map { UInt8(bitPattern: text[$0]) }
        }

        private static func bytes(_ text: UnsafePointer<wchar_t>?) -> [UInt8]? {
            guard let text else { return nil }
            var out = String.UnicodeScalarView()
            var index = 0
            while text[index] != 0 {
                out.append(Unicode.Scalar(UInt32(bitPattern: text[index])) ?? "\u{FFFD}")
                index += 1
            }
            return Array(String(out).utf8)
        }
    }
}
