package import MIME

/// What must hold for every message whatever its bytes; a list of what does not.
package func violations(_ tree: PartTree, _ message: [UInt8], _ limits: MIMELimits) -> [String] {
    var wrong: [String] = []
    func sourceSize(_ index: Int32) -> Int? {
        guard tree.sources.indices.contains(Int(index)) else { return nil }
        switch tree.sources[Int(index)] {
        case .message: return message.count
        case .decoded(let bytes, let holder):
            if !tree.parts.indices.contains(holder) { wrong.append("source \(index) has no holder") }
            return bytes.count
        }
    }
    if tree.parts.isEmpty { return ["no part"] }
    wrong += alternativeViolations(tree, limits)
    let ordinary = ordinary(tree)
    var incoming = [Int](repeating: 0, count: ordinary.count)
    for (index, part) in tree.parts.enumerated() {
        guard let size = sourceSize(part.source) else {
            wrong.append("\(part.path): no source")
            continue
        }
        if part.header.upperBound > size || part.body.upperBound > size { wrong.append("\(part.path): range outside") }
        if part.header.upperBound > part.body.lowerBound { wrong.append("\(part.path): body before header") }
        if part.reading > 0 { continue }
        if Int(part.depth) > limits.depth { wrong.append("\(part.path): too deep") }
        if index == 0 {
            if part.parent != -1 || part.path != "1" { wrong.append("bad root") }
        } else {
            guard part.parent >= 0, Int(part.parent) < index else {
                wrong.append("\(part.path): parent \(part.parent) not before \(index)")
                continue
            }
            let parent = tree.parts[Int(part.parent)]
            if parent.depth + 1 != part.depth { wrong.append("\(part.path): depth") }
            if !part.path.hasPrefix(parent.path + ".") { wrong.append("\(part.path): path") }
            if parent.kind.hasContent { wrong.append("\(part.path): child of \(parent.kind)") }
            if parent.source == part.source,
                part.header.lowerBound < parent.body.lowerBound || part.body.upperBound > parent.body.upperBound
            {
                wrong.append("\(part.path): outside of its parent")
            }
        }
        if part.firstChild >= 0 { incoming[Int(part.firstChild)] += 1 }
        if part.nextSibling >= 0 {
            incoming[Int(part.nextSibling)] += 1
            if tree.parts[Int(part.nextSibling)].parent != part.parent { wrong.append("\(part.path): sibling") }
        }
    }
    for (index, count) in incoming.enumerated() where count != (index == 0 ? 0 : 1) {
        wrong.append("part \(index) is linked \(count) times")
    }
    if Set(ordinary.map(\.path)).count != ordinary.count { wrong.append("paths not unique") }
    wrong += uncovered(tree, message)
    return wrong
}

/// The parts of the ordinary reading: they come first.
package func ordinary(_ tree: PartTree) -> [Part] {
    Array(tree.parts.prefix { $0.reading == 0 })
}

/// Parts of other readings stand behind the tree, without links, each content once, within the limits.
private func alternativeViolations(_ tree: PartTree, _ limits: MIMELimits) -> [String] {
    var wrong: [String] = []
    var seen: Set<String> = []
    for part in tree.parts where part.kind.hasContent {
        let encoding = part.transferEncoding.needsDecoding ? part.transferEncoding.rawValue : ""
        let content = "\(part.source) \(part.body) \(encoding) \(part.decoding)"
        if part.reading == 0 {
            seen.insert(content)
        } else if !seen.insert(content).inserted {
            wrong.append("\(part.path) of reading \(part.reading): repeated")
        }
    }
    for (index, part) in tree.parts.enumerated().dropFirst(ordinary(tree).count) {
        if part.reading < 1 || Int(part.reading) > limits.readings { wrong.append("reading \(part.reading)") }
        if part.firstChild != -1 || part.nextSibling != -1 { wrong.append("linked: \(part.path)") }
        if part.parent < 0 || Int(part.parent) >= index { wrong.append("\(part.path): parent \(part.parent)") }
        if !part.kind.hasContent { wrong.append("\(part.path): without content") }
        if part.cause == nil { wrong.append("\(part.path): without cause") }
    }
    if tree.parts.count > limits.parts + 3 { wrong.append("\(tree.parts.count) parts") }
    return wrong
}

/// Bytes of a source that no header block, leaf, preamble or epilogue holds may only be delimiters and blank lines.
private func uncovered(_ tree: PartTree, _ message: [UInt8]) -> [String] {
    var wrong: [String] = []
    let ordinary = ordinary(tree)
    for (index, source) in tree.sources.enumerated() {
        if case .decoded(_, let holder) = source, holder >= ordinary.count { continue }
        // A source that only other readings look into is nobody's here.
        guard ordinary.contains(where: { Int($0.source) == index }) else { continue }
        let bytes: [UInt8]
        switch source {
        case .message: bytes = message
        case .decoded(let own, _): bytes = own
        }
        // A container whose content is in another source stands for its own bytes.
        let ranges = ordinary.enumerated().filter { Int($0.element.source) == index }.flatMap {
            item -> [Range<Int>] in
            let isElsewhere = tree.sources.contains {
                if case .decoded(_, item.offset) = $0 { return true }
                return false
            }
            let holds = item.element.kind.hasContent || isElsewhere
            return holds ? [item.element.header, item.element.body] : [item.element.header]
        }.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        var end = 0
        for range in ranges + [bytes.count..<bytes.count] {
            if range.lowerBound < end { wrong.append("source \(index): overlap at \(range.lowerBound)") }
            if range.lowerBound > end {
                for line in bytes[end..<range.lowerBound].split(separator: 0x0A) {
                    let isBlank = line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
                    if !isBlank, !line.starts(with: [0x2D, 0x2D]) {
                        wrong.append("source \(index): nobody holds \(end)..<\(range.lowerBound)")
                        break
                    }
                }
            }
            end = max(end, range.upperBound)
        }
    }
    return wrong
}
