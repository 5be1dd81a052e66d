package import MailModel

/// `Content-Transfer-Encoding` (RFC 2045 section 6).
package enum TransferEncoding: String, Hashable, Sendable, CaseIterable {
    case sevenBit = "7bit"
    case eightBit = "8bit"
    case binary
    case base64
    case quotedPrintable = "quoted-printable"
    case uuencode = "x-uuencode"
    /// Present but not known; read as it stands.
    case unknown

    /// False when the body is its own decoded form and can be lent out as it stands.
    package var needsDecoding: Bool {
        switch self {
        case .base64, .quotedPrintable, .uuencode: true
        case .sevenBit, .eightBit, .binary, .unknown: false
        }
    }
}

/// One node of a message's structure: ranges and facts, never content.
package struct Part: Hashable, Sendable {
    /// What a part is to the structure.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Content of its own: to be decoded and scanned.
        case leaf
        /// A multipart that was opened; its content is in its children.
        case multipart
        /// A message/rfc822 or message/global that was opened; its only child is the message inside.
        case message
        /// What stands before the first delimiter of a multipart (RFC 2046 section 5.1.1), when it is not blank.
        case preamble
        /// What stands after the close delimiter of a multipart, when it is not blank.
        case epilogue

        /// The part holds bytes that no other part stands for, so that scanners must look at it.
        package var hasContent: Bool {
            switch self {
            case .leaf, .preamble, .epilogue: true
            case .multipart, .message: false
            }
        }
    }

    /// Place in the tree: `1` for the message, `1.2` for its second part, `1.2.preamble`.
    package var path: String
    /// Index of the container in `PartTree.parts`; -1 for the message itself.
    package var parent: Int32
    /// Index of the first child; -1 when there is none.
    package var firstChild: Int32 = -1
    /// Index of the next part of the same container; -1 for the last.
    package var nextSibling: Int32 = -1
    /// Steps from the message, which has 0.
    package var depth: Int32
    /// What the part is to the structure.
    package var kind: Kind
    /// `type/subtype` in lower case, ASCII; the default of RFC 2045 section 5.2 or RFC 2046 section 5.1.5 when the field
    /// is missing or not valid.
    package var mediaType: String
    /// `charset` parameter in lower case, escaped; empty when absent.
    package var charset: String
    /// What other readers may take for it.
    package var otherCharsets = OtherCharsets()
    /// It is plain text whose soft line ends leave no blank when its lines are put together (RFC 3676: `format=flowed; delsp=yes`).
    package var deletesSpaces = false
    /// How the body is encoded.
    package var transferEncoding: TransferEncoding
    /// Every candidate for a file name, decoded, each once, in the order of discovery; escape before showing.
    package var names: [String]
    /// Index in `PartTree.sources` of the bytes that both ranges refer to.
    package var source: Int32
    /// The header block, with the blank line that ends it; empty for preamble and epilogue.
    package var header: Range<Int>
    /// The body as it stands, without the line end that belongs to the delimiter behind it.
    package var body: Range<Int>
    /// The reading that shows the part: 0 for the ordinary one, in which parts form the tree; others stand behind those of
    /// the ordinary reading, without links, below the message or the part in whose content they lie.
    package var reading: Int32 = 0
    /// How the body is decoded where decoders differ.
    package var decoding = Decoding.ordinary
    /// What made another reading possible; nil in the ordinary reading.
    package var cause: AnomalyKind?
}
