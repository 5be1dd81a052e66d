/// Forms in a message that mail readers are known to read in different ways, or that were repaired on entry. Each kind is
/// recorded once for a part, at its first place. `docs/ANOMALIES.md` says who reads each of them which way; raw values are
/// a contract (`scan --json`, settings).
package enum AnomalyKind: String, Hashable, Sendable, CaseIterable {
    /// A line that is neither field nor continuation ended a header block (RFC 5322 section 2.2).
    case brokenHeaderBlock = "broken-header-block"
    /// A header block began with a continuation line.
    case leadingContinuation = "leading-continuation"
    /// A continuation line that would be a field with a file name if it stood without its blanks.
    case nameInContinuation = "name-in-continuation"
    /// A continuation line of blanks only.
    case blankContinuation = "blank-continuation"
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
    /// A field of another name, such as `Content-Encoding`, that names a transfer encoding.
    case misnamedTransferEncoding = "misnamed-transfer-encoding"
    /// A quoted string without its end.
    case unterminatedQuote = "unterminated-quote"
    /// Something other than `;` behind a quoted parameter value.
    case junkAfterParameter = "junk-after-parameter"
    /// The same parameter twice in one field, or plain and as RFC 2231 value with different content.
    case duplicateParameter = "duplicate-parameter"
    /// Names of one part, from different parameters or fields, that end in different extensions.
    case conflictingName = "conflicting-name"
    /// A name with controls, or with characters that are not shown or turn the direction of writing.
    case obscuredName = "obscured-name"
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
    /// Two `Content-Type` fields of one block with different types or boundaries.
    case conflictingContentType = "conflicting-content-type"
    /// Two `Content-Transfer-Encoding` fields of one block with different encodings.
    case conflictingTransferEncoding = "conflicting-transfer-encoding"
    /// One `Content-Type` field with more than one value for its boundary.
    case conflictingBoundary = "conflicting-boundary"
    /// The name of a known encoding with something in it or around it: quotes, controls, letters, an encoded word.
    case obscuredTransferEncoding = "obscured-transfer-encoding"
    /// A comment in the value that decides about structure or encoding: readers without comments see another value.
    case commentInStructure = "comment-in-structure"
    /// Controls, quotes, backslashes, blanks at an end or encoded words in a media type or boundary.
    case obscuredStructure = "obscured-structure"
    /// The name of a field that decides about structure with something in it that is no part of it.
    case obscuredFieldName = "obscured-field-name"
    /// A continuation line that would be a field with effect on structure or encoding if it stood without its blanks.
    case fieldInContinuation = "field-in-continuation"
    /// A body that begins with fields of a part: a blank line ended the block before them.
    case fieldsBehindHeader = "fields-behind-header"
    /// A type that is no multipart with a boundary.
    case boundaryOnLeaf = "boundary-on-leaf"
    /// A line of two dashes and a field behind it, where no multipart declares such a boundary.
    case undeclaredDelimiter = "undeclared-delimiter"
    /// Two dashes behind a CR alone, followed by an open boundary.
    case bareCRDelimiter = "bare-cr-delimiter"
    /// A preamble or epilogue that begins like a part.
    case partOutsideMultipart = "part-outside-multipart"
    /// A piece of a message that a mail reader joins with pieces from other messages (RFC 2046 section 5.2.2).
    case partialMessage = "partial-message"
    /// A file that is a message by its name, or a piece of a message, which may be the only one.
    case attachedMessage = "attached-message"
    /// A body without encoding that is base64 all over.
    case undeclaredBase64 = "undeclared-base64"
    /// Characters outside the alphabet of an encoding.
    case encodingJunk = "encoding-junk"
    /// Base64 that goes on behind its padding.
    case base64DataAfterPadding = "base64-data-after-padding"
    /// The last base64 group lacks its padding.
    case base64MissingPadding = "base64-missing-padding"
    /// More padding than the base64 group needs.
    case base64ExtraPadding = "base64-extra-padding"
    /// Encoded data that ends within a group.
    case encodingTruncated = "encoding-truncated"
    /// `=` without two hexadecimal digits or a line end.
    case quotedPrintableBadEscape = "quoted-printable-bad-escape"
    /// A line of base64 that ends within a group of four.
    case base64SplitGroup = "base64-split-group"
    /// Base64 that goes on behind a blank line.
    case base64DataAfterBlankLine = "base64-data-after-blank-line"
    /// Many escaped letters and digits in quoted-printable.
    case quotedPrintableNeedlessEscapes = "quoted-printable-needless-escapes"
    /// No `begin` line in uuencode.
    case uuencodeMissingBegin = "uuencode-missing-begin"
    /// No `end` line in uuencode.
    case uuencodeMissingEnd = "uuencode-missing-end"
    /// Bytes left undivided because a limit was reached.
    case unreadRemainder = "unread-remainder"
    /// A body that is not in the message but somewhere else (RFC 2046 section 5.2.3).
    case externalBody = "external-body"
    /// A charset that is not known, with text that is not all ASCII; it was read as its octets look.
    case unknownCharset = "unknown-charset"
    /// Octets that stand for no character in the charset of the text.
    case undecodableText = "undecodable-text"
    /// Text that is not shown to a person who reads the HTML it stands in.
    case hiddenText = "hidden-text"
    /// Shown and hidden letters that follow each other within one word of HTML.
    case textHiddenInWord = "text-hidden-in-word"
    /// HTML that ends within a tag or a comment.
    case unfinishedMarkup = "unfinished-markup"
    /// CR alone in the message as it came in (RFC 5321 section 2.3.8).
    case bareCR = "bare-cr"
    /// LF alone in the message as it came in.
    case bareLF = "bare-lf"
    /// NUL in the message as it came in.
    case nul
}
