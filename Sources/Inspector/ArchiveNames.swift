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

    /// The name is that of a volume: `a.zip.002` of 7-Zip, `a.z02` of zip, `a.zip.ab` and `xab` of split(1).
    /// - Parameter isKnown: its content is of some type, so that letters in its name mean nothing.
    static func isVolume(_ name: String, isKnown: Bool) -> Bool {
        let parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard let last = parts.last else { return false }
        if last.utf8.count >= 3, last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return parts.count >= 3 && endings.contains(parts[parts.count - 2])
        }
        if !isKnown, last.utf8.allSatisfy({ 0x61...0x7A ~= $0 || $0 == 0x2D || $0 == 0x5F }) {
            let isNamed = parts.count >= 3 && endings.contains(parts[parts.count - 2])
            return isNamed && (last.utf8.count == 2 && last.first == "a" || last.hasPrefix("part"))
                || parts.count == 1 && last.utf8.count == 3 && last.hasPrefix("xa")
        }
        return parts.count >= 2 && last.first == "z" && last.utf8.count >= 3
            && last.utf8.dropFirst().allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// What cannot be read of a content. Volumes but the first have no signature, and nothing but their name tells what they are:
    /// what in them looks like the start of something else has its end in another.
    ///
    /// The first volume that 7-Zip makes of a zip archive is a zip archive that was cut off. It is damaged to those who have it under
    /// another name.
    static func problems(of opened: Unpacker.Opened, names: [String]) -> [ContainerProblem] {
        func isVolume(_ name: String) -> Bool { Self.isVolume(name, isKnown: !opened.types.isEmpty) }
        let isCut = opened.problems.contains(.zipWithoutDirectory) && names.allSatisfy(isVolume)
        guard opened.types.isEmpty || opened.types == [.text] || isCut, names.contains(where: isVolume) else {
            return opened.problems
        }
        return [ContainerProblem(.unsupported, "volume of a split archive, by its name")]
            + opened.problems.map { $0.kind == .corrupt ? ContainerProblem(.note, $0.detail) : $0 }
    }
}
