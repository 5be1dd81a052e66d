internal import Bytes
internal import MIME

/// How the fields of one name are read.
private enum FieldClass {
    /// Says nothing of the message, or says what a filter or a mailbox thought of it: learning it would teach the filter
    /// its own verdicts (F187), or mark what was collected where.
    case ignored
    /// Only that it is there: its value is made anew for each message.
    case presenceOnly
    /// `Subject:`.
    case subject
    /// Text for people.
    case text
    /// Mail addresses with names.
    case addresses
    /// `Received:`.
    case relay
    /// An identifier: its form counts, and the domain in it.
    case identifier
    /// Words and values of a program.
    case value

    init(_ name: [UInt8]) {
        let name = String(decoding: name, as: UTF8.self)
        if let known = Self.byName[name] {
            self = known
        } else if Self.ignoredPrefixes.contains(where: name.hasPrefix) {
            self = .ignored
        } else {
            self = .value
        }
    }

    private static let ignoredPrefixes = [
        "x-mailreeve", "x-spam", "x-virus", "x-amavis", "x-quarantine", "x-bogosity", "x-dspam", "x-rspamd", "x-crm114",
        "x-mozilla", "x-evolution", "x-uid", "x-pyzor", "x-razor", "x-assassin", "x-antivirus", "x-scanned",
        "x-ms-exchange-organization-scl", "x-gmail", "x-sa-", "x-spambayes", "x-ham", "x-sanitizer",
    ]

    private static let byName: [String: FieldClass] = [
        "date": .presenceOnly, "status": .ignored, "x-status": .ignored, "x-keywords": .ignored, "lines": .ignored,
        "content-length": .ignored, "x-imap": .ignored, "x-imapbase": .ignored, "delivered-to": .value,
        "x-original-to": .value, "delivery-date": .ignored, "x-label": .ignored, "x-folder": .ignored,
        "received-spf": .value, "dkim-signature": .presenceOnly, "domainkey-signature": .presenceOnly,
        "x-google-dkim-signature": .presenceOnly, "arc-seal": .presenceOnly, "arc-message-signature": .presenceOnly,
        "arc-authentication-results": .presenceOnly, "received": .relay, "subject": .subject, "thread-topic": .text,
        "comments": .text, "keywords": .text, "organization": .text, "from": .addresses, "to": .addresses,
        "cc": .addresses, "reply-to": .addresses, "sender": .addresses, "return-path": .addresses,
        "errors-to": .addresses, "x-envelope-from": .addresses, "message-id": .identifier, "in-reply-to": .identifier,
        "references": .identifier, "content-id": .identifier, "thread-index": .presenceOnly,
        "x-ms-exchange-antispam-messagedata": .presenceOnly, "x-microsoft-antispam-message-info": .presenceOnly,
        "x-microsoft-antispam": .presenceOnly, "x-forefront-antispam-report": .ignored,
    ]
}

extension TokenExtractor {
    /// Fields of a header block that are read.
    private static let fieldLimit = 300
    /// Octets of one field that are read.
    private static let fieldSize = 4096

    /// Takes the tokens of a message's header block.
    package mutating func add(header block: Span<UInt8>) {
        var scanner = HeaderScanner(limit: block.count)
        var previous: UInt64 = 1
        var seen = 0
        var subjects: [[UInt8]] = []
        while seen < Self.fieldLimit, let field = scanner.next(in: block) {
            seen += 1
            let name = block.extracting(field.name).array.map(asciiLower)
            let fieldClass = FieldClass(name)
            if fieldClass == .ignored { continue }
            var hash = TokenHash()
            hash.add(name.span)
            let id = hash.mixed
            addForm(name, id, after: previous, isRelay: fieldClass == .relay)
            if fieldClass != .relay { previous = id }
            let value = block.extracting(
                field.value.lowerBound..<min(field.value.upperBound, field.value.lowerBound + Self.fieldSize))
            switch fieldClass {
            case .ignored: break
            case .presenceOnly: addZone(value, id, isDate: name == Array("date".utf8))
            case .subject: subjects.append(EncodedWords.spelled(value.array))
            case .text: addAtoms(EncodedWords.spelled(value.array).span, id, .header)
            case .addresses:
                addAddresses(value, id)
                if name == Array("from".utf8) { origin.add(addresses: value, at: .from) }
                if name == Array("to".utf8) { recipient.add(recipients: EncodedWords.spelled(value.array).span) }
                if name == Array("reply-to".utf8) { origin.add(addresses: value, at: .reply) }
            case .relay: addRelay(value)
            case .identifier: addIdentifier(value, id)
            case .value:
                addAtoms(value, id, .header)
                addShape(of: value, id)
            }
        }
        add(subjects: subjects)
    }

    private mutating func addForm(_ name: [UInt8], _ id: UInt64, after previous: UInt64, isRelay: Bool) {
        if let token = collector.add(.headerForm, id) { describe(token, .headerForm, name.span) }
        guard !isRelay else { return }
        if let token = collector.add(.headerForm, TokenHash.mixed(previous &* 3 ^ id)) {
            collector.describe(token, "F:>" + Self.show(name.span))
        }
    }

