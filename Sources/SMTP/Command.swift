internal import Bytes
package import MailModel

/// A command line, split into verb and argument (RFC 5321 section 4.1.1).
package struct Command: Hashable, Sendable {
    package var verb: Verb
    /// What follows the verb, without spaces at its ends.
    package var argument: ArraySlice<UInt8>

    /// Splits a line that has lost its CRLF. Verbs are read without case.
    package init(line: ArraySlice<UInt8>) {
        let end = line.firstIndex(of: 0x20) ?? line.endIndex
        verb = Verb(line[..<end])
        argument = line[end...].trimmed
    }

    /// The argument after a keyword such as `FROM:`; nil when it does not begin with it.
    package func argument(after keyword: StaticString) -> ArraySlice<UInt8>? {
        let length = keyword.utf8CodeUnitCount
        guard equalIgnoringCase(argument.prefix(length), keyword) else { return nil }
        return argument.dropFirst(length)
    }
}

/// The verbs that a server tells apart.
package enum Verb: Hashable, Sendable {
    case helo, ehlo, lhlo, mail, rcpt, data, bdat, rset, noop, quit, vrfy, expn, help, startTLS, xforward
    /// A request line of HTTP: a browser or a web page's script was led here (cross-protocol scripting).
    case http
    case unknown

    init(_ word: ArraySlice<UInt8>) {
        for (name, verb) in Verb.names where equalIgnoringCase(word, name) {
            self = verb
            return
        }
        self = .unknown
    }

    private static let names: [(StaticString, Verb)] = [
        ("MAIL", .mail), ("RCPT", .rcpt), ("DATA", .data), ("XFORWARD", .xforward), ("LHLO", .lhlo), ("EHLO", .ehlo),
        ("HELO", .helo), ("RSET", .rset), ("NOOP", .noop), ("QUIT", .quit), ("STARTTLS", .startTLS), ("BDAT", .bdat),
        ("VRFY", .vrfy), ("EXPN", .expn), ("HELP", .help), ("GET", .http), ("POST", .http), ("CONNECT", .http),
        ("PUT", .http), ("HEAD", .http), ("OPTIONS", .http),
    ]
}

/// A command that is not carried out: the reply for the client.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    package var reply: Reply
    package var description: String { reply.summary }

    package init(_ reply: Reply) {
        self.reply = reply
    }

    init(_ code: Int, _ status: EnhancedStatus, _ text: String) {
        self.init(Reply(code, status, text))
    }
}
