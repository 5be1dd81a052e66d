internal import Bytes

/// What a TNEF stream says about one of its attachments.
package struct TNEFAttachment: Hashable, Sendable {
    /// A name and where it stands.
    package struct Name: Hashable, Sendable {
        /// UTF-8, up to the first NUL.
        package var text: [UInt8]
        /// The octets it was read from.
        package var range: Range<Int>
    }

    /// All names: the title, the name for transport, and among the MAPI properties the short, long and display name, the path, the
    /// name for transport and the extension, in their order. The same name in several places is kept once.
    package var names: [Name] = []
    /// Range of each data attribute and data property. Usual is one.
    package var contents: [Range<Int>] = []
}

/// What was listed of a TNEF stream.
package struct TNEFContents: Hashable, Sendable {
    /// What was odd.
    package struct Notes: OptionSet, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The stream ends within an attribute, or an attribute claims more than there is.
        package static let truncated = Notes(rawValue: 1)
        /// Octets that are no attribute behind the last one.
        package static let junk = Notes(rawValue: 2)
        /// The checksum of an attribute is wrong; it was read all the same.
        package static let checksumMismatch = Notes(rawValue: 4)
        /// MAPI properties that cannot be read to their end.
        package static let badProperties = Notes(rawValue: 8)
        /// A limit was reached: there is more.
        package static let limitReached = Notes(rawValue: 16)
    }

    /// A text of the message itself.
    package struct Body: Hashable, Sendable {
        /// How it is stored.
        package enum Form: Hashable, Sendable {
            case plain
            case html
            /// [MS-OXRTFCP].
            case compressedRTF
        }

        package var form: Form
        /// The octets of the value.
        package var range: Range<Int>
    }

    /// In the order of the stream.
    package var attachments: [TNEFAttachment] = []
    /// Texts of the message, in the order of the stream.
    package var bodies: [Body] = []
    /// What was odd.
    package var notes: Notes = []
    /// Number of the Windows code page of 8-bit names; nil when the stream does not say.
    package var codePage: Int?
}

