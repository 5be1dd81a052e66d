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
