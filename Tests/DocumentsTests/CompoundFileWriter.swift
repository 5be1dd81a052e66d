/// Writes compound files ([MS-CFB]) as simply as can be, small streams in the mini stream.
struct CompoundFileWriter {
    private struct Node {
        var name: String
        var parent: Int
        var content: [UInt8]?
        var classID = [UInt8](repeating: 0, count: 16)
    }

    private var nodes = [Node(name: "Root Entry", parent: -1)]

    init(classID: [UInt8] = [UInt8](repeating: 0, count: 16)) {
        nodes[0].classID = classID
    }

    /// Adds a stream; `path` are the names of its storages, which are made when they are missing, and its own.
    mutating func add(_ path: String..., content: [UInt8]) {
        var parent = 0
        for name in path.dropLast() {
            if let found = nodes.indices.first(where: { nodes[$0].parent == parent && nodes[$0].name == name }) {
                parent = found
            } else {
                nodes.append(Node(name: name, parent: parent))
                parent = nodes.count - 1
            }
        }
        nodes.append(Node(name: path[path.count - 1], parent: parent, content: content))
    }

    /// - Parameter version: 3 with sectors of 512 octets, or 4 with 4,096.
    func bytes(version: Int = 3) -> [UInt8] {
        let size = version == 4 ? 4_096 : 512
        var sectors: [UInt8] = []
        var fat: [Int] = []
        func store(_ content: [UInt8]) -> Int {
            let first = fat.count
            let count = max(1, (content.count + size - 1) / size)
            sectors += content + [UInt8](repeating: 0, count: count * size - content.count)
            for place in 1...count { fat.append(place < count ? first + place : 0xFFFF_FFFE) }
            return first
        }
        var mini: [UInt8] = []
        var miniFAT: [Int] = []
        var starts = [Int](repeating: 0xFFFF_FFFE, count: nodes.count)
        for (index, node) in nodes.enumerated() {
            guard let content = node.content, !content.isEmpty else { continue }
            if content.count >= 4_096 {
                starts[index] = store(content)
                continue
            }
            starts[index] = miniFAT.count
            let count = (content.count + 63) / 64
            for place in 0..<count { miniFAT.append(place + 1 < count ? miniFAT.count + 1 : 0xFFFF_FFFE) }
            mini += content + [UInt8](repeating: 0, count: count * 64 - content.count)
        }
        if !mini.isEmpty { starts[0] = store(mini) }
        let miniTable = miniFAT.isEmpty ? 0xFFFF_FFFE : store(miniFAT.flatMap { [UInt8](little: $0, 4) })
        let directory = store(
            nodes.indices.flatMap {
                entry($0, start: starts[$0], size: $0 == 0 ? mini.count : nodes[$0].content?.count ?? 0)
            })
        // The FAT describes itself too, and the sectors that list its sectors beyond the 109 of the header.
        let places = size / 4
        var fatCount = 0
        var listCount = 0
        while fatCount * places < fat.count + fatCount + listCount {
            fatCount += 1
            listCount = max(0, (fatCount - 109 + places - 2) / (places - 1))
        }
        let fatStart = fat.count
        for _ in 0..<fatCount { fat.append(0xFFFF_FFFD) }
        let listStart = fat.count
        for _ in 0..<listCount { fat.append(0xFFFF_FFFC) }
        fat += [Int](repeating: 0xFFFF_FFFF, count: fatCount * places - fat.count)
        var tables = fat.flatMap { [UInt8](little: $0, 4) }
        for list in 0..<listCount {
            for place in 0..<places - 1 {
                let number = 109 + list * (places - 1) + place
                tables += [UInt8](little: number < fatCount ? fatStart + number : 0xFFFF_FFFF, 4)
            }
            tables += [UInt8](little: list + 1 < listCount ? listStart + list + 1 : 0xFFFF_FFFE, 4)
        }
        var header: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] + [UInt8](repeating: 0, count: 16)
        header += [UInt8](little: 0x3E, 2) + [UInt8](little: version, 2) + [0xFE, 0xFF]
        header += [version == 4 ? 12 : 9, 0, 6, 0] + [UInt8](repeating: 0, count: 10)
        header += [UInt8](little: fatCount, 4) + [UInt8](little: directory, 4)
        header += [0, 0, 0, 0] + [UInt8](little: 4_096, 4) + [UInt8](little: miniTable, 4)
        header += [UInt8](little: miniFAT.isEmpty ? 0 : (miniFAT.count + places - 1) / places, 4)
        header += [UInt8](little: listCount == 0 ? 0xFFFF_FFFE : listStart, 4) + [UInt8](little: listCount, 4)
        for place in 0..<109 { header += [UInt8](little: place < fatCount ? fatStart + place : 0xFFFF_FFFF, 4) }
        header += [UInt8](repeating: 0, count: size - header.count)
        return header + sectors + tables
    }

    /// Siblings are a list by their right links, which readers take for a tree.
    private func entry(_ index: Int, start: Int, size: Int) -> [UInt8] {
        let node = nodes[index]
        let name = [UInt8](utf16: node.name + "\0")
        let sibling = nodes.indices.first { $0 > index && nodes[$0].parent == node.parent && index > 0 } ?? 0xFFFF_FFFF
        let child = nodes.indices.first { nodes[$0].parent == index } ?? 0xFFFF_FFFF
        var bytes = name + [UInt8](repeating: 0, count: 64 - name.count) + [UInt8](little: name.count, 2)
        bytes += [index == 0 ? 5 : node.content == nil ? 1 : 2, 1]
        bytes += [UInt8](little: 0xFFFF_FFFF, 4) + [UInt8](little: sibling, 4) + [UInt8](little: child, 4)
        bytes += node.classID + [UInt8](repeating: 0, count: 20) + [UInt8](little: start, 4) + [UInt8](little: size, 8)
        return bytes
    }
}

/// Content of `\1Ole10Native`, or with `isStream` false of an object of class Package. `icon` is where its icon is, when it
/// is not in the file itself.
func packaged(
    _ content: [UInt8], name: String, wideName: String? = nil, icon: String? = nil, isStream: Bool = true
) -> [UInt8] {
    let label = Array(name.utf8) + [0]
    let path = Array("C:\\files\\\(name)".utf8) + [0]
    var bytes: [UInt8] =
        [2, 0] + label + (icon.map { Array($0.utf8) + [0] } ?? path) + [0, 0, 3, 0] + [UInt8](little: path.count, 4)
        + path
    bytes += [UInt8](little: content.count, 4) + content
    if let wideName {
        for text in ["C:\\files\\\(wideName)", wideName, icon ?? "C:\\files\\\(wideName)"] {
            bytes += [UInt8](little: text.utf16.count, 4) + [UInt8](utf16: text)
        }
    }
    return isStream ? [UInt8](little: bytes.count, 4) + bytes : bytes
}

/// A VBA container ([MS-OVBA] 2.4.1) with nothing but literals.
func vbaCompressed(_ text: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [1]
    var at = 0
    while at < text.count {
        let part = Array(text[at..<min(text.count, at + 3_600)])
        var chunk: [UInt8] = []
        for start in stride(from: 0, to: part.count, by: 8) {
            chunk += [0] + part[start..<min(part.count, start + 8)]
        }
        bytes += [UInt8](little: 0xB000 | (chunk.count - 1), 2) + chunk
        at += part.count
    }
    return bytes
}
