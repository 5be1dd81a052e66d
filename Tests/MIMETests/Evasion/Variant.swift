/// How a variant's type and delimiters are written.
struct StructureTrick {
    var name: String
    /// Fields of the message that decide about structure, each with its line end.
    var fields: String
    /// A delimiter with the line ends around it.
    var opening: String
    var closing: String
    /// What stands behind the blank line of the message and before the first delimiter.
    var before = ""

    /// - Parameters:
    ///   - type: value of `Content-Type`.
    ///   - delimiter: what the reader in question takes for the boundary.
    init(_ name: String, type: String, delimiter: String) {
        self.init(name, fields: "Content-Type: \(type)\r\n", delimiter: delimiter)
    }

    init(_ name: String, fields: String, delimiter: String) {
        self.init(name, fields: fields, opening: "\r\n--\(delimiter)\r\n", closing: "\r\n--\(delimiter)--\r\n")
    }

    init(_ name: String, fields: String, opening: String, closing: String) {
        self.name = name
        self.fields = fields
        self.opening = opening
        self.closing = closing
    }
}

/// How the header block of the part with the file is written. `E~C` stands for the name of its encoding.
struct HeaderTrick {
    var name: String
    /// The block with the blank line, or whatever the reader in question takes for one, at its end.
    var block: String

    /// - Parameter fields: put behind an honest type, each with its line end.
    init(_ name: String, fields: String) {
        self.init(name, block: "Content-Type: application/octet-stream\r\n\(fields)\r\n")
    }

    init(_ name: String, block: String) {
        self.name = name
        self.block = block
    }

    /// An honest block but for what is between the fields, where `BREAK` stands.
    static let plain = HeaderTrick("plain", fields: "Content-Transfer-Encoding: E~C\r\n")
}

/// How the file is encoded.
struct BodyTrick {
    var name: String
    var encoding: String
    var body: [UInt8]

    init(_ name: String, _ encoding: String, _ text: String) {
        self.name = name
        self.encoding = encoding
        body = Variant.bytes(text)
    }

    static let plain = BodyTrick(
        "plain", "base64", HiddenFile.pieces(HiddenFile.base64(), 76).joined(separator: "\r\n"))
    static let plainQuoted = BodyTrick(
        "plain-qp", "quoted-printable", HiddenFile.escapedLines.joined(separator: "=\r\n"))
}

/// Where in a message the trick is done.
struct Placement: Sendable {
    var name: String
    var wrap: @Sendable ([UInt8]) -> [UInt8]
}

/// One message that hides the file.
struct Variant {
    var name: String
    var bytes: [UInt8]

    private static let head = "From: a@example.com\r\nTo: b@example.com\r\nSubject: s\r\nMIME-Version: 1.0\r\n"

    init(_ structure: StructureTrick, _ header: HeaderTrick, _ body: BodyTrick, _ placement: Placement) {
        // Where nothing ends the block, data with a colon is a field for everybody.
        let firstLine = body.body.prefix { $0 != 0x0A }
        let body = ["end-rn", "end-n"].contains(header.name) && firstLine.contains(0x3A) ? .plain : body
        name = [placement.name, structure.name, header.name, body.name].joined(separator: " + ")
        var message = Self.bytes(Self.head + structure.fields + "\r\n" + structure.before)
        message += Self.bytes(structure.opening)
        message += Array("Content-Type: text/plain\r\n\r\nNothing to see.".utf8)
        message += Self.bytes(structure.opening)
        message += Self.bytes(header.block.replacing("E~C", with: body.encoding))
        message += body.body
        message += Self.bytes(structure.closing)
        bytes = placement.wrap(message)
    }

    init(_ name: String, _ text: String) {
        self.name = name
        bytes = Array((Self.head + text).utf8)
    }

    /// UTF-8, but for U+0080 to U+00FF, which stand for single octets.
    static func bytes(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        for scalar in text.unicodeScalars {
            if scalar.value < 0x100 { out.append(UInt8(scalar.value)) } else { out += Array(String(scalar).utf8) }
        }
        return out
    }
}
