internal import Bytes
internal import MIME
internal import Members

/// Hands on what a TNEF stream (`winmail.dat`, [MS-OXTNEF]) carries: the texts of the message, attachments
/// with all their names, embedded messages.
enum TNEFReader {
    static func matches(_ bytes: Span<UInt8>) -> Bool { TNEFSignature.matches(bytes) }

    static func read(_ bytes: Span<UInt8>, _ extraction: Extraction) {
        guard
            let contents = TNEFSignature.contents(
                of: bytes, attachmentLimit: extraction.limits.items, propertyLimit: extraction.limits.items)
        else { return }
        // First what people see: limits are rather reached by the attachments.
        for body in contents.bodies {
            if body.form == .compressedRTF {
                CompressedRTF.read(bytes.extracting(body.range), extraction)
            } else {
                extraction.member(.body, range: body.range)
            }
        }
        for attachment in contents.attachments {
            let names = Names.withoutExtensions(attachment.names.map(\.text))
            // Without content the name is still one to be tested.
            if attachment.contents.isEmpty { extraction.member(.file, names: names, range: 0..<0) }
            for range in attachment.contents {
                guard extraction.member(.file, names: names, range: object(bytes, range)) else { return }
            }
        }
        if contents.notes.contains(.limitReached) { extraction.stop(.attachments) }
        if contents.notes.contains(.truncated) { extraction.problem(.corrupt, "TNEF is cut off") }
        if contents.notes.contains(.badProperties) { extraction.problem(.corrupt, "properties in TNEF") }
        if contents.notes.contains(.junk) { extraction.problem(.note, "octets behind the attributes of TNEF") }
        if contents.notes.contains(.checksumMismatch) { extraction.problem(.corrupt, "checksum of a TNEF attribute") }
    }

    /// Embedded messages and objects have an interface identifier of 16 octets before them (section 2.1.3.4.2).
    private static func object(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        guard range.count > 16 else { return range }
        let rest = bytes.extracting(range.lowerBound + 16..<range.upperBound)
        return TNEFSignature.matches(rest) || CompoundFile.matches(rest)
            ? range.lowerBound + 16..<range.upperBound : range
    }
}
