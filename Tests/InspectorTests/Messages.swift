/// Messages that the tests send.
enum Messages {
    /// In two halves, so that no scanner takes this file for the test file.
    static let eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    static let eicarName = "Eicar-Test-Signature.UNOFFICIAL"

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// Base64 in lines of 76 characters.
    static func base64(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for (group, start) in stride(from: 0, to: bytes.count, by: 3).enumerated() {
            if group > 0, group % 19 == 0 { out += [0x0D, 0x0A] }
            let three = bytes[start..<min(start + 3, bytes.count)]
            var value = 0
            for byte in three { value = value << 8 | Int(byte) }
            value <<= 8 * (3 - three.count)
            for index in 0...3 {
                out.append(index <= three.count ? alphabet[value >> (18 - 6 * index) & 63] : 0x3D)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static let head = """
        Received: from a.example by b.example; Mon, 1 Jan 2024 00:00:00 +0000\r
        From: A <a@example.com>\r
        To: b@example.com\r
        Subject: test\r
        MIME-Version: 1.0\r

        """

    /// A message with one text.
    static func plain(_ text: String) -> [UInt8] {
        Array((head + "Content-Type: text/plain\r\n\r\n" + text + "\r\n").utf8)
    }

    /// A text and an attachment in base64.
    static func attached(_ content: [UInt8], name: String = "data.bin") -> [UInt8] {
        let message = """
            \(head)Content-Type: multipart/mixed; boundary="b1"\r
            \r
            --b1\r
            Content-Type: text/plain\r
            \r
            See what is attached.\r
            --b1\r
            Content-Type: application/octet-stream; name="\(name)"\r
            Content-Transfer-Encoding: base64\r
            \r
            \(base64(content))\r
            --b1--\r

            """
        return Array(message.utf8)
    }

    /// A message in a message. Each level needs a boundary of its own.
    static func forwarded(_ message: [UInt8], boundary: String) -> [UInt8] {
        let text = """
            \(head)Content-Type: multipart/mixed; boundary="\(boundary)"\r
            \r
            --\(boundary)\r
            Content-Type: text/plain\r
            \r
            Look at this.\r
            --\(boundary)\r
            Content-Type: message/rfc822\r
            \r

            """
        return Array(text.utf8) + message + Array("\r\n--\(boundary)--\r\n".utf8)
    }
}
