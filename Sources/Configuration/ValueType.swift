/// How one kind of value is read from YAML, written back, and named in the documentation.
struct ValueType<Value: Sendable>: Sendable {
    /// `size, 1 KiB to 2 GiB`: for `config explain` and the reference.
    let name: String
    /// Reads a value; nil when it is wrong, after saying so.
    let read: @Sendable (ConfigNode, inout [Fault]) -> Value?
    /// Writes a value as YAML in one line; reading it gives the same value.
    let write: @Sendable (Value) -> String

    /// A type whose values are single texts.
    static func scalar(
        _ name: String, expected: String, parse: @escaping @Sendable (String) throws(ValueError) -> Value,
        write: @escaping @Sendable (Value) -> String
    ) -> ValueType {
        ValueType(
            name: name,
            read: { node, faults in
                let text: String
                switch node.content {
                case .refused:
                    return nil
                case .scalar where node.isNull:
                    faults.append(Fault(position: node.position, message: "no value; expected \(expected)"))
                    return nil
                case .scalar(let found, _):
                    text = found
                case .list, .mapping:
                    let message = "expected \(expected), found \(node.kind)\(node.quotingAdvice)"
                    faults.append(Fault(position: node.position, message: message))
                    return nil
                }
                // Values go into replies, logs and paths; none of these holds control characters.
                if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
                    faults.append(
                        Fault(
                            position: node.position,
                            message: "'\(shown(text))' holds a control character or a line break"))
                    return nil
                }
                do throws(ValueError) {
                    return try parse(text)
                } catch {
                    faults.append(Fault(position: node.position, message: error.message))
                    return nil
                }
            },
            write: write)
    }

    /// The type with a further value nil, written `null`.
    func orNull(meaning: String) -> ValueType<Value?> {
        ValueType<Value?>(
            name: "\(name); or null: \(meaning)",
            read: { [read] node, faults in
                if node.isNull { return .some(nil) }
                return read(node, &faults).map { .some($0) }
            },
            write: { [write] value in value.map(write) ?? "null" })
    }

    /// A list of values of this type; every wrong element is reported.
    /// - Parameter most: elements at most.
    func list(of plural: String, allowEmpty: Bool, atMost most: Int = .max) -> ValueType<[Value]> {
        ValueType<[Value]>(
            name: "list of \(plural)",
            read: { [read] node, faults in
                guard case .list(let items, _) = node.content else {
                    if case .refused = node.content { return nil }
                    faults.append(
                        Fault(
                            position: node.position,
                            message: "expected a list of \(plural), each on its own line after '- ', found "
                                + (node.isNull ? "no value" : node.kind)))
                    return nil
                }
                if items.isEmpty && !allowEmpty {
                    faults.append(Fault(position: node.position, message: "the list of \(plural) must not be empty"))
                    return nil
                }
                if items.count > most {
                    faults.append(Fault(position: node.position, message: "more than \(most) \(plural)"))
                    return nil
                }
                let values = items.map { read($0, &faults) }
                return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
            },
            write: { [write] values in "[" + values.map { write($0) }.joined(separator: ", ") + "]" })
    }
}

/// `text` as a YAML scalar that our reader takes as this text: plain where that is safe in a list too, else in quotes.
func yamlText(_ text: String) -> String {
    let safe = text.utf8.allSatisfy { isNameOctet($0) || $0 == 0x2E || $0 == 0x2F }
    let opensSafely = text.utf8.first.map { $0 != 0x2D && $0 != 0x2E } ?? false
    if safe && opensSafely && text != "null" { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\":
            quoted += "\\"
            quoted.unicodeScalars.append(scalar)
        default:
            quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
