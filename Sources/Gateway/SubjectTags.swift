package import Configuration
internal import MIME
internal import Policy

/// The tags that this gateway puts in front of a `Subject:`, taken off again before a delivered message is learnt: they would
/// teach the filter its own verdicts.
package struct SubjectTags: Sendable {
    /// As they stand in a field, the longest first: one may begin another.
    private let texts: [[UInt8]]

    /// The tags of all policies, banks and entries of `recipients`; those of tables are not known.
    package init(_ settings: Settings) {
        let policies =
            Array(settings.policies.values) + settings.banks.map(\.overlay.values)
            + settings.recipients.map(\.overlay.values)
        let tags = Set(policies.flatMap { $0.subjectTags.values }).subtracting([""])
        texts = tags.flatMap { [SubjectTag.text($0), SubjectTag.folded($0)] }.sorted { $0.count > $1.count }
    }

    /// The message without the tags that its subjects begin with, wherever the gateway puts them (`HeaderFacts.subjects`).
    /// - Parameter message: with CRLF line ends.
    package func removed(from message: [UInt8]) -> [UInt8] {
        if texts.isEmpty { return message }
        var scanner = HeaderScanner()
        let span = message.span
        var out: [UInt8] = []
        var done = 0
        repeat {
            while let field = scanner.next(in: span) {
                guard field.isNamed("subject", in: span) else { continue }
                var start = field.value.lowerBound
                while start < field.value.upperBound, message[start] == 0x20 { start += 1 }
                let rest = skipping(message[start..<field.value.upperBound])
                if rest == start { continue }
                out += message[done..<start]
                done = rest
            }
        } while scanner.passBrokenLine(in: span)
        return done == 0 ? message : out + message[done...]
    }

    /// Where what stands behind the tags begins. The blank behind the last one may have gone with an empty subject.
    private func skipping(_ value: ArraySlice<UInt8>) -> Int {
        var rest = value
        while let tag = texts.first(where: { rest.starts(with: $0) || rest.elementsEqual($0.dropLast()) }) {
            rest = rest.dropFirst(tag.count)
        }
        return rest.startIndex
    }
}
