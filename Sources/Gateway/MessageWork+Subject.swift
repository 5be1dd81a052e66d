internal import Bytes
internal import MIME
internal import Policy
internal import Relay

/// The tag in the subject of what some recipients get.
extension MessageWork {
    /// The tag that the policy wants; nil for none.
    func tag(_ group: RecipientGroup) -> String? {
        group.isLocal ? group.policy.marking.subjectTag(group.verdict, group.policy.levels) : nil
    }

    /// Puts a tag into every subject, as amavis does: of several some readers show the first, others the last (evasion).
    /// - Returns: a field of its own where the message has none that stays.
    func place(_ tag: String, in edits: inout [BodyEdit]) -> String {
        // What replaces octets, in order, so that many fields and many edits are gone through once.
        let changes = edits.indices.filter { !edits[$0].range.isEmpty }.sorted {
            edits[$0].range.lowerBound < edits[$1].range.lowerBound
        }
        var left = changes[...]
        var isShown = false
        for subject in facts.subjects {
            left = left.drop { edits[$0].range.upperBound <= subject.range.lowerBound }
            guard let change = left.first, edits[change].range.overlaps(subject.range) else {
                var text = subject.text
                let place = subject.valueStart - subject.range.lowerBound
                if tagged(tag, &text, at: place) {
                    let added = text.count - subject.text.count
                    edits.append(
                        BodyEdit(
                            range: subject.valueStart..<subject.valueStart, text: Array(text[place..<place + added])))
                }
                isShown = isShown || subject.isInBlock
                continue
            }
            // A rule has replaced the field, or taken it out.
            let name = Array("subject:".utf8)
            guard edits[change].text.prefix(name.count).map(asciiLower) == name else { continue }
            let hasBlank = edits[change].text.dropFirst(name.count).first == 0x20
            tagged(tag, &edits[change].text, at: name.count + (hasBlank ? 1 : 0))
            isShown = isShown || subject.isInBlock
        }
        return isShown ? "" : "Subject: \(String(decoding: SubjectTag.text(tag), as: UTF8.self))\r\n"
    }

    /// Puts a tag into a field, unless its value begins with it.
    /// - Parameter start: where its value begins.
    /// - Returns: true when it was put there.
    @discardableResult
    func tagged(_ tag: String, _ field: inout [UInt8], at start: Int) -> Bool {
        if SubjectTag.isIn(EncodedWords.decoded(Array(field[start...])), tag) { return false }
        field.insert(contentsOf: SubjectTag.text(tag, in: field[...]), at: start)
        return true
    }
}
