internal import Configuration
internal import Linux

/// What is wrong with a file of texts that a setting names: of notices or disclaimers.
struct NamedFileFault: Error, CustomStringConvertible {
    /// Where it is named: a key of the configuration, or file and line of a table.
    let setting: String
    /// With the file, and its line where there is one.
    let description: String
}

/// Names that settings can give to files of texts in a directory, without the suffix; none where it cannot be read, for then each
/// file that is asked for says so. Blocks on a disk.
func namedFiles(in directory: String, suffix: String = "") -> [String] {
    ((try? directoryNames(directory)) ?? []).filter { $0.hasSuffix(suffix) }
        .map { String($0.dropLast(suffix.count)) }.filter(isFileName)
}
