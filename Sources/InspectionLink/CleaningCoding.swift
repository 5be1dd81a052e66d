internal import MailModel

/// How what is taken out of HTML is written in records. The octets that edits speak of are decoded ones: the gateway compares them
/// with the part when it has decoded it.
extension HTMLCleaning {
    func put(into out: inout RecordWriter) {
        out.put(hazards: hazards)
        out.put(texts) { out, text in
            out.put(text.part)
            out.put(text.edits) { out, edit in
                out.put(edit.kind.rawValue)
                out.put(edit.range.lowerBound)
                out.put(edit.range.upperBound)
            }
        }
        out.put(obstacle?.rawValue ?? "")
    }

    init(_ reader: inout RecordReader, parts: Int) throws(RecordError) {
        self.init(try reader.hazards())
        var left = HTMLEdit.countLimit
        texts = try reader.list(limit: parts) { reader throws(RecordError) in
            let part = try reader.int(in: 0...max(0, parts - 1))
            let edits = try reader.list(limit: left) { reader throws(RecordError) in
                let word = try reader.string(limit: 16)
                guard let kind = HTMLEdit.Kind(rawValue: word) else { throw .value("unknown edit") }
                let start = try reader.int(in: 0...Int.max)
                return HTMLEdit(kind, start..<(try reader.int(in: start...Int.max)))
            }
            left -= edits.count
            return Text(part: part, edits: edits)
        }
        let word = try reader.string(limit: 64)
        guard word.isEmpty || Obstacle(rawValue: word) != nil else { throw .value("unknown obstacle") }
        obstacle = Obstacle(rawValue: word)
    }
}

extension RecordWriter {
    mutating func put(hazards: Set<HTMLHazard>) {
        put(HTMLHazard.allCases.filter(hazards.contains)) { out, hazard in out.put(hazard.rawValue) }
    }
}

extension RecordReader {
    /// A set of hazards that is not empty.
    mutating func hazards() throws(RecordError) -> Set<HTMLHazard> {
        let words = try list(limit: HTMLHazard.allCases.count) { reader throws(RecordError) in
            let word = try reader.string(limit: 16)
            guard let hazard = HTMLHazard(rawValue: word) else { throw RecordError.value("unknown hazard") }
            return hazard
        }
        guard !words.isEmpty else { throw .value("no hazards") }
        return Set(words)
    }
}
