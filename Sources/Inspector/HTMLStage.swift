internal import Bytes
internal import InspectionLink
internal import MIME
internal import MailModel

/// Finds what has to be taken out of the HTML that people see when they open the message.
struct HTMLStage {
    private let html: ShownHTML
    private let limits: InspectionLimits
    private var cleanings: [HTMLCleaning]

    init(_ request: Inspect, _ tree: PartTree, _ message: Span<UInt8>) {
        html = ShownHTML(tree, message)
        limits = request.limits
        cleanings = request.context.hazards.map(HTMLCleaning.init)
    }

    /// A part that people may see, if it is HTML.
    func isShown(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Bool {
        html.isShown(index, tree, message)
    }

    /// Looks at the content of a part that is shown, in whatever reading.
    /// - Parameters:
    ///   - content: decoded.
    ///   - isCut: there is more of it.
    mutating func take(_ index: Int, _ part: Part, _ content: Span<UInt8>, isCut: Bool, _ read: TextContent) {
        guard read.html != nil else { return }
        let isForeign = Self.isForeign(read, content)
        for place in cleanings.indices {
            let hazards = cleanings[place].hazards
            let left = limits.htmlEdits - cleanings[place].texts.reduce(0) { $0 + $1.edits.count }
            let edits = HTMLSanitiser.edits(
                isForeign ? read.text.span : content, without: hazards, limit: left, attributes: limits.htmlAttributes)
            guard edits?.isEmpty != true || isCut else { continue }
            let isOrdinary =
                part.reading == 0 && part.decoding == .ordinary && part.source == 0 && part.mediaType == "text/html"
            if let obstacle = html.obstacle ?? (isOrdinary ? nil : .ambiguous) {
                cleanings[place].obstacle = obstacle
            } else if isForeign {
                cleanings[place].obstacle = .charset
            } else if let edits, !isCut {
                cleanings[place].texts.append(HTMLCleaning.Text(part: index, edits: edits))
            } else {
                cleanings[place].obstacle = .overLimits
            }
        }
    }

    /// What is to be told, with parts by their indices in the report.
    func result(_ reported: [Int]) -> [HTMLCleaning] {
        cleanings.map { cleaning in
            var cleaning = cleaning
            if cleaning.obstacle != nil { cleaning.texts = [] }
            for place in cleaning.texts.indices { cleaning.texts[place].part = reported[cleaning.texts[place].part] }
            return cleaning
        }
    }

    /// `<` and quotes may be parts of other characters, or not seen in all of their places.
    private static func isForeign(_ read: TextContent, _ content: Span<UInt8>) -> Bool {
        // Escape sequences shift to other letters, whatever charset is declared.
        if read.alphabet(of: content) == .foreign || content.firstIndex(of: 0x1B) != nil { return true }
        if read.anomalies.contains(.unknownCharset) { return true }
        // Half a character of an East Asian charset takes the quote behind it along in some readers.
        return read.charset.hasTrailOctets && read.anomalies.contains(.undecodableText)
    }
}
