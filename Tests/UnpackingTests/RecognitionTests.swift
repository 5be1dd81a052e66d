import Members
import Testing

@testable import Unpacking

@Suite struct RecognitionTests {
    private func names(_ bytes: [UInt8]) -> [String] { Recognition.types(of: bytes.span).map(\.name) }
    private func names(_ text: String) -> [String] { names(Array(text.utf8)) }

    @Test func everyTypeIsListedOnce() {
        #expect(Set(FileType.all.map(\.title)).count == FileType.all.count)
        for signature in Signature.table { #expect(FileType.all.contains(signature.type)) }
    }

    @Test func everySignatureIsFound() {
        for signature in Signature.table {
            var bytes = [UInt8](repeating: 0, count: signature.offset) + signature.bytes
            // Some are letters, which a text may begin with; what follows is none.
            #expect(names(bytes).contains(signature.type.name) || names(bytes + [0]).contains(signature.type.name))
            // Cut off by one octet it is nothing of the kind.
            bytes.removeLast()
            let shorter = Signature.table.contains {
                $0.type == signature.type && $0.bytes.count < signature.bytes.count
            }
            if !shorter { #expect(!Recognition.types(of: bytes.span).contains(signature.type)) }
        }
    }

    /// An encrypted image has its trailer in what is encrypted.
    @Test func encryptedImagesOfApple() {
        let image = Array("encrcdsa".utf8) + [UInt8](repeating: 0, count: 2048)
        #expect(names(image) == ["dmg"] && names(Array(image.prefix(500))).isEmpty)
        // The first version has its header at the end.
        let first = Array("cdsaencr".utf8)
        #expect(names([UInt8](repeating: 0, count: 2048) + first) == ["dmg"])
        #expect(names([UInt8](repeating: 0x61, count: 2048) + first) == ["asc"])
    }

    @Test func namesDoNotMatter() {
        #expect(names(eicar) == ["asc"])
        #expect(names([UInt8](repeating: 0, count: 5000)).isEmpty)
        #expect(names([] as [UInt8]).isEmpty)
    }

    @Test func texts() {
        #expect(names("<!DOCTYPE html><p>x") == ["html"])
        #expect(names("\r\n\r\n  <SCRIPT>x</SCRIPT>") == ["html"])
        #expect(names("Subject: x\r\nFrom: a@example.org\r\n\r\nx") == ["mail"])
        #expect(names("Subject: only this\r\n\r\nx") == ["asc"])
        #expect(names("From a@example.org Thu Jan  1 00:00:00 1970\nReceived: x\nSubject: y\n\nz") == ["mbox"])
        #expect(names("[InternetShortcut]\r\nURL=https://example.org/") == ["url", "asc"])
        #expect(names("#!/bin/sh\n") == ["script"])
    }

    /// What is shown as text may quote mail, and go on with anything.
    @Test func textsThatLookLikeMail() {
        for front in [
            "From: a@example.org\r\nTo: b@example.org\r\n",
            "From a@b Thu Jan  1 00:00:00 1970\nReceived: x\nSubject: y\n",
        ] {
            let text = Array((front + "\r\n@echo off\r\n").utf8)
            #expect(Recognition.types(of: text.span, isText: true, mayBeMail: false).map(\.name) == ["asc"])
            #expect(["mail", "mbox"].contains(names(text).first))
        }
    }

    /// Windows writes such files in UTF-16.
    @Test(arguments: [
        ("[InternetShortcut]\r\nURL=file://x/", "url"), ("Windows Registry Editor Version 5.00\r\n", "reg"),
        ("@echo off\r\n", "bat"), ("<hta:application id=x>", "hta"), ("hello", "asc"),
    ])
    func wideTexts(_ text: String, _ type: String) {
        for isLittle in [true, false] {
            let units = [0xFEFF] + Array(text.utf16)
            let bytes = units.flatMap { unit in
                let pair = [UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8)]
                return isLittle ? pair : pair.reversed()
            }
            #expect(names(bytes).contains(type) && names(bytes).contains("asc"), "\(names(bytes))")
        }
    }

    /// The characters tell it where there is no mark, in whatever script the text begins.
    @Test(arguments: [
        ("Set x = CreateObject(\"WScript.Shell\")\r\nx.Run y\r\n", ["wsh"]), ("@echo off\r\n", ["bat"]),
        ("<html><body>words</body></html>", ["html"]), ("Windows Registry Editor Version 5.00\r\n", ["reg"]),
        ("plain words alone", ["asc"]), ("Это письмо без единой латинской буквы", ["asc"]),
        ("words and a 𝒳 of two", ["asc"]),
    ])
    func wideTextsWithoutMark(_ text: String, _ types: [String]) {
        for isLittle in [true, false] {
            let bytes = text.utf16.flatMap { unit in
                let pair = [UInt8(truncatingIfNeeded: unit), UInt8(truncatingIfNeeded: unit >> 8)]
                return isLittle ? pair : pair.reversed()
            }
            #expect(names(bytes).contains { types.contains($0) }, "\(text) \(names(bytes))")
        }
    }

    /// Numbers of 16 and 32 bits, sound, records: none is text.
    @Test func numbersAreNoWideTexts() {
        let places = Array(0..<600)
        let few: [UInt8] = places.flatMap { octets($0 % 120, 2) }
        let wide: [UInt8] = places.flatMap { octets($0 % 90 + 0x20, 4) }
        let sound: [UInt8] = places.flatMap { place -> [UInt8] in
            let sample = place * place * 31 % 256
            return octets(place % 2 == 0 ? sample : sample - 256, 2)
        }
        let halves: [UInt8] = places.flatMap { _ in octets(0xDC00_0041, 4) }
        for bytes in [few, wide, sound, halves, octets(0x0042_0041, 4)] { #expect(!names(bytes).contains("asc")) }
    }

    /// What runs HTML applications passes over what is before their tags.
    @Test func applicationsBehindAnImage() {
        let gif = Array("GIF89a".utf8) + [UInt8](repeating: 0, count: 4000)
        let page = Array("<html><HTA:application id=x>".utf8)
        #expect(names(gif + page) == ["gif", "hta"])
        #expect(names(gif + Array("<html>".utf8)) == ["gif"])
    }

    @Test func programs() {
        var program = [UInt8](repeating: 0, count: 512)
        program[0] = 0x4D
        program[1] = 0x5A
        #expect(names(program) == ["exe-dos"])
        program[60] = 128
        program.replaceSubrange(128..<132, with: [0x50, 0x45, 0, 0])
        #expect(names(program) == ["exe-ms", "exe-dos"])
        program.replaceSubrange(60..<64, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(names(program) == ["exe-dos"])
    }

    @Test func polyglotsAreEverythingThatFits() {
        let archive = zip([("a.com", eicar)])
        let gif = Array("GIF89a".utf8) + [UInt8](repeating: 0, count: 40)
        #expect(names(gif + archive) == ["gif", "zip"])
        var program = [UInt8](repeating: 0, count: 128)
        program.replaceSubrange(0..<2, with: [0x4D, 0x5A])
        #expect(names(program + archive) == ["exe-dos", "zip"])
        // A mark that a line of a script may have.
        #expect(names(Array("@echo off\r\nrem %PDF-1.4\r\ncls\r\n".utf8)).contains("bat"))
        let page = Array("%PDF-1.4\n%%EOF\n".utf8)
        #expect(names(page + archive) == ["pdf", "zip"])
        // A zip archive that is a member of a tar archive is no reading of the whole.
        #expect(!names(tar("a.zip", archive)).contains("zip"))
    }

    /// A tar archive of one member.
    private func tar(_ name: String, _ content: [UInt8]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        put(name, 0)
        put("0000644\0" + "0000000\0" + "0000000\0", 100)
        let size = String(content.count, radix: 8)
        put(String(repeating: "0", count: 11 - size.count) + size + "\0" + "00000000000\0" + "        0", 124)
        put("ustar\u{0}00", 257)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum + "\0 ", 148)
        let padding = [UInt8](repeating: 0, count: (512 - content.count % 512) % 512 + 1024)
        return header + content + padding
    }

    @Test func tarHeaders() {
        var archive = tar("x", eicar)
        #expect(names(archive) == ["tar"])
        // GNU tar passes over a NUL in front of the sum.
        #expect(archive[148] == 0x30)
        archive[148] = 0
        #expect(names(archive) == ["tar"])
        archive[149] = 0
        #expect(!names(archive).contains("tar"))
        archive = tar("x", eicar)
        archive[148] ^= 1
        #expect(!names(archive).contains("tar"))
    }
}
