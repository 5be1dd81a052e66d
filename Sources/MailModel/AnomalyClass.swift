/// How an anomaly weighs.
package enum AnomalyClass: String, Hashable, Sendable, CaseIterable {
    /// Real software writes it and readers agree well enough: a fact, nothing more.
    case benign
    /// Software that is wrong writes it, and so do attackers: a reason for a score.
    case sloppy
    /// No software of today is known to write it, and readers disagree on what it means or make something of it that cannot be
    /// seen here: the message is ambiguous.
    case deceptive

    /// What is done about a kind of this class unless the settings say otherwise.
    package var defaultAction: AnomalyAction {
        switch self {
        case .benign: .ignore
        case .sloppy: .score
        case .deceptive: .quarantine
        }
    }
}

/// What is done about a kind of anomaly. Raw values are those of the configuration.
package enum AnomalyAction: String, Hashable, Sendable, CaseIterable {
    /// A fact in the report, nothing more.
    case ignore
    /// Points for the spam score.
    case score
    /// The message is ambiguous and is treated as `unchecked.ambiguous` says: kept in the quarantine by default.
    case quarantine
    /// The message is ambiguous and refused.
    case reject
}

extension AnomalyKind {
    /// The class of each kind, with no exception elsewhere. `docs/ANOMALIES.md` says who reads each of them which way.
    package var anomalyClass: AnomalyClass {
        switch self {
        case .mboxLine, .duplicateDisposition, .missingCloseDelimiter, .undeclaredDelimiter, .unreadRemainder,
            .encodingTruncated, .base64MissingPadding, .uuencodeMissingBegin, .uuencodeMissingEnd, .undecodableText,
            .hiddenText, .attachedMessage:
            .benign
        case .brokenHeaderBlock, .leadingContinuation, .blankBeforeColon, .bareCRInHeader, .duplicateContentType,
            .duplicateTransferEncoding, .invalidContentType, .unknownTransferEncoding, .unterminatedQuote,
            .junkAfterParameter, .duplicateParameter, .brokenContinuation, .multipartWithoutBoundary,
            .multipartWithoutDelimiter, .delimiterAfterClose, .boundaryPrefix, .encodedContainer, .commentInStructure,
            .fieldsBehindHeader, .boundaryOnLeaf, .partOutsideMultipart, .undeclaredBase64, .encodingJunk,
            .base64DataAfterPadding, .base64ExtraPadding, .quotedPrintableBadEscape, .boundaryReused,
            .base64SplitGroup, .base64DataAfterBlankLine, .quotedPrintableNeedlessEscapes, .externalBody,
            .unknownCharset,
            .textHiddenInWord, .unfinishedMarkup, .bareCR, .bareLF, .nul, .misnamedTransferEncoding, .blankContinuation,
            .nameInContinuation, .conflictingName, .obscuredName:
            .sloppy
        case .nulInHeader, .conflictingContentType, .conflictingTransferEncoding, .conflictingBoundary,
            .obscuredTransferEncoding, .obscuredStructure, .obscuredFieldName, .fieldInContinuation, .bareCRDelimiter,
            .partialMessage:
            .deceptive
        }
    }
}
