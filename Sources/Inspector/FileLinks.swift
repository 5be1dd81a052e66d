internal import Checks
internal import Documents
internal import MIME
internal import MailModel
internal import Unpacking

/// The links of attached files and of what is in them, for the rules on links: of documents, which tell of theirs, of shortcuts, and
/// of pages, calendars and visiting cards that are no text of the message.
struct FileLinks {
    /// Octets of one text that are read, and of all of a message.
    private static let textSize = 1 << 20
    private static let textTotal = 8 << 20

    private let limit: Int
    /// Those of pages, each once in a page. `textTotal` bounds what they hold.
    private(set) var pages: [LinkPage] = []
    /// All others, each once.
    private(set) var links: [[UInt8]] = []
    private var known: Set<[UInt8]> = []
    /// There were more links or texts than are read.
    private(set) var hasMore = false
    private var left = Self.textTotal

    /// - Parameter limit: links.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes what a file tells of links.
    /// - Parameter isText: it is a text of the message, which is read as such.
    mutating func take(_ content: Span<UInt8>, _ opened: Unpacker.Opened, isText: Bool) {
        for fact in opened.facts {
            switch fact.kind {
            case .uri: add(fact.text)
            case .shortcutTarget: takeText(fact.text)
            default: continue
            }
        }
        guard !isText, let type = Self.textType(content, opened.types) else { return }
        let size = min(Self.textSize, left)
        guard size > 0 else { return hasMore = true }
        var text = TextContent.read(content, mediaType: type, charset: "", limit: size)
        if type == Self.notation { text.text = CalendarNotation.unescaped(text.text.span) }
        left -= text.text.count
        if text.limitReached { hasMore = true }
        for var page in text.linkPages {
            var seen: Set<[UInt8]> = []
            page.targets.removeAll { !seen.insert($0).inserted }
            pages.append(page)
        }
        takeText(text.html?.visible ?? text.text)
        takeText(text.script)
    }

    /// What browsers show.
    private static let pages: [FileType] = [.html, .htmlApplication, .vectorImage]

    /// Of calendars and cards in JSON.
    private static let notation = "application/json"

    private static func textType(_ content: Span<UInt8>, _ types: [FileType]) -> String? {
        if types.contains(where: { pages.contains($0) }) { return "text/html" }
        if types.contains(.webLocation) || CalendarNotation.isXML(content) { return "text/html" }
        if CalendarNotation.isJSON(content) { return notation }
        return ContentLines.areIn(content) ? "text/calendar" : nil
    }

    private mutating func takeText(_ text: [UInt8]) {
        var stage = self
        LinkTexts.inText(text.span) {
            stage.add($0)
            return !stage.hasMore
        }
        self = stage
    }

    private mutating func add(_ link: [UInt8]) {
        guard !link.isEmpty, !known.contains(link) else { return }
        guard links.count < limit else { return hasMore = true }
        known.insert(link)
        links.append(link)
    }
}
