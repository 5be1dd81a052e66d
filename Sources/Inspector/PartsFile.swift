internal import Linux
internal import MailModel

/// Puts decoded parts into the file that scanners outside the inspector read. The file is the gateway's, which seals it when
/// the report is there.
struct PartsFile {
    private let file: Descriptor
    private var left: Int
    private var end = 0
    /// What stands in the file.
    private(set) var parts: [MaterialisedPart] = []

    /// - Parameter limit: octets of all parts together.
    init(_ file: Descriptor, limit: Int) {
        self.file = file
        left = limit
    }

    /// Adds the content of a part.
    /// - Returns: false when it does not fit any more.
    mutating func add(_ content: Span<UInt8>, part: Int) throws(SystemError) -> Bool {
        guard content.count <= left else { return false }
        try file.write(content, at: end)
        parts.append(MaterialisedPart(part: part, range: end..<end + content.count))
        end += content.count
        left -= content.count
        return true
    }
}
