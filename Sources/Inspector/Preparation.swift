internal import InspectionLink

extension Inspection {
    /// Reads a message of our own, so that tables which are made at their first use are made once, and every worker that is forked
    /// later has them.
    static func prepare() {
        let limits = InspectionLimits(
            mimeParts: 10, mimeDepth: 10, headerBytes: 4096, headerFields: 100, parameters: 10, boundaryLength: 100,
            readings: 10, readingBytes: 4096, decodedBytes: 4096, textBytes: 4096, htmlEdits: 10, htmlAttributes: 10)
        let message = Array(sample.utf8)
        for tokens in [TokenRequest.numbers, .only] {
            var inspection = Inspection(engine: nil, reportSize: 1 << 20, passwords: [])
            let request = Inspect(
                request: 0, workspace: "", context: InspectionContext(tokens: tokens, messages: [message.count]),
                limits: limits)
            _ = inspection.inspect(message.span, request, nil)
        }
    }

    private static let sample = """
        Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.org; Sat, 1 Jan 2000 00:00:00 +0000\r
        From: =?utf-8?Q?Andr=C3=A9?= <andre@example.com>\r
        To: joe@example.org\r
        Subject: =?iso-8859-1?B?Z3L832U=?=\r
        Date: Sat, 1 Jan 2000 00:00:00 +0000\r
        Message-ID: <1@example.com>\r
        MIME-Version: 1.0\r
        Content-Type: multipart/alternative; boundary="="\r
        \r
        --=\r
        Content-Type: text/plain; charset="utf-8"\r
        Content-Transfer-Encoding: quoted-printable\r
        \r
        See http://www.example.com/?q=3Dcaf=C3=A9 for more.\r
        --=\r
        Content-Type: text/html; charset="windows-1252"\r
        \r
        <html><head><style>p.x { color: #fff }</style></head><body><p class="x" style="font-size: 9pt">caf&eacute;</p>\r
        <a href="http://www.example.com/">more</a><img src="cid:1" alt="one"></body></html>\r
        --=--\r

        """
}