    /// The time zone at the end of a date.
    private mutating func addZone(_ value: Span<UInt8>, _ id: UInt64, isDate: Bool) {
        guard isDate else { return }
        var index = value.count
        while index > 0 {
            index -= 1
            guard value[index] == 0x2B || value[index] == 0x2D else { continue }
            addAtoms(value.extracting(index..<value.count), id, .headerForm)
            break
        }
        addShape(of: value, id)
    }

    private mutating func addAddresses(_ value: Span<UInt8>, _ id: UInt64) {
        let text = EncodedWords.spelled(value.array)
        addAtoms(text.span, id, .header)
        addShape(of: text.span, id)
    }

    private mutating func addIdentifier(_ value: Span<UInt8>, _ id: UInt64) {
        addShape(of: value, id)
        guard let at = value.firstIndex(of: 0x40) else { return }
        var end = at + 1
        while end < value.count, WordReader.isAlphanumeric(value[end]) || value[end] == 0x2D || value[end] == 0x2E {
            end += 1
        }
        addHost(value.extracting(at + 1..<end), id, .header)
    }

    private mutating func addRelay(_ value: Span<UInt8>) {
        facts.relays += 1
        // What stands behind the semicolon is the date.
        let end = value.firstIndex(of: 0x3B) ?? value.count
        addAtoms(value.extracting(0..<end), 0, .relay)
        origin.add(received: value.extracting(0..<end))
    }

    // MARK: - Atoms

    /// Words, hosts, numbers of the network and addresses in a value.
    mutating func addAtoms(_ value: Span<UInt8>, _ id: UInt64, _ tokenClass: TokenClass) {
        var index = 0
        while index < value.count {
            guard Self.isAtom(value[index]) else {
                index += 1
                continue
            }
            let start = index
            while index < value.count, Self.isAtom(value[index]) { index += 1 }
            addAtom(value.extracting(start..<index), id, tokenClass)
        }
    }

    private mutating func addAtom(_ atom: Span<UInt8>, _ id: UInt64, _ tokenClass: TokenClass) {
        if let at = atom.firstIndex(of: 0x40), at > 0, at + 1 < atom.count {
            addName(atom, id, tokenClass)
            addName(atom.extracting(0..<at), id ^ 0x40, tokenClass)
            addHost(atom.extracting(at + 1..<atom.count), id, tokenClass)
            return
        }
        if atom.firstIndex(of: 0x2E) != nil {
            addHost(atom, id, tokenClass)
        } else {
            addName(atom, id, tokenClass)
        }
    }

    /// A host and the domains above it, or the networks around an address.
    mutating func addHost(_ host: Span<UInt8>, _ id: UInt64, _ tokenClass: TokenClass) {
        guard host.count > 0, host.count <= 255 else { return }
        addName(host, id, tokenClass)
        var isAddress = true
        for index in host.indices where !(host[index] >= 0x30 && host[index] <= 0x39 || host[index] == 0x2E) {
            isAddress = false
            break
        }
        var cuts = 0
        if isAddress {
            var index = host.count - 1
            while index > 0, cuts < 3 {
                if host[index] == 0x2E {
                    addName(host.extracting(0..<index + 1), id, tokenClass)
                    cuts += 1
                }
                index -= 1
            }
        } else {
            var index = 0
            while index + 1 < host.count, cuts < 5 {
                if host[index] == 0x2E {
                    addName(host.extracting(index..<host.count), id, tokenClass)
                    cuts += 1
                }
                index += 1
            }
        }
    }

    /// One name, letters in lower case.
    mutating func addName(_ name: Span<UInt8>, _ id: UInt64, _ tokenClass: TokenClass) {
        guard name.count > 0 else { return }
        var hash = TokenHash(id)
        for index in 0..<min(name.count, 64) { hash.add(asciiLower(name[index])) }
        // What is shown, too, is not hidden.
        if tokenClass == .hidden, collector.contains(.link, hash.mixed) { return }
        if let token = collector.add(tokenClass, hash.mixed) { describe(token, tokenClass, name) }
    }

    /// The form of a value: letters, capitals and digits as one sign for each run. Programs show by how they write.
    mutating func addShape(of value: Span<UInt8>, _ id: UInt64) {
        var hash = TokenHash(id ^ 0x5348_4150)
        var last: UInt8 = 0
        for index in 0..<min(value.count, 80) {
            let sign = Self.sign(value[index])
            if sign == last, sign != value[index] || sign == 0x20 { continue }
            hash.add(sign)
            last = sign
        }
        if let token = collector.add(.headerForm, hash.mixed) { collector.describe(token, "F:~" + Self.show(value)) }
    }

    private static func sign(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x30...0x39: 0x39
        case 0x41...0x5A: 0x41
        case 0x61...0x7A: 0x61
        case 0x09, 0x0A, 0x0D, 0x20: 0x20
        case 0x80...: 0x80
        default: byte
        }
    }

    private static func isAtom(_ byte: UInt8) -> Bool {
        if WordReader.isAlphanumeric(byte) || byte >= 0x80 { return true }
        switch byte {
        // ! # $ % & ' * + - . / = ? @ ^ _ `
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D...0x2F, 0x3D, 0x3F, 0x40, 0x5E...0x60: return true
        default: return false
        }
    }
}
