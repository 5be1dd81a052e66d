import Digests
import Documents
import Foundation
import Members
import TestSupport
import Testing

/// Samples of every format, cut off and damaged: no trap, and never more out than the limits say.
@Suite struct HostileTests {
    private static let limit = 4 << 20

    private static func options() -> DocumentOptions {
        var options = DocumentOptions()
        options.limits.decodedOctets = limit
        options.limits.items = 20_000
        options.limits.passwordRounds = 2_000
        return options
    }

    /// One small sample of each format, made here.
    static let samples: [(String, [UInt8])] = {
        var writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: packaged(eicar, name: "a.exe", wideName: "b.exe"))
        writer.add("VBA", "dir", content: vbaCompressed([UInt8](repeating: 0x19, count: 80)))
        writer.add("VBA", "Module", content: vbaCompressed(Array("Attribute VB_Name = \"a\"\r\n".utf8) + eicar))
        writer.add(
            "Workbook",
            content: [9, 8, 4, 0, 0, 6, 5, 0, 0x85, 0, 9, 0, 0, 0, 0, 0, 0, 1, 1, 0, 65]
                + [UInt8](repeating: 0, count: 60))
        var message = CompoundFileWriter()
        message.add("__properties_version1.0", content: [UInt8](repeating: 0, count: 80))
        message.add("__attach_version1.0_#00000000", "__substg1.0_37010102", content: eicar)
        message.add("__attach_version1.0_#00000000", "__substg1.0_3707001F", content: [UInt8](utf16: "a.exe"))
        let rich =
            "{\\rtf1{\\object{\\*\\objdata "
            + RichTextTests.hexadecimal(
                RichTextTests.object("Package", packaged(eicar, name: "a.exe", isStream: false)))
            + "}}{\\field{\\*\\fldinst DDEAUTO x}}}"
        let pdf =
            Array(
                "%PDF-1.7\n1 0 obj<</F(a.exe)/EF<</F 2 0 R>>/S/URI/URI(x)>>endobj\n2 0 obj<</Filter[/AHx/Fl]>>stream\n"
                    .utf8)
            + Array(RichTextTests.hexadecimal(PDFTests.deflated(eicar)).utf8) + Array("\nendstream endobj".utf8)
        let xml =
            "<?xml version='1.0'?><a xmlns='http://schemas.openxmlformats.org/x'><Relationship Type='x/y' "
            + "Target='http://a' TargetMode='External'/><w:instrText>DDE a</w:instrText><w:binData w:name='x'>"
            + Data(eicar).base64EncodedString() + "</w:binData></a>"
        let html = "<html><script>atob('\(Data(eicar).base64EncodedString())'); new Blob([1,2,3])</script>"
        return [
            ("compound", writer.bytes()), ("message", message.bytes()), ("rich text", Array(rich.utf8)), ("pdf", pdf),
            ("tnef", TNEFTests.tnef(TNEFTests.attachment(eicar))),
            ("onenote", OneNoteTests.section([eicar], names: ["a.hta"])),
            ("shortcut", ShortcutTests.shortcut(arguments: "/c x", behind: eicar)),
            ("help", CompiledHelpTests.help([("/a.exe", 0, eicar.count)], content: eicar)),
            ("xml", Array(xml.utf8)), ("html", Array(html.utf8)),
            ("active mime", Array("ActiveMime".utf8) + [UInt8](repeating: 0, count: 40) + PDFTests.deflated(eicar)),
        ]
    }()

    /// Formats whose documents hold facts rather than files.
    private static let others: [[UInt8]] = [
        Array("[InternetShortcut]\r\nURL=file://host.example/a.hta\r\n".utf8), OfficeXMLTests.link(1, "cmd", "/c calc"),
        Array("ID;PWXL;N;E\r\nNN;NAuto_Open;ER1C1\r\nC;X1;Y1;EEXEC(\"x\")\r\n".utf8),
        SecureMailTests.compressed(eicar),
        Array(
            "-----BEGIN PGP MESSAGE-----\n\n\(Data([0x85, 1, 12, 3] + [UInt8](repeating: 1, count: 12)).base64EncodedString())\n"
                .utf8),
    ]

    /// Each row of the documents in `docs/FORMATS.md` has a document here from which something comes.
    @Test func everyFormatHasASample() {
        let documents = Self.samples.map(\.1) + Self.others
        for format in DocumentFormat.all {
            let found = documents.filter { format.matches($0.span) }.map { document in
                let collector = Collector(document)
                format.read(document.span, options: DocumentOptions(), sink: collector)
                return collector
            }
            #expect(
                found.contains { !$0.items.isEmpty || !$0.facts.isEmpty || !$0.problems.isEmpty },
                "\(format.name): \(found.count) samples")
        }
    }

    private static func check(_ document: [UInt8], _ what: @autoclosure () -> String) {
        let found = read(document, options())
        let octets = found.items.reduce(0) { $0 + ($1.content?.count ?? 0) }
        // Ranges of the document count as they are, decoded ones by the limit.
        #expect(octets <= limit + document.count * 4, "\(what())")
    }

    @Test(arguments: samples)
    func everySampleHoldsTheTestFile(name: String, document: [UInt8]) {
        #expect(readAll(document).contains { $0.content == eicar }, "\(name)")
    }

    @Test(arguments: samples)
    func cutOffAtEveryPosition(name: String, document: [UInt8]) {
        for length in 0..<document.count { Self.check(Array(document[..<length]), "\(name) to \(length)") }
    }

    @Test(arguments: samples)
    func damaged(name: String, document: [UInt8]) {
        var random = SeededGenerator(seed: UInt64(document.count))
        for round in 0..<1_500 {
            var bytes = document
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] = [0, 0xFF, 0x7F, 0x80].randomElement(using: &random) ?? 0
                case 2:
                    // A number of four octets.
                    let number = [0xFFFF_FFFF, 0x7FFF_FFFF, 0, bytes.count].randomElement(using: &random) ?? 0
                    for (index, octet) in [UInt8](little: number, 4).enumerated() where place + index < bytes.count {
                        bytes[place + index] = octet
                    }
                default: bytes.remove(at: place)
                }
                if bytes.isEmpty { break }
            }
            Self.check(bytes, "\(name), round \(round)")
        }
    }

    /// Nothing but noise behind each head.
    @Test(arguments: samples)
    func noise(name: String, document: [UInt8]) {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<100 {
            let head = document.prefix(Int.random(in: 4...100, using: &random))
            let count = Int.random(in: 0...4_000, using: &random)
            Self.check(head + (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }, name)
        }
    }

    /// Other people's documents, cut off and damaged.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func damagedDocuments() throws {
        var random = SeededGenerator(seed: 1)
        let files = Corpora.files("oletools", "tnef/files/datafiles", "clamav-testfiles", "pdf-pdfminer/samples")
        var read = 0
        for file in files {
            let document = try Corpora.bytes(file)
            guard document.count > 100, document.count < 120_000, !formats(document).isEmpty else { continue }
            read += 1
            for round in 0..<6 {
                var bytes =
                    round % 2 == 0
                    ? document : Array(document.prefix(Int.random(in: 1...document.count, using: &random)))
                for _ in 0..<(1 << round) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                Self.check(bytes, "\(file), round \(round)")
            }
        }
        #expect(read > 100)
    }

    /// The sink's no ends the work at once.
    @Test(arguments: samples)
    func nothingAfterTheSinkSaysNo(name: String, document: [UInt8]) {
        let all = read(document).items.count
        for most in 0..<all { #expect(read(document, most: most).items.count == most, "\(name)") }
        let found = read(document, room: 0)
        #expect(found.items.allSatisfy { $0.content?.isEmpty != false }, "\(name)")
    }
}
