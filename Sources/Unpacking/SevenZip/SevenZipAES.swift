internal import Bytes
internal import Digests
internal import Members

/// The encryption of 7z: AES-256 in chains of blocks, with a key that SHA-256 makes of the password in UTF-16.
struct SevenZipAES: Hashable {
    /// Powers of two of the rounds: 7-Zip writes the usual one. Each more doubles the time of a try.
    static let mostPower = 20
    private static let usualPower = 19
    /// The value that stands for no rounds: the password itself is the key.
    private static let plain = 0x3F
    private static let keySize = 32
    private static let blockSize = 16
    /// Rounds that are put together before they are digested: those that differ in the lowest octet of their number only.
    private static let batch = 256

    private let power: Int
    private let salt: [UInt8]
    private let vector: [UInt8]

    /// - Parameter properties: of the coder; nil when they make no sense, or ask for more rounds than are done.
    init?(_ properties: [UInt8]) {
        guard let first = properties.first else { return nil }
        power = Int(first & 0x3F)
        guard power <= Self.mostPower || power == Self.plain else { return nil }
        var (saltSize, vectorSize) = (0, 0)
        if first & 0xC0 != 0 {
            guard properties.count >= 2 else { return nil }
            saltSize = Int(first >> 7) + Int(properties[1] >> 4)
            vectorSize = Int(first >> 6 & 1) + Int(properties[1] & 0xF)
        }
        guard vectorSize <= Self.blockSize, properties.count >= 2 + saltSize + vectorSize || saltSize + vectorSize == 0
        else { return nil }
        salt = Array(properties.dropFirst(2).prefix(saltSize))
        let stated = Array(properties.dropFirst(2 + saltSize).prefix(vectorSize))
        vector = stated + [UInt8](repeating: 0, count: Self.blockSize - vectorSize)
    }

    /// Coders with the same salt and rounds have the same key.
    var keyName: [UInt8] { [UInt8(power)] + salt }

    /// What a key costs of the message's.
    var cost: Int {
        power > Self.usualPower && power != Self.plain
            ? PasswordKeys.rounds << (power - Self.usualPower) : PasswordKeys.rounds
    }

    /// The key of a password in UTF-8.
    func key(_ password: [UInt8]) -> [UInt8] {
        let text = String(decoding: password, as: UTF8.self)
        var round = salt
        for unit in text.utf16 { round += [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)] }
        guard power != Self.plain else {
            return Array((round + [UInt8](repeating: 0, count: Self.keySize)).prefix(Self.keySize))
        }
        let counter = round.count
        round += [UInt8](repeating: 0, count: 8)
        let rounds = 1 << power
        let together = min(rounds, Self.batch)
        var piece: [UInt8] = []
        for number in 0..<together {
            round[counter] = UInt8(number)
            piece += round
        }
        var digest = SHA256()
        for start in stride(from: 0, to: rounds, by: together) {
            // All numbers fit into three octets.
            for at in stride(from: counter, to: piece.count, by: round.count) {
                piece[at + 1] = UInt8(truncatingIfNeeded: start >> 8)
                piece[at + 2] = UInt8(truncatingIfNeeded: start >> 16)
            }
            piece.withUnsafeBytes { digest.update($0) }
        }
        return digest.finish()
    }

    /// Decrypts a packed stream; nil when it has no whole blocks.
    /// - Parameter size: octets of the stream; the last block may have more.
    func decrypt(_ data: Span<UInt8>, key: [UInt8], size: Int) -> [UInt8]? {
        let whole = data.count / Self.blockSize * Self.blockSize
        guard whole >= size, let plain = AES.decrypt(data.extracting(0..<whole), key: key, .cbc(iv: vector)) else {
            return nil
        }
        return Array(plain.prefix(size))
    }
}
