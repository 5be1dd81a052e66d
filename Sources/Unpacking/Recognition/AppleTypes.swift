internal import Bytes

/// Property lists with which macOS and iOS start or install something.
extension FileType {
    static let terminal = FileType(
        "terminal", "application/x-terminal-settings", "settings of macOS's Terminal with a command", .plain,
        recognised: "a property list with the key `CommandString`")
    static let configurationProfile = FileType(
        "mobileconfig", "application/x-apple-aspen-config", "configuration profile of Apple", .plain,
        recognised: "a property list with the keys `PayloadContent` and `PayloadType`")

    static let binaryPropertyList = FileType(
        "bplist", "application/x-bplist", "binary property list that starts or installs something", .plain,
        recognised:
            "`bplist0` and the key `CommandString`, the keys `PayloadContent` and `PayloadType`, or the key `URL` alone"
    )

    static let propertyLists = [terminal, configurationProfile, binaryPropertyList]
}

/// Recognises them, by their keys: these have no order, and pictures may stand before the one that is looked for.
enum PropertyList {
    /// Octets in which keys are looked for.
    private static let head = 65_536

    /// Types of a list in XML.
    static func types(of text: Span<UInt8>) -> [FileType] {
        guard text.firstIndex(of: "<plist") != nil else { return [] }
        var found: [FileType] = []
        if text.firstIndex(of: "<key>CommandString</key>") != nil { found.append(.terminal) }
        if text.firstIndex(of: "<key>PayloadContent</key>") != nil, text.firstIndex(of: "<key>PayloadType</key>") != nil
        {
            found.append(.configurationProfile)
        }
        return found
    }

    /// The binary form. Keys are ASCII strings of up to 14 characters: a sign with their count, and their letters.
    static func isActiveBinary(_ content: Span<UInt8>) -> Bool {
        guard content.hasBytes("bplist0", at: 0) else { return false }
        // A dictionary of one entry, the key `URL`.
        if content.hasBytes([0xD1, 1, 2, 0x53, 0x55, 0x52, 0x4C], at: 8) { return true }
        let part = content.extracting(0..<min(content.count, head))
        return part.firstIndex(of: "]CommandString") != nil
            || part.firstIndex(of: "^PayloadContent") != nil && part.firstIndex(of: "[PayloadType") != nil
    }
}
