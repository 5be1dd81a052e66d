import Antivirus
import MailModel
import TestSupport
import Testing

/// Formats of signatures: each finds here what clamscan finds with the same files.
extension ClamAVEngineTests {
    /// What is scanned: a text, a program, archives that hold the text, mail.
    enum Sample: CaseIterable {
        case text, program, zip, encryptedZip, phish

        static let words = "green badgers read"
    }

    struct Format: Sendable, CustomTestStringConvertible {
        var sample: Sample
        /// Name and content of each file; HEX is the sample's words, MD5 and SHA256 digests of the sample or of its section.
        var files: [String: String]
        /// Without `.UNOFFICIAL`; empty for a clean sample.
        var found: String

        init(_ sample: Sample, _ files: [String: String], _ found: String = "") {
            (self.sample, self.files, self.found) = (sample, files, found)
        }

        var testDescription: String { files.keys.sorted().joined(separator: " ") }
    }

    private static let one = ["one.ndb": "One:0:*:HEX"]
    private static let programWords = ["words.ndb": "Words.Kind:1:*:HEX"]
    private static let listed = "H:www.bank.example.com"

    private static let formats: [Format] = [
        Format(.text, ["a.db": "Old.Kind=HEX"], "Old.Kind"),
        Format(.text, ["a.sdb": "Typed.Kind:0:*:HEX"], "Typed.Kind"),
        Format(.text, one, "One"),
        Format(.text, ["a.ndu": "PUA.Body:0:*:HEX"], "PUA.Body"),
        Format(.text, ["a.ldb": "Logic.Kind;Engine:51-255,Target:0;0;HEX"], "Logic.Kind"),
        Format(.text, ["a.ldu": "PUA.Logic;Engine:51-255,Target:0;0;HEX"], "PUA.Logic"),
        Format(.text, ["a.hdb": "MD5:18:Hash.Kind"], "Hash.Kind"),
        Format(.text, ["a.hdu": "MD5:18:PUA.Hash"], "PUA.Hash"),
        Format(.text, ["a.hsb": "SHA256:18:Hash.Kind:73"], "Hash.Kind"),
        Format(.text, ["a.hsu": "SHA256:*:PUA.Hash:73"], "PUA.Hash"),
        Format(.text, ["a.yar": "rule kind { strings: $a = \"green badgers\" condition: $a }"], "YARA.kind"),
        Format(.text, ["a.yara": "rule kind { strings: $a = \"green badgers\" condition: $a }"], "YARA.kind"),
        Format(
            .text,
            [
                "a.ioc": """
                <?xml version="1.0"?><ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="a"><definition>\
                <Indicator operator="OR" id="b"><IndicatorItem id="c" condition="is">\
                <Context document="FileItem" search="FileItem/Md5sum" type="mir"/><Content type="md5">MD5</Content>\
                </IndicatorItem></Indicator></definition></ioc>
                """
            ], "a.ioc.4a923badf90647186690a87b68110904"),
        Format(.program, ["a.mdb": "512:MD5:Section.Kind"], "Section.Kind"),
        Format(.program, ["a.mdu": "512:MD5:PUA.Section"], "PUA.Section"),
        Format(.program, ["a.msb": "512:SHA256:Section.Kind:73"], "Section.Kind"),
        Format(.program, ["a.msu": "512:SHA256:PUA.Section:73"], "PUA.Section"),
        Format(.program, ["a.imp": "\(MadeProgram.imports):Import.Kind"], "Import.Kind"),
        Format(
            .program,
            [
                "a.idb": "ICON:GROUP1:GROUP2:\(MadeProgram.icon)",
                "a.ldb": "Icon.Kind;Engine:51-255,Target:1,IconGroup1:GROUP1;0;HEX",
            ], "Icon.Kind"),
        // What the engine does not read any more: sections of programs.
        Format(.program, ["a.cfg": "PE:0x0:51:255", "a.mdb": "512:MD5:Section.Kind"]),
        // Another type for what begins with a word.
        Format(
            .text,
            [
                "a.ftm": "0:0:677265656e:Own type:CL_TYPE_ANY:CL_TYPE_GRAPHICS", "a.ndb": "Type.Kind:5:*:HEX",
            ], "Type.Kind"),
        Format(.zip, ["a.cdb": "Member.Kind:CL_TYPE_ZIP:*:t\\.txt:*:*:*:*:*:*"], "Member.Kind"),
        Format(.zip, ["a.zmd": "Member.Kind:0:t.txt:18:*:*:*:*:*"], "Member.Kind"),
        Format(
            .encryptedZip, ["a.pwdb": "Words;Engine:81-255,Container:CL_TYPE_ZIP;0;badger"].merging(one) { $1 }, "One"),
        // What takes a signature back.
        Format(.text, ["a.fp": "MD5:18:Fine"].merging(one) { $1 }),
        Format(.text, ["a.sfp": "SHA256:18:Fine:73"].merging(one) { $1 }),
        Format(.text, ["a.ign": "one:1:One"].merging(one) { $1 }),
        Format(.text, ["a.ign2": "One"].merging(one) { $1 }),
        // Certificates that are trusted or not; here nothing is signed.
        Format(
            .text,
            [
                "a.crb":
                    "Name;0;\(String(repeating: "1", count: 40));\(String(repeating: "2", count: 40));00aabbcc;010001;1;0;0;0;x"
            ].merging(one) { $1 }, "One"),
        Format(.phish, ["a.pdb": listed], "Heuristics.Phishing.Email.SpoofedDomain"),
        Format(.phish, ["a.pdb": listed, "a.wdb": "M:evil.example.net:www.bank.example.com"]),
        Format(.phish, ["a.gdb": "S1:P:PREFIX\nS1:F:HOST"], "Heuristics.Phishing.URL.Blocked"),
    ]

