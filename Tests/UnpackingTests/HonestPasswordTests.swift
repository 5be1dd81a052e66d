import Compression
import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Encrypted archives of honest content, as programs make them: the right password opens every member and leaves no doubt, and
/// no other opens anything.
@Suite(.enabled(if: GeneratorTests.installed("7z") && GeneratorTests.installed("zip"))) struct HonestPasswordTests {
    private static let russian =
        "Уважаемые коллеги, направляем вам счет и акт сверки за ноябрь. С уважением, бухгалтерия.\r\n"
    private static let chinese = "各位同事，请查收附件中的发票和对账单，如有问题请联系财务部。谢谢大家的配合，祝工作顺利，周末愉快，下周一我们再开会讨论预算和计划。\r\n"
    private static let japanese = "お世話になっております。十一月分の請求書を添付いたしますので、ご確認のほどよろしくお願いいたします。ご不明な点がございましたらご連絡ください。\r\n"
    private static let korean = "안녕하세요. 첨부된 청구서를 확인해 주시기 바랍니다. 문의 사항이 있으시면 재무팀으로 연락해 주세요. 감사합니다. 좋은 하루 되세요.\r\n"

    /// Writes the files of a folder `in`: text in charsets, pictures, sound, compressed data, programs, next to nothing.
    private static let files = """
        import gzip, os, random, struct, sys, wave, zlib
        texts = sys.argv[1:]
        os.mkdir("in")
        def put(name, data):
            with open("in/" + name, "wb") as file: file.write(data)
        for number, pages in enumerate([("utf-8", "cp1251", "koi8-r", "cp866", "utf-16"), ("utf-8", "gb18030"),
                                        ("utf-8", "shift_jis", "euc-jp", "iso2022_jp"), ("utf-8", "euc-kr")]):
            for page in pages: put("text-%d-%s" % (number, page), texts[number].encode(page))
        random.seed(1)
        noise = random.randbytes(9000)
        def chunk(kind, data): return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        rows = b"".join(b"\\0" + noise[n * 150:n * 150 + 150] for n in range(50))
        put("picture.png", b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 50, 50, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
        put("picture.bmp", b"BM" + struct.pack("<IIIIiiHHIIiiII", 54 + 7500, 0, 54, 40, 50, 50, 1, 24, 0, 7500, 2835, 2835, 0, 0)
            + noise[:7500])
        with wave.open("in/sound.wav", "wb") as file:
            file.setnchannels(1); file.setsampwidth(2); file.setframerate(8000); file.writeframes(noise)
        put("noise.gz", gzip.compress(noise))
        put("video.mp4", b"\\0\\0\\0\\x20ftypisom\\0\\0\\2\\0isomiso2avc1mp41\\0\\0\\0\\x08free" + noise)
        put("drawing.dwg", b"AC1032" + bytes(60) + noise)
        put("program", open(os.path.realpath("/bin/true"), "rb").read())
        put("table.csv", b"a;b\\r\\n1;2\\r\\n"); put("one", b"1"); put("empty", b""); put("lines", b"\\r\\n")
        """

    @Test(arguments: [
        ("7z a -tzip -mem=ZipCrypto '-pSommer2026!' out.zip in", "Sommer2026!"),
        ("zip -qr -0 -P Zima-24 out.zip in", "Zima-24"),
        ("7z a -tzip -mem=AES256 -mx=0 '-pX7#kk' out.zip in", "X7#kk"),
        ("7z a -t7z -ms=off -pпароль2026 out.7z in", "пароль2026"),
        ("7z a -t7z -mhe -pslovo out.7z in", "slovo"),
    ])
    func honestArchives(_ script: String, _ password: String) throws {
        let scratch = try Scratch(.memory)
        let texts = [Self.russian, Self.chinese, Self.japanese, Self.korean]
        _ = try scratch.write("make.py", Self.files)
        let words = texts.map { "'\($0)'" }.joined(separator: " ")
        let commands =
            "cd \(scratch.path) && export LC_ALL=C.UTF-8 && python3 make.py \(words) && (\(script)) > log 2>&1"
        let made = try runTool("sh", ["-c", commands])
        try #require(made.status == 0, "\(made)")
        let archive = try read("\(scratch.path)/\(script.contains("7z in") ? "out.7z" : "out.zip")")
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/in")
        #expect(names.count > 20)
        func open(_ words: [String]) -> Unpacked {
            var passwords = Passwords()
            for word in words { passwords.add(Array(word.utf8), .text) }
            return Unpacked(archive, messageSize: 1 << 24, passwords: passwords)
        }
        let opened = open(["wrong", password])
        #expect(!opened.isMarked, "\(opened.problems)")
        for name in names where name != "empty" {
            let content = try read("\(scratch.path)/in/\(name)")
            #expect(!opened.places(of: content).isEmpty, "\(name)")
        }
        // A check of one octet lets two of these pass.
        let isSlow = script.contains("-t7z")
        let closed = open((0..<(isSlow ? 8 : 500)).map { "\(password)\($0)" })
        #expect(closed.kinds == [.encrypted])
        // Whether a password is right, one octet of the header and the content tell: of nothing there is nothing to tell, and
        // nothing to hide; a single octet comes out right by chance once in 65,536 passwords, which 500 of them meet too often.
        let wrong = closed.entries.filter { $0.flags.contains(.decrypted) && $0.content.map { $0.count > 1 } != false }
        #expect(wrong.isEmpty, "\(wrong.map { ($0.names, $0.content?.count) })")
    }
}
