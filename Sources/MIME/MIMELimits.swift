/// Bounds of one reading of a message. Reaching one is recorded in `PartTree.limitsHit`; the bytes behind it stay
/// visible, so that a scanner still sees them, undivided.
package struct MIMELimits: Hashable, Sendable {
    /// Most parts that are read; what follows becomes one leaf for each source.
    package var parts: Int
    /// Deepest part (the message itself has depth 0); a container at this depth stays a leaf.
    package var depth: Int
    /// Octets of one header block that are interpreted; later fields are passed over, the block's end is still found.
    package var headerBytes: Int
    /// Fields of one header block that are interpreted.
    package var headerCount: Int
    /// Parameters of one field that are interpreted.
    package var parameters: Int
    /// Longest boundary in octets that opens a multipart. RFC 2046 section 5.1.1 allows 70; real software writes more.
    package var boundaryLength: Int
    /// Octets of encoded bodies in one message that are decoded in order to read the message or multipart inside.
    package var nestedBytes: Int
    /// Most readings besides the ordinary one.
    package var readings: Int
    /// Octets of bodies in all readings besides the ordinary one, beyond four times the size of the message.
    package var alternativeBytes: Int

    package init(
        parts: Int = 10_000, depth: Int = 100, headerBytes: Int = 1 << 20, headerCount: Int = 10_000,
        parameters: Int = 200, boundaryLength: Int = 2048, nestedBytes: Int = 64 << 20, readings: Int = 128,
        alternativeBytes: Int = 1 << 20
    ) {
        self.parts = parts
        self.depth = depth
        self.headerBytes = headerBytes
        self.headerCount = headerCount
        self.parameters = parameters
        self.boundaryLength = boundaryLength
        self.nestedBytes = nestedBytes
        self.readings = readings
        self.alternativeBytes = alternativeBytes
    }
}

/// Names of the limits, as reports and logs show them.
package enum MIMELimit: String, Hashable, Sendable, CaseIterable {
    case parts = "mime-parts"
    case depth = "mime-depth"
    case headerBytes = "mime-header-bytes"
    case headerCount = "mime-header-count"
    case parameters = "mime-parameters"
    case boundaryLength = "mime-boundary-length"
    case nestedBytes = "mime-nested-bytes"
    case readings = "mime-readings"
    case alternativeBytes = "mime-alternative-bytes"
}
