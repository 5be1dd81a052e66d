internal import Linux
internal import MailModel
internal import Stores

/// The stored message, asked whether a place in it is what an inspector says: an edit may touch one field or one line.
struct EditableMessage: Sendable {
    private let file: MessageFile

    /// Octets of one field or line that can be changed.
    private static let limit = 16_777_216

    init(_ file: MessageFile) {
        self.file = file
    }

    /// Checks the place of a rule that changes the message. Blocks on a disk unless the file is in memory.
    /// - Returns: true when the place is a piece of a line that goes on behind it.
    func checkPlace(_ firing: RuleFiring) throws -> Bool {
        let range = firing.range
        guard range.upperBound <= file.count, range.count <= Self.limit, !range.isEmpty else {
            throw RuleJudgement.Refusal(detail: "an edit beyond the message")
        }
        let before = max(0, range.lowerBound - 2)
        let bytes = try file.descriptor.read(at: before, count: min(file.count, range.upperBound + 1) - before)
        let text = bytes[(range.lowerBound - before)..<(range.upperBound - before)]
        // A field goes on as long as lines begin with a blank: half of one must not be left to the field before it.
        let next = range.upperBound < file.count ? bytes.last : nil
        let isFieldEnd = next != 0x20 && next != 0x09
        let isLineStart = before == range.lowerBound || range.lowerBound == 0 || Array(bytes.prefix(2)) == [0x0D, 0x0A]
        let isLineEnd = text.suffix(2) == [0x0D, 0x0A] || range.upperBound == file.count
        let isWhole = firing.list.isHeader ? isField(text) : isOneLine(text)
        guard firing.list.isEditable, isWhole, !firing.list.isHeader || isLineStart && isLineEnd && isFieldEnd
        else {
            throw RuleJudgement.Refusal(detail: "an edit of more than one field or line")
        }
        return !isLineEnd
    }

    /// A name, a colon, and lines of which all but the first begin with a blank.
    private func isField(_ text: ArraySlice<UInt8>) -> Bool {
        let line = text.prefix { $0 != 0x0A }
        guard line.contains(0x3A) || line.starts(with: Array("From ".utf8)) || line.first == 0x3E else { return false }
        for index in text.indices.dropLast() where text[index] == 0x0A {
            guard text[index + 1] == 0x20 || text[index + 1] == 0x09 else { return false }
        }
        return true
    }

    /// No line end but at its end.
    private func isOneLine(_ text: ArraySlice<UInt8>) -> Bool {
        guard let feed = text.firstIndex(of: 0x0A) else { return true }
        return feed == text.endIndex - 1
    }
}
