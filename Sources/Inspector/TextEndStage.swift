internal import Bytes
internal import MIME
internal import MailModel

/// Finds where a text can be put into the message, and whether it stands there already.
struct TextEndStage {
    /// Letters and digits of the texts, by their numbers.
    private let wanted: [[UInt8]]
    private var body: BodyTexts
    /// Parts of the tree, with what was found.
    private var ends: [TextEnd] = []
    private var obstacle: TextObstacle?
    /// Numbers of the texts that stand in any text of a form: the text may be a part of its own.
    private var known: [TextEnd.Form: Set<Int>] = [:]

    /// - Parameter wanted: letters and digits of the texts (`TextContent.letters`).
    init(_ wanted: [[UInt8]], _ tree: PartTree, _ message: Span<UInt8>) {
        self.wanted = wanted
        body = BodyTexts(tree, message)
        obstacle = body.obstacle
    }

    /// Looks at the content of a part of the tree.
    /// - Parameters:
    ///   - content: decoded.
    ///   - decoding: what decoding met; nil where there was nothing to decode.
    ///   - body: as it stands in the message.
    mutating func take(
        _ index: Int, _ part: Part, _ content: Span<UInt8>, _ decoding: DecodeResult?, _ read: TextContent,
        body raw: Span<UInt8>
    ) {
        guard obstacle == nil, let text = body.shown.first(where: { $0.part == index }) else { return }
        let letters = read.letters
        for (number, words) in wanted.enumerated() where letters.span.firstIndex(of: words.span) != nil {
            known[text.form, default: []].insert(number)
        }
        guard body.texts.contains(text) else { return }
        if content.firstIndex(of: "-----BEGIN PGP ") != nil {
            // As text in the text (RFC 4880 sections 6 and 7).
            obstacle = content.firstIndex(of: "-----BEGIN PGP MESSAGE") == nil ? .signed : .encrypted
            return
        }
        var end = TextEnd(
            part: index, form: text.form, coding: Self.coding(part.transferEncoding),
            letters: read.alphabet(of: content), charset: part.charset)
        end.isFlowed = text.isFlowed
        var offset = content.count
        // Of HTML that was not read to its end nobody knows what is hidden there.
        let isSeen = read.html.map { !$0.endsUnseen && !read.limitReached } ?? true
        if isSeen, end.letters != .foreign, decoding?.limitReached != true,
            let place = TextPlace(
                end: content, isHTML: text.form == .html, body: raw, encoding: part.transferEncoding,
                notes: decoding?.notes ?? [], offset: &offset)
        {
            let start = part.body.lowerBound
            end.place = start + place.range.lowerBound..<start + place.range.upperBound
            end.skip = place.skip
        }
        end.endsLine = offset == 0 || content[offset - 1] == 0x0A
        ends.append(end)
    }

    /// What is to be told, with parts by their indices in the report.
    func result(_ reported: [Int]) -> (ends: [TextEnd], obstacle: TextObstacle?) {
        // A text that nobody has read is none.
        guard obstacle == nil, ends.count == body.texts.count else { return ([], obstacle ?? .noText) }
        return (
            ends.map { end in
                var end = end
                end.part = reported[end.part]
                end.known = known[end.form, default: []].sorted()
                return end
            }, nil
        )
    }

    private static func coding(_ encoding: TransferEncoding) -> TextEnd.Coding {
        switch encoding {
        case .base64: .base64
        case .quotedPrintable: .quotedPrintable
        case .sevenBit: .sevenBit
        case .eightBit, .binary, .uuencode, .unknown: .eightBit
        }
    }
}
