internal import Bytes
internal import Digests
internal import Members

/// The standard security handler of PDF (ISO 32000-2 section 7.6.4, revisions 2 to 6), once a password opened it.
struct PDFEncryption {
    /// How data of a class is encrypted.
    private enum Method {
        case none
        case rc4
        case aes128
        case aes256

        /// - Parameter filter: a crypt filter's dictionary (section 7.6.6).
        init(_ filter: PDFValue) {
            switch filter.dictionary?["CFM"]?.name {
            case "V2": self = .rc4
            case "AESV2": self = .aes128
            case "AESV3": self = .aes256
            default: self = .none
            }
        }
    }

    private let key: [UInt8]
    private let strings: Method
    private let streams: Method
    /// Of embedded files, where they have another than streams.
    private let files: Method
    /// Crypt filters, by name; nil where the version of the encryption has none.
    private let filters: [String: Method]?
    /// Where the password comes from; nil where readers need none.
    let source: Passwords.Source?
    /// Readers come to the same key by any other password that fits.
    let isProved: Bool

    /// The data of a stream.
    /// - Parameter cryptFilter: that it names for itself.
    func decrypt(_ bytes: Span<UInt8>, of stream: PDFReader.Stream, cryptFilter: String?) -> [UInt8] {
        var method = stream.dictionary["Type"]?.name == "EmbeddedFile" ? files : streams
        if let filters, let cryptFilter { method = filters[cryptFilter] ?? .none }
        return decrypt(bytes, method, stream.number, stream.generation)
    }

    /// A string that stands in the object `number`.
    func decryptString(_ text: [UInt8], number: Int, generation: Int) -> [UInt8] {
        decrypt(text.span, strings, number, generation)
    }

    /// Algorithms 1 and 1.A.
    private func decrypt(_ bytes: Span<UInt8>, _ method: Method, _ number: Int, _ generation: Int) -> [UInt8] {
        switch method {
        case .none:
            return bytes.array
        case .rc4:
            var cipher = RC4(key: objectKey(number, generation, salt: []))
            return cipher.apply(bytes)
        case .aes128:
            return cbc(bytes, objectKey(number, generation, salt: Array("sAlT".utf8)))
        case .aes256:
            return cbc(bytes, key)
        }
    }

