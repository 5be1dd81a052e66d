import Compression
import Documents
import Foundation
import Members
import TestSupport
import Testing

/// Messages of OpenPGP, in octets and in armour.
@Suite struct OpenPGPTests {
    @Test func encryptedOpenPGP() {
        let session: [UInt8] =
            [0x85, 1, 12, 3] + [UInt8](repeating: 9, count: 8) + [1] + [UInt8](repeating: 5, count: 256)
        #expect(read(session).has(.encrypted))
        let armour = "-----BEGIN PGP MESSAGE-----\nVersion: x\n\n" + Data(session).base64EncodedString() + "\n=abcd\n"
        #expect(read(Array(armour.utf8)).has(.encrypted))
        let unknown = Data([0xA3, 9, 2, 3] + [UInt8](repeating: 7, count: 40)).base64EncodedString()
        #expect(read(Array("-----BEGIN PGP MESSAGE-----\r\n\r\n\(unknown)".utf8)).has(.unsupported))
        let damaged = Data([0xA3, 2, 2, 3] + [UInt8](repeating: 7, count: 40)).base64EncodedString()
        #expect(read(Array("-----BEGIN PGP MESSAGE-----\r\n\r\n\(damaged)".utf8)).has(.corrupt))
    }

    /// As GnuPG writes them: compressed in both ways or not at all, with and without armour, encrypted within armour for
    /// files.
    @Test(
        "Files in OpenPGP",
        arguments: ["--store", "--store -z 0", "--store --compress-algo zlib", "--store -a", "--enarmor"])
    func filesInOpenPGP(_ options: String) throws {
        let command =
            options == "--enarmor"
            ? "gpg --batch --store -o s in && gpg --batch --enarmor < s > out" : "gpg --batch \(options) -o out in"
        let made = try runTool(
            "sh",
            ["-c", "d=$(mktemp -d); export GNUPGHOME=$d; cd $d; cat > in; (\(command)) 2> log && cat out; rm -r $d"],
            input: eicar)
        let found = read(made.output)
        #expect(found.members(with: eicar).flatMap(\.names) == [Array("in".utf8)], "\(found.problems)")
        #expect(found.problems.isEmpty)
        for length in 20..<made.output.count { #expect(read(Array(made.output[..<length])).items.count <= 1) }
    }

    /// What GnuPG passes over in front of a message: markers in every form of length, trust, comments, a signature.
    @Test(
        arguments: [
            [0xCA, 3, 0x50, 0x47, 0x50], [0xA8, 3, 0x50, 0x47, 0x50], [0xCA, 0xFF, 0, 0, 0, 3, 0x50, 0x47, 0x50],
            [0xCA, 3, 0x50, 0x47, 0x50, 0xCA, 3, 0x50, 0x47, 0x50], [0xB0, 1, 0x61], [0xFD, 3, 1, 2, 3],
            [0xC2, 1, 0x61],
        ] as [[UInt8]])
    func packetsBeforeAMessage(_ front: [UInt8]) {
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        for message in [
            literal, [0xA3, 2] + PDFTests.deflated(literal), [0xC8, UInt8(literal.count + 1), 0] + literal,
        ] {
            let found = read(front + message)
            #expect(found.has(eicar) && found.problems.isEmpty, "\(found.problems)")
        }
        let key: [UInt8] = [0x8C, 13, 4, 9, 3, 8] + [UInt8](repeating: 7, count: 9)
        #expect(read(front + key + [0xD2, 2, 1, 7]).has(.encrypted))
        for quiet in [front, front + key + [7, 7]] { #expect(read(quiet).problems.isEmpty) }
    }

    /// What cannot be read hides nothing that was compressed in front of it.
    @Test(arguments: [[0xC1, 3, 3, 1, 1], [0xCB, 1, 0], [0xC8, 2, 9, 9], [0xD3, 1, 1], [0xD2, 9, 9]] as [[UInt8]])
    func compressedBeforeWhatIsNotRead(_ last: [UInt8]) {
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        let found = read([0xC8, UInt8(literal.count + 1), 0] + literal + last)
        #expect(found.has(eicar) && !found.problems.isEmpty, "\(found.problems)")
    }

    /// Pictures begin with the octets of a signature: behind it, at 20,561, noise like this is no message.
    @Test(
        arguments: [[0x84, 40, 3, 1, 2, 3, 4, 5, 6, 7, 8, 1], [0xA3, 0, 0xCB, 30, 7], [0xA3, 1, 0x4B, 0x4C, 0x04]]
            as [[UInt8]])
    func picturesAreNoMessages(_ noise: [UInt8]) {
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + [UInt8](repeating: 7, count: 20_553)
        let found = read(png + noise + [UInt8](repeating: 7, count: 60))
        #expect(found.items.isEmpty && found.problems.isEmpty, "\(found.problems)")
    }

    /// Session keys of RFC 9580 and of the drafts before it.
    @Test(
        arguments: [
            [0xC1, 57, 6, 33, 6] + [UInt8](repeating: 9, count: 32) + [25], [0xC1, 57, 3, 1, 2, 3, 4, 5, 6, 7, 8, 26],
            [0xC3, 40, 6, 30, 9, 2, 20, 4], [0xC3, 40, 5, 9, 2, 3, 8],
        ] as [[UInt8]])
    func sessionKeys(_ start: [UInt8]) {
        #expect(read(start + [UInt8](repeating: 7, count: 40)).has(.encrypted))
    }

    /// As GnuPG reads armour: under labels of something else, with blanks in the blank line or without it, behind text of
    /// any length and behind armour that holds no file.
    @Test func armourOfFiles() {
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        func armour(_ label: String, _ packets: [UInt8], _ lines: String = "\n") -> String {
            let base64 = Data(packets).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            return "-----BEGIN PGP \(label)-----\n\(lines)\(base64)\n-----END PGP \(label)-----\n"
        }
        for label in ["MESSAGE", "SIGNATURE", "PUBLIC KEY BLOCK", "PRIVATE KEY BLOCK"] {
            #expect(read(Array(armour(label, literal).utf8)).has(eicar), "\(label)")
        }
        for lines in ["", " \n", "Comment: x\n\t\r\n", "Version: 1\nHash: a\n", "Comment: ----- -----END x\n\n"] {
            #expect(read(Array(armour("MESSAGE", literal, lines).utf8)).has(eicar), "\(lines)")
        }
        let signature = armour("SIGNATURE", [0xC2, 3, 4, 0, 1])
        let words = String(repeating: "a line of words\n", count: 1000)
        for front in [signature, words, words + signature, "see -----BEGIN PGP SIGNATURE-----\n\n"] {
            for label in ["MESSAGE", "SIGNATURE"] {
                #expect(read(Array((front + armour(label, literal)).utf8)).has(eicar), "\(front.prefix(40))")
            }
        }
        // A packet that is not armoured stands in front.
        let packet: [UInt8] = [0xC8, UInt8(literal.count + 1), 0] + literal
        #expect(read(packet + Array(armour("MESSAGE", [0xC2, 3, 4, 0, 1]).utf8)).has(eicar))
        for quiet in [
            signature, armour("PUBLIC KEY BLOCK", [0xC6, 3, 4, 0, 1]), words + "-----BEGIN PGP MESSAGE-----\nx",
        ] {
            let found = read(Array(quiet.utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty, "\(found.problems)")
        }
    }

    /// What people quote or write about: nothing is in it, and nothing is damaged (mailing lists in which people sign).
    @Test func armourThatIsShown() {
        // A signature of version 4, 70 octets, as DSA makes them; its octets end in a piece of base64 with a sign behind.
        let signature: [UInt8] =
            [0x88, 0x46, 4, 0, 0x11, 2] + (0..<66).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let base64 = Data(signature).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        func block(_ checksum: String) -> String {
            """
            -----BEGIN PGP SIGNATURE-----
            Version: GnuPG v1.0.7 (GNU/Linux)

            \(base64)
            =\(checksum)
            -----END PGP SIGNATURE-----

            """
        }
        // Checksums that would begin a packet with a file.
        for checksum in ["hQEM", "y0Fi", "yEFi", "jQ0E", "kA0D", "0sBa"] {
            for mark in ["", "> ", ">", "> > ", "| ", "    "] {
                let quoted = block(checksum).split(separator: "\n", omittingEmptySubsequences: false)
                    .map { mark + $0 }.joined(separator: "\n")
                let found = read(Array(("On Monday someone wrote:\n" + quoted).utf8))
                #expect(found.items.isEmpty && found.problems.isEmpty, "\(mark)\(checksum): \(found.problems)")
            }
        }
        // One of which an octet was changed.
        for place in 0..<4 {
            var octets = signature
            octets[place] ^= 0x20
            let changed = Data(octets).base64EncodedString()
            let found = read(
                Array("-----BEGIN PGP SIGNATURE-----\n\n\(changed)\n=abcd\n-----END PGP SIGNATURE-----\n".utf8))
            #expect(found.problems.isEmpty, "\(place): \(found.problems)")
        }
        for text in [
            "Look for the line -----BEGIN PGP MESSAGE----- in your mail, and here is what to do with it.\n",
            "> -----BEGIN PGP MESSAGE-----\n> Version: GnuPG v1\n> \n> hQEMA\n> ...\n> -----END PGP MESSAGE-----\n",
            "Hello\n\n-----BEGIN PGP MESSAGE-----\nVersion: GnuPG v1\n\nblah, blah, blah\n\n-----END PGP MESSAGE-----\n",
        ] {
            let found = read(Array(text.utf8))
            #expect(found.items.isEmpty && found.problems.isEmpty, "\(text): \(found.problems)")
        }
        // A message that is quoted is one.
        let literal: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        let message = Data(literal).base64EncodedString()
        for mark in ["", "> "] {
            let text = "-----BEGIN PGP MESSAGE-----\n\n\(message)\n=abcd\n".split(separator: "\n")
                .map { mark + $0 }.joined(separator: "\n")
            #expect(read(Array(text.utf8)).has(eicar), "\(mark)")
        }
    }

    private static func literal(_ content: [UInt8]) -> [UInt8] {
        let size = content.count + 7
        return [0xCB, 0xFF] + (0..<4).map { UInt8(truncatingIfNeeded: size >> (24 - 8 * $0)) }
            + [0x62, 1, 0x61, 0, 0, 0, 0] + content
    }

    /// In a packet, deflated as small as that gets.
    private static func packed(_ packets: [UInt8]) throws -> [UInt8] {
        let writer = try #require(GzipWriter())
        var file: [UInt8] = []
        writer.append(packets.span, to: &file)
        writer.finish(to: &file)
        // Without the header and the trailer of gzip.
        return [0xA3, 1] + file[10..<file.count - 8]
    }

    /// Files larger than what readers keep in memory come whole; beyond a limit, that limit is told and no damage, and what
    /// came before it is handed on.
    @Test func filesOfAnySize() throws {
        let content = eicar + [UInt8](repeating: 0, count: 17 << 20)
        let once = try Self.packed(Self.literal(content))
        let found = read(once)
        #expect(found.has(content) && found.problems.isEmpty, "\(found.problems)")
        // Of the message.
        let cut = read(once, room: 1_000_000)
        #expect(cut.items.map { $0.content?.count } == [1_000_000] && cut.problems.isEmpty, "\(cut.problems)")
        // Of the document: more than the expansion that is allowed.
        let bomb = read(try Self.packed(once))
        #expect(bomb.problems == [ContainerProblem(.octets)], "\(bomb.problems)")
        #expect(bomb.items.count == 1 && bomb.items.first?.content?.starts(with: eicar) == true)
        // Of a member.
        var options = DocumentOptions()
        options.limits.memberOctets = 100_000
        let member = read(once, options)
        #expect(member.items.map { $0.content?.count } == [100_000] && member.problems == [ContainerProblem(.octets)])
        // Of memory, in armour.
        options = DocumentOptions()
        options.limits.bufferedOctets = 1000
        let text = Data(Self.literal(eicar + [UInt8](repeating: 1, count: 2000))).base64EncodedString()
        let armour = read(Array("-----BEGIN PGP MESSAGE-----\n\n\(text)\n-----END PGP MESSAGE-----\n".utf8), options)
        #expect(armour.problems == [ContainerProblem(.bufferedOctets)], "\(armour.problems)")
        #expect(armour.items.first?.content?.starts(with: eicar) == true)
    }

    /// What came before a cut is handed on; octets behind compressed data are passed over, as programs do.
    @Test func endsOfCompressedData() {
        let content = eicar + (0..<4000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
        let packed = PDFTests.deflated(Self.literal(content))
        let behind = read([0xA3, 2] + packed + [0])
        #expect(behind.has(content) && behind.problems.isEmpty, "\(behind.problems)")
        for count in [packed.count - 5, packed.count - 400] {
            let cut = read([0xA3, 2] + packed[..<count])
            #expect(cut.problems == [ContainerProblem(.corrupt, "OpenPGP message")], "\(cut.problems)")
            #expect(cut.items.count == 1 && cut.items.first?.content?.starts(with: eicar) == true)
        }
    }

    @Test func layersOfOpenPGP() {
        var packets: [UInt8] = [0xCB, UInt8(eicar.count + 7), 0x62, 1, 0x61, 0, 0, 0, 0] + eicar
        for layer in 1...20 {
            packets = [0xA3, 2] + PDFTests.deflated(packets)
            let found = read(packets)
            #expect(found.has(eicar) == (layer <= 15) && found.has(.overLimits) == (layer > 15), "\(layer)")
        }
        // In pieces, behind a signature that is not looked at.
        let signature: [UInt8] = [0xC4, 13, 3, 0] + [UInt8](repeating: 1, count: 11)
        let body = [0x62, 0, 0, 0, 0, 0] + eicar
        let pieces = [0xCB, 0xE5] + body[..<32] + [UInt8(body.count - 32)] + body[32...]
        #expect(read(signature + pieces).has(eicar))
    }
}