/// Recognises TNEF (`winmail.dat`, [MS-OXTNEF]) by its content and lists attachments and texts. Nothing is unpacked here.
package enum TNEFSignature {
    /// Default for `attachmentLimit`.
    package static let defaultAttachmentLimit = 1000
    /// Default for `propertyLimit`: MAPI properties and values that are looked at in the whole stream.
    package static let defaultPropertyLimit = 100_000

    /// True when `bytes` begin with the TNEF signature 223E9F78 (section 2.1.3.1).
    package static func matches(_ bytes: Span<UInt8>) -> Bool {
        number(bytes, 0, 4) == 0x223E_9F78
    }

    /// Lists the attachments; nil when it is not TNEF. Linear in the size of the stream.
    package static func contents(
        of bytes: Span<UInt8>, attachmentLimit: Int = defaultAttachmentLimit,
        propertyLimit: Int = defaultPropertyLimit
    ) -> TNEFContents? {
        guard matches(bytes) else { return nil }
        var reader = Reader(attachmentLimit: attachmentLimit, propertiesLeft: propertyLimit)
        reader.read(bytes)
        return reader.contents
    }

    /// Little-endian number of `size` octets; nil past the end.
    fileprivate static func number(_ bytes: Span<UInt8>, _ start: Int, _ size: Int) -> Int? {
        guard start >= 0, start <= bytes.count - size else { return nil }
        var value = 0
        for place in (0..<size).reversed() { value = value << 8 | Int(bytes[start + place]) }
        return value
    }

    private struct Reader {
        /// Attribute numbers (section 2.1.3.2): the type in the upper half does not matter here.
        private static let attachmentTitle = 0x8010
        private static let transportName = 0x9001
        private static let attachmentData = 0x800F
        private static let renderData = 0x9002
        private static let attachmentProperties = 0x9005
        private static let codePage = 0x9007
        private static let body = 0x800C
        private static let messageProperties = 0x9003

        var contents = TNEFContents()
        let attachmentLimit: Int
        var propertiesLeft: Int
        /// The properties that are read are the message's, not an attachment's.
        private var isMessage = false

        init(attachmentLimit: Int, propertiesLeft: Int) {
            self.attachmentLimit = attachmentLimit
            self.propertiesLeft = propertiesLeft
        }

        mutating func read(_ bytes: Span<UInt8>) {
            var at = 6
            // An attachment begins with its render data; its other attributes follow. Streams without it are read too.
            var isOpen = false
            while at < bytes.count {
                let level = bytes[at]
                guard level == 1 || level == 2 else {
                    contents.notes.insert(.junk)
                    return
                }
                guard let tag = TNEFSignature.number(bytes, at + 1, 4),
                    let length = TNEFSignature.number(bytes, at + 5, 4)
                else {
                    contents.notes.insert(.truncated)
                    return
                }
                let start = at + 9
                let end = min(start + length, bytes.count)
                let isWhole = start + length + 2 <= bytes.count
                if isWhole { check(bytes, start, end) } else { contents.notes.insert(.truncated) }
                let id = tag & 0xFFFF
                if level == 2 {
                    if id == Self.renderData || !isOpen {
                        guard contents.attachments.count < attachmentLimit else {
                            contents.notes.insert(.limitReached)
                            return
                        }
                        contents.attachments.append(TNEFAttachment())
                        isOpen = true
                    }
                    attribute(bytes, id, start..<end)
                } else {
                    message(bytes, id, start..<end)
                }
                guard isWhole else { return }
                at = end + 2
            }
        }

        private mutating func message(_ bytes: Span<UInt8>, _ id: Int, _ range: Range<Int>) {
            switch id {
            case Self.codePage: contents.codePage = TNEFSignature.number(bytes.extracting(range), 0, 4)
            case Self.body: append(body: .plain, range)
            case Self.messageProperties:
                isMessage = true
                properties(bytes, range)
                isMessage = false
            default: break
            }
        }

        private mutating func append(body form: TNEFContents.Body.Form, _ range: Range<Int>) {
            guard contents.bodies.count < Self.mostBodies else {
                contents.notes.insert(.limitReached)
                return
            }
            contents.bodies.append(TNEFContents.Body(form: form, range: range))
        }

        /// Texts of a message that are kept; usual are one or two.
        private static let mostBodies = 64

        private mutating func check(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
            var sum: UInt16 = 0
            for index in start..<end { sum &+= UInt16(bytes[index]) }
            if TNEFSignature.number(bytes, end, 2) != Int(sum) { contents.notes.insert(.checksumMismatch) }
        }

        private mutating func attribute(_ bytes: Span<UInt8>, _ id: Int, _ range: Range<Int>) {
            switch id {
            case Self.attachmentTitle, Self.transportName: name(bytes, range, isUTF16: false)
            case Self.attachmentData: append(content: range)
            case Self.attachmentProperties: properties(bytes, range)
            default: break
            }
        }

        private mutating func append(content: Range<Int>) {
            guard !contents.attachments.isEmpty else { return }
            contents.attachments[contents.attachments.count - 1].contents.append(content)
        }

        private mutating func name(_ bytes: Span<UInt8>, _ range: Range<Int>, isUTF16: Bool) {
            guard !contents.attachments.isEmpty else { return }
            let raw = bytes.extracting(range)
            let label = isUTF16 ? Array("utf-16le".utf8) : contents.codePage.map { Array("cp\($0)".utf8) }
            var text: [UInt8] = []
            _ = Charsets.decode(raw, label: label, into: &text, limit: Self.longestName)
            if let end = text.firstIndex(of: 0) { text.removeSubrange(end...) }
            let last = contents.attachments.count - 1
            guard !text.isEmpty, contents.attachments[last].names.count < Self.mostNames,
                !contents.attachments[last].names.contains(where: { $0.text == text })
            else { return }
            contents.attachments[last].names.append(TNEFAttachment.Name(text: text, range: range))
        }

        /// Octets of a name that are kept; file systems stop at 255 to 1024.
        private static let longestName = 4096
        /// Different names of one attachment that are kept.
        private static let mostNames = 32

        /// The MAPI properties of an attachment ([MS-OXTNEF] 2.1.3.4).
        private mutating func properties(_ bytes: Span<UInt8>, _ range: Range<Int>) {
            let part = bytes.extracting(0..<range.upperBound)
            guard let count = TNEFSignature.number(part, range.lowerBound, 4) else {
                contents.notes.insert(.badProperties)
                return
            }
            var at = range.lowerBound + 4
            for _ in 0..<count {
                guard propertiesLeft > 0 else {
                    contents.notes.insert(.limitReached)
                    return
                }
                propertiesLeft -= 1
                guard let next = property(part, at) else {
                    contents.notes.insert(.badProperties)
                    return
                }
                at = next
            }
        }

        /// Reads the property at `start`; gives the offset behind it, nil when it reaches past the end.
        private mutating func property(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
            guard let type = TNEFSignature.number(bytes, start, 2), let id = TNEFSignature.number(bytes, start + 2, 2)
            else { return nil }
            var at = start + 4
            if id >= 0x8000 {
                // A named property: GUID, kind, then a number or a name.
                guard let kind = TNEFSignature.number(bytes, at + 16, 4) else { return nil }
                at += 20
                guard let length = TNEFSignature.number(bytes, at, 4) else { return nil }
                at += 4
                if kind == 1 { at += Self.padded(length) }
            }
            let base = type & 0x0FFF
            let isVariable = base == 0x1E || base == 0x1F || base == 0x0D || base == 0x102
            var values = 1
            if isVariable || type & 0x1000 != 0 {
                guard let count = TNEFSignature.number(bytes, at, 4) else { return nil }
                values = count
                at += 4
            }
            if !isVariable {
                guard let size = Self.fixedSize(base), values <= bytes.count / size else { return nil }
                at += size * values
                return at <= bytes.count ? at : nil
            }
            for _ in 0..<values {
                guard propertiesLeft > 0, let length = TNEFSignature.number(bytes, at, 4),
                    at + 4 + length <= bytes.count
                else { return nil }
                propertiesLeft -= 1
                let value = at + 4..<at + 4 + length
                switch id {
                case 0x1000 where isMessage: append(body: .plain, value)
                case 0x1009 where isMessage: append(body: .compressedRTF, value)
                case 0x1013 where isMessage: append(body: .html, value)
                case _ where isMessage: break
                // Display name, short name, long name, long path name.
                case 0x3001, 0x3703, 0x3704, 0x3707, 0x370C, 0x370D: name(bytes, value, isUTF16: base == 0x1F)
                case 0x3701: append(content: value)
                default: break
                }
                at = value.lowerBound + Self.padded(length)
            }
            return at
        }

        /// Octets of a value, filled up to a multiple of four; nil for a type that is not known.
        private static func fixedSize(_ type: Int) -> Int? {
            switch type {
            case 0x02, 0x03, 0x04, 0x0A, 0x0B: 4
            case 0x05, 0x06, 0x07, 0x14, 0x40: 8
            case 0x48: 16
            default: nil
            }
        }

        private static func padded(_ length: Int) -> Int { (length + 3) & ~3 }
    }
}