    private func objectKey(_ number: Int, _ generation: Int, salt: [UInt8]) -> [UInt8] {
        let suffix = [
            UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8),
            UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: generation),
            UInt8(truncatingIfNeeded: generation >> 8),
        ]
        return Array(MessageDigest.md5.digest(key + suffix + salt).prefix(min(key.count + 5, 16)))
    }

    /// The vector stands before the data, padding behind it.
    private func cbc(_ bytes: Span<UInt8>, _ key: [UInt8]) -> [UInt8] {
        guard bytes.count >= 32 else { return [] }
        let vector = bytes.extracting(0..<16).array
        guard var plain = AES.decrypt(bytes.extracting(16..<bytes.count), key: key, .cbc(iv: vector)) else { return [] }
        if let padding = plain.last, (1...16).contains(padding), plain.count >= padding {
            plain.removeLast(Int(padding))
        }
        return plain
    }

    // MARK: Opening

    /// What the encryption dictionary says.
    private struct Scheme {
        var revision: Int
        var keySize: Int
        var owner: [UInt8]
        var user: [UInt8]
        var ownerKey: [UInt8]
        var userKey: [UInt8]
        var permissions: Int
        var identifier: [UInt8]
        var encryptsMetadata: Bool

        /// What the key of revision 6 depends on beside the password.
        var name: [UInt8] {
            zip([owner, user, ownerKey, userKey], [48, 48, 32, 32]).flatMap { field, size in
                [UInt8(min(field.count, size))] + field.prefix(size)
            }
        }
    }

    /// What a try costs from revision 6 on, and before, in hash rounds of Office.
    private static let (slowRounds, fastRounds) = (6_000, 200)

    /// Opens with the empty password or a candidate, as the user's or the owner's.
    /// - Parameters:
    ///   - passwords: one for all tries on a document.
    ///   - identifier: the first string of the trailer's `ID`.
    /// - Returns: nil when no password fits or the handler is another one.
    static func open(
        _ dictionary: [String: PDFValue], identifier: [UInt8], _ passwords: inout PasswordTries
    ) -> PDFEncryption? {
        guard dictionary["Filter"]?.name == "Standard", let version = dictionary["V"]?.number,
            let revision = dictionary["R"]?.number, (2...6).contains(revision),
            let owner = dictionary["O"]?.string, let user = dictionary["U"]?.string
        else { return nil }
        let encryptsMetadata = dictionary["EncryptMetadata"]?.boolean ?? true
        let bits = dictionary["Length"]?.number ?? 40
        let keySize = version == 1 ? 5 : version >= 4 ? 16 : min(16, max(5, bits / 8))
        let scheme = Scheme(
            revision: revision, keySize: keySize, owner: owner, user: user,
            ownerKey: dictionary["OE"]?.string ?? [], userKey: dictionary["UE"]?.string ?? [],
            permissions: dictionary["P"]?.number ?? 0, identifier: identifier, encryptsMetadata: encryptsMetadata)
        let hit: (key: [UInt8], password: Passwords.Candidate)?
        if revision >= 6 {
            hit = passwords.first(
                rounds: slowRounds, .pdf, scheme.name, make: { key256(scheme, $0) ?? [] }, { $0.isEmpty ? nil : $0 })
        } else {
            hit = passwords.first(rounds: fastRounds) { password in
                if revision >= 5 { return key256(scheme, password) }
                for form in PDFPassword.forms(password) {
                    if let key = key(scheme, form) { return key }
                }
                return nil
            }
        }
        guard let hit else { return nil }
        let methods = version >= 4 ? (dictionary["CF"]?.dictionary ?? [:]).mapValues(Method.init) : nil
        func method(_ use: String, _ other: Method = .none) -> Method {
            guard let methods else { return .rc4 }
            return dictionary[use]?.name.map { methods[$0] ?? .none } ?? other
        }
        let streams = method("StmF")
        let isOpen = hit.password.password.isEmpty
        return PDFEncryption(
            key: hit.key, strings: method("StrF"), streams: streams, files: method("EFF", streams), filters: methods,
            source: isOpen ? nil : hit.password.source,
            isProved: isOpen || revision < 5 || fits(dictionary["Perms"]?.string ?? [], hit.key, scheme))
    }

    /// The permissions that are encrypted with the key are those that stand beside them (algorithm 13). The user's and the
    /// owner's password have keys of their own from revision 5 on, and only one of these can be right.
    private static func fits(_ permissions: [UInt8], _ key: [UInt8], _ scheme: Scheme) -> Bool {
        let block = Array(permissions.prefix(16))
        guard let plain = AES.decrypt(block.span, key: key, .ecb), plain.count == 16 else { return false }
        let stated = (0..<4).map { UInt8(truncatingIfNeeded: scheme.permissions >> (8 * $0)) }
        return Array(plain[..<4]) == stated && Array(plain[9..<12]) == Array("adb".utf8)
    }

    private static let padding: [UInt8] = [
        0x28, 0xBF, 0x4E, 0x5E, 0x4E, 0x75, 0x8A, 0x41, 0x64, 0x00, 0x4E, 0x56, 0xFF, 0xFA, 0x01, 0x08,
        0x2E, 0x2E, 0x00, 0xB6, 0xD0, 0x68, 0x3E, 0x80, 0x2F, 0x0C, 0xA9, 0xFE, 0x64, 0x53, 0x69, 0x7A,
    ]

    private static func padded(_ password: [UInt8]) -> [UInt8] { Array((password + padding).prefix(32)) }

    private static func key(_ scheme: Scheme, _ password: [UInt8]) -> [UInt8]? {
        if let key = userKey(scheme, padded(password)) { return key }
        // Algorithm 7: the owner's password gives the user's.
        var digest = MessageDigest.md5.digest(padded(password))
        if scheme.revision >= 3 { for _ in 0..<50 { digest = MessageDigest.md5.digest(digest) } }
        let base = Array(digest.prefix(scheme.keySize))
        var text = Array(scheme.owner.prefix(32))
        for round in stride(from: scheme.revision >= 3 ? 19 : 0, through: 0, by: -1) {
            var cipher = RC4(key: base.map { $0 ^ UInt8(round) })
            text = cipher.apply(text.span)
        }
        return userKey(scheme, Array((text + padding).prefix(32)))
    }

    /// Algorithms 2, 4, 5 and 6.
    private static func userKey(_ scheme: Scheme, _ password: [UInt8]) -> [UInt8]? {
        let permissions = (0..<4).map { UInt8(truncatingIfNeeded: scheme.permissions >> (8 * $0)) }
        var seed = password + scheme.owner.prefix(32) + permissions + scheme.identifier
        if scheme.revision >= 4, !scheme.encryptsMetadata { seed += [0xFF, 0xFF, 0xFF, 0xFF] }
        var digest = MessageDigest.md5.digest(seed)
        if scheme.revision >= 3 {
            for _ in 0..<50 { digest = MessageDigest.md5.digest(Array(digest.prefix(scheme.keySize))) }
        }
        let key = Array(digest.prefix(scheme.keySize))
        var check: [UInt8]
        if scheme.revision == 2 {
            var cipher = RC4(key: key)
            check = cipher.apply(padding.span)
            return check == Array(scheme.user.prefix(32)) ? key : nil
        }
        check = MessageDigest.md5.digest(padding + scheme.identifier)
        for round in 0..<20 {
            var cipher = RC4(key: key.map { $0 ^ UInt8(round) })
            check = cipher.apply(check.span)
        }
        return !check.isEmpty && check == Array(scheme.user.prefix(16)) ? key : nil
    }

    /// Algorithm 2.A.
    private static func key256(_ scheme: Scheme, _ password: [UInt8]) -> [UInt8]? {
        let password = Array(password.prefix(127))
        guard scheme.user.count >= 48, scheme.owner.count >= 48 else { return nil }
        let user = Array(scheme.user.prefix(48))
        let owner = Array(scheme.owner.prefix(48))
        func opened(_ wrapped: [UInt8], _ salt: ArraySlice<UInt8>, _ more: [UInt8]) -> [UInt8]? {
            let key = hash(password + salt + more, password, more, scheme.revision)
            return AES.decrypt(
                Array(wrapped.prefix(32)).span, key: key, .cbc(iv: [UInt8](repeating: 0, count: AES.blockSize)))
        }
        if hash(password + user[32..<40], password, [], scheme.revision) == Array(user[..<32]) {
            return opened(scheme.userKey, user[40..<48], [])
        }
        if hash(password + owner[32..<40] + user, password, user, scheme.revision) == Array(owner[..<32]) {
            return opened(scheme.ownerKey, owner[40..<48], user)
        }
        return nil
    }

    /// Rounds of algorithm 2.B that are done at most: chance ends it near 70.
    private static let mostRounds = 512

    /// Algorithm 2.B.
    private static func hash(_ seed: [UInt8], _ password: [UInt8], _ more: [UInt8], _ revision: Int) -> [UInt8] {
        var key = MessageDigest.sha256.digest(seed)
        guard revision >= 6 else { return key }
        for round in 0..<mostRounds {
            guard key.count >= 32 else { return [] }
            let piece = password + key + more
            var block: [UInt8] = []
            for _ in 0..<64 { block += piece }
            guard
                let encrypted = AES.encrypt(block.span, key: Array(key[..<16]), .cbc(iv: Array(key[16..<32]))),
                let last = encrypted.last
            else { return [] }
            let remainder = encrypted.prefix(16).reduce(0) { $0 + Int($1) } % 3
            key = [MessageDigest.sha256, .sha384, .sha512][remainder].digest(encrypted)
            if round >= 63, Int(last) <= round - 31 { break }
        }
        return Array(key.prefix(32))
    }
}
