/// Where a message with a trick stands.
enum Placements {
    static let plain = Placement(name: "plain") { $0 }

    static let all: [Placement] = [
        Placement(name: "lf") { message in
            message.indices.filter {
                message[$0] != 0x0D || $0 + 1 == message.count || message[$0 + 1] != 0x0A
            }.map { message[$0] }
        },
        inside("rfc822", "Content-Type: message/rfc822\r\n") { $0 },
        inside("rfc822-no-type", "Content-Disposition: attachment; filename=a.eml\r\n") { $0 },
        inside("global", "Content-Type: message/global\r\n") { $0 },
        inside("rfc822-base64", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n", base64),
        inside("rfc822-qp", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n", quoted),
        inside(
            "eml", "Content-Type: application/octet-stream; name=a.eml\r\nContent-Transfer-Encoding: base64\r\n", base64
        ),
        inside("eml-plain", "Content-Type: application/octet-stream; name=a.eml\r\n") { $0 },
        inside(
            "mht", "Content-Type: application/x-mimearchive; name=a.mht\r\nContent-Transfer-Encoding: base64\r\n",
            base64),
        inside(
            "rfc822-twice",
            "Content-Type: message/rfc822\r\n\r\nSubject: x\r\nContent-Type: message/rfc822\r\n"
        ) { $0 },
        Placement(name: "byte-order-mark") { [0xEF, 0xBB, 0xBF] + $0 },
        Placement(name: "blank-line-first") { [0x0D, 0x0A] + $0 },
        Placement(name: "blanks-first") { [0x20, 0x0D, 0x0A] + $0 },
        Placement(name: "nul-first") { [0x00] + $0 },
        inside("news", "Content-Type: message/news\r\n") { $0 },
        inside("partial", "Content-Type: message/partial; id=x; number=1; total=1\r\n") { $0 },
        Placement(name: "mbox") { Array("From a@example.com Mon Jan  1 00:00:00 2024\r\n".utf8) + $0 },
        Placement(name: "received") {
            Array("Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\r\nReceived: x\r\n".utf8) + $0
        },
        digest("digest"),
    ]

    private static func inside(
        _ name: String, _ fields: String, _ encode: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) -> Placement {
        Placement(name: name) { message in
            Array(
                "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n\r\nlook\r\n--outer\r\n\(fields)\r\n"
                    .utf8) + encode(message) + Array("\r\n--outer--\r\n".utf8)
        }
    }

    private static func digest(_ name: String) -> Placement {
        Placement(name: name) { message in
            Array("From: a@example.com\r\nContent-Type: multipart/digest; boundary=outer\r\n\r\n--outer\r\n\r\n".utf8)
                + message + Array("\r\n--outer--\r\n".utf8)
        }
    }

    @Sendable private static func base64(_ message: [UInt8]) -> [UInt8] {
        Array(HiddenFile.pieces(HiddenFile.base64(message), 76).joined(separator: "\r\n").utf8)
    }

    @Sendable private static func quoted(_ message: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        for byte in message {
            if byte >= 0x20 && byte < 0x7F && byte != 0x3D || byte == 0x0A || byte == 0x0D {
                out.append(byte)
            } else {
                out += Array((byte < 16 ? "=0" : "=").utf8) + Array(String(byte, radix: 16, uppercase: true).utf8)
            }
        }
        return out
    }
}
