internal import MailModel
internal import Members
internal import Unpacking

/// What the name of an archive tells where its content does not.
enum ArchiveNames {
    // MARK: Members without a name

    private static let sevenZipEnding = ".7z"

    /// The names of a member. What was packed into a 7z archive from a pipe has none, and 7-Zip calls it after the archive.
    static func names(of member: Member, in holder: PartDescription) -> [[UInt8]] {
        guard member.names.isEmpty, member.role.isEmpty, holder.detectedType == FileType.sevenZip.mediaType else {
            return member.names
        }
        return holder.names.filter { $0.lowercased().hasSuffix(sevenZipEnding) && $0 != sevenZipEnding }.map {
            Array($0.utf8.dropLast(sevenZipEnding.utf8.count))
        }
    }

    // MARK: Volumes

    /// Endings of archives that programs cut into files with a number behind the name.
    private static let endings: Set<Substring> = [
        "7z", "zip", "rar", "tar", "gz", "tgz", "bz2", "tbz2", "xz", "txz", "zst", "exe", "iso",
    ]

    /// The name is that of a volume: `a.zip.002` of 7-Zip, `a.z02` of zip.
    static func isVolume(_ name: String) -> Bool {
        let parts = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let last = parts.last else { return false }
        if last.utf8.count >= 3, last.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return parts.count >= 3 && endings.contains(parts[parts.count - 2])
        }
        return last.first == "z" && last.utf8.count >= 3 && last.utf8.dropFirst().allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// What cannot be read of a content. Volumes but the first have no signature, and nothing but their name tells what they are:
    /// what in them looks like the start of something else has its end in another.
    static func problems(of opened: Unpacker.Opened, names: [String]) -> [ContainerProblem] {
        guard opened.types.isEmpty || opened.types == [.text], names.contains(where: isVolume) else {
            return opened.problems
        }
        return [ContainerProblem(.unsupported, "volume of a split archive, by its name")]
            + opened.problems.map { $0.kind == .corrupt ? ContainerProblem(.note, $0.detail) : $0 }
    }
}
