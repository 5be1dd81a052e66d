internal import Digests
internal import MIME

/// What a learnt message is known by, whatever its way was: its date, its message identifier, its sender and its body. Fields
/// that deliveries and filters add do not count, nor the subject, which filters put their tags into.
package enum MessageIdentity {
    /// - Parameter message: with CRLF line ends.
    package static func of(_ message: Span<UInt8>) -> String {
        var sum = SHA256()
        var scanner = HeaderScanner()
        while let field = scanner.next(in: message) {
            let isCounted =
                field.isNamed("message-id", in: message) || field.isNamed("date", in: message)
                || field.isNamed("from", in: message)
            guard isCounted else { continue }
            message.extracting(field.whole).withUnsafeBytes { sum.update($0) }
        }
        message.extracting(min(scanner.position, message.count)..<message.count).withUnsafeBytes { sum.update($0) }
        return hexadecimal(Array(sum.finish().prefix(20))) + "@mailreeve"
    }

    /// SHA-256 in hexadecimal digits.
    static func digest(_ bytes: [UInt8]) -> String {
        hexadecimal(bytes.withUnsafeBytes { SHA256.digest($0) })
    }
}
