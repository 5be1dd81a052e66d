/// Mail of the kind that most mail is, made from a fixed seed: the same octets in each run.
struct TypicalMail {
    private var state: UInt64
    private static let words: [String] = [
        "the", "of", "and", "to", "in", "is", "that", "for", "meeting", "project", "report", "budget", "schedule",
        "invoice",
        "customer", "delivery", "question", "answer", "garden", "weather", "train", "ticket", "Stra\u{DF}e",
        "gr\u{FC}n",
    ]

    init(seed: UInt64) { state = seed }

    /// 48 mails of 1 to 3 MB together with attachments as offices send them, half of them with an HTML alternative,
    /// some with a message inside.
    static func withAttachments() -> [[UInt8]] {
        var mail = TypicalMail(seed: 1)
        return (0..<48).map { mail.message(number: $0, depth: $0 % 8 == 7 ? 1 : 0) }
    }

    /// 4,000 mails of 2 to 12 kB, text alone or with HTML.
    static func small() -> [[UInt8]] {
        var mail = TypicalMail(seed: 2)
        return (0..<4000).map { number in
            let content = number % 3 == 0 ? mail.alternative(size: 3000) : mail.plain(size: 1000 + mail.below(6000))
            return Array((mail.header(number) + content).utf8)
        }
    }

    private mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    private mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    private mutating func header(_ number: Int) -> String {
        var lines = ""
        for hop in 0..<5 {
            lines +=
                "Received: from mx\(hop).example.com (mx\(hop).example.com [192.0.2.\(hop)])\r\n\tby mail.example.org"
                + " (Postfix) with ESMTPS id 4F1A22A0C\(hop)\r\n\tfor <bob@example.org>; Tue, 17 Mar 2026 09:12:44 +0100\r\n"
        }
        lines +=
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s1;\r\n\th=from:to:subject:date;"
            + " bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\tb=\(base64(45))"
        return lines
            + "From: Alice Example <alice@example.com>\r\nTo: Bob Example <bob@example.org>\r\n"
            + "Subject: =?utf-8?q?Bericht_=C3=BCber_das_Projekt?= \(number)\r\nDate: Tue, 17 Mar 2026 09:12:44 +0100\r\n"
            + "Message-ID: <\(number).\(next())@example.com>\r\nMIME-Version: 1.0\r\n"
    }

    private mutating func text(_ size: Int, _ separator: String) -> String {
        var text = ""
        var column = 0
        while text.utf8.count < size {
            let word = Self.words[below(Self.words.count)]
            text += word
            column += word.utf8.count + 1
            text += column > 70 ? separator : " "
            if column > 70 { column = 0 }
        }
        return text + separator
    }

    private mutating func plain(size: Int) -> String {
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text(size, "\r\n")
    }

    private mutating func alternative(size: Int) -> String {
        let boundary = "----=_Part_\(next())"
        var html = "<html><head><style>p{margin:0}.c{color:#333}</style></head><body>\r\n"
        while html.utf8.count < size {
            html += "<p class=3D\"c\" style=3D\"font-size:11pt\">" + quoted(text(300, "=\r\n")) + "<br></p>\r\n"
            html += "<a href=3D\"https://www.example.com/\(next())\">mehr &amp; weiter</a>\r\n"
        }
        return "Content-Type: multipart/alternative; boundary=\"\(boundary)\"\r\n\r\n--\(boundary)\r\n"
            + plain(size: size / 4)
            + "\r\n--\(boundary)\r\nContent-Type: text/html; charset=\"utf-8\"\r\n"
            + "Content-Transfer-Encoding: quoted-printable\r\n\r\n\(html)</body></html>\r\n--\(boundary)--\r\n"
    }

    private func quoted(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            if byte < 0x80 {
                out.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                out += "=" + digits
            }
        }
        return out
    }

    private mutating func base64(_ size: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var out: [UInt8] = []
        let characters = (size + 2) / 3 * 4
        out.reserveCapacity(characters + characters / 38)
        for index in 0..<characters {
            out.append(alphabet[below(64)])
            if index % 76 == 75 { out += [0x0D, 0x0A] }
        }
        return String(decoding: out, as: UTF8.self) + "\r\n"
    }

    private mutating func message(number: Int, depth: Int) -> [UInt8] {
        let boundary = "_005_AM0PR01MB\(next())_"
        var out =
            header(number) + "Content-Type: multipart/mixed;\r\n\tboundary=\"\(boundary)\"\r\n\r\n--\(boundary)\r\n"
        out += number % 2 == 0 ? alternative(size: 20_000) : plain(size: 5_000)
        let kinds = [
            ("application/pdf", "Angebot.pdf"), ("image/jpeg", "IMG_0001.jpg"),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Bericht 2026.docx"),
            ("application/zip", "Daten.zip"),
        ]
        for _ in 0...below(3) {
            let (type, name) = kinds[below(kinds.count)]
            out += "\r\n--\(boundary)\r\nContent-Type: \(type); name=\"\(name)\"\r\nContent-Description: \(name)\r\n"
            out += "Content-Disposition: attachment; filename=\"\(name)\"; size=4711\r\n"
            out += "Content-Transfer-Encoding: base64\r\n\r\n" + base64(100_000 + below(900_000))
        }
        if depth > 0 {
            out += "\r\n--\(boundary)\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n"
            out += String(decoding: message(number: number + 1000, depth: depth - 1), as: UTF8.self)
        }
        return Array((out + "\r\n--\(boundary)--\r\n").utf8)
    }
}
