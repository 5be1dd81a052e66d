/// What can be taken out of HTML that people open; raw values are those of settings and reports.
package enum HTMLHazard: String, Hashable, Sendable, CaseIterable {
    /// Scripts, event attributes, addresses that are scripts, scripts in styles.
    case scripts
    /// Forms and their fields.
    case forms
    /// Frames, objects and applets.
    case frames
    /// Whatever is loaded from elsewhere when the mail is shown: images, styles, sound.
    case remote

    /// Sets of them that one message can be asked for: all there are, but for the empty one.
    package static let setLimit = 15

    /// A set of them for people: `scripts+remote`.
    package static func words(_ hazards: Set<HTMLHazard>) -> String {
        allCases.filter(hazards.contains).map(\.rawValue).joined(separator: "+")
    }
}

/// A change within the decoded HTML of one part. What stands there afterwards is one of three texts of the gateway's own.
package struct HTMLEdit: Hashable, Sendable {
    /// What is done; raw values are those of reports.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// An empty comment stands in place of the octets: without one, what stands on both sides could become a tag.
        case comment
        /// `x-` is put in front of a name, which means nothing to readers then; the range is empty.
        case prefix
        /// `<` or `&`, the one octet of the range, becomes a reference: it is text.
        case reference
    }

    /// Octets of the decoded content.
    package var range: Range<Int>
    package var kind: Kind

    package init(_ kind: Kind, _ range: Range<Int>) {
        (self.kind, self.range) = (kind, range)
    }

    /// Changes of one message that can be reported, for one set of hazards; all sets fit into a report of 16 MiB.
    package static let countLimit = 30_000

    /// The content with the changes.
    /// - Returns: nil unless they are in order, do not overlap, lie within, and fit what stands there.
    package static func apply(_ edits: [HTMLEdit], to content: [UInt8]) -> [UInt8]? {
        var out: [UInt8] = []
        var position = 0
        for edit in edits {
            guard edit.range.lowerBound >= position, edit.range.upperBound <= content.count else { return nil }
            out += content[position..<edit.range.lowerBound]
            position = edit.range.upperBound
            switch edit.kind {
            case .comment:
                guard !edit.range.isEmpty else { return nil }
                out += Array("<!---->".utf8)
            case .prefix:
                guard edit.range.isEmpty else { return nil }
                out += Array("x-".utf8)
            case .reference:
                guard edit.range.count == 1 else { return nil }
                switch content[edit.range.lowerBound] {
                case 0x3C: out += Array("&lt;".utf8)
                case 0x26: out += Array("&amp;".utf8)
                default: return nil
                }
            }
        }
        return out + content[position...]
    }
}

/// How the HTML of a message becomes harmless, for one set of hazards.
package struct HTMLCleaning: Hashable, Sendable {
    /// The changes of one part.
    package struct Text: Hashable, Sendable {
        /// Index of the part.
        package var part: Int
        package var edits: [HTMLEdit]

        package init(part: Int, edits: [HTMLEdit]) {
            (self.part, self.edits) = (part, edits)
        }
    }

    /// Why it cannot be done; raw values are those of reports, logs and `explain`.
    package enum Obstacle: String, Hashable, Sendable, CaseIterable {
        /// multipart/signed, S/MIME or OpenPGP: a signature would break.
        case signed
        /// multipart/encrypted, S/MIME or OpenPGP.
        case encrypted
        /// multipart/report: a notification, which programs read.
        case report
        /// message/partial: a piece of a message.
        case partial
        /// Mail readers may take the message apart in other ways, and not all take it for the same HTML.
        case ambiguous
        /// The HTML is in a charset in which ASCII does not stand for itself, or one that is not known.
        case charset
        /// More octets or changes than the limits allow.
        case overLimits = "over-limits"
    }

    package var hazards: Set<HTMLHazard>
    /// Parts that have to be changed, in the order of the report; none where there is an obstacle, or nothing to do.
    package var texts: [Text] = []
    /// Something has to be taken out, and cannot; nil where it can, or nothing has to.
    package var obstacle: Obstacle?

    package init(_ hazards: Set<HTMLHazard>) {
        self.hazards = hazards
    }
}
