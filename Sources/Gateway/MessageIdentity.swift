internal import Bytes
internal import Digests
internal import MIME

/// What a learnt message is known by, whatever its way was: its date, its message identifier, its sender and its body. Fields
/// that deliveries and filters add do not count, nor the subject, which filters put their tags into, nor line ends behind the last
/// line of the body, which mailboxes add and take away, nor a byte order mark before the header.
package enum MessageIdentity {
    /// - Parameter message: with CRLF line ends.
    package static func of(_ message: Span<UInt8>) -> String {
        var sum = SHA256()
        var scanner = HeaderScanner()
        let mark = Mbox.byteOrderMark
        if !add(&scanner, message, to: &sum), message.hasBytes(mark.span, at: scanner.position) {
            // The header is what stands behind the mark: before it are fields of deliveries alone, or nothing.
            scanner = HeaderScanner(from: scanner.position + mark.count)
            _ = add(&scanner, message, to: &sum)
        }
        let start = min(scanner.position, message.count)
        var end = message.count
        while end > start, message[end - 1] == 0x0D || message[end - 1] == 0x0A { end -= 1 }
        message.extracting(start..<end).withUnsafeBytes { sum.update($0) }
        return hexadecimal(Array(sum.finish().prefix(20))) + "@mailreeve"
    }

    /// Adds the fields of a header block that count.
    /// - Returns: whether there were any.
    private static func add(_ scanner: inout HeaderScanner, _ message: Span<UInt8>, to sum: inout SHA256) -> Bool {
        var isCounted = false
        while let field = scanner.next(in: message) {
            guard
                field.isNamed("message-id", in: message) || field.isNamed("date", in: message)
                    || field.isNamed("from", in: message)
            else { continue }
            isCounted = true
            message.extracting(field.whole).withUnsafeBytes { sum.update($0) }
        }
        return isCounted
    }

    /// When the message came, in seconds since 1970: as the first trace field says, else as its sender does; 0 where neither
    /// can be.
    /// - Parameter message: with CRLF line ends.
    package static func date(of message: Span<UInt8>) -> UInt32 {
        var scanner = HeaderScanner()
        var said: UInt32?
        while let field = scanner.next(in: message) {
            if field.isNamed("received", in: message) {
                let trace = message.extracting(field.whole)
                var last: Int?
                for index in trace.indices where trace[index] == 0x3B { last = index }
                if let last, let date = MailDate.seconds(trace.extracting(last + 1..<trace.count)) { return date }
            } else if said == nil, field.isNamed("date", in: message) {
                let whole = message.extracting(field.whole)
                if let colon = whole.firstIndex(of: 0x3A) {
                    said = MailDate.seconds(whole.extracting(colon + 1..<whole.count))
                }
            }
        }
        return said ?? 0
    }

    /// SHA-256 in hexadecimal digits.
    static func digest(_ bytes: [UInt8]) -> String {
        hexadecimal(bytes.withUnsafeBytes { SHA256.digest($0) })
    }
}
