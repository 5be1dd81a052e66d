/// Forms in a message that mail readers are known to read in different ways. Raw values are the `kind` of
/// `MailModel.Anomaly`. Each kind is recorded once for a part, at its first place.
package enum AnomalyKind: String, Hashable, Sendable, CaseIterable {
    /// A line that is neither field nor continuation ended a header block (RFC 5322 section 2.2).
    case brokenHeaderBlock = "broken-header-block"
    /// A header block began with a continuation line.
    case leadingContinuation = "leading-continuation"
    /// A header block began with an mbox `From ` line.
    case mboxLine = "mbox-line"
    /// Blanks between a field name and its colon (RFC 5322 section 4.5, obsolete).
    case blankBeforeColon = "blank-before-colon"
    /// CR without LF in a header block.
    case bareCRInHeader = "bare-cr-in-header"
    /// NUL in a header block.
    case nulInHeader = "nul-in-header"
    /// More than one `Content-Type` field; the first was taken.
    case duplicateContentType = "duplicate-content-type"
    /// More than one `Content-Transfer-Encoding` field; the first was taken.
    case duplicateTransferEncoding = "duplicate-transfer-encoding"
    /// More than one `Content-Disposition` field; the names of all were taken.
    case duplicateDisposition = "duplicate-disposition"
    /// `Content-Type` that is not `type/subtype`; read as `text/plain`.
    case invalidContentType = "invalid-content-type"
    /// A transfer encoding that is not known, or has something behind its name.
    case unknownTransferEncoding = "unknown-transfer-encoding"
    /// A quoted string without its end.
    case unterminatedQuote = "unterminated-quote"
    /// Something other than `;` behind a quoted parameter value.
    case junkAfterParameter = "junk-after-parameter"
    /// The same parameter twice in one field, or plain and as RFC 2231 value with different content.
    case duplicateParameter = "duplicate-parameter"
    /// RFC 2231 sections that are missing or come twice.
    case brokenContinuation = "broken-parameter-continuation"
    /// A multipart type without a usable boundary; read as a leaf.
    case multipartWithoutBoundary = "multipart-without-boundary"
    /// A multipart whose boundary never occurs.
    case multipartWithoutDelimiter = "multipart-without-delimiter"
    /// A multipart without its close delimiter.
    case missingCloseDelimiter = "missing-close-delimiter"
    /// A multipart with the boundary of one around it; the outer one was served.
    case boundaryReused = "boundary-reused"
    /// A delimiter after its own close delimiter; read as epilogue.
    case delimiterAfterClose = "delimiter-after-close"
    /// A line that begins with an open boundary but goes on; not read as a delimiter.
    case boundaryPrefix = "boundary-prefix"
    /// A multipart or message under an encoding that RFC 2045 section 6.4 forbids for it.
    case encodedContainer = "encoded-container"
    /// Bytes left undivided because a limit was reached.
    case unreadRemainder = "unread-remainder"
}
