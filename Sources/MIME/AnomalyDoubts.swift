package import MailModel

/// Something in a source that readers disagree on.
struct Doubt {
    var kind: AnomalyKind
    /// Where it is in the source.
    var offset: Int

    /// What explains a reading best has the lowest: the worst class, then the first in the source.
    var rank: (classRank: Int, offset: Int) {
        let classRank =
            switch kind.anomalyClass {
            case .deceptive: 0
            case .sloppy: 1
            case .benign: 2
            }
        return (classRank, offset)
    }
}

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
            .undecodableText, .hiddenText, .textHiddenInWord, .unfinishedMarkup, .conflictingName, .obscuredName,
            .bareCR, .bareLF, .nul:
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
