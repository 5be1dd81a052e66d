/// A fault of a header block that mail software is not expected to produce. The minor numbers of the category `bad-header`
/// are those that amavis made known; raw values are those of settings and reports.
package enum BadHeader: String, Hashable, Sendable, CaseIterable {
    /// A field of MIME (RFC 2045) that cannot be read.
    case mimeError = "mime"
    /// Octets above 7F that are not encoded; allowed as valid UTF-8 where SMTPUTF8 was asked for (RFC 6532).
    case nonEncodedOctets = "8bit"
    /// NUL, or CR without LF.
    case improperControl = "control"
    /// A folded line of nothing but blanks (RFC 5322 section 3.2.2).
    case blankFold = "blank-fold"
    /// A line of more than 998 octets (RFC 5322 section 2.1.1).
    case longLine = "long-line"
    /// A line that is neither field nor continuation, or a continuation of nothing.
    case syntax
    /// No `Date` or no `From` (RFC 5322 section 3.6).
    case missingField = "missing"
    /// A field twice that may be there only once.
    case duplicateField = "duplicate"

    /// amavis's minor number, 1 to 8.
    package var minor: Int {
        switch self {
        case .mimeError: 1
        case .nonEncodedOctets: 2
        case .improperControl: 3
        case .blankFold: 4
        case .longLine: 5
        case .syntax: 6
        case .missingField: 7
        case .duplicateField: 8
        }
    }
}
