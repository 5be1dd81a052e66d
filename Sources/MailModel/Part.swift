/// One part of a message as the inspector describes it: facts for policy, logs and `scan`, not the content itself.
package struct PartDescription: Hashable, Sendable {
    /// Position in the tree: `1`, `1.2`, `1.2.1`; members of containers behind a slash, as in `1.2/1/3`.
    package var path: String
    /// Media type from `Content-Type`, lower case, without parameters; escape before showing.
    package var declaredType: String
    /// Type found in the content; empty when nothing was recognised.
    package var detectedType: String
    /// Every candidate file name; escape before showing.
    package var names: [String]
    /// Size of the decoded content in octets.
    package var size: Int
    /// SHA-256 of the decoded content, 32 bytes; empty for containers that have no content of their own.
    package var sha256: [UInt8]
    /// The content is encrypted.
    package var encrypted: Bool
    /// Where the part comes from.
    package var origin: Origin
    /// 0 for the ordinary reading of the message; other numbers for parts that only other mail readers would see.
    package var reading: Int
    /// What made another reading possible; nil in the ordinary one.
    package var cause: AnomalyKind?
    /// How the content was decoded where decoders differ: one word, `ordinary` or another way (`docs/ANOMALIES.md`).
    package var decoding: String
    /// What else was noticed, each a short line: what the part is in its container, macros and links of a document, the
    /// password that opened it. Escape before showing.
    package var notes: [String]
    /// Short types of the content, in amavis's words where it has one (`exe-ms`, `zip`), the most telling first.
    package var types: [String]
    /// Index of the part that this one stands in, which is smaller than its own; nil for the message.
    package var container: Int?
    /// Where the part stands in the raw message; nil when it stands in something that had to be decoded first.
    package var place: Place?

    /// Octets of the raw message: the header block with the blank line that ends it, and the body behind it.
    package struct Place: Hashable, Sendable {
        package var header: Range<Int>
        package var body: Range<Int>

        package init(header: Range<Int>, body: Range<Int>) {
            self.header = header
            self.body = body
        }
    }

    package init(
        path: String, declaredType: String = "", detectedType: String = "", names: [String] = [], size: Int = 0,
        sha256: [UInt8] = [], encrypted: Bool = false, origin: Origin = .mime,
        reading: Int = 0, cause: AnomalyKind? = nil, decoding: String = "ordinary", notes: [String] = [],
        types: [String] = [], container: Int? = nil, place: Place? = nil
    ) {
        self.path = path
        self.declaredType = declaredType
        self.detectedType = detectedType
        self.names = names
        self.size = size
        self.sha256 = sha256
        self.encrypted = encrypted
        self.origin = origin
        self.reading = reading
        self.cause = cause
        self.decoding = decoding
        self.notes = notes
        self.types = types
        self.container = container
        self.place = place
    }

    /// Where a part comes from; raw values are those of `scan --json`.
    package enum Origin: String, Hashable, Sendable, CaseIterable {
        case mime
        case archive
        case embedded
    }
}
