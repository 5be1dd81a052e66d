/// Bounds of the readers of one container that honest content may reach. What goes beyond is reported as `over-limits`.
package struct ContainerLimits: Hashable, Sendable {
    /// Archives that are taken out of one content that is none.
    package var hiddenArchives: Int
    /// Places in one content that look like the start of a compressed file or archive and are tried.
    package var marks: Int
    /// Octets of a dictionary or window, as a header states it: those of `xz -9` are a quarter of the default.
    package var dictionary: Int
    /// Octets of what has to be in memory as a whole to be decoded: what is encrypted, and folders of 7z.
    package var buffer: Int
    /// Files that are encoded into one text, of each coding.
    package var encodedFiles: Int
    /// Directories of one zip archive.
    package var zipDirectories: Int
    /// Pieces between the members of one zip archive.
    package var zipPieces: Int
    /// Octets of all names in one UDF image.
    package var imageNames: Int
    /// Keys that are made of passwords for 7z and RAR archives and documents of one message, each of which takes hundredths of
    /// a second; and wrong passwords that are tried on its zip entries with AES.
    package var passwordKeys: Int

    package init(
        hiddenArchives: Int = 256, marks: Int = 4096, dictionary: Int = 268_435_456, buffer: Int = 67_108_864,
        encodedFiles: Int = 256, zipDirectories: Int = 256, zipPieces: Int = 64, imageNames: Int = 16_777_216,
        passwordKeys: Int = 400
    ) {
        self.hiddenArchives = hiddenArchives
        self.marks = marks
        self.dictionary = dictionary
        self.buffer = buffer
        self.encodedFiles = encodedFiles
        self.zipDirectories = zipDirectories
        self.zipPieces = zipPieces
        self.imageNames = imageNames
        self.passwordKeys = passwordKeys
    }
}

/// Names of the limits of one container, as reports and logs show them; those of the whole message are `UnpackingLimit`.
/// `docs/FORMATS.md` lists them all.
package enum ContainerLimit: String, Hashable, Sendable, CaseIterable {
    // Settings.
    case hiddenArchives = "archives behind other content"
    case streamMarks = "marks of compressed files"
    case arjMarks = "marks of arj archives"
    case dictionary = "dictionary"
    case folder = "folder"
    case encryptedEntry = "encrypted zip entry"
    case encodedFiles = "encoded files in a text"
    case zipDirectories = "zip directories"
    case zipPieces = "pieces between zip entries"
    case imageNames = "names of UDF image"
    case passwordKeys = "passwords of archives and documents"
    case messageStructure = "structure of a message in a container"
    // What only a bomb has.
    case overlappingEntries = "overlapping zip entries"
    case overlappingFiles = "overlapping files in cab archive"
    case overlappingHelp = "entries of compiled help share octets"
    // Fixed.
    case strayArchives = "archives beside members"
    case headers = "headers"
    case partitions = "partitions of a disk"
    case imageEntries = "entries of UDF image"
    case imageDirectories = "directories of an image"
    case directoryEntries = "directory entries"
    case items = "items"
    case octets = "octets"
    case streamOctets = "octets of streams"
    case bufferedOctets = "octets in memory"
    case filters = "octets or filters"
    case packetLayers = "layers of OpenPGP message"
    case lists = "lists within one another"
    case objects = "objects within one another"
    case embeddedFiles = "embedded files within one another"
    case attachments = "attachments or properties"
}

extension ContainerProblem {
    /// A limit was reached.
    /// - Parameter what: words of ours for the format.
    package init(_ limit: ContainerLimit, of what: String = "") {
        self.init(.overLimits, what.isEmpty ? limit.rawValue : "\(limit.rawValue) of \(what)")
    }
}
