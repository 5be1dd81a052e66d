import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Files that are written out in text, and mail within mail.
@Suite(.serialized) struct EncodedFileTests {
    private func run(_ script: String, _ input: [UInt8] = eicar) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool(
            "sh", ["-c", "cd \(scratch.path) && cat > in && ( \(script) ) > log 2>&1; cat out"], input: input)
        try #require(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    /// What `certutil -encode` writes, whatever the label says.
    @Test(arguments: ["CERTIFICATE", "ANYTHING", "PKCS7", "CMS"]) func base64BetweenLabels(_ label: String) throws {
        let text = try run(
            "gzip -c in > z; ( echo '-----BEGIN \(label)-----'; base64 z; echo '-----END \(label)-----' ) > out")
        #expect(!Unpacked(text).places(of: eicar).isEmpty)
        #expect(!Unpacked(Array("echo off\r\n".utf8) + text).places(of: eicar).isEmpty)
        // Of no known type.
        let words = Array("Set s = \(String(repeating: "words ", count: 40))".utf8)
        let plain = "-----BEGIN \(label)-----\n\(Data(words).base64EncodedString())\n-----END \(label)-----\n"
        #expect(!Unpacked(Array(plain.utf8)).places(of: words).isEmpty)
    }

    /// Labels without an end take no time that grows with what is behind them, and hide no file.
    @Test(arguments: ["-----BEGIN PKCS7-----\nMIIB\n", "-----BEGIN A-----", "-----BEGIN PGP A-----", "-----BEGIN A\n"])
    func labelsWithoutAnEnd(_ label: String) {
        let file = "\n-----BEGIN A-----\n\(Data(eicar + eicar).base64EncodedString())\n-----END A-----\n"
        let text = String(repeating: label, count: 40_000) + file
        #expect(!Unpacked(Array(text.utf8), messageSize: 1 << 20).places(of: eicar + eicar).isEmpty)
    }

    /// Several labels in a line are one as good as the other.
    @Test func labelsInOneLine() {
        let file = "\(Data(eicar + eicar).base64EncodedString())\n-----END A-----\n"
        for front in [
            "-----BEGIN PGP -----BEGIN A-----", "-----BEGIN A-----BEGIN PGP -----", "x-----BEGIN A-----BEGIN B",
        ] {
            #expect(!Unpacked(Array((front + "\n" + file).utf8)).places(of: eicar + eicar).isEmpty)
        }
    }

