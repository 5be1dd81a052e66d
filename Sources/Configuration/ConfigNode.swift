/// A YAML node with its place. Nothing in it is converted: `no`, `0660` and `1.10` are the texts that stand in the file.
struct ConfigNode: Sendable {
    let position: Position
    let content: Content

    enum Content: Sendable {
        /// A text; `plain` is false when it stood in quotes or in a block.
        case scalar(String, plain: Bool)
        case list([ConfigNode], flow: Bool)
        case mapping([Entry], flow: Bool)
        /// Something that was refused and reported when the file was read.
        case refused
    }

    struct Entry: Sendable {
        let name: String
        let namePosition: Position
        let value: ConfigNode
    }

    /// `key:` without a value, `~` or `null`.
    var isNull: Bool {
        if case .scalar(let text, plain: true) = content { return text.isEmpty || text == "~" || text == "null" }
        return false
    }

    /// What the node is, for messages.
    var kind: String {
        switch content {
        case .scalar: "a single value"
        case .list: "a list"
        case .mapping: "a section"
        case .refused: "something refused"
        }
    }

    /// Advice when the node is a list or section only because its first character was not quoted.
    var quotingAdvice: String {
        switch content {
        case .list(_, flow: true): "; a text that begins with '[' must be in quotes"
        case .mapping(_, flow: true): "; a text that begins with '{' must be in quotes"
        default: ""
        }
    }
}