    private func bytes(_ sample: Sample, _ scratch: Scratch) throws -> [UInt8] {
        switch sample {
        case .text: return Array(Sample.words.utf8)
        case .program: return MadeProgram.bytes
        case .zip, .encryptedZip:
            let file = try scratch.write("t.txt", Sample.words)
            let key = sample == .zip ? [] : ["-P", "badger"]
            let made = try runTool("zip", ["-qj"] + key + [scratch.path + "/made.zip", file])
            try #require(made.status == 0, "\(made)")
            return try runTool("cat", [scratch.path + "/made.zip"]).output
        case .phish:
            return Array(
                """
                From: a@example.com\r\nTo: b@example.net\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n\
                <html><body><a href="http://evil.example.net/x">http://www.bank.example.com/</a></body></html>\r\n
                """.utf8)
        }
    }

    /// Fills in what files of signatures say about a content.
    private func filled(_ line: String, _ bytes: [UInt8], _ sample: Sample) throws -> String {
        func hex(_ octets: some Sequence<UInt8>) -> String {
            octets.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        func sum(_ program: String, _ octets: [UInt8]) throws -> String {
            String(try runTool(program, [], input: octets).text.prefix { $0 != " " })
        }
        let part = sample == .program ? Array(bytes[MadeProgram.code]) : bytes
        var out = line.replacing("HEX", with: hex(MadeProgram.words.utf8))
        out = out.replacing("SHA256", with: try sum("sha256sum", part)).replacing("MD5", with: try sum("md5sum", part))
        let host = try sum("sha256sum", Array("evil.example.net/".utf8))
        return out.replacing("PREFIX", with: String(host.prefix(8))).replacing("HOST", with: host)
    }

    @Test(
        .enabled(if: Programs.peer("clamscan") != nil, "clamscan is not installed (make test-deps)"), arguments: formats
    )
    func formatsOfDatabases(format: Format) throws {
        let scratch = try Scratch(.memory)
        let database = try scratch.directory("database")
        let bytes = try bytes(format.sample, scratch)
        for (name, line) in format.files {
            try scratch.write("database/" + name, try filled(line, bytes, format.sample) + "\n")
        }
        try scratch.write("database/never.ndb", "Never:0:*:\(String(repeating: "5a", count: 20))\n")
        var settings = EngineSettings(database: database, maxScanSize: 1 << 20, maxRecursion: 10, maxFiles: 100)
        settings.options = [.standard, .pua]
        let engine = try ClamAVEngine(settings)
        try engine.setTemporaryDirectory(scratch.path)
        let ours = bytes.withUnsafeBytes { engine.scan($0, parsingMail: true).outcomes }
        let isOwn = !format.found.hasPrefix("Heuristics.")
        let name = format.found + (isOwn ? ".UNOFFICIAL" : "")
        let encrypted = format.sample == .encryptedZip ? [ScanOutcome.encrypted("Heuristics.Encrypted.Zip")] : []
        #expect(ours.filter { !encrypted.contains($0) } == (format.found.isEmpty ? [] : [.found(name)]))
        let file = try scratch.write("sample", bytes)
        let theirs = try runTool(
            Programs.peer("clamscan") ?? "",
            ["--no-summary", "--detect-pua=yes", "--database=\(database)", file])
        #expect(theirs.text.contains(format.found.isEmpty ? ": OK\n" : ": \(name) FOUND\n"), "\(theirs)")
    }
}
