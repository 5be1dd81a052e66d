import Foundation

/// Mime4j's description of a message: the events of its parser as tags, one for each part, header field and body.
///
/// Read by hand: header fields and bodies are bytes of mail between the tags, not always UTF-8, which XML does not allow.
struct EventStream {
    /// One node, in the order of the events.
    struct Node: Equatable {
        var depth: Int
        /// As `Part.Kind`.
        var kind: String
        /// Header fields without their last line end.
        var fields: [[UInt8]] = []
        /// Content as it stands in the event stream; nil when it is in a file.
        var content: [UInt8]?
        /// Name of the file that holds the content.
        var file: String?
    }

    private(set) var nodes: [Node] = []
    /// Indices of the entities that are open.
    private var open: [Int] = []
    private var textStart = 0

    init(_ bytes: [UInt8]) {
        var index = 0
        while let less = bytes[index...].firstIndex(of: 0x3C) {
            guard let greater = bytes[less...].firstIndex(of: 0x3E) else { break }
            let tag = String(decoding: bytes[less + 1..<greater], as: UTF8.self)
            take(tag, bytes[textStart..<max(textStart, less)])
            index = greater + 1
            textStart = index
        }
    }

    private mutating func take(_ tag: String, _ text: ArraySlice<UInt8>) {
        switch tag {
        case "message", "body-part":
            // A message within an entity makes that one a container.
            if let parent = open.last, tag == "message" { nodes[parent].kind = "message" }
            open.append(nodes.count)
            nodes.append(Node(depth: open.count - 1, kind: "leaf"))
        case "/message", "/body-part": open.removeLast()
        case "multipart": mark("multipart")
        case "/field":
            if let entity = open.last { nodes[entity].fields.append(Self.content(text)) }
        case "/body":
            if let entity = open.last { nodes[entity].content = Self.content(text) }
        case "/preamble", "/epilogue":
            let kind = String(tag.dropFirst())
            nodes.append(Node(depth: open.count, kind: kind, content: Self.content(text)))
        default:
            let words = tag.split(separator: "\"")
            if words.count > 1, tag.contains("-body name="), let entity = open.last {
                nodes[entity].file = String(words[1])
            }
        }
    }

    private mutating func mark(_ kind: String) {
        if let entity = open.last { nodes[entity].kind = kind }
    }

    /// What stands behind the line end of the opening tag, references resolved.
    private static func content(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var text = text
        if text.first == 0x0D { text.removeFirst() }
        if text.first == 0x0A { text.removeFirst() }
        let references: [(name: [UInt8], byte: UInt8)] = [
            (Array("&lt;".utf8), 0x3C), (Array("&gt;".utf8), 0x3E), (Array("&amp;".utf8), 0x26),
            (Array("&quot;".utf8), 0x22), (Array("&apos;".utf8), 0x27),
        ]
        var out: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0x26, let found = references.first(where: { text[index...].starts(with: $0.name) }) {
                out.append(found.byte)
                index += found.name.count
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }
}
