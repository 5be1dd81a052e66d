import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Where else than in a text beside the archive a reader sees the password.
@Suite struct SeenPasswordTests {
    /// Where else a reader sees it: mail in an archive, its subject, names, comments, texts of code pages, another archive.
    @Test func wordsOfAnArchive() throws {
        let inner = ("a.zip", PasswordTests().encrypted(eicar, Array("Sesam-7".utf8)))
        func mail(_ subject: String, _ text: String) -> [UInt8] {
            Array(
                "From: a@b.example\r\nSubject: \(subject)\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n\(text)\r\n"
                    .utf8)
        }
        let page = "<p>Das Passwort lautet: <b>Sesam-7</b></p>"
        var commented = zip([inner])
        let comment = Array("Password: Sesam-7".utf8)
        commented[commented.count - 2] = UInt8(comment.count)
        let cyrillic: [UInt8] = [0xCF, 0xE0, 0xF0, 0xEE, 0xEB, 0xFC, 0x3A, 0x20]
        let dos: [UInt8] = [0x8F, 0xA0, 0xE0, 0xAE, 0xAB, 0xEC, 0x3A, 0x20]
        let chinese: [UInt8] = [0xC3, 0xDC, 0xC2, 0xEB, 0x3A, 0x20]
        let archives: [(String, [UInt8])] = [
            ("page of mail", zip([("a.eml", mail("x", page)), inner])),
            ("subject", zip([("a.eml", mail("Passwort: Sesam-7", "x")), ("b.zip", zip([inner]))])),
            ("comment", commented + comment),
            ("name", zip([inner, ("Passwort Sesam-7.txt", [])])),
            ("folder", zip([("Passwort Sesam-7/a.zip", inner.1)])),
            ("windows-1251", zip([inner, ("a.txt", cyrillic + Array("Sesam-7".utf8))])),
            ("ibm866", zip([inner, ("a.txt", dos + Array("Sesam-7".utf8))])),
            ("gbk", zip([inner, ("a.txt", chinese + Array("Sesam-7".utf8))])),
            (
                "one text",
                zip([
                    ("b.zip", zip([("a.txt", Array("Password: Sesam-7".utf8))])),
                    ("c.zip", zip([("d.zip", zip([inner]))])),
                ])
            ),
        ]
        for (words, archive) in archives {
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(words): \(result.problems)")
        }
    }

