/// What is wrong with a file of texts that a setting names: of notices or disclaimers.
struct NamedFileFault: Error, CustomStringConvertible {
    /// Where it is named: a key of the configuration, or file and line of a table.
    let setting: String
    /// With the file, and its line where there is one.
    let description: String
}
