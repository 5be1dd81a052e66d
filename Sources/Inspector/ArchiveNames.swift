internal import MailModel
internal import Members
internal import Unpacking

/// What the name of an archive tells where its content does not.
enum ArchiveNames {
    // MARK: Members without a name

    private static let sevenZipEnding = ".7z"

    /// The names of a member. What was packed into a 7z archive from a pipe has none, and 7-Zip calls it after the archive. What
    /// was compressed as a whole is called so by every program, and by some whatever name the file has of it.
    static func names(of member: Member, in holder: PartDescription) -> [[UInt8]] {
        if member.role == Member.decompressed {
            return member.names + decompressed(holder.names, besides: member.names)
        }
        guard member.names.isEmpty, member.role.isEmpty, holder.detectedType == FileType.sevenZip.mediaType else {
            return member.names
        }
        return holder.names.filter { $0.lowercased().hasSuffix(sevenZipEnding) && $0 != sevenZipEnding }.map {
            Array($0.utf8.dropLast(sevenZipEnding.utf8.count))
        }
    }

    /// Endings of compressed files, and what takes their place (gzip(1), xz(1), zstd(1), bzip2(1), lzop(1)).
    private static let compressed: [(ending: String, name: String)] = [
        (".gz", ""), (".z", ""), ("-gz", ""), ("-z", ""), (".tgz", ".tar"), (".taz", ".tar"), (".bz2", ""), (".bz", ""),
        (".tbz2", ".tar"), (".tbz", ".tar"), (".xz", ""), (".lzma", ""), (".txz", ".tar"), (".tlz", ".tar"),
        (".zst", ""),
        (".tzst", ".tar"), (".lz4", ""), (".lz", ""), (".lzo", ""), (".tzo", ".tar"),
    ]

    private static func decompressed(_ names: [String], besides known: [[UInt8]]) -> [[UInt8]] {
        var found: [[UInt8]] = []
        for name in names {
            let lower = name.lowercased()
            guard lower.utf8.count == name.utf8.count,
                let (ending, other) = compressed.first(where: { lower.hasSuffix($0.ending) && lower != $0.ending })
            else { continue }
            let whole = Array(name.utf8.dropLast(ending.utf8.count)) + Array(other.utf8)
            if !known.contains(whole), !found.contains(whole) { found.append(whole) }
        }
        return found
    }

    // MARK: Volumes

    /// Endings of archives that programs cut into files with a number behind the name.
    private static let endings: Set<Substring> = [
        "7z", "zip", "rar", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "exe", "iso",
    ]

    /// The name is that of a piece: `a.zip.002` of 7-Zip, `a.z02` of zip, `a.zip.ab`, `a.zipab`, `a.zip.00` and `xab` of split(1),
    /// `a.zip.part2` of browsers and others.
    /// - Parameter isText: its content is text, so that letters in its name mean nothing.
    private static func isPiece(_ name: String, isText: Bool) -> Bool {
        let lower = name.lowercased()
        let parts = lower.split(separator: ".", omittingEmptySubsequences: false)
        guard let last = parts.last else { return false }
        if parts.count >= 2, last.first == "z", last.utf8.count >= 3, last.utf8.dropFirst().allSatisfy(isDigit) {
            return true
        }
        if parts.count == 1, last.utf8.count == 3, last.hasPrefix("xa") {
            return !isText && last.utf8.allSatisfy(isLetter)
        }
        var whole = Substring(lower)
        while whole.utf8.last.map(isDigit) == true { whole.removeLast() }
        let digits = lower.utf8.count - whole.utf8.count
        let isLettered = digits == 0 && whole.dropLast().hasSuffix("a") && whole.utf8.last.map(isLetter) == true
        if isLettered { whole.removeLast(2) }
        dropSeparator(from: &whole)
        let isPart = whole.hasSuffix(part)
        if isPart {
            whole.removeLast(part.utf8.count)
            dropSeparator(from: &whole)
        }
        guard isPart || isLettered || digits >= 2, !isText || digits >= 3 else { return false }
        let ending = whole.split(separator: ".", omittingEmptySubsequences: false)
        return ending.count >= 2 && ending.last.map(endings.contains) == true
    }

    /// What some write in front of the number.
    private static let part = "part"

    private static func dropSeparator(from name: inout Substring) {
        if let last = name.last, "._-".contains(last) { name.removeLast() }
    }

    private static func isDigit(_ octet: UInt8) -> Bool { 0x30...0x39 ~= octet }

    private static func isLetter(_ octet: UInt8) -> Bool { 0x61...0x7A ~= octet }

    /// All names of a content are those of a piece: those who have it under another name find it cut off.
    static func arePiece(_ names: [String]) -> Bool {
        !names.isEmpty && names.allSatisfy { isPiece($0, isText: false) }
    }

    /// What cannot be read of a content. Pieces but the first have no signature, and nothing but their name tells what they are:
    /// what in them looks like the start of something else has its end in another. The first is what the whole is, and cut off.
    /// - Parameter isQuoted: it is a part of what was read as a whole.
    static func problems(of opened: Unpacker.Opened, names: [String], isQuoted: Bool) -> [ContainerProblem] {
        let isText = opened.types == [.text]
        guard !isQuoted, opened.types.isEmpty || isText || opened.isPiece,
            names.contains(where: { isPiece($0, isText: isText) })
        else {
            return opened.problems
        }
        return [ContainerProblem(.unsupported, "volume of a split archive, by its name")]
            + opened.problems.map { $0.kind == .corrupt ? ContainerProblem(.note, $0.detail) : $0 }
    }
}
