import Compression
import Digests
import Members
import Testing

@testable import Unpacking

/// Encrypted RAR archives whose sender makes a password of the list seem right that is not.
@Suite struct RarDecoyTests {
    private static let text = Array("This is the true content of the member.\n".utf8)
    private static let passwords: Passwords = {
        var passwords = Passwords()
        passwords.add(Array("1234".utf8), .wellKnown)
        return passwords
    }()

    private static func result(_ archive: [UInt8]) -> Unpacked {
        Unpacked(archive, messageSize: 1 << 20, passwords: passwords)
    }

    private static func five(_ encryption: Rar5Writer.Encryption) -> [UInt8] {
        let member = Rar5Writer.member("a.txt", text, encryption)
        return Rar5Writer.archive(member.header + member.data)
    }

    @Test(arguments: [false, true]) func theRightPasswordOpens(_ hasHash: Bool) {
        let encryption = Rar5Writer.Encryption(password: "1234", hasHash: hasHash)
        for archive in [
            Self.five(encryption), Rar5Writer.secretArchive([("a.txt", Self.text)], encryption).bytes,
        ] {
            let result = Self.result(archive)
            #expect(!result.isMarked && result.places(of: Self.text).count == 1)
        }
    }

    /// Programs do not look at a value whose checksum is wrong: neither do we.
    @Test(arguments: [false, true]) func aCheckWithoutItsChecksumProvesNothing(_ areHeadersToo: Bool) {
        for (shown, isCheckRight) in [("1234", false), ("picture", true)] {
            let encryption = Rar5Writer.Encryption(password: "picture", shown: shown, isCheckRight: isCheckRight)
            let archive =
                areHeadersToo
                ? Rar5Writer.secretArchive([("a.txt", Self.text)], encryption).bytes : Self.five(encryption)
            let result = Self.result(archive)
            #expect(result.kinds == [.encrypted] && !result.problems.contains { $0.detail.contains("opened with") })
            #expect(result.names == (areHeadersToo ? [] : ["a.txt"]))
        }
    }

    /// Its checksum and all are made for another password: no header can be read with that.
    @Test func headersThatDoNotOpenAreEncrypted() {
        let encryption = Rar5Writer.Encryption(password: "picture", shown: "1234")
        let result = Self.result(Rar5Writer.secretArchive([("a.txt", Self.text)], encryption).bytes)
        #expect(result.kinds == [.encrypted])
    }

    @Test(arguments: [false, true]) func checksumsOfThePasswordAreCompared(_ hasHash: Bool) {
        let encryption = Rar5Writer.Encryption(password: "1234", isSumRight: false, hasHash: hasHash)
        #expect(Self.result(Self.five(encryption)).kinds == [.corrupt])
        // And what is damaged without malice.
        var archive = Self.five(Rar5Writer.Encryption(password: "1234", hasHash: hasHash))
        archive[archive.count - Rar5Writer.end.count - 20] ^= 1
        #expect(Self.result(archive).kinds == [.corrupt])
    }

    /// What is cut off is told, wherever.
    @Test func encryptedHeadersThatEndAreDamaged() {
        let (archive, ends) = Rar5Writer.secretArchive(
            [("a.txt", Self.text), ("b.txt", Self.text)], Rar5Writer.Encryption(password: "1234"))
        #expect(!Self.result(archive).isMarked)
        for count in ends[0]..<archive.count {
            let result = Self.result(Array(archive[..<count]))
            #expect(result.kinds == [.corrupt], "\(count) of \(archive.count)")
        }
        for count in 60..<ends[0] { #expect(Self.result(Array(archive[..<count])).isMarked, "\(count)") }
    }

    // MARK: RAR 4

    private static let salt = Array("8 octets".utf8)

    private static func key(_ password: String) -> (key: [UInt8], vector: [UInt8])? {
        let wide = password.utf16.flatMap { octets(Int($0), 2) }
        guard let (digest, vector) = PasswordKey.chained(wide + salt, rounds: 0x40000, parts: 16) else { return nil }
        return (stride(from: 0, to: 16, by: 4).flatMap { digest[$0..<$0 + 4].reversed() }, vector)
    }

    /// A stored member under `password`, with the checksum of what `shown` makes of it.
    private static func four(_ content: [UInt8], _ password: String, shown: String) throws -> [UInt8] {
        let padded = content + [UInt8](repeating: 0, count: (16 - content.count % 16) % 16)
        let own = try #require(key(password))
        let secret = AES.encrypt(padded.span, key: own.key, .cbc(iv: own.vector)) ?? []
        let other = try #require(key(shown))
        let seen = AES.decrypt(secret.span, key: other.key, .cbc(iv: other.vector)) ?? []
        return Rar4Writer.member(
            Array("a.txt".utf8), secret, flags: 0x404, size: content.count,
            sum: crc32(seen.span.extracting(0..<content.count)),
            more: salt)
    }

    @Test func noiseOfTheRightChecksumStaysEncrypted() throws {
        let right = Self.result(Rar4Writer.archive(try Self.four(Self.text, "1234", shown: "1234")))
        #expect(!right.isMarked && right.places(of: Self.text).count == 1)
        let noise = Self.result(Rar4Writer.archive(try Self.four(Self.text, "picture", shown: "1234")))
        #expect(noise.kinds == [.encrypted] && noise.names == ["a.txt"])
    }

    /// Headers of RAR 4 have 16 bits of a checksum: one that fits says nothing.
    @Test func encryptedHeadersAloneProveNothing() throws {
        let own = try #require(Self.key("1234"))
        func hidden(_ header: [UInt8]) -> [UInt8] {
            let padded = header + [UInt8](repeating: 0, count: (16 - header.count % 16) % 16)
            return Self.salt + (AES.encrypt(padded.span, key: own.key, .cbc(iv: own.vector)) ?? [])
        }
        let start = Rar4Writer.mark + Rar4Writer.main(0x80)
        let member = try Self.four(Self.text, "1234", shown: "1234")
        let header = Array(member[..<(member.count - 48)])
        let data = Array(member[(member.count - 48)...])
        let whole = start + (hidden(header)) + data + (hidden(Rar4Writer.end))
        let opened = Self.result(whole)
        #expect(!opened.isMarked && opened.places(of: Self.text).count == 1)
        // A header that fits and then an end, or noise.
        let odd = hidden(Rar4Writer.block(0x75, 0, [1, 2, 3]))
        for rest in [hidden(Rar4Writer.end), [UInt8](repeating: 0xA5, count: 200), []] {
            #expect(Self.result(start + odd + rest).kinds.contains(.encrypted))
        }
        // Cut off behind the member.
        let end = start.count + (hidden(header)).count + data.count
        for count in [end, end + 7, end + 12] {
            #expect(Self.result(Array(whole[..<count])).kinds == [.corrupt], "\(count)")
        }
    }
}