    /// A text that is met later, deeper than the encrypted archive or behind it.
    @Test func textsThatComeLater() {
        let inner = ("a.zip", PasswordTests().encrypted(eicar, Array("Sesam-7".utf8)))
        let note = zip([("a.txt", Array("Password: Sesam-7".utf8))])
        for archive in [
            zip([inner, ("b.zip", note)]), zip([inner, ("c.zip", zip([("b.zip", note)]))]),
            zip([("x.zip", zip([inner])), ("b.zip", zip([("c.zip", note)]))]),
        ] {
            let result = Unpacked(archive, messageSize: 1 << 20, looksAhead: true)
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
            #expect(
                result.problems.contains(ContainerProblem(.note, "opened with a password found in a text beside it")))
            #expect(Unpacked(archive, messageSize: 1 << 20).kinds == [.encrypted])
            // Nobody wants passwords.
            let none = Unpacked(archive, messageSize: 1 << 20, passwords: Passwords(limit: 0), looksAhead: true)
            #expect(none.kinds == [.encrypted])
        }
        // Deeper than is looked.
        let deep = (0..<4).reduce(note) { content, _ in zip([("x.zip", content)]) }
        #expect(Unpacked(zip([inner, ("b.zip", deep)]), messageSize: 1 << 20, looksAhead: true).kinds == [.encrypted])
    }

    /// Comments of RAR archives, stored and in UTF-16; and a comment that is one word alone.
    @Test func comments() {
        let inner = PasswordTests().encrypted(eicar, Array("Sesam-7".utf8))
        let wide = "Password: Sesam-7".utf16.flatMap { octets(Int($0), 2) }
        let comment = Array("Password: Sesam-7".utf8)
        let name = Array("CMT".utf8)
        var commented = zip([("a.zip", inner)])
        commented[commented.count - 2] = 7
        let rar4 = { (text: [UInt8]) in
            Rar4Writer.archive(Rar4Writer.member(name, text, type: 0x7A), Rar4Writer.member("a.zip", inner))
        }
        // Within the header of the archive, or behind it.
        let rar2 = { (text: [UInt8], isApart: Bool) in
            let fields = octets(text.count, 2) + [20, 0x30, 0, 0] + text
            let old = [0, 0, 0x75, 0, 0] + octets(7 + fields.count, 2) + fields
            let member = Rar4Writer.member("a.zip", inner)
            if isApart { return Rar4Writer.archive(old, member) }
            let main = [0x73, 2, 0] + octets(13 + old.count, 2) + [UInt8](repeating: 0, count: 6)
            return Rar4Writer.mark + octets(Int(Compression.crc32(main.span)) & 0xFFFF, 2) + main + old + member
        }
        for (form, archive) in [
            (
                "RAR 5",
                Rar5Writer.archive(Rar5Writer.member("CMT", comment, type: 3), Rar5Writer.member("a.zip", inner))
            ),
            ("RAR 2", rar2(comment, false)), ("RAR 2, apart", rar2(comment, true)), ("RAR 4", rar4(comment)),
            ("UTF-16", rar4(wide)), ("one word", rar4(Array("Sesam-7".utf8))),
            ("one word of zip", commented + Array("Sesam-7".utf8)),
        ] {
            let result = Unpacked(archive, messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(form): \(result.problems)")
        }
        // A comment that is empty, and one that is damaged.
        #expect(Unpacked(rar4([])).kinds == [.encrypted])
        let damaged = Rar4Writer.member(name, [1, 2, 3], type: 0x7A, size: 9, method: 0x33)
        #expect(Unpacked(Rar4Writer.archive(damaged)).entries.isEmpty)
    }

    private func passwords(_ text: String) -> [String] {
        var finder = PasswordFinder()
        finder.read(text: Array(text.utf8).span, isWhole: true)
        return finder.passwords(site: [], limit: 100).candidates.map { String(decoding: $0.password, as: UTF8.self) }
    }

    /// As addresses are quoted, turned by marks, alone.
    @Test(arguments: [
        "Password: %53%65%73%61%6D%2D%37", "see https://a.example/?password=Ses%61m-7&x=1", "pass%77ord:%20Sesam-7",
        "https://a.example/?a=1&password=Sesam-7&b=2", "Password: \u{202E}7-maseS\u{202C} thanks",
        "Password: \u{202E}7-maseS\r\nthanks", "Password: Se\u{200F}sam-7", "Password: \u{2066}Sesam-7\u{2069}",
        "\u{202E}7-maseS :drowssaP", "Sesam-7", "\r\n Sesam-7 \r\n",
    ])
    func formsOfAPassword(_ text: String) { #expect(passwords(text).contains("Sesam-7"), "\(passwords(text))") }

    /// Percent signs that quote nothing, and texts that say more.
    @Test func noPasswords() {
        #expect(passwords("Password: 100% a%zz").contains("100%"))
        #expect(!passwords("two words").contains("words"))
    }

    /// Sheets with texts in their cells, slides, and nothing else of a package.
    @Test func textsOfPackages() {
        let markup = Array("<a><t>Password: Hunter2!</t></a>".utf8)
        for (name, isRead) in [
            ("ppt/slides/slide12.xml", true), ("xl/worksheets/sheet1.xml", true), ("word/document.xml", true),
            ("ppt/slides/_rels/slide1.xml", false), ("ppt/slideLayouts/slideLayout1.xml", false),
        ] {
            var finder = PasswordFinder()
            let package = zip([("xl/sharedStrings.xml", Array("<sst/>".utf8)), (name, markup)])
            _ = finder.read(file: package.span)
            let found = finder.passwords(site: [], limit: 100).candidates.map(\.password)
            #expect(found.contains(Array("Hunter2!".utf8)) == isRead, "\(name)")
        }
    }

    @Test(arguments: [
        "Passwort Sesam-7.png", "Rechnung (Passwort Sesam-7).zip", "Rechnung_pw_Sesam-7.7z", "in-voice-Sesam7.zip",
    ])
    func namesWithHyphens(_ name: String) {
        var finder = PasswordFinder()
        finder.read(fileName: Array(name.utf8))
        let found = finder.passwords(site: [], limit: 100).candidates.map {
            String(decoding: $0.password, as: UTF8.self)
        }
        #expect(found.contains("Sesam-7") || found.contains("Sesam7"), "\(found)")
    }
}
