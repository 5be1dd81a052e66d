internal import Documents
internal import MIME
internal import MailModel
internal import Members
internal import Scoring
internal import Unpacking

/// Tokens of what stands in archives and documents: their text, the links that they hold, what their members are called.
extension Inspection.Run {
    /// Octets of text of one member, and of all members of a message.
    static let memberTextSize = 262_144
    static let memberTextTotal = 1_048_576
    /// Members of a message that are looked at for tokens.
    static let memberTokenCount = 200

    /// Takes tokens of a member, or of an attached document itself.
    /// - Parameters:
    ///   - content: decoded octets.
    ///   - item: nil for a part of the message, whose text is taken elsewhere.
    mutating func takeTokens(of content: Span<UInt8>, _ opened: Unpacker.Opened, item: Unpacker.Item?) {
        guard tokens != nil else { return }
        for fact in opened.facts where fact.kind == .uri { tokens?.add(documentLink: fact.text.span) }
        guard let item, membersTaken < Self.memberTokenCount else { return }
        membersTaken += 1
        let type = opened.types.first?.mediaType ?? ""
        tokens?.add(member: item.member.names.map { String(decoding: $0, as: UTF8.self) }, type: type)
        guard let mediaType = Self.textType(type, item.member.names), memberTextLeft > 0 else { return }
        let limit = min(Self.memberTextSize, memberTextLeft)
        let text = TextContent.read(content, mediaType: mediaType, charset: "", limit: limit)
        memberTextLeft -= text.text.count
        // Who reads the mail is shown it when he opens the archive, if ever: honest words in it speak to filters (attack). Where
        // the mail itself shows no text, they count as what is shown.
        tokens?.add(text, size: content.count, isShown: false)
        clock.spent(.tokens)
    }

    /// As what a member's text is read; nil when it is none that people read. Of the many XML files of an office document only
    /// those with its text are.
    private static func textType(_ type: String, _ names: [[UInt8]]) -> String? {
        if type.hasPrefix("text/") { return type }
        guard type.hasSuffix("xml"), let name = names.first else { return nil }
        let path = String(decoding: name, as: UTF8.self).lowercased()
        let isText =
            ["document.xml", "sharedstrings.xml", "content.xml"].contains { path.hasSuffix($0) }
            || path.contains("slides/slide")
        return isText ? "text/html" : nil
    }
}
