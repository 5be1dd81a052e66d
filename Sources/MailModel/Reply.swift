/// An SMTP reply: the public text for the client and the private cause for the log are two fields of one value.
package struct Reply: Hashable, Sendable {
    /// Three-digit code (RFC 5321 section 4.2).
    package var code: Int
    /// Enhanced status (RFC 3463); nil for replies that must not carry one (greeting, EHLO, 354).
    package var enhanced: EnhancedStatus?
    /// Public text, one element a line; never holds control characters.
    package var lines: [String]
    /// Private cause for the log; empty when the public text says all.
    package var cause: String

    package init(_ code: Int, _ enhanced: EnhancedStatus? = nil, _ text: String, cause: String = "") {
        self.init(code, enhanced, lines: [text], cause: cause)
    }

    package init(_ code: Int, _ enhanced: EnhancedStatus?, lines: [String], cause: String = "") {
        self.code = code
        self.enhanced = enhanced
        self.lines = lines
        self.cause = cause
    }

    /// 2xx or 3xx.
    package var isPositive: Bool { code < 400 }
    /// 4xx: the client keeps the message and tries again.
    package var isTemporary: Bool { (400..<500).contains(code) }
    /// 5xx.
    package var isPermanent: Bool { code >= 500 }

    /// Code, status and the lines joined by a space, as logs and other replies quote it.
    package var summary: String {
        var out = String(code)
        if let enhanced { out += " \(enhanced)" }
        let text = lines.joined(separator: " ")
        if !text.isEmpty { out += " " + text }
        return out
    }
}

/// An enhanced status code (RFC 3463).
package struct EnhancedStatus: Hashable, Sendable, CustomStringConvertible {
    package var status: Int
    package var subject: Int
    package var detail: Int

    package init(_ status: Int, _ subject: Int, _ detail: Int) {
        self.status = status
        self.subject = subject
        self.detail = detail
    }

    package var description: String { "\(status).\(subject).\(detail)" }
}
