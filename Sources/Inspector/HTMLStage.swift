internal import Bytes
internal import InspectionLink
internal import MIME
internal import MailModel

/// Finds what has to be taken out of the HTML that people see when they open the message.
struct HTMLStage {
    private let html: ShownHTML
    private let limits: InspectionLimits
    private var cleanings: [HTMLCleaning]
    /// Changes so far, for each cleaning.
    private var counts: [Int]

    init(_ request: Inspect, _ tree: PartTree, _ message: Span<UInt8>) {
        html = ShownHTML(tree, message)
        limits = request.limits
        cleanings = request.context.hazards.map(HTMLCleaning.init)
        counts = cleanings.map { _ in 0 }
    }

    /// A part that people may see, if it is HTML.
    func isShown(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Bool {
        html.isShown(index, tree, message)
    }

    /// A part of a message that is an attachment.
    func isOfAttachedMessage(_ index: Int) -> Bool { html.isOfAttachedMessage(index) }

    /// Looks at the content of a part that is shown, in whatever reading.
    /// - Parameters:
    ///   - content: decoded.
    ///   - isCut: there is more of it.
    mutating func take(_ index: Int, _ part: Part, _ content: Span<UInt8>, isCut: Bool, _ read: TextContent) {
        guard read.html != nil || HTMLBeginning.isThere(read.text.span),
            cleanings.contains(where: { $0.obstacle == nil })
        else { return }
        let readings = HTMLReadings(
            content, read, label: part.charset, others: part.otherCharsets, limit: limits.textBytes)
        let isUnseen = isCut || readings.isDoubtful || readings.isCut
        let isOrdinary =
            part.reading == 0 && part.decoding == .ordinary && part.source == 0 && ShownHTML.isHTML(part.mediaType)
        for place in cleanings.indices where cleanings[place].obstacle == nil {
            let edits = readings.asItStands ? self.edits(content, place, limits.htmlEdits - counts[place]) : []
            let isFound =
                edits?.isEmpty != true || readings.others.contains { self.edits($0.span, place, 0)?.isEmpty != true }
            guard isFound || isUnseen else { continue }
            if let obstacle = html.obstacle ?? (isOrdinary ? nil : .ambiguous) {
                cleanings[place].obstacle = obstacle
            } else if readings.isDoubtful || isFound && !readings.isPlain {
                cleanings[place].obstacle = .charset
            } else if let edits, !isCut, !readings.isCut {
                cleanings[place].texts.append(HTMLCleaning.Text(part: index, edits: edits))
                counts[place] += edits.count
            } else {
                cleanings[place].obstacle = .overLimits
            }
        }
    }

    private func edits(_ text: Span<UInt8>, _ place: Int, _ limit: Int) -> [HTMLEdit]? {
        HTMLSanitiser.edits(
            text, without: cleanings[place].hazards, limit: limit, attributes: limits.htmlAttributes)
    }

    /// Looks at HTML that some mail readers show as the message and that stands in a part of another type.
    /// - Parameter obstacle: why it cannot be changed there.
    mutating func take(enclosed content: Span<UInt8>, _ obstacle: HTMLCleaning.Obstacle) {
        look(enclosed: content, obstacle)
        for text in EncapsulatedHTML.readings(content) { look(enclosed: text.span, obstacle) }
    }

    /// Nobody knows what is in a part of another type that some mail readers show as the message.
    mutating func take(unread obstacle: HTMLCleaning.Obstacle) {
        for place in cleanings.indices where cleanings[place].obstacle == nil { cleanings[place].obstacle = obstacle }
    }

    private mutating func look(enclosed content: Span<UInt8>, _ obstacle: HTMLCleaning.Obstacle) {
        guard cleanings.contains(where: { $0.obstacle == nil }) else { return }
        let read = TextContent.read(content, mediaType: "text/html", charset: "", limit: limits.textBytes)
        let readings = HTMLReadings(content, read, label: "", limit: limits.textBytes)
        for place in cleanings.indices where cleanings[place].obstacle == nil {
            let isFound =
                readings.isDoubtful || readings.isCut
                || readings.asItStands && edits(content, place, 0)?.isEmpty != true
                || readings.others.contains { self.edits($0.span, place, 0)?.isEmpty != true }
            if isFound { cleanings[place].obstacle = obstacle }
        }
    }

    /// What is to be told, with parts by their indices in the report.
    func result(_ tree: PartTree, _ reported: [Int]) -> [HTMLCleaning] {
        let doubt = ShownHTML.doubt(tree)
        return cleanings.map { cleaning in
            var cleaning = cleaning
            if cleaning.obstacle == nil, let doubt { cleaning.obstacle = html.obstacle ?? doubt }
            if cleaning.obstacle != nil { cleaning.texts = [] }
            for place in cleaning.texts.indices { cleaning.texts[place].part = reported[cleaning.texts[place].part] }
            return cleaning
        }
    }
}
