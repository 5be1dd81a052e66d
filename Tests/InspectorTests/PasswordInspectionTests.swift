import Foundation
import Glibc
import InspectionLink
import Linux
import MailModel
import TestSupport
import Testing

/// Passwords that a message tells, and what they open, in reports.
@Suite struct PasswordInspectionTests {
    /// An archive of 7-Zip whose password is Tr33house.
    private static func archive() throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        try scratch.write("run.com", Messages.eicar)
        let made = try runTool(
            "sh", ["-c", "cd \(scratch.path) && 7z a -mhe=on -pTr33house out.7z run.com >/dev/null && cat out.7z"])
        try #require(made.status == 0, "\(made)")
        return made.output
    }

    private static func report(on parts: [(String, [UInt8])], header: String = "") throws -> Report {
        var mail =
            "From: a@x.example\r\n\(header)MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        for (type, content) in parts {
            let lines = Data(content).base64EncodedString(options: [
                .lineLength76Characters, .endLineWithCarriageReturn,
            ])
            mail += "--b\r\nContent-Type: \(type)\r\nContent-Transfer-Encoding: base64\r\n\r\n\(lines)\r\n"
        }
        let gateway = try TestGateway()
        try gateway.configure()
        return try gateway.report(on: Array((mail + "--b--\r\n").utf8), by: try gateway.fork(1))
    }

    private static let sentence = "The password is Tr33house"

    /// Where a reader sees it: in a note that is attached under a type that says nothing, in a document, a page, a field.
    @Test(.enabled(if: Programs.peer("7z") != nil)) func whereThePasswordIsSeen() throws {
        let archive = ("application/octet-stream; name=out.7z", try Self.archive())
        let file = "application/octet-stream; name=read.me"
        func page(_ html: String) -> (String, [UInt8]) { ("text/html", Array(html.utf8)) }
        let package = try runTool(
            "python3",
            [
                "-c",
                """
                import sys, zipfile
                z = zipfile.ZipFile(sys.stdout.buffer, "w", zipfile.ZIP_DEFLATED)
                z.writestr("[Content_Types].xml", "<Types/>")
                z.writestr("picture", bytes(n * n * 2654435761 >> 13 & 255 for n in range(40000)))
                z.writestr("word/document.xml", "<w:p><w:r><w:t>\(Self.sentence)</w:t></w:r></w:p>")
                z.close()
                """,
            ])
        try #require(package.status == 0, "\(package)")
        for parts in [
            [(file, Array(Self.sentence.utf8))], [(file, Array("{\\rtf1 \(Self.sentence)\\par}".utf8))],
            [(file, package.output)], [page("<title>\(Self.sentence)</title>see there")],
            [page("<p>The password is <img alt='Tr33house'> here</p>")],
            [page("<p>The password is <input value='Tr33house'>")],
        ] {
            let report = try Self.report(on: parts + [archive])
            #expect(!report.viruses.isEmpty && report.unchecked.isEmpty, "\(parts[0].0) \(report.unchecked)")
        }
        let header = "From: a@x.example\r\nSubject: \(Self.sentence)\r\n\r\nwords\r\n"
        for type in ["message/rfc822", "application/octet-stream; name=a.eml"] {
            let report = try Self.report(on: [archive, (type, Array(header.utf8))])
            #expect(!report.viruses.isEmpty && report.unchecked.isEmpty, "\(type) \(report.unchecked)")
        }
        for field in ["Comments", "Keywords"] {
            let report = try Self.report(on: [archive], header: "\(field): \(Self.sentence)\r\n")
            #expect(!report.viruses.isEmpty && report.unchecked.isEmpty)
        }
        let described = try Self.report(
            on: [(archive.0 + "\r\nContent-Description: \(Self.sentence)", archive.1)])
        #expect(!described.viruses.isEmpty && described.unchecked.isEmpty)
    }

    /// Before the first part and behind the last one; in the text of another archive that comes later; in a link; in text that is
    /// turned, with letters in it that nobody sees.
    @Test(.enabled(if: Programs.peer("7z") != nil)) func whereElseThePasswordIsSeen() throws {
        let archive = ("application/octet-stream; name=out.7z", try Self.archive())
        let head = "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        let part =
            "--b\r\nContent-Type: \(archive.0)\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + Data(archive.1).base64EncodedString() + "\r\n--b--\r\n"
        let gateway = try TestGateway()
        try gateway.configure()
        let worker = try gateway.fork(1)
        for mail in [head + Self.sentence + "\r\n" + part, head + part + Self.sentence + "\r\n"] {
            let report = try gateway.report(on: Array(mail.utf8), by: worker)
            #expect(!report.viruses.isEmpty, "\(report.unchecked)")
        }
        let scratch = try Scratch(.memory)
        try scratch.write("note.txt", Array(Self.sentence.utf8))
        let note = try runTool("sh", ["-c", "cd \(scratch.path) && 7z a note.7z note.txt >/dev/null && cat note.7z"])
        try #require(note.status == 0, "\(note)")
        func page(_ html: String) -> (String, [UInt8]) { ("text/html", Array("<p>\(html)</p>".utf8)) }
        for parts in [
            [archive, ("application/octet-stream; name=note.7z", note.output)],
            [page("<a href='https://x.example/?password=%54r33house&amp;a=b'>here</a>"), archive],
            [page("The password is Tr3<span style='display:none'>xyz</span>3house"), archive],
            [page("The password is <bdo dir=rtl>esuoh33rT</bdo> there"), archive],
            [page("The password is <span style='unicode-bidi:bidi-override;direction:rtl'>esuoh33rT</span>"), archive],
            [page("The password is Tr33&rlm;house"), archive],
        ] {
            let report = try Self.report(on: parts)
            #expect(!report.viruses.isEmpty && report.unchecked.isEmpty, "\(parts[0].0) \(report.unchecked)")
        }
    }

    /// A PDF that a password opened is not encrypted, whatever the scanner says, which has none; the report tells where the
    /// password comes from, and not which.
    @Test(
        .enabled(if: CorpusTests.isPresent, "the corpora are not beside the package"),
        arguments: [
            ("aes-128", "foo.pdf", "", "the name of a file"), ("aes-128", "other.pdf", "carol@b.example", nil),
            ("aes-256", "other.pdf", "foo@b.example", "a password made from an address"),
        ] as [(String, String, String, String?)])
    func documentsOpenedWithAPassword(_ sample: String, _ name: String, _ address: String, _ source: String?) throws {
        let path = CorpusTests.corpora + "/archives/pdf-pdfminer/samples/encryption/\(sample).pdf"
        let file = try Descriptor.open(path, O_RDONLY)
        let message = Messages.attached(try file.read(at: 0, count: file.size()), name: name)
        let gateway = try TestGateway()
        try gateway.configure()
        let report = try gateway.report(
            on: message, by: try gateway.fork(1),
            context: InspectionContext(addresses: address.isEmpty ? [] : [address]))
        let notes = report.parts.flatMap(\.notes)
        #expect(report.unchecked.map(\.reason) == (source == nil ? [.encrypted] : []), "\(report.unchecked)")
        #expect(report.parts.contains(where: \.encrypted) == (source == nil))
        #expect(notes.filter { $0.hasPrefix("opened with") } == (source.map { ["opened with \($0)"] } ?? []))
        #expect(!notes.contains { $0.hasPrefix("password") || $0.contains("foo") })
    }

    /// A name of the envelope is the password.
    @Test func passwordOfTheEnvelope() throws {
        let archive = try Self.encryptedZip(password: "carol")
        func report(_ addresses: [String]) throws -> Report {
            let gateway = try TestGateway()
            try gateway.configure()
            return try gateway.report(
                on: Messages.attached(archive), by: try gateway.fork(1),
                context: InspectionContext(addresses: addresses))
        }
        let opened = try report(["bob@b.example", "carol@mail.example"])
        #expect(!opened.viruses.isEmpty)
        #expect(opened.parts.contains { $0.notes.contains("opened with a password made from an address") })
        let closed = try report([])
        #expect(closed.viruses.isEmpty && closed.unchecked.contains { $0.reason == .encrypted })
    }

    /// As `zip -P` writes it.
    private static func encryptedZip(password: String) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        try scratch.write("run.com", Messages.eicar)
        guard TestGateway.run(["/bin/sh", "-c", "cd \(scratch.path) && zip -q -P \(password) out.zip run.com"]) == 0
        else {
            throw TestGatewayError(description: "zip: make test-deps installs it")
        }
        let file = try Descriptor.open("\(scratch.path)/out.zip", O_RDONLY)
        return try file.read(at: 0, count: file.size())
    }
}
