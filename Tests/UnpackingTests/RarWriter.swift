import Compression
import Digests

@testable import Unpacking

/// Writes RAR 5 archives of stored members: by its technical note.
enum Rar5Writer {
    static let mark: [UInt8] = [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x01, 0x00]
    static let main = block([1, 0, 0])
    static let end = block([5, 0, 0])

    private static let salt = Array("0123456789abcdef".utf8)
    private static let vector = Array("fedcba9876543210".utf8)
    private static let power: UInt8 = 4

    static func block(_ body: [UInt8], _ data: [UInt8] = []) -> [UInt8] {
        let sized = RarInteger.bytes(body.count) + body
        return octets(Int(crc32(sized.span)), 4) + sized + data
    }

    static func record(_ type: Int, _ content: [UInt8]) -> [UInt8] {
        let body = RarInteger.bytes(type) + content
        return RarInteger.bytes(body.count) + body
    }

    /// - Parameters:
    ///   - type: 2 of a file, 3 of a service header.
    ///   - method: 0 of what is stored.
    static func member(
        _ name: String, _ data: [UInt8], type: Int = 2, size: Int? = nil, sum: UInt32? = nil, method: Int = 0,
        flags: Int = 0, extra: [UInt8] = []
    ) -> [UInt8] {
        var body = RarInteger.bytes(type) + RarInteger.bytes(flags | 2 | (extra.isEmpty ? 0 : 1))
        if !extra.isEmpty { body += RarInteger.bytes(extra.count) }
        body += RarInteger.bytes(data.count) + RarInteger.bytes(4) + RarInteger.bytes(size ?? data.count) + [0x20]
        body += octets(Int(sum ?? crc32(data.span)), 4) + RarInteger.bytes(method) + [0]
        return block(body + RarInteger.bytes(name.utf8.count) + Array(name.utf8) + extra, data)
    }

    /// How a sender makes an encrypted archive.
    struct Encryption {
        var password: String
        /// For which the value is made that tells whether a password is right.
        var shown: String?
        /// The checksum of that value is right.
        var isCheckRight = true
        /// The checksum of the content is right.
        var isSumRight = true
        /// The content's hash rather than its checksum is written.
        var hasHash = false

        func key(more: Int = 0, of word: String? = nil) -> [UInt8] {
            PasswordKey.sha256(
                Array((word ?? password).utf8), salt: Rar5Writer.salt, rounds: 1 << Int(Rar5Writer.power) + more,
                count: 32)
        }

        /// Rounds, salt, and the value with its checksum.
        fileprivate func parameters(vector: [UInt8]) -> [UInt8] {
            let check = folded(key(more: 32, of: shown), 8)
            var sum = Array(MessageDigest.sha256.digest(check).prefix(4))
            if !isCheckRight { sum[0] ^= 1 }
            return [Rar5Writer.power] + Rar5Writer.salt + vector + check + sum
        }
    }

    private static func folded(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: count)
        for (index, byte) in bytes.enumerated() { out[index % count] ^= byte }
        return out
    }

    private static func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (16 - bytes.count % 16) % 16)
    }

    static func member(_ name: String, _ data: [UInt8], _ encryption: Encryption) -> (header: [UInt8], data: [UInt8]) {
        let secret = AES.encrypt(padded(data).span, key: encryption.key(), .cbc(iv: vector)) ?? []
        let tweak = encryption.key(more: 16)
        let sums = octets(Int(crc32(data.span)), 4)
        var sum = folded(MessageDigest.sha256.authentication(sums.span, key: tweak), 4)
        if !encryption.isSumRight { sum[3] ^= 0x40 }
        var extra = record(1, [0, 3] + encryption.parameters(vector: vector))
        if encryption.hasHash {
            var digest = BLAKE2sp()
            digest.update(data.span)
            var hash = MessageDigest.sha256.authentication(digest.finish().span, key: tweak)
            if !encryption.isSumRight { hash[9] ^= 1 }
            extra += record(2, [0] + hash)
        }
        var body: [UInt8] = [2, 3] + RarInteger.bytes(extra.count) + RarInteger.bytes(secret.count)
        body += [encryption.hasHash ? 0 : 4] + RarInteger.bytes(data.count) + [0x20] + (encryption.hasHash ? [] : sum)
        body += [0, 0] + RarInteger.bytes(name.utf8.count) + Array(name.utf8) + extra
        return (block(body), secret)
    }

    static func archive(_ members: [UInt8]...) -> [UInt8] { mark + main + members.flatMap { $0 } + end }

    /// An archive with encrypted headers; and where each of them and what belongs to it ends.
    static func secretArchive(
        _ members: [(name: String, data: [UInt8])], _ encryption: Encryption
    ) -> (bytes: [UInt8], ends: [Int]) {
        var out = mark + block([4, 0, 0, 1] + encryption.parameters(vector: []))
        var ends: [Int] = []
        func put(_ header: [UInt8], _ data: [UInt8] = []) {
            let start = [UInt8](repeating: UInt8(ends.count), count: 16)
            out += start + (AES.encrypt(padded(header).span, key: encryption.key(), .cbc(iv: start)) ?? []) + data
            ends.append(out.count)
        }
        put(main)
        for one in members {
            let (header, data) = member(one.name, one.data, encryption)
            put(header, data)
        }
        put(end)
        return (out, ends)
    }
}

/// Writes RAR 4 archives of members as they are given.
enum Rar4Writer {
    static let mark: [UInt8] = [0x52, 0x61, 0x72, 0x21, 0x1A, 0x07, 0x00]
    static let end = block(0x7B, 0x4000, [])

    static func main(_ flags: Int = 0) -> [UInt8] { block(0x73, flags, [UInt8](repeating: 0, count: 6)) }

    static func block(_ type: UInt8, _ flags: Int, _ body: [UInt8], _ data: [UInt8] = []) -> [UInt8] {
        let header = [type] + octets(flags, 2) + octets(7 + body.count, 2) + body
        return octets(Int(crc32(header.span)) & 0xFFFF, 2) + header + data
    }

    /// - Parameters:
    ///   - type: 0x74 of a file, 0x7A of a service header.
    ///   - more: behind the name: a salt, or what a service header has.
    static func member(
        _ name: [UInt8], _ data: [UInt8], type: UInt8 = 0x74, flags: Int = 0, size: Int? = nil, sum: UInt32? = nil,
        version: UInt8 = 29, method: UInt8 = 0x30, more: [UInt8] = []
    ) -> [UInt8] {
        var body = octets(data.count, 4) + octets(size ?? data.count, 4) + [2]
        body += octets(Int(sum ?? crc32(data.span)), 4) + octets(0x5000_0000, 4) + [version, method]
        body += octets(name.count, 2) + octets(0x20, 4) + name + more
        return block(type, 0x8000 | flags, body, data)
    }

    static func member(_ name: String, _ data: [UInt8]) -> [UInt8] { member(Array(name.utf8), data) }

    static func archive(_ members: [UInt8]..., flags: Int = 0) -> [UInt8] {
        mark + main(flags) + members.flatMap { $0 } + end
    }
}
