package import MailModel

/// Replies as octets (RFC 5321 section 4.2, RFC 2034).
package enum ReplyWriter {
    /// Octets of one reply line, code and CRLF included (RFC 5321 section 4.5.3.1.5).
    package static let lineLimit = 512

    /// The reply with its enhanced status, if any, on each line; text too long for a line goes on in the next one.
    /// Octets that are not printable ASCII become `?`, so no text can forge a reply line.
    package static func bytes(_ reply: Reply) -> [UInt8] {
        var out: [UInt8] = []
        write(reply, to: &out)
        return out
    }

    /// Appends the reply.
    package static func write(_ reply: Reply, to out: inout [UInt8]) {
        // An impossible code would desynchronise the dialogue; unexpected means temporary.
        let code = (200...599).contains(reply.code) ? reply.code : 451
        var prefix = Array(String(code).utf8)
        let separator = prefix.count
        prefix.append(0x20)
        if let enhanced = reply.enhanced { prefix += Array("\(enhanced) ".utf8) }
        let room = max(lineLimit - 2 - prefix.count, 1)
        var texts: [ArraySlice<UInt8>] = []
        for line in reply.lines {
            var rest = line.unicodeScalars.map { $0.value >= 0x20 && $0.value < 0x7F ? UInt8($0.value) : 0x3F }[...]
            repeat {
                let piece = rest.prefix(room)
                texts.append(piece)
                rest = rest.dropFirst(piece.count)
            } while !rest.isEmpty
        }
        if texts.isEmpty { texts.append([]) }
        for (index, text) in texts.enumerated() {
            let begin = out.count
            out += prefix
            out += text
            if index + 1 < texts.count {
                out[begin + separator] = 0x2D
            } else if text.isEmpty {
                out.removeLast()
            }
            out.append(0x0D)
            out.append(0x0A)
        }
    }
}

extension Reply {
    /// The reply with an enhanced status whose class agrees with the code (RFC 2034 section 4): a missing or
    /// contradicting one becomes `2.0.0`, `4.0.0` or `5.0.0`.
    package var withEnhancedStatus: Reply {
        let digit = code / 100
        guard digit == 2 || digit == 4 || digit == 5, enhanced?.status != digit else { return self }
        var copy = self
        copy.enhanced = EnhancedStatus(digit, enhanced?.subject ?? 0, enhanced?.detail ?? 0)
        return copy
    }
}
