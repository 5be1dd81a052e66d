internal import Bytes
package import MailModel

/// The XFORWARD command: attributes of the original client, handed from hop to hop (Postfix `XFORWARD_README`).
package enum XForward {
    /// Characters of one decoded value.
    package static let valueLimit = 255
    /// Octets of a command line that is sent, CRLF included, stay below this.
    package static let lineLimit = 512
    /// Attribute names in the order of the announcement.
    package static let names: [StaticString] = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"]

    private static let keyPaths: [any WritableKeyPath<ForwardedClient, [UInt8]?> & Sendable] = [
        \.name, \.address, \.port, \.proto, \.helo, \.ident, \.source,
    ]

    /// Which attributes a peer announced; bit n stands for `names[n]`.
    package struct Attributes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let all = Attributes(rawValue: 0x7F)

        /// Reads the words after `XFORWARD` in an EHLO reply; unknown ones are passed over.
        package init(announcement: ArraySlice<UInt8>) {
            var bits: UInt8 = 0
            for word in announcement.split(separator: 0x20) {
                if let index = XForward.index(of: word) { bits |= 1 << UInt8(index) }
            }
            self.init(rawValue: bits)
        }
    }

    /// Applies one command's attributes to what is known so far; the first command sets all to unavailable.
    /// A command with any fault (501 5.5.4) changes nothing, but see `refused`.
    package static func apply(
        _ argument: ArraySlice<UInt8>, to known: ForwardedClient?
    ) throws(Refusal) -> ForwardedClient {
        var client = known ?? ForwardedClient()
        let words = argument.split(separator: 0x20)
        guard !words.isEmpty else { throw bad("XFORWARD attribute=value") }
        for word in words {
            guard let equals = word.firstIndex(of: 0x3D), let index = index(of: word[..<equals]) else {
                throw bad("unknown XFORWARD attribute")
            }
            let text = word[(equals + 1)...]
            let name = names[index].description
            guard !text.isEmpty, text.count <= 3 * valueLimit else { throw bad("\(name) value length") }
            let value = Xtext.decodeWherePossible(text)
            // Checked after decoding: `+0A` would otherwise forge a line in a log or in the next hop's command (A4).
            guard value.count <= valueLimit, value.allSatisfy({ !$0.isControl }) else { throw bad("\(name) value") }
            if equalIgnoringCase(value, "[UNAVAILABLE]") {
                client[keyPath: keyPaths[index]] = nil
            } else {
                guard isPlausible(value, for: index) else { throw bad("\(name) value") }
                client[keyPath: keyPaths[index]] =
                    keyPaths[index] == \ForwardedClient.address ? bareAddress(value) : value
            }
        }
        return client
    }

    /// What is known after a command that was refused: what was known before, but not that the mail is local. Where nothing was known all
    /// is unavailable: such mail must not be taken for the MTA's own.
    package static func refused(_ known: ForwardedClient?) -> ForwardedClient {
        var client = known ?? ForwardedClient()
        client.source = nil
        return client
    }

    /// The command lines, CRLF included, that hand `client` to a peer that announced `attributes`.
    /// A value too long for a line is sent as unavailable: a cut value would be a false one.
    package static func commands(for client: ForwardedClient, announced attributes: Attributes) -> [[UInt8]] {
        let verb = Array("XFORWARD".utf8)
        var lines: [[UInt8]] = []
        var line = verb
        for index in names.indices where attributes.contains(Attributes(rawValue: 1 << UInt8(index))) {
            let head = Array(" \(names[index])=".utf8)
            var value = client[keyPath: keyPaths[index]] ?? []
            if keyPaths[index] == \ForwardedClient.address, value.contains(0x3A) {
                value = Array("\(prefix)".utf8) + value
            }
            value = Xtext.encode(value)
            if value.isEmpty || verb.count + head.count + value.count + 2 >= lineLimit {
                value = Array("[UNAVAILABLE]".utf8)
            }
            if line.count + head.count + value.count + 2 >= lineLimit {
                lines.append(line + [0x0D, 0x0A])
                line = verb
            }
            line += head
            line += value
        }
        if line.count > verb.count { lines.append(line + [0x0D, 0x0A]) }
        return lines
    }

    private static func index(of word: ArraySlice<UInt8>) -> Int? {
        names.firstIndex { equalIgnoringCase(word, $0) }
    }

    /// What stands in front of an IPv6 address, in any case.
    private static let prefix: StaticString = "IPV6:"

    /// An address without that prefix.
    package static func bareAddress(_ value: [UInt8]) -> [UInt8] {
        let count = prefix.utf8CodeUnitCount
        return equalIgnoringCase(value.prefix(count), prefix) ? Array(value.dropFirst(count)) : value
    }

    private static func isPlausible(_ value: [UInt8], for index: Int) -> Bool {
        switch names[index].description {
        case "ADDR":
            let bare = bareAddress(value)
            return AddressText.isIPv6(bare[...]) || bare.count == value.count && AddressText.isIPv4(bare[...])
        case "PORT":
            return value.count <= 5 && value.allSatisfy { $0.isDigit }
        case "SOURCE":
            return equalIgnoringCase(value, "LOCAL") || equalIgnoringCase(value, "REMOTE")
        default:
            return true
        }
    }

    private static func bad(_ what: String) -> Refusal {
        Refusal(501, EnhancedStatus(5, 5, 4), "Syntax: \(what)")
    }
}
