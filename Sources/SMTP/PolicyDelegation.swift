/// AM.PDP, the protocol of amavis's helper programs (amavisd-new README.protocol): lines `name=value`, ended by CRLF, up to an
/// empty one. Restricted octets are `%hh`; a value may have several fields with one blank between.
package struct PolicyDelegationReader {
    /// Octets of one request, and attributes in it.
    package static let sizeLimit = 65_536
    package static let attributeLimit = 1000

    /// Why a request cannot be read. The connection is of no use after it.
    package enum Failure: Error, Hashable {
        case tooLong
        case malformed
    }

    private var line: [UInt8] = []
    private var octets = 0
    private var attributes: [PolicyDelegationRequest.Attribute] = []

    package init() {}

    /// Takes what came in.
    /// - Returns: the requests that are complete, in order.
    package mutating func take(_ bytes: some Sequence<UInt8>) throws(Failure) -> [PolicyDelegationRequest] {
        var complete: [PolicyDelegationRequest] = []
        for byte in bytes {
            octets += 1
            if octets > Self.sizeLimit { throw .tooLong }
            guard byte == 0x0A else {
                line.append(byte)
                continue
            }
            if line.last == 0x0D { line.removeLast() }
            if !line.isEmpty {
                if attributes.count == Self.attributeLimit { throw .tooLong }
                attributes.append(try Self.attribute(line))
                line.removeAll(keepingCapacity: true)
                continue
            }
            octets = 0
            // An empty line with nothing before it is no request.
            guard let first = attributes.first else { continue }
            if first.name != "request" { throw .malformed }
            complete.append(PolicyDelegationRequest(kind: first.text, attributes: attributes))
            attributes = []
        }
        return complete
    }

    private static func attribute(_ line: [UInt8]) throws(Failure) -> PolicyDelegationRequest.Attribute {
        guard let sign = line.firstIndex(of: 0x3D), let name = decoded(line[..<sign]), !name.isEmpty,
            let value = decoded(line[(sign + 1)...])
        else { throw .malformed }
        return PolicyDelegationRequest.Attribute(name: String(decoding: name, as: UTF8.self), value: value)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == 0x25 else {
                out.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(Hexadecimal.digit),
                let low = rest.popFirst().flatMap(Hexadecimal.digit)
            else { return nil }
            out.append(high << 4 | low)
        }
        return out
    }
}

/// One request.
package struct PolicyDelegationRequest: Hashable, Sendable {
    package struct Attribute: Hashable, Sendable {
        package var name: String
        /// Decoded; any octets.
        package var value: [UInt8]

        var text: String { String(decoding: value, as: UTF8.self) }
    }

    /// `release`, `requeue`, `AM.PDP`.
    package var kind: String
    package var attributes: [Attribute]

    /// The value of the first attribute of this name.
    package func value(_ name: String) -> [UInt8]? {
        attributes.first { $0.name == name }?.value
    }

    /// The values of all attributes of this name, in order.
    package func values(_ name: String) -> [[UInt8]] {
        attributes.filter { $0.name == name }.map(\.value)
    }
}

/// The answer to a request.
package struct PolicyDelegationResponse {
    /// All that is to be sent.
    package private(set) var bytes: [UInt8] = Array("version_server=2\r\n".utf8)

    package init(logID: String) {
        add("log_id", [logID])
    }

    /// Adds an attribute.
    /// - Parameter fields: of its value, not yet encoded.
    package mutating func add(_ name: String, _ fields: [String]) {
        bytes += name.utf8
        bytes.append(0x3D)
        for (number, field) in fields.enumerated() {
            if number > 0 { bytes.append(0x20) }
            for byte in field.utf8 {
                switch byte {
                case 0x21...0x24, 0x26...0x7E: bytes.append(byte)
                default: bytes += [0x25, Hexadecimal.digits[Int(byte >> 4)], Hexadecimal.digits[Int(byte & 15)]]
                }
            }
        }
        bytes += [0x0D, 0x0A]
    }

    /// Ends the answer.
    package mutating func end() {
        bytes += [0x0D, 0x0A]
    }
}

private enum Hexadecimal {
    static let digits = Array("0123456789ABCDEF".utf8)

    static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
