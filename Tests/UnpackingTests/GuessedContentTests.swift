import Digests
import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// What a guessed password opens proves by its content that the password was right (attack F6: checks that the sender made for
/// a password which is known, and the real one in a picture).
@Suite struct GuessedContentTests {
    /// Noise as a wrong key gives it, of which the first octets may be chosen.
    private static func noise(_ count: Int, seed: UInt8 = 1, _ head: [UInt8] = []) -> [UInt8] {
        var out: [UInt8] = []
        var number = 0
        while out.count < count {
            out += MessageDigest.sha256.digest([seed] + octets(number, 4))
            number += 1
        }
        return Array((head + out).prefix(count))
    }

    private func isProved(_ content: [UInt8]) -> Bool {
        GuessedContent.isProved(content.span, Recognition.types(of: content.span))
    }

    @Test func noiseProvesNothing() {
        for seed in UInt8(1)...200 {
            for count in [1, 4, 16, 17, 40, 64, 100, 512, 5000] where count > 4 || seed == 1 {
                let noise = Self.noise(count, seed: seed, [0xFF])
                let isNoise = GuessedContent.isNoise(noise.span)
                #expect(isNoise, "\(seed) \(count)")
            }
        }
    }

    /// Octets that make a type, as they come by chance when enough keys are tried.
    @Test(
        arguments: [
            [0xFF, 0xD8, 0xFF], [0x4D, 0x5A], Array("BM".utf8), [0x89, 0x50, 0x4E, 0x47], Array("%PDF-".utf8),
            Array("ID3".utf8),
            Array("{\\rt".utf8), [0x78, 0x9F, 0x3E, 0x22], Array("FWS".utf8), Array("%!PS".utf8),
        ] as [[UInt8]])
    func aShortMarkProvesNothing(_ mark: [UInt8]) {
        #expect(!isProved(Self.noise(4000, mark)))
    }

    @Test func honestContentIsProved() throws {
        let texts = [
            "a", "hello", "Пароль", "Grüße aus Köln, mit ein paar Worten mehr.", "設定ファイル。次の値を変更してください。",
            "<html><body>x</body></html>", "col1;col2\r\n1;2\r\n",
        ]
        for text in texts { #expect(isProved(Array(text.utf8)), "\(text)") }
        #expect(isProved([]))
        // Texts of code pages of one octet, as far as they are long enough to be told from noise.
        let russian = Array("Уважаемые коллеги, направляем вам счет и акт сверки за ноябрь.".unicodeScalars)
        #expect(
            isProved(russian.map { $0.value < 0x80 ? UInt8($0.value) : UInt8(truncatingIfNeeded: $0.value &- 0x350) }))
        // Formats that nobody asked for, by heads that no noise has.
        #expect(isProved(Array("AC1032".utf8) + [UInt8](repeating: 0, count: 60) + Self.noise(4000)))
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
        #expect(isProved(png + [0, 0, 2, 0, 0, 0, 2, 0, 8, 6, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0x20, 0] + Self.noise(4000)))
        // Their readers say what is wrong with them.
        #expect(isProved(ZipWriter(entries: [ZipWriter.Entry("a", [1])]).archive()))
    }

