internal import Bytes
package import MailModel

/// Which parts are the texts that people see when they open a message: its first text, and where that is one of several
/// alternatives (RFC 2046 section 5.1.4) the first plain text and the first HTML among these. Attachments and what stands in
/// attached messages are not.
package struct BodyTexts: Sendable {
    /// One of the texts.
    package struct Text: Hashable, Sendable {
        /// Index in the tree.
        package var part: Int
        package var form: TextEnd.Form
        /// `format=flowed` (RFC 3676 section 4).
        package var isFlowed: Bool
    }

    /// Two at most, in the order of the message; empty where there is an obstacle.
    package private(set) var texts: [Text] = []
    /// All texts of the message that are shown, these two among them.
    package private(set) var shown: [Text] = []
    /// Why none of them may be changed.
    package private(set) var obstacle: TextObstacle?

    /// Parameters of a field that are looked at.
    private static let parameterLimit = 100

    /// Looks for them in the ordinary reading. `message` is the one that was read.
    package init(_ tree: PartTree, _ message: Span<UInt8>) {
        var isOfAttachedMessage = [Bool](repeating: false, count: tree.parts.count)
        var alternative = [Int?](repeating: nil, count: tree.parts.count)
        var first: Text?
        for (index, part) in tree.parts.enumerated() where part.reading == 0 && part.decoding == .ordinary {
            let container = Int(part.parent)
            if container >= 0 {
                isOfAttachedMessage[index] =
                    isOfAttachedMessage[container] || tree.parts[container].kind == .message
                alternative[index] = alternative[container]
                if alternative[index] == nil, tree.parts[container].mediaType == "multipart/alternative" {
                    alternative[index] = container
                }
            }
            if isOfAttachedMessage[index] { continue }
            if let found = Self.obstacle(part.mediaType) {
                (obstacle, texts) = (found, [])
                return
            }
            guard part.kind == .leaf, part.source == 0, let text = Self.shown(index, tree, message) else { continue }
            shown.append(text)
            let isBeside = first.map { alternative[$0.part] != nil && alternative[$0.part] == alternative[index] }
            guard isBeside ?? true, !texts.contains(where: { $0.form == text.form }) else { continue }
            texts.append(text)
            if first == nil { first = text }
        }
        if tree.parts.contains(where: { $0.reading != 0 && $0.decoding == .ordinary }) {
            (obstacle, texts) = (.ambiguous, [])
        } else if texts.isEmpty {
            obstacle = .noText
        }
    }

    static func obstacle(_ mediaType: String) -> TextObstacle? {
        switch mediaType {
        case "multipart/signed", "application/pkcs7-signature", "application/x-pkcs7-signature",
            "application/pgp-signature", "application/pkcs7-mime", "application/x-pkcs7-mime":
            .signed
        case "multipart/encrypted", "application/pgp-encrypted": .encrypted
        case "multipart/report", "message/delivery-status", "message/disposition-notification",
            "message/global-delivery-status", "message/global-disposition-notification", "message/feedback-report":
            .report
        case "message/partial": .partial
        case "text/calendar": .calendar
        default: nil
        }
    }

    /// The part as a text; nil when it is something else, or a file.
    private static func shown(_ index: Int, _ tree: PartTree, _ message: Span<UInt8>) -> Text? {
        let form: TextEnd.Form
        switch tree.parts[index].mediaType {
        case "text/plain": form = .plain
        case "text/html": form = .html
        default: return nil
        }
        var text = Text(part: index, form: form, isFlowed: false)
        let isFile = tree.withHeader(of: index, in: message) { header in
            var scanner = HeaderScanner(limit: header.count)
            var isFile = false
            while let field = scanner.next(in: header) {
                let isType = field.isNamed("content-type", in: header)
                guard isType || field.isNamed("content-disposition", in: header) else { continue }
                var body = FieldBody(header, value: field.value)
                let value = body.leadingValue()
                let parameters = ParameterList(&body, limit: parameterLimit)
                func has(_ name: StaticString, _ wanted: StaticString) -> Bool {
                    parameters.values(of: name).contains { equalIgnoringCase($0.bytes, wanted) }
                }
                if isType {
                    text.isFlowed = has("format", "flowed")
                    isFile = isFile || !parameters.values(of: "name").isEmpty
                } else {
                    isFile =
                        isFile || equalIgnoringCase(value, "attachment") || !parameters.values(of: "filename").isEmpty
                }
            }
            return isFile
        }
        return isFile ? nil : text
    }
}
