internal import Bytes
internal import Digests

/// The digest that an RPM package states of its payload (`rpm-payloads(5)`, tags PAYLOADSHA256 and PAYLOADSHA256ALGO): none of
/// what unpacks it compares that.
enum RPMPayload {
    private static let lead = 96
    private static let mark: [UInt8] = [0x8E, 0xAD, 0xE8, 0x01]
    private static let (digestTag, algorithmTag) = (5092, 5093)
    /// The number of SHA-256 (RFC 9580 section 9.5).
    private static let sha256 = 8

    /// False as well where there is none, or one of another kind.
    static func hasWrongDigest(_ package: Span<UInt8>) -> Bool {
        guard let signature = Header(package, at: lead),
            // What follows the signature begins at a multiple of eight octets.
            let header = Header(package, at: (signature.end + 7) / 8 * 8),
            let digest = header.value(digestTag, package),
            header.value(algorithmTag, package).flatMap({ package.bigEndian32(at: $0) }) ?? sha256 == sha256,
            header.end < package.count
        else { return false }
        let payload = package.extracting(header.end..<package.count)
        let computed = hexadecimal(payload.withUnsafeBytes { SHA256.digest($0) })
        let stated = package.extracting(package.clamped(digest, computed.utf8.count)).array.map(asciiLower)
        return stated != Array(computed.utf8)
    }

    /// A list of entries of 16 octets, each with the place of a value in what follows it.
    private struct Header {
        private static let entrySize = 16
        private let entries: Int
        private let start: Int
        let end: Int

        init?(_ package: Span<UInt8>, at place: Int) {
            guard package.hasBytes(mark, at: place), let count = package.bigEndian32(at: place + 8),
                let octets = package.bigEndian32(at: place + 12)
            else { return nil }
            start = place + 16
            entries = count
            end = start + entries * Self.entrySize + octets
            guard end <= package.count else { return nil }
        }

        /// Where the value of a tag begins.
        func value(_ tag: Int, _ package: Span<UInt8>) -> Int? {
            for entry in 0..<entries {
                let place = start + entry * Self.entrySize
                guard package.bigEndian32(at: place) == tag,
                    let offset = package.bigEndian32(at: place + 8)
                else { continue }
                return start + entries * Self.entrySize + offset
            }
            return nil
        }
    }
}
