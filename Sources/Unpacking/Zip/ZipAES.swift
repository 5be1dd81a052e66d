internal import Bytes
internal import Digests

/// The AES encryption of WinZip ("AES Encryption Information", versions AE-1 and AE-2): a salt, two octets that tell most
/// wrong passwords, the data, and the start of an HMAC-SHA1 over it.
struct ZipAES {
    private static let checkSize = 2
    private static let codeSize = 10
    private static let rounds = 1000

    /// Method of the data when it is decrypted.
    let method: UInt16
    /// The first version keeps the CRC of the content.
    let hasChecksum: Bool
    private let keySize: Int
    private let salt: [UInt8]

    /// - Parameters:
    ///   - field: content of the extra field 0x9901.
    ///   - data: of the member.
    init?(_ field: Span<UInt8>, data: Span<UInt8>) {
        guard field.count >= 7, let version = field.littleEndian16(at: 0), let method = field.littleEndian16(at: 5),
            1...3 ~= field[4]
        else { return nil }
        self.method = method
        hasChecksum = version == 1
        keySize = 8 + Int(field[4]) * 8
        let saltSize = keySize / 2
        guard data.count >= saltSize + Self.checkSize + Self.codeSize else { return nil }
        salt = data.extracting(0..<saltSize).array
    }

    /// The data without its encryption; nil when the password is wrong.
    func decrypt(_ data: Span<UInt8>, _ password: [UInt8]) -> [UInt8]? {
        let keys = PasswordKey.sha1(password, salt: salt, rounds: Self.rounds, count: 2 * keySize + Self.checkSize)
        let start = salt.count + Self.checkSize
        let end = data.count - Self.codeSize
        guard keys.count == 2 * keySize + Self.checkSize, start <= end,
            data.extracting(salt.count..<start).array == Array(keys[(2 * keySize)...])
        else { return nil }
        let body = data.extracting(start..<end)
        let code = MessageDigest.sha1.authentication(body, key: Array(keys[keySize..<2 * keySize]))
        guard data.extracting(end..<data.count).array == Array(code.prefix(Self.codeSize)) else { return nil }
        return AES.counted(body, key: Array(keys[..<keySize]))
    }
}