    /// Images, documents and texts of the corpora: next to none looks like noise.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func samplesAreProved() throws {
        var count = 0
        var doubted: [String] = []
        for folder in ["oletools", "pdf-pdfminer/samples", "tnef"] {
            for file in Corpora.files(folder) {
                let content = try Corpora.bytes(file)
                guard !Recognition.types(of: content.span).isEmpty else { continue }
                count += 1
                if !isProved(content) { doubted.append(file) }
            }
        }
        #expect(count > 100 && doubted.isEmpty, "\(doubted)")
    }

    // MARK: Containers

    private static func passwords(_ words: String...) -> Passwords {
        var list = Passwords()
        for word in words { list.add(Array(word.utf8), .wellKnown) }
        return list
    }

    private static func encrypted(_ plain: [UInt8], _ password: String) -> [UInt8] {
        var keys = ZipCrypto(password: Array(password.utf8))
        var cipher: [UInt8] = []
        for byte in plain {
            var probe = keys
            let zero: [UInt8] = [0]
            let coded: [UInt8] = [byte ^ probe.check(zero.span)]
            cipher += coded
            _ = keys.check(coded.span)
        }
        return cipher
    }

    private static func archive(_ cipher: [UInt8], checksum: UInt32, size: Int) -> [UInt8] {
        var entry = ZipWriter.Entry("a.doc", [])
        entry.flags = 1
        entry.data = cipher
        entry.checksum = checksum
        entry.size = size
        return ZipWriter(entries: [entry]).archive()
    }

    /// The checksum of the headers is that of the noise which a well-known password gives: programs warn of it, and write the
    /// file of the other password out.
    @Test func aChecksumThatWasMadeForAGuess() throws {
        let content = Array("MZ".utf8) + eicar + [UInt8](repeating: 0, count: 300)
        let decoy = try #require(
            (0...UInt32(0xFFFF)).lazy.compactMap { number -> [UInt8]? in
                let head = octets(Int(number), 4) + [UInt8](repeating: 0x55, count: 8)
                let cipher = Self.encrypted(head + content, "pictured9")
                var keys = ZipCrypto(password: Array("1234".utf8))
                let check = keys.check(cipher.span.extracting(0..<12))
                let noise = keys.decrypt(cipher.span.extracting(12..<cipher.count))
                return UInt8(noise.withChecksum >> 24) == check
                    ? Self.archive(cipher, checksum: noise.withChecksum, size: noise.count) : nil
            }.first)
        let opened = Unpacked(decoy, messageSize: 1 << 20, passwords: Self.passwords("1234"))
        #expect(opened.kinds == [.encrypted], "\(opened.problems)")
        #expect(opened.entries.map(\.flags) == [[.decrypted, .guessed]] && opened.places(of: content).isEmpty)
        // The real one is never tried on this: its checksum is another.
        #expect(Unpacked(decoy, messageSize: 1 << 20, passwords: Self.passwords("pictured9")).kinds == [.encrypted])
    }

    /// A right password, and content of a type that nobody knows: what a wrong one gives looks like that.
    @Test func contentWithoutATypeStaysDoubtful() {
        let cases: [([UInt8], Set<ContainerProblem.Kind>)] = [
            (eicar, []), (Self.noise(3000, [0xFF]), [.encrypted]),
        ]
        for (content, kinds) in cases {
            let sum = content.withChecksum
            let head = [UInt8](repeating: 1, count: 11) + [UInt8(sum >> 24)]
            let archive = Self.archive(Self.encrypted(head + content, "1234"), checksum: sum, size: content.count)
            let opened = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("1234"))
            #expect(opened.places(of: content) == ["1"] && opened.kinds == kinds, "\(opened.problems)")
        }
    }

    /// Data that decodes before it ends.
    @Test func aStreamThatEndsEarlyIsNotOpened() {
        let block: [UInt8] = [3, 0]
        let head = [UInt8](repeating: 1, count: 11) + [0]
        var entry = ZipWriter.Entry("a.doc", [])
        entry.flags = 1
        entry.method = 8
        entry.checksum = 0
        entry.size = 0
        entry.data = Self.encrypted(head + block + Self.noise(300), "1234")
        let archive = ZipWriter(entries: [entry]).archive()
        let opened = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("1234"))
        #expect(opened.kinds == [.encrypted] && opened.entries.map(\.flags) == [.encrypted], "\(opened.problems)")
    }

    /// 7z: one folder of AES alone, with or without a checksum of what it holds.
    private static func sevenZip(_ content: [UInt8], _ password: String, hasChecksum: Bool) throws -> [UInt8] {
        func number(_ value: Int) -> [UInt8] {
            value < 0x80 ? [UInt8(value)] : [0x80 | UInt8(value >> 8), UInt8(value & 0xFF)]
        }
        let properties: [UInt8] = [0x40 | 4, 0x0F] + [UInt8](repeating: 0x41, count: 16)
        let encryption = try #require(SevenZipAES(properties))
        let padded = content + [UInt8](repeating: 0, count: (16 - content.count % 16) % 16)
        let key = encryption.key(Array(password.utf8))
        let vector = Array(properties[2...])
        let encrypted = AES.encrypt(padded.span, key: key, .cbc(iv: vector))
        let cipher = try #require(encrypted)
        var header: [UInt8] = [1, 4, 6, 0, 1, 9]
        header += number(cipher.count) + [0]
        header += [7, 11, 1, 0, 1, 0x24, 6, 0xF1, 7, 1]
        header += number(properties.count) + properties
        header += [12] + number(content.count)
        if hasChecksum { header += [10, 1] + octets(Int(content.withChecksum), 4) }
        var name: [UInt8] = []
        for unit in "a.doc\0".utf16 { name += octets(Int(unit), 2) }
        header += [0, 0, 5, 1, 17]
        header += number(1 + name.count) + [0] + name + [0, 0]
        var start = octets(cipher.count, 8)
        start += octets(header.count, 8) + octets(Int(header.withChecksum), 4)
        let mark: [UInt8] = [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4]
        return mark + octets(Int(start.withChecksum), 4) + start + cipher + header
    }

    @Test(arguments: [true, false]) func sevenZipWithoutAChecksum(_ hasChecksum: Bool) throws {
        let content = eicar + Array(", and text behind it.\n".utf8)
        let archive = try Self.sevenZip(content, "pictured9", hasChecksum: hasChecksum)
        let closed = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("1234", "infected"))
        #expect(closed.kinds == [.encrypted] && closed.entries.map(\.flags) == [.encrypted], "\(closed.problems)")
        let opened = Unpacked(archive, messageSize: 1 << 20, passwords: Self.passwords("1234", "pictured9"))
        #expect(opened.places(of: content) == ["1"] && !opened.isMarked, "\(opened.problems)")
    }
}
