internal import Bytes

/// One header field as offsets into the scanned bytes.
package struct HeaderField: Hashable, Sendable {
    /// The field name, without blanks before the colon.
    package var name: Range<Int>
    /// The field body with its folds, without the blanks around it and without the last line end.
    package var value: Range<Int>
    /// The whole field: name, colon, all continuation lines and the last line end. Cutting it out removes the field.
    package var whole: Range<Int>

    /// True when the field has this name, compared without case.
    package func isNamed(_ wanted: StaticString, in bytes: Span<UInt8>) -> Bool {
        name.count == wanted.utf8CodeUnitCount && bytes.hasPrefix(ignoringCase: wanted, from: name.lowerBound)
    }

    /// True when the field has this name, compared without case.
    package func isNamed(_ wanted: [UInt8], in bytes: Span<UInt8>) -> Bool {
        guard name.count == wanted.count else { return false }
        for index in wanted.indices where asciiLower(bytes[name.lowerBound + index]) != asciiLower(wanted[index]) {
            return false
        }
        return true
    }
}

/// Reads one header block field by field (RFC 5322 section 2.2): bounded, without allocation, and without a trap on any
/// bytes. Line ends are CRLF or bare LF. The block ends at a blank line, at the first line that is neither field nor
/// continuation, or at the end of the bytes.
///
/// The gateway reads nothing else of a message, so this is the one header grammar of the house: the MIME reader uses
/// it for each part.
package struct HeaderScanner: Sendable {
    /// Why a block ended.
    package enum End: Hashable, Sendable {
        /// A blank line; it belongs to the header block.
        case blankLine
        /// A line that is neither field nor continuation; it belongs to the body.
        case brokenLine
        /// A delimiter of an open multipart; it belongs to the structure around.
        case delimiter
        /// The bytes were used up.
        case endOfBytes
        /// The limit was reached before the block ended: fields behind it are not seen.
        case limit
    }

    /// Default for `limit`: octets of the message that are looked at.
    package static let defaultLimit = 1 << 20

    /// Why the block ended; nil while fields may follow.
    package private(set) var end: End?
    /// Where the next line is read; once `end` is set, the offset of the body.
    package private(set) var position: Int
    /// Continuation lines before any field; nil when there were none.
    package private(set) var leadingContinuation: Range<Int>?
    /// Offset of an mbox `From ` line at the start; nil when there was none.
    package private(set) var mboxLine: Int?
    /// Offset of the first field with blanks before its colon; nil when there was none.
    package private(set) var blankBeforeColon: Int?

    /// Offset of the first continuation line that would be a field with effect on a part's structure if it stood without
    /// its blanks; nil when there was none.
    package private(set) var fieldInContinuation: Int?

    /// Offset of the first continuation line that would be a field with a file name; nil when there was none.
    package private(set) var nameInContinuation: Int?

    /// Offset of the first continuation line of nothing but blanks; nil when there was none.
    package private(set) var blankContinuation: Int?

    private let start: Int
    private let limit: Int

    /// Begins at offset `start`, which must be the start of a line, and looks at no octet at or behind offset `limit`.
    package init(from start: Int = 0, limit: Int = HeaderScanner.defaultLimit) {
        self.start = start
        self.position = start
        self.limit = limit
    }

    /// The next field; nil when the block has ended. Each call must be given the same bytes. A field that reaches the
    /// limit is not returned, since its end is not known.
    package mutating func next(in bytes: Span<UInt8>) -> HeaderField? {
        next(in: bytes, delimiters: DelimiterStack())
    }

    /// Goes on behind the line at which the block ended because it is neither field nor continuation, for those who read mail from a
    /// mailbox or by LMTP may not stop there (forgery).
    /// - Returns: false where the block ended otherwise.
    package mutating func passBrokenLine(in bytes: Span<UInt8>) -> Bool {
        guard end == .brokenLine else { return false }
        position = Self.lineEnd(bytes, from: position, bound: min(limit, bytes.count))
        end = nil
        return true
    }

    mutating func next(in bytes: Span<UInt8>, delimiters: DelimiterStack) -> HeaderField? {
        let bound = min(limit, bytes.count)
        while end == nil {
            guard position < bound else {
                end = bound < bytes.count ? .limit : .endOfBytes
                return nil
            }
            if delimiters.match(bytes, at: position) != nil {
                end = .delimiter
                return nil
            }
            let lineEnd = Self.lineEnd(bytes, from: position, bound: bound)
            if lineEnd == bound, bound < bytes.count, bytes[bound - 1] != 0x0A {
                end = .limit
                return nil
            }
            let first = bytes[position]
            if first == 0x0A || (first == 0x0D && position + 1 < bound && bytes[position + 1] == 0x0A) {
                end = .blankLine
                position = lineEnd
                return nil
            }
            if Self.isBlank(first) {
                leadingContinuation = (leadingContinuation?.lowerBound ?? position)..<lineEnd
                if blankContinuation == nil, Self.isBlankLine(bytes, position, lineEnd) { blankContinuation = position }
                judgeContinuation(bytes, position, bound)
                position = lineEnd
                continue
            }
            if position == start, bytes.hasPrefix(ignoringCase: "From ", from: position), first == 0x46 {
                mboxLine = position
                position = lineEnd
                continue
            }
            guard let name = Self.fieldName(bytes, from: position, to: lineEnd) else {
                end = .brokenLine
                return nil
            }
            return field(bytes, name: name, firstLineEnd: lineEnd, bound: bound)
        }
        return nil
    }

    private mutating func field(
        _ bytes: Span<UInt8>, name: FieldName, firstLineEnd: Int, bound: Int
    ) -> HeaderField? {
        var fieldEnd = firstLineEnd
        while fieldEnd < bound, Self.isBlank(bytes[fieldEnd]) {
            judgeContinuation(bytes, fieldEnd, bound)
            let next = Self.lineEnd(bytes, from: fieldEnd, bound: bound)
            if blankContinuation == nil, Self.isBlankLine(bytes, fieldEnd, next) { blankContinuation = fieldEnd }
            fieldEnd = next
        }
        if fieldEnd == bound, bound < bytes.count {
            end = .limit
            return nil
        }
        let whole = position..<fieldEnd
        if name.end < name.colon, blankBeforeColon == nil { blankBeforeColon = position }
        position = fieldEnd
        var low = name.colon + 1
        var high = fieldEnd
        while high > low, Self.isBlankOrLineEnd(bytes[high - 1]) { high -= 1 }
        while low < high, Self.isBlankOrLineEnd(bytes[low]) { low += 1 }
        return HeaderField(name: whole.lowerBound..<name.end, value: low..<high, whole: whole)
    }

    private mutating func judgeContinuation(_ bytes: Span<UInt8>, _ line: Int, _ bound: Int) {
        guard fieldInContinuation == nil || nameInContinuation == nil else { return }
        switch Self.hiddenField(bytes, line, bound, withName: nameInContinuation == nil) {
        case .contentType, .transferEncoding: if fieldInContinuation == nil { fieldInContinuation = line }
        case .disposition: if nameInContinuation == nil { nameInContinuation = line }
        case nil: break
        }
    }

    private struct FieldName {
        var end: Int
        var colon: Int
    }

    /// Printable ASCII except the colon (RFC 5322 section 2.2), then blanks, then the colon. Nil when it is no field.
    private static func fieldName(_ bytes: Span<UInt8>, from start: Int, to lineEnd: Int) -> FieldName? {
        var index = start
        while index < lineEnd, bytes[index] > 0x20, bytes[index] < 0x7F, bytes[index] != 0x3A { index += 1 }
        let nameEnd = index
        guard nameEnd > start else { return nil }
        while index < lineEnd, isBlank(bytes[index]) { index += 1 }
        guard index < lineEnd, bytes[index] == 0x3A else { return nil }
        return FieldName(end: nameEnd, colon: index)
    }

    /// `Content-Type:` or `Content-Transfer-Encoding:` behind blanks, with a value that fits: lists of field names, as in
    /// signatures, have none.
    private static func hiddenField(
        _ bytes: Span<UInt8>, _ line: Int, _ bound: Int, withName: Bool
    ) -> LooseFieldName? {
        var index = line
        while index < bound, isBlank(bytes[index]) { index += 1 }
        guard bytes.hasPrefix(ignoringCase: "content-", from: index) else { return nil }
        let end = lineEnd(bytes, from: index, bound: bound)
        guard let match = LooseFieldName.match(bytes, index..<end) else { return nil }
        var value = match.value
        while value < end, isBlank(bytes[value]) { value += 1 }
        switch match.name {
        case .contentType:
            while value < end, bytes[value] > 0x20, bytes[value] != 0x3B {
                if bytes[value] == 0x2F { return .contentType }
                value += 1
            }
            return nil
        case .transferEncoding:
            return LooseValue.named(bytes.extracting(value..<end).array) ? .transferEncoding : nil
        case .disposition:
            guard withName else { return nil }
            let names = LooseValue.parameters(Array("name".utf8), in: bytes.extracting(value..<end).array)
            return names.isEmpty ? nil : .disposition
        }
    }

    private static func lineEnd(_ bytes: Span<UInt8>, from start: Int, bound: Int) -> Int {
        guard let newline = bytes.extracting(start..<bound).firstIndex(of: 0x0A) else { return bound }
        return start + newline + 1
    }

    private static func isBlankLine(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var index = start
        while index < end, isBlankOrLineEnd(bytes[index]) { index += 1 }
        return index == end
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isBlankOrLineEnd(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}

extension HeaderScanner {
    /// How many fields of the top header block have this name. `limit`: octets of the message that are looked at.
    package static func count(
        _ name: StaticString, in message: Span<UInt8>, limit: Int = HeaderScanner.defaultLimit
    ) -> Int {
        var scanner = HeaderScanner(limit: limit)
        var count = 0
        while let field = scanner.next(in: message) {
            if field.isNamed(name, in: message) { count += 1 }
        }
        return count
    }

    /// Value range of the first field of this name in the top header block; nil when there is none.
    package static func firstValue(
        of name: StaticString, in message: Span<UInt8>, limit: Int = HeaderScanner.defaultLimit
    ) -> Range<Int>? {
        var scanner = HeaderScanner(limit: limit)
        while let field = scanner.next(in: message) {
            if field.isNamed(name, in: message) { return field.value }
        }
        return nil
    }

    /// Whole ranges, ascending, of all fields of the top header block that have one of `names`.
    package static func ranges(
        named names: [[UInt8]], in message: Span<UInt8>, limit: Int = HeaderScanner.defaultLimit
    ) -> [Range<Int>] {
        var scanner = HeaderScanner(limit: limit)
        var found: [Range<Int>] = []
        while let field = scanner.next(in: message) {
            if names.contains(where: { field.isNamed($0, in: message) }) { found.append(field.whole) }
        }
        return found
    }
}
