package import MailModel

extension AnomalyKind {
    /// Readers may find other parts or other content here, so that other readings are made. Odd forms within an encoded
    /// body are not among them: they are judged when that body is decoded.
    var isDoubt: Bool {
        switch self {
        case .mboxLine, .duplicateDisposition, .missingCloseDelimiter, .unreadRemainder, .attachedMessage,
            .encodingJunk,
            .base64DataAfterPadding, .base64MissingPadding, .base64ExtraPadding, .encodingTruncated,
            .quotedPrintableBadEscape, .uuencodeMissingBegin, .uuencodeMissingEnd, .base64SplitGroup,
            .base64DataAfterBlankLine, .quotedPrintableNeedlessEscapes, .partialMessage, .unknownCharset,
            .undecodableText, .hiddenText, .textHiddenInWord, .unfinishedMarkup, .bareCR, .bareLF, .nul:
            false
        default:
            true
        }
    }

    /// What the notes of a decoder are as anomalies.
    package static func kinds(of notes: DecodeResult.Notes) -> [AnomalyKind] {
        let kinds: [(DecodeResult.Notes, AnomalyKind)] = [
            (.junk, .encodingJunk), (.dataAfterPadding, .base64DataAfterPadding),
            (.missingPadding, .base64MissingPadding), (.extraPadding, .base64ExtraPadding),
            (.truncated, .encodingTruncated), (.badEscape, .quotedPrintableBadEscape),
            (.missingBegin, .uuencodeMissingBegin), (.missingEnd, .uuencodeMissingEnd),
            (.splitGroup, .base64SplitGroup), (.dataAfterBlankLine, .base64DataAfterBlankLine),
            (.needlessEscapes, .quotedPrintableNeedlessEscapes), (.foreignOctets, .encodingJunk),
        ]
        var found: [AnomalyKind] = []
        for (note, kind) in kinds where notes.contains(note) && !found.contains(kind) { found.append(kind) }
        return found
    }
}