    /// Words in front of base64 are characters of it as well.
    @Test func encodedTextBehindWords() throws {
        let text = try run(
            "( echo some text; echo; ( echo 'begin 644 m'; uuencode m < in | tail -n +2 ) | base64 ) > out")
        #expect(!Unpacked(text, messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// A file in lines with blanks, and one in whole lines behind it: each is found.
    @Test func base64BehindBase64WithBlanks() {
        func base64(_ content: [UInt8]) -> String { Data(content).base64EncodedString() }
        let characters = Array(base64(eicar + [UInt8](repeating: 0x20, count: (3 - eicar.count % 3) % 3)))
        let first = stride(from: 0, to: characters.count, by: 14).map {
            String(characters[$0..<min($0 + 8, characters.count)]) + " "
                + String(characters[min($0 + 8, characters.count)..<min($0 + 14, characters.count)]) + "\n"
        }.joined()
        let pdf = Array("%PDF-1.4\n1 0 obj<<>>endobj\n\(String(repeating: "% words\n", count: 20))%%EOF\n".utf8)
        let result = Unpacked(Array((first + base64(pdf) + "\n").utf8), messageSize: 1 << 20)
        #expect(!result.places(of: pdf).isEmpty)
        #expect(result.entries.contains { $0.content?.starts(with: eicar) == true })
    }

    /// Dictionaries that are opened where a file is attached are found in a text, too.
    @Test(arguments: ["4MiB", "3MiB", "1536KiB", "6KiB"], ["lc=3", "lc=4"])
    func lzmaInText(_ dictionary: String, _ properties: String) throws {
        let made = try run("xz --format=lzma --lzma1=dict=\(dictionary),\(properties) -c in > out")
        #expect(!Unpacked(made).places(of: eicar).isEmpty)
        let text = "Here is the file:\n\n\(Data(made).base64EncodedString())\n\nregards\n"
        #expect(!Unpacked(Array(text.utf8), messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// Sizes beyond what liblzma makes are read on to the end of the stream by 7-Zip.
    @Test(arguments: [38, 47, 55]) func lzmaWithALargeSize(_ bits: Int) throws {
        var made = try run("xz --format=lzma -c in > out")
        made.replaceSubrange(5..<13, with: octets(1 << bits, 8))
        let result = Unpacked(made, messageSize: 1 << 20)
        #expect(result.types == ["lzma"] && !result.places(of: eicar).isEmpty && result.kinds == [.corrupt])
    }

    /// As GnuPG compresses on demand, with and without armour, signed or not.
    @Test(arguments: ["--store", "--store -a", "-s", "-s -a"]) func openPGPByBzip2(_ options: String) throws {
        let gpg = "gpg --batch --passphrase ''"
        let made = try run(
            """
            mkdir -m 700 home; export GNUPGHOME=$PWD/home; \(gpg) --quick-gen-key a@a.example default default never
            \(gpg) \(options) --compress-algo bzip2 -o out in; gpgconf --kill all
            """)
        let result = Unpacked(made, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.types) \(result.problems)")
    }

    @Test func certificatesHoldNothing() throws {
        let certificate = try run(
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out out -subj /CN=a -days 1")
        #expect(Unpacked(certificate).entries.isEmpty)
        // An archive behind one, and behind octets that a certificate begins with.
        for front in [
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -outform DER -out f -subj /CN=a -days 1",
            "printf '\\060\\202\\001\\001' > f",
        ] {
            let text = try run(
                """
                \(front); gzip -c in > z; cat z >> f
                ( echo '-----BEGIN CERTIFICATE-----'; base64 f; echo '-----END CERTIFICATE-----' ) > out
                """)
            #expect(!Unpacked(text, messageSize: 1 << 20).places(of: eicar).isEmpty, "\(front)")
        }
    }

    @Test func base64OfSignedContent() throws {
        let key = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=a -days 1"
        let text = try run(
            "\(key); gzip -c in > z; openssl cms -sign -binary -nodetach -signer c -inkey k -outform DER -in z -out s; base64 s > out"
        )
        #expect(!Unpacked(text, messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// Files that are signed as they stand come out as they went in; mail stays mail.
    @Test(arguments: [["", "-outform DER"], ["", "-outform PEM"]]) func signedFiles(_ form: [String]) throws {
        let key = "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=a -days 1"
        let sign = "openssl cms -sign -binary -nodetach -signer c -inkey k \(form[1])"
        for content in [[0x0A, 0x0A, 0x0D, 0x0A, 0] + eicar, Array("<?xml version=\"1.0\"?>\n<a>\n</a>\n".utf8)] {
            let signed = Unpacked(try run("\(key); \(sign) -in in -out out", content), messageSize: 1 << 20)
            #expect(signed.places(of: content) == ["1"] && !signed.kinds.contains(.corrupt), "\(signed.problems)")
        }
        let mail = Array("Content-Type: text/plain\n\nline\n".utf8)
        let signed = Unpacked(try run("\(key); \(sign) -in in -out out", mail), messageSize: 1 << 20)
        #expect(!signed.places(of: Array("line\r\n".utf8)).isEmpty)
    }

    /// A file of which a part is missing is damage, one that a text shows further on a note.
    @Test func encodedFilesThatAreCutOff() {
        let begin = Array("begin 644 e.com\n#86)C\n".utf8)
        let end = Array("`\nend\n".utf8)
        let front = [UInt8](repeating: 0x2E, count: 1100) + [0x0A]
        func kinds(_ text: [UInt8]) -> Set<ContainerProblem.Kind> { Set(Unpacked(text).problems.map(\.kind)) }
        #expect(kinds(begin + end).isEmpty && kinds(begin) == [.corrupt])
        #expect(kinds(front + begin + end).isEmpty && kinds(front + begin) == [.note])
    }

    /// Files of compress(1) have no mark of their end: a cut shows in the middle of a code, most often.
    @Test(.enabled(if: GeneratorTests.installed("compress")), arguments: [10, 12, 16])
    func compressedFilesThatAreCutOff(_ bits: Int) throws {
        // Enough of it to fill the table and begin anew.
        var content: [UInt8] = []
        for number in 0..<60_000 { content += octets(number &* 2_654_435 >> 4, 3) + [0x20] }
        for count in [1, 2, 3, 300, 5000, 240_000] {
            let whole = try run("compress -b \(bits) -f -c in > out", Array(content.prefix(count)))
            let opened = Unpacked(whole, messageSize: 1 << 20)
            #expect(!opened.kinds.contains(.corrupt) && opened.entries.first?.content?.count == count, "\(count)")
            guard count > 1000 else { continue }
            let cuts = (1...24).filter { Unpacked(Array(whole.dropLast($0)), messageSize: 1 << 20).kinds == [.corrupt] }
            #expect(cuts.count >= 10, "\(cuts)")
        }
    }

    @Test func yEncWithinAnArchive() {
        let lines = eicar.map { $0 &+ 42 }
        let text =
            Array("=ybegin line=128 size=\(eicar.count) name=e.com\r\n".utf8) + lines
            + Array("\r\n=yend size=\(eicar.count)\r\n".utf8)
        // Octets that no text has.
        let file = text + [0, 1, 2]
        let result = Unpacked(zip([("member.ync", file)]))
        #expect(!result.places(of: eicar).isEmpty, "\(result.entries.map(\.types))")
    }

    /// uuencode in an attachment that is no text for the MIME reader.
    @Test func uuencodedAttachment() throws {
        let text = try run("gzip -c in > z; uuencode z z.gz > out")
        #expect(!Unpacked(text).places(of: eicar).isEmpty)
        let unpacker = Unpacker(limits: UnpackingLimits(), messageSize: text.count, directory: nil)
        _ = unpacker.open(text.span, as: 0, asEncodedText: false)
        #expect(unpacker.next() == nil)
    }

    /// Base64 between labels in text of the message itself, where the MIME reader finds blocks; certificates and keys are none.
    @Test(arguments: [("", ""), ("Hello,\n\n", "\nbye\n"), ("<html><pre>\n", "</pre></html>\n"), ("begin 644 x\n", "")])
    func labelsInTextOfTheMessage(_ front: String, _ rest: String) throws {
        let base64 = try run("gzip -c in > z; base64 z > out")
        for label in ["CERTIFICATE", "NEW CERTIFICATE REQUEST", "FILE"] {
            let text =
                Array((front + "-----BEGIN \(label)-----\n").utf8) + base64
                + Array(("-----END \(label)-----\n" + rest).utf8)
            let unpacker = Unpacker(limits: UnpackingLimits(), messageSize: 1 << 20, directory: nil)
            _ = unpacker.open(text.span, as: 0, asEncodedText: false)
            #expect(unpacker.next()?.hasContent == true, "\(label)")
        }
    }

    /// In scripts, pages and documents that are text, as shell archives have it too.
    @Test(arguments: [
        ("#!/bin/sh\nuudecode <<\"EOF\"\n", "EOF\n"), ("<html><body><pre>\n", "</pre></body></html>\n"),
        ("<?xml version=\"1.0\"?>\n<a>\n", "</a>\n"), ("{\\rtf1 hello}\n", ""), ("@echo off\r\n", ""),
        ("Set x = CreateObject(\"WScript.Shell\")\r\n", ""),
    ])
    func uuencodedWithinOthers(_ front: String, _ rest: String) throws {
        for command in ["uuencode z z.gz", "uuencode -m z z.gz"] {
            let text = Array(front.utf8) + (try run("gzip -c in > z; \(command) > out")) + Array(rest.utf8)
            #expect(!Unpacked(text, messageSize: 1 << 20).places(of: eicar).isEmpty, "\(command)")
            #expect(!Unpacked(zip([("a", text)]), messageSize: 1 << 20).places(of: eicar).isEmpty, "\(command)")
        }
    }

    @Test(arguments: [
        "gzip -c in > z; bsdtar -cf out --format=shardump z", "gzip -c in > z; shar -B -V z > out",
        "gzip -c in > z; ( echo '#!/bin/sh'; echo 'sed s/^X// << END | uudecode'; uuencode z z.gz | sed s/^/X/; echo END ) > out",
    ])
    func shellArchives(_ script: String) throws {
        let result = Unpacked(try run(script), messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.types) \(result.problems)")
    }

    /// Words without a sign between them are written with the characters of base64.
    @Test func listsOfWordsAreNoFiles() {
        let words = (0..<500).map { "word internationalisation number \($0)\n" }.joined()
        #expect(Unpacked(Array(words.utf8), messageSize: 1 << 20).entries.isEmpty)
        // Blanks do not keep programs from decoding a file.
        let text = Data(eicar + eicar).base64EncodedString()
        let spaced = stride(from: 0, to: text.count, by: 8).map { text.dropFirst($0).prefix(8) }.joined(separator: " ")
        #expect(!Unpacked(Array(spaced.utf8), messageSize: 1 << 20).places(of: eicar + eicar).isEmpty)
    }

    /// An attachment of a mail that is attached is opened once.
    @Test func attachmentsOfAttachedMailComeOnce() throws {
        let mail = try run(
            "zip -q a.zip in; ( printf 'From: a@b.example\\nSubject: x\\nMIME-Version: 1.0\\nContent-Type: application/zip\\nContent-Transfer-Encoding: base64\\n\\n'; base64 a.zip ) > out"
        )
        let result = Unpacked(mail)
        #expect(result.places(of: eicar).count == 1, "\(result.entries.map(\.path))")
    }

    // MARK: Trees of ISO images

    @Test(arguments: ["-J -R -hide p.gz", "-J -hide-joliet p.gz", "-J -R -hide-joliet p.gz"])
    func filesInOneTreeOnly(_ options: String) throws {
        let image = try run(
            "mkdir d; gzip -c in > d/p.gz; echo filler > d/filler.txt; genisoimage -quiet \(options) -o out d")
        let result = Unpacked(image, messageSize: 1 << 20)
        #expect(!result.places(of: eicar).isEmpty, "\(result.names)")
        #expect(!result.isMarked)
    }

    @Test func treesThatAgreeGiveNothingMore() throws {
        let image = try run("mkdir -p d/s; cp in d/a.com; cp in d/s/b.com; genisoimage -quiet -J -R -o out d")
        #expect(Unpacked(image, messageSize: 1 << 20).places(of: eicar).count == 2)
    }

    /// The short name of the primary tree, which Windows shows where there is no Joliet, and the long one of Joliet.
    @Test(arguments: [("-R", "A.EXE"), ("-J -R", "A.EXE"), ("-J", "A.EXE")])
    func otherNamesOfAFile(_ options: String, _ name: String) throws {
        let image = try run("mkdir d; cp in d/a.exec; cp in d/b.txt; genisoimage -quiet \(options) -o out d")
        let result = Unpacked(image, messageSize: 1 << 20)
        let others = result.entries.filter { $0.content == nil && !$0.flags.contains(.directory) }
        #expect(others.flatMap(\.names) == [name], "\(result.names)")
        #expect(result.places(of: eicar).count == 2 && !result.isMarked)
    }

    @Test func bootImage() throws {
        let image = try run(
            "mformat -i d.img -C -f 1440 ::; gzip -c in > z; mcopy -i d.img z ::z.gz; mkdir d; cp d.img d/b.img; "
                + "genisoimage -quiet -b b.img -c b.cat -hide b.img -hide b.cat -o out d")
        #expect(!Unpacked(image, messageSize: 1 << 20).places(of: eicar).isEmpty)
    }

    /// Constants of a program are no directory.
    @Test func marksInAProgram() {
        var program = [UInt8](repeating: 0x90, count: 3000)
        program.replaceSubrange(0..<2, with: [0x4D, 0x5A])
        program.replaceSubrange(600..<604, with: [0x50, 0x4B, 1, 2])
        program.replaceSubrange(700..<704, with: [0x50, 0x4B, 5, 6])
        program.replaceSubrange(2900..<2904, with: [0x50, 0x4B, 5, 6])
        #expect(!Unpacked(program + zip([("a", eicar)])).places(of: eicar).isEmpty)
        let result = Unpacked(program + zip([("a", eicar)]))
        #expect(result.kinds.isEmpty && result.entries.count == 1, "\(result.problems)")
    }
}
