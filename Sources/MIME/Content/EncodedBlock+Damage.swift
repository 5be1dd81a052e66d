extension EncodedBlock {
    /// What says that the file in a block is not whole, for reports; nil where nothing does. Junk that readers pass over, and
    /// blanks at the ends of uuencoded lines that got lost on the way, do not.
    /// - Parameter decoded: what decoding it gave.
    package func damage(_ decoded: Decoded) -> String? {
        let notes = decoded.notes
        if notes.contains(.missingEnd) { return "\(coding.rawValue) file without its end" }
        if notes.contains(.checksumMismatch) { return "\(coding.rawValue) file with a wrong checksum" }
        if notes.contains(.sizeMismatch), !decoded.limitReached { return "\(coding.rawValue) file of another size" }
        if notes.contains(.truncated), coding != .uuencode { return "\(coding.rawValue) file is cut off" }
        return nil
    }

    /// Octets in front of a block that an encoder or a mail program may have put there: behind more, a text shows it.
    private static let mostInFront = 1024

    /// The content that it was found in is this file, as far as its place tells.
    package var isLeading: Bool { whole.lowerBound <= Self.mostInFront }
}
