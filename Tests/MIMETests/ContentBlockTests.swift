import Foundation
import MIME
import Testing

/// Files encoded into text bodies: uuencode, yEnc, BinHex.
@Suite struct ContentBlockTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func name(_ block: EncodedBlock) -> String {
        String(decoding: block.names.first ?? [], as: UTF8.self)
    }

    private static func decoded(_ block: EncodedBlock, _ body: [UInt8]) -> ([UInt8], EncodedBlock.Decoded) {
        var out: [UInt8] = [1, 2]
        let result = block.decode(body.span, into: &out, limit: 1 << 30)
        return (Array(out.dropFirst(2)), result)
    }

    // MARK: uuencode

    @Test func uuencodedFileInText() {
        let body = Self.bytes("Hello,\r\nsee:\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\nbye\r\n")
        let found = EncodedBlocks.find(in: body.span)
        #expect(found.blocks.count == 1)
        guard let block = found.blocks.first else { return }
        #expect(block.coding == .uuencode)
        #expect(Self.name(block) == "cat.txt")
        #expect(block.notes == [])
        let (content, result) = Self.decoded(block, body)
        #expect(content == Self.bytes("Cat"))
        #expect(result.notes == [])
        #expect(result.content == 2..<5)
        #expect(String(decoding: body[block.whole], as: UTF8.self).hasPrefix("begin 644"))
        #expect(String(decoding: body[block.whole], as: UTF8.self).hasSuffix("end\r\n"))
    }

    @Test func wordsThatOnlyBeginASentence() {
        for text in [
            "begin with the end\nin mind\nend\n", "begin 644 words\nare not data here at all\nend\n", "begin",
            "begin 5 minutes later\nand do not wait for me\nend\n",
            "begin \n",
            "begin 644 a\n", "beginning 644 a\n#0V%T\nend\n", "x begin 644 a\n#0V%T\nend\n", "begin  \nThe\nend\n",
        ] {
            let body = Self.bytes(text)
            #expect(EncodedBlocks.find(in: body.span).blocks.isEmpty, "\(text)")
        }
    }

    /// uudecode reads any octal number, such as a whole st_mode.
    @Test(arguments: ["1", "77", "644", "0644", "0100644", "00000000000000000000644"]) func modes(_ mode: String) {
        let body = Self.bytes("begin \(mode) cat.txt\n#0V%T\n`\nend\n")
        let block = EncodedBlocks.find(in: body.span).blocks.first
        #expect(block?.notes == [] && block.map(Self.name) == "cat.txt")
        #expect(block.map { Self.decoded($0, body).0 } == Self.bytes("Cat"))
    }

    @Test func uuencodeFormsReadersTake() {
        // No mode but two blanks; no end; CR as line end; blanks lost at line ends; a checksum character.
        let loose = Self.bytes("begin  cat.txt\n#0V%T\n`\nend\n")
        #expect(EncodedBlocks.find(in: loose.span).blocks.first?.notes == .badBegin)
        let open = Self.bytes("begin 644 cat.txt\n#0V%T\nand some text behind it\n")
        let block = EncodedBlocks.find(in: open.span).blocks.first
        #expect(block?.notes == .missingEnd)
        #expect(block.map { Self.decoded($0, open).0 } == Self.bytes("Cat"))
        #expect(block.map { String(decoding: open[$0.whole], as: UTF8.self) } == "begin 644 cat.txt\n#0V%T\n")
        let old = Self.bytes("text\rbegin 644 cat.txt\r#0V%T\r`\rend\r")
        #expect(EncodedBlocks.find(in: old.span).blocks.first.map { Self.decoded($0, old).0 } == Self.bytes("Cat"))
        let stripped = Self.bytes("begin 644 z\n#0P\n \nend\n")
        let short = EncodedBlocks.find(in: stripped.span).blocks.first.map { Self.decoded($0, stripped) }
        #expect(short?.0 == [0x43, 0, 0])
        let checked = Self.bytes("begin 644 z\n#0V%T!\n`\nend\n")
        #expect(
            EncodedBlocks.find(in: checked.span).blocks.first.map { Self.decoded($0, checked).0 } == Self.bytes("Cat"))
    }

    @Test func base64Block() {
        let body = Self.bytes("begin-base64 644 a b.txt\nQ2F0\n====\nx")
        let block = EncodedBlocks.find(in: body.span).blocks.first
        #expect(block?.coding == .uuencodeBase64)
        #expect(block.map(Self.name) == "a b.txt")
        #expect(block.map { Self.decoded($0, body).0 } == Self.bytes("Cat"))
        let open = Self.bytes("begin-base64 644 a\nQ2F0\n")
        #expect(EncodedBlocks.find(in: open.span).blocks.first?.notes == .missingEnd)
    }

    @Test func limits() {
        let one = Self.bytes("begin 644 a\n#0V%T\n`\nend\n")
        let three = one + one + one
        #expect(UUEncodeFinder.find(in: three.span, limit: 3).limitReached == false)
        #expect(UUEncodeFinder.find(in: three.span, limit: 2).limitReached)
        #expect(UUEncodeFinder.find(in: three.span, limit: 2).blocks.count == 2)
        guard let block = EncodedBlocks.find(in: one.span).blocks.first else { return }
        for limit in 0...4 {
            var out: [UInt8] = []
            let result = block.decode(one.span, into: &out, limit: limit)
            #expect(out == Array(Self.bytes("Cat").prefix(limit)))
            #expect(result.limitReached == (limit < 3))
        }
    }

    // MARK: yEnc

    private static func yEnc(_ content: [UInt8], name: String = "a.bin", trailer: String? = nil) -> [UInt8] {
        var out = bytes("=ybegin line=128 size=\(content.count) name=\(name)\r\n")
        var column = 0
        for byte in content {
            let shifted = byte &+ 42
            if [0, 0x0A, 0x0D, 0x3D].contains(shifted) {
                out += [0x3D, shifted &+ 64]
            } else {
                out.append(shifted)
            }
            column += 1
            if column == 128 {
                out += [0x0D, 0x0A]
                column = 0
            }
        }
        return out + bytes("\r\n" + (trailer ?? "=yend size=\(content.count)") + "\r\n")
    }

    @Test func yEncRoundTrip() {
        var random = Random(state: 11)
        for size in [0, 1, 127, 128, 129, 1000, 70_000] {
            let content = (0..<size).map { _ in UInt8(random.below(256)) }
            let body = Self.bytes("text\r\n") + Self.yEnc(content) + Self.bytes("more\r\n")
            let block = EncodedBlocks.find(in: body.span).blocks.first
            #expect(block?.notes == [])
            #expect(block.map(Self.name) == "a.bin")
            #expect(block?.statedSize == size)
            #expect(block.map { Self.decoded($0, body).0 == content } == true)
            #expect(block.map { Self.decoded($0, body).1.notes } == [])
            #expect(block.map { body[$0.whole.upperBound...].elementsEqual(Self.bytes("more\r\n")) } == true)
        }
    }

    @Test func yEncChecksums() {
        let content = Self.bytes("123456789")
        func notes(_ trailer: String) -> EncodedBlock.Notes? {
            let body = Self.yEnc(content, trailer: trailer)
            return EncodedBlocks.find(in: body.span).blocks.first.map { Self.decoded($0, body).1.notes }
        }
        #expect(notes("=yend size=9 crc32=cbf43926") == [])
        #expect(notes("=yend size=9 crc32=00000000CBF43926") == [])
        #expect(notes("=yend size=9 crc32=cbf43927") == .checksumMismatch)
        #expect(notes("=yend size=9 crc32=GGGGGGGG") == .checksumMismatch)
        #expect(notes("=yend size=8") == .sizeMismatch)
        #expect(notes("=yend size=-9") == .sizeMismatch)
        #expect(notes("no end") == [.missingEnd, .sizeMismatch])
    }

    /// Articles of a news reader's tests: the name says the case. Their checksums are the expectation.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func yEncArticles() throws {
        let expected: [String: (EncodedBlock.Notes, Int)] = [
            "regular": (.isPiece, 384_000), "regular_2": (.isPiece, 384_000), "special_chars": (.isPiece, 384_000),
            "bad_crc": (.isPiece, 768_000),
            "bad_crc_end": ([.isPiece, .checksumMismatch], 384_000),
            "special_utf8_chars": ([], 6), "missing_yend": ([.missingEnd, .sizeMismatch], 89),
            "no_name": ([.isPiece, .badBegin], 384_000), "padded_crc": (.isPiece, 409_600),
            "partial": ([.isPiece, .sizeMismatch, .checksumMismatch], 549),
            "invalid_crc_chars": (.checksumMismatch, 9), "extremely_long_crc": (.checksumMismatch, 9),
            "huge_size": ([.badBegin, .sizeMismatch, .checksumMismatch], 9),
            "huge_size_1TiB": ([.sizeMismatch, .checksumMismatch], 9),
            "negative_size": ([.badBegin, .sizeMismatch, .checksumMismatch], 9),
            "invalid_escape": ([.truncated, .sizeMismatch, .checksumMismatch], 2),
            "end_after_filename": ([.isPiece, .badBegin, .missingEnd], 0),
            "end_after_ypart": ([.isPiece, .missingEnd, .sizeMismatch], 0),
            "ypart_invalid_range": ([.isPiece, .badBegin, .checksumMismatch], 9),
            "null_bytes_filename": ([.checksumMismatch], 9),
        ]
        for (name, (notes, size)) in expected.sorted(by: { $0.key < $1.key }) {
            let article = try ContentOracle.sample("archives/yenc-sabctools/yencfiles/test_\(name).yenc")
            let body = Self.unstuffed(article)
            let blocks = YEncFinder.find(in: body.span).blocks
            #expect(blocks.count == 1, "\(name)")
            guard let block = blocks.first else { continue }
            let (content, result) = Self.decoded(block, body)
            #expect(result.notes == notes, "\(name): \(result.notes.rawValue)")
            #expect(content.count == size, "\(name)")
        }
        for name in ["malformed_ybegin", "ypart_without_ybegin", "head", "only_dots", "only_newlines", "empty_file"] {
            let article = try ContentOracle.sample("archives/yenc-sabctools/yencfiles/test_\(name).yenc")
            #expect(YEncFinder.find(in: article.span).blocks.isEmpty, "\(name)")
        }
        let double = try ContentOracle.sample("archives/yenc-sabctools/yencfiles/test_double_ybegin.yenc")
        #expect(YEncFinder.find(in: double.span).blocks.map(Self.name) == ["test.bin", "test2.bin"])
    }

    /// Articles as they came, with the full stop more in front of one: the checksum tells.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func yEncArticlesAsTheyCame() throws {
        for name in ["regular", "special_chars", "no_name"] {
            let article = try ContentOracle.sample("archives/yenc-sabctools/yencfiles/test_\(name).yenc")
            let block = try #require(YEncFinder.find(in: article.span).blocks.first)
            let (content, result) = Self.decoded(block, article)
            #expect(content.count == 384_000 && block.damage(result) == nil, "\(name)")
        }
        // What is damaged stays as it is.
        let body = Self.bytes("=ybegin line=128 size=4 name=a\r\n..aa\r\n=yend size=4 crc32=00000000\r\n")
        let block = try #require(YEncFinder.find(in: body.span).blocks.first)
        let (content, result) = Self.decoded(block, body)
        #expect(content.count == 4 && result.notes == .checksumMismatch)
    }

    /// What is told of a file that is not whole, and what is not.
    @Test func damage() throws {
        func damage(_ text: String) throws -> String? {
            let body = Self.bytes(text)
            let block = try #require(EncodedBlocks.find(in: body.span).blocks.first)
            return block.damage(Self.decoded(block, body).1)
        }
        #expect(try damage("begin 644 a\n#86)C\n`\nend\n") == nil)
        #expect(try damage("begin 644 a\n#86)C\n#86\n`\nend\n") == nil)
        #expect(try damage("begin 644 a\n#86)C\n") == "uuencode file without its end")
        #expect(try damage("begin-base64 644 a\nYWJj\n====\n") == nil)
        #expect(try damage("begin-base64 644 a\nYWJj\n") == "begin-base64 file without its end")
        let yEnc = "=ybegin line=128 size=9 name=a\r\n[\\]^_`abc\r\n"
        #expect(try damage(yEnc + "=yend size=9 crc32=cbf43926\r\n") == nil)
        #expect(try damage(yEnc + "=yend size=9 crc32=cbf43927\r\n") == "yenc file with a wrong checksum")
        #expect(try damage(yEnc + "=yend size=8\r\n") == "yenc file of another size")
        #expect(try damage(yEnc) == "yenc file without its end")
    }

    /// An article as it is after transfer: the dot before a dot at the start of a line is gone, and so is the end.
    private static func unstuffed(_ article: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var isLineStart = true
        for (index, byte) in article.enumerated() {
            if isLineStart, byte == 0x2E {
                if index + 1 < article.count, article[index + 1] == 0x0D { break }
                isLineStart = false
                continue
            }
            isLineStart = byte == 0x0A
            out.append(byte)
        }
        return out
    }

    // MARK: BinHex

    private static func crc16(_ bytes: [UInt8]) -> [UInt8] {
        var value: UInt32 = 0
        for byte in bytes + [0, 0] {
            for bit in (0..<8).reversed() {
                value = value << 1 | UInt32(byte >> UInt8(bit) & 1)
                if value & 0x10000 != 0 { value ^= 0x11021 }
            }
        }
        return [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)]
    }

    private static func binHex(_ name: String, data: [UInt8], resource: [UInt8]) -> [UInt8] {
        func length(_ count: Int) -> [UInt8] {
            [UInt8(count >> 24), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        }
        let head =
            [UInt8(name.utf8.count)] + Array(name.utf8) + [0] + bytes("TEXTttxt") + [0, 0] + length(data.count)
            + length(resource.count)
        let plain = head + crc16(head) + data + crc16(data) + resource + crc16(resource)
        var packed: [UInt8] = []
        var index = 0
        while index < plain.count {
            var run = 1
            while index + run < plain.count, run < 255, plain[index + run] == plain[index] { run += 1 }
            packed += plain[index] == 0x90 ? [0x90, 0] : [plain[index]]
            if run > 3 { packed += [0x90, UInt8(run)] } else { run = 1 }
            index += run
        }
        let alphabet = Array("!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr".utf8)
        var text: [UInt8] = [0x3A]
        var bits = 0
        var count = 0
        for byte in packed {
            bits = (bits << 8 | Int(byte)) & 0xFFFF
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[bits >> count & 63])
                if text.count % 65 == 64 { text += [0x0D, 0x0A] }
            }
        }
        if count > 0 { text.append(alphabet[bits << (6 - count) & 63]) }
        return bytes("(This file must be converted with BinHex 4.0)\r\n\r\n") + text + [0x3A]
    }

    @Test func binHexRoundTrip() {
        var random = Random(state: 5)
        for size in [0, 1, 5, 300, 20_000] {
            let data = (0..<size).map { _ in UInt8([0x90, 0, 0, 0, random.below(256)][random.below(5)]) }
            let resource = (0..<size / 2).map { _ in UInt8(random.below(256)) }
            let body =
                Self.bytes("Hi\r\n") + Self.binHex("Read Me.txt", data: data, resource: resource)
                + Self.bytes("\r\nbye")
            let block = EncodedBlocks.find(in: body.span).blocks.first
            #expect(block.map(Self.name) == "Read Me.txt")
            #expect(block?.statedSize == data.count + resource.count)
            guard let block else { continue }
            let (content, result) = Self.decoded(block, body)
            #expect(content == data + resource)
            #expect(result.notes == [])
            #expect(result.resourceFork.count == resource.count)
            for limit in [0, 1, data.count, data.count + 1, content.count - 1, content.count] where limit >= 0 {
                var out: [UInt8] = []
                let cut = block.decode(body.span, into: &out, limit: limit)
                #expect(out == Array(content.prefix(limit)))
                #expect(cut.limitReached == (limit < content.count))
            }
        }
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func hiddenAttachments() throws {
        let folder = "mime/noxxi-mime-is-broken/hide-content/"
        let zip = "PK\u{3}\u{4}"
        // The BinHex sample holds the print of a reference where its writer meant the attachment.
        for (file, coding, beginning) in [
            ("128-multipart-basic-singlepart-mac-binhex.eml", EncodedBlock.Coding.binHex, "ARRAY(0x55a6"),
            ("194-multipart-basic-singlepart-x-yencode.eml", .yEnc, zip), ("004-multi.uuencode.eml", .uuencode, zip),
        ] {
            let mail = try ContentOracle.sample(folder + file)
            let found = EncodedBlocks.find(in: mail.span).blocks.filter { $0.coding == coding }
            #expect(found.contains { Self.decoded($0, mail).0.starts(with: Self.bytes(beginning)) }, "\(file)")
        }
        let gif = try ContentOracle.sample("mime/mime-tools/testmsgs/uu-zeegee.msg")
        let image = EncodedBlocks.find(in: gif.span).blocks
        #expect(image.map(Self.name) == ["up.gif", "zeegee.gif"])
        #expect(image.allSatisfy { Self.decoded($0, gif).0.starts(with: Self.bytes("GIF8")) })
    }

    // MARK: against Python, and against damage

    @Test(.enabled(if: ContentOracle.hasPython, "needs python3"))
    func uuencodeAgreesWithPython() throws {
        let script = """
            import binascii, base64, random
            r = random.Random(3)
            for n in list(range(0, 100)) + [r.randrange(5000) for _ in range(100)]:
                data = r.randbytes(n + 1)
                tick = bool(n & 1)
                lines = [binascii.b2a_uu(data[i:i + 45], backtick=tick) for i in range(0, len(data), 45)]
                if n % 7 == 0:
                    # Zeros at the end of lines whose blanks were lost on the way.
                    data = b"".join(data[i:i + 45 - n % 45] + bytes(n % 45) for i in range(0, len(data), 45))
                    lines = [binascii.b2a_uu(data[i:i + 45]).rstrip() + b"\\n" for i in range(0, len(data), 45)]
                text = b"begin 644 x y.bin\\n" + b"".join(lines) + (b"`" if tick else b" ") + b"\\nend\\n"
                print(base64.b64encode(text).decode(), base64.b64encode(data).decode())
            """
        let rows = try ContentOracle.lines(script)
        #expect(rows.count == 200)
        for row in rows {
            let fields = row.split(separator: 0x20)
            let body = ContentOracle.base64(fields[0])
            let block = EncodedBlocks.find(in: body.span).blocks.first
            #expect(block.map(Self.name) == "x y.bin")
            #expect(block.map { Self.decoded($0, body).0 } == ContentOracle.base64(fields[1]))
            #expect(block.map { Self.decoded($0, body).1.notes.subtracting(.truncated) } == [])
        }
    }

    @Test func everyTruncationAndDamage() {
        let samples = [
            Self.bytes("hi\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n"), Self.bytes("begin-base64 644 a\nQ2F0\n====\n"),
            Self.yEnc(Array(0...255), trailer: "=yend size=256 crc32=29058c73"),
            Self.binHex("name", data: Array(0...255), resource: [7, 7, 7, 7, 7, 7, 7]),
        ]
        var random = Random(state: 77)
        for sample in samples {
            for length in 0...sample.count { Self.check(Array(sample.prefix(length))) }
            for _ in 0..<3000 { Self.check(damaged(sample + samples[random.below(4)], &random)) }
        }
    }

    private static func check(_ body: [UInt8]) {
        var last = 0
        for block in EncodedBlocks.find(in: body.span).blocks {
            #expect(block.whole.lowerBound >= last && block.whole.upperBound <= body.count)
            last = block.whole.lowerBound
            #expect(
                block.content.lowerBound >= block.whole.lowerBound && block.content.upperBound <= block.whole.upperBound
            )
            let (content, result) = decoded(block, body)
            #expect(!result.limitReached)
            #expect(result.content.count + result.resourceFork.count == content.count)
            var cut: [UInt8] = []
            #expect(block.decode(body.span, into: &cut, limit: 3).limitReached == (content.count > 3))
            #expect(cut == Array(content.prefix(3)))
        }
    }
}
