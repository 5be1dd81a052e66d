/// What a token was taken from. The class stands in the four highest bits of the token's number, so that a store and a
/// classifier can tell the classes apart without knowing the text.
package enum TokenClass: UInt8, Hashable, Sendable, CaseIterable {
    /// A word or address of a header field, told apart by the field's name.
    case header = 1
    /// How the header is made: fields present, their order, patterns of identifiers and boundaries.
    case headerForm = 2
    /// A relay in a `Received:` field.
    case relay = 3
    /// A word of the subject or of text that a person sees.
    case word = 4
    /// Two words near each other in such a text, with their distance (orthogonal sparse bigrams).
    case pair = 5
    /// A word of text that nobody sees.
    case hidden = 6
    /// A link or a mail address in the body.
    case link = 7
    /// Structure: kinds and sizes of parts, file names, form of the HTML, digests of content.
    case structure = 8
    /// Four octets that follow each other in the first octets of the text.
    case gram = 9
    /// A word of the text as SpamAssassin keys it: counted only, and only for stores that were restored from its backup.
    case foreign = 10
    /// What the way of the message says without any of its names.
    case origin = 11
    /// Such things together, see `FactsTogether`: `Features` makes them, no extractor takes them.
    case together = 12

    /// The class of a token; nil for a number that no extractor of this version made.
    package init?(of token: UInt64) {
        self.init(rawValue: UInt8(token >> 60))
    }

    /// A hash as a token of this class.
    func token(_ hash: UInt64) -> UInt64 {
        hash >> 4 | UInt64(rawValue) << 60
    }

    /// Tokens of the class that one message may have: a message padded with words tells no more than others.
    var limit: Int {
        switch self {
        case .header: 400
        case .headerForm: 200
        case .relay: 200
        case .word: 400
        case .pair: 500
        case .hidden: 300
        case .link: 400
        case .structure: 200
        case .gram: 600
        case .foreign: 1200
        case .origin: 20
        case .together: FactsTogether.most
        }
    }

    /// What stands before the token's text when it is shown.
    var prefix: String {
        switch self {
        case .header: "H:"
        case .headerForm: "F:"
        case .relay: "R:"
        case .word: ""
        case .pair: "2:"
        case .hidden: "I:"
        case .link: "L:"
        case .structure: "S:"
        case .gram: "4:"
        case .foreign: "SA:"
        case .origin, .together: "O:"
        }
    }
}
