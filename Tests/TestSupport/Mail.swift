internal import Bytes
internal import Digests

/// A message with its envelope, as a test sends it.
package struct Mail: Sendable {
    /// Without angle brackets; empty is the null sender.
    package var sender: String
    /// Parameters behind `MAIL FROM:<...>`.
    package var parameters = ""
    package var recipients: [String]
    /// Lines with CRLF, dots not stuffed.
    package var content: [UInt8]

    package init(
        from sender: String = "sender@example.org", to recipients: [String] = ["rcpt@example.net"], content: [UInt8]
    ) {
        self.sender = sender
        self.recipients = recipients
        self.content = content
    }

    /// A message of text; line ends are put in.
    package init(
        from sender: String = "sender@example.org", to recipients: [String] = ["rcpt@example.net"], text: String
    ) {
        self.init(from: sender, to: recipients, content: crlf(text))
    }

    /// A small clean message; `number` and `size` make it different from others.
    package static func clean(_ number: Int = 0, size: Int = 300, to recipients: [String] = ["rcpt@example.net"])
        -> Mail
    {
        var text = """
            From: Sender <sender@example.org>
            To: Receiver <rcpt@example.net>
            Subject: message \(number)
            Date: Thu, 6 Mar 2025 07:05:30 +0000
            Message-ID: <number-\(number)@example.org>


            """
        var line = 0
        while text.utf8.count < size {
            line += 1
            text += "\(line % 7 == 0 ? "." : "")line \(line) of message \(number), and nothing more is said here\n"
        }
        return Mail(to: recipients, text: text)
    }

    /// Multipart mail with one attachment in base64.
    package static func attached(_ octets: [UInt8], name: String = "data.bin") -> Mail {
        Mail(
            text: """
                From: sender@example.org
                To: rcpt@example.net
                Subject: attached
                Message-ID: <attached@example.org>
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary="outer"

                --outer
                Content-Type: text/plain

                See the attachment.
                --outer
                Content-Type: application/octet-stream; name="\(name)"
                Content-Transfer-Encoding: base64

                \(base64(octets))
                --outer--

                """)
    }

    package var digest: [UInt8] { content.withUnsafeBytes { SHA256.digest($0) } }
}

/// Text with the line ends of mail.
package func crlf(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    for byte in text.utf8 {
        if byte == 0x0A { out.append(0x0D) }
        out.append(byte)
    }
    return out
}

/// Base64 in lines of 76 characters, parted by LF (RFC 2045 section 6.8).
package func base64(_ octets: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    var column = 0
    for start in stride(from: 0, to: octets.count, by: 3) {
        if column == 76 {
            out.append(0x0A)
            column = 0
        }
        let group = octets[start..<min(start + 3, octets.count)] + [0, 0]
        let (a, b, c) = (group[start], group[start + 1], group[start + 2])
        let count = min(3, octets.count - start)
        out.append(alphabet[Int(a >> 2)])
        out.append(alphabet[Int(a & 3) << 4 | Int(b >> 4)])
        out.append(count > 1 ? alphabet[Int(b & 15) << 2 | Int(c >> 6)] : 0x3D)
        out.append(count > 2 ? alphabet[Int(c & 63)] : 0x3D)
        column += 4
    }
    return String(decoding: out, as: UTF8.self)
}

/// The EICAR test file. Put together here, so that no scanner takes this source for infected.
package let eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

/// A message as a next hop got it, parted into what the gateway added on top and what was sent.
package struct Relayed: Sendable {
    /// The added fields, each whole with its folded lines.
    package var added: [String] = []
    package var original: [UInt8]

    /// Takes the gateway's own fields from the top: `X-Virus-Scanned:` at most once, `X-Mailreeve-Alert:` at most twice,
    /// `X-Mailreeve-Unchecked:` at most once, then one `Received:` that names it. Everything below is the original.
    package init(_ content: [UInt8]) {
        original = content
        for name in [
            "X-Virus-Scanned: ", "X-Mailreeve-Alert: ", "X-Mailreeve-Alert: ", "X-Mailreeve-Unchecked: ", "Received: ",
        ] where original.starts(with: name.utf8) {
            var end = 0
            repeat {
                guard let next = original.span.firstIndex(of: 0x0A, from: end) else { return }
                end = next + 1
            } while end < original.count && (original[end] == 0x20 || original[end] == 0x09)
            let field = String(decoding: original[..<end], as: UTF8.self)
            guard field.contains("mailreeve") || name.hasPrefix("X-Mailreeve-") else { continue }
            added.append(field)
            original.removeFirst(end)
        }
    }

    package var digest: [UInt8] { original.withUnsafeBytes { SHA256.digest($0) } }
}
