/// How an anomaly weighs.
package enum AnomalyClass: String, Hashable, Sendable, CaseIterable {
    /// Real software writes it and readers agree well enough: a fact, nothing more.
    case benign
    /// Software that is wrong writes it, and so do attackers: a reason for a score.
    case sloppy
    /// No real software is known to write it, and readers disagree on what it means or make something of it that cannot be
    /// seen here: the message is ambiguous.
    case deceptive
}

extension AnomalyKind {
    /// The class of each kind, with no exception elsewhere. `docs/ANOMALIES.md` says who reads each of them which way.
    package var anomalyClass: AnomalyClass {
        switch self {
        case .mboxLine, .duplicateDisposition, .missingCloseDelimiter, .undeclaredDelimiter, .unreadRemainder,
            .attachedMessage, .encodingTruncated, .base64MissingPadding, .uuencodeMissingBegin, .uuencodeMissingEnd:
            .benign
        case .brokenHeaderBlock, .leadingContinuation, .blankBeforeColon, .bareCRInHeader, .duplicateContentType,
            .duplicateTransferEncoding, .invalidContentType, .unknownTransferEncoding, .unterminatedQuote,
            .junkAfterParameter, .duplicateParameter, .brokenContinuation, .multipartWithoutBoundary,
            .multipartWithoutDelimiter, .delimiterAfterClose, .boundaryPrefix, .encodedContainer, .commentInStructure,
            .fieldsBehindHeader, .boundaryOnLeaf, .partOutsideMultipart, .undeclaredBase64, .encodingJunk,
            .base64DataAfterPadding, .base64ExtraPadding, .quotedPrintableBadEscape, .boundaryReused,
            .base64SplitGroup, .base64DataAfterBlankLine, .quotedPrintableNeedlessEscapes, .misnamedTransferEncoding,
            .blankContinuation, .nameInContinuation:
            .sloppy
        case .nulInHeader, .conflictingContentType, .conflictingTransferEncoding, .conflictingBoundary,
            .obscuredTransferEncoding, .obscuredStructure, .obscuredFieldName, .fieldInContinuation, .bareCRDelimiter,
            .partialMessage:
            .deceptive
        }
    }

    /// Readers may find other parts or other content here, so that other readings are made. Odd forms within an encoded
    /// body are not among them: they are judged when that body is decoded.
    var isDoubt: Bool {
        switch self {
        case .mboxLine, .duplicateDisposition, .missingCloseDelimiter, .unreadRemainder, .attachedMessage,
            .partialMessage, .encodingJunk, .base64DataAfterPadding, .base64MissingPadding, .base64ExtraPadding,
            .encodingTruncated,
            .quotedPrintableBadEscape, .uuencodeMissingBegin, .uuencodeMissingEnd, .base64SplitGroup,
            .base64DataAfterBlankLine, .quotedPrintableNeedlessEscapes:
            false
        default:
            true
        }
    }
}
