import Foundation
import InspectionLink
import MailModel
import TestSupport
import Testing

/// Signatures about what is around a file: what the embedded engine says of mail whose structure and archives it does not open
/// itself, and clamscan of the same mail as a whole.
@Suite(.enabled(if: Programs.peer("clamscan") != nil, "clamscan is not installed (make test-deps)"))
struct ContainerSignatureTests {
    private static let words = "green badgers"
    private static let hex = words.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    private static let one = "T.One:0:*:\(hex)\n"
    /// So long that archives compress it, and hold the words in no other form.
    private static let text = String(repeating: "\(words) read the almanac\n", count: 20)

    /// A mail with a zip archive that holds the words, and a second one around it where wanted.
    private struct Sample {
        let scratch: Scratch
        let archive: [UInt8]
        let mail: [UInt8]

        init(isNested: Bool = false) throws {
            scratch = try Scratch(.memory)
            var file = try scratch.write("words.txt", ContainerSignatureTests.text)
            for name in ["inner.zip", "outer.zip"].prefix(isNested ? 2 : 1) {
                let made = try runTool("zip", ["-qj", "\(scratch.path)/\(name)", file])
                try #require(made.status == 0, "\(made)")
                file = "\(scratch.path)/\(name)"
            }
            archive = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
            let text = """
                From: a@example.com
                Date: Mon, 1 Jan 2024 00:00:00 +0000
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary=b

                --b
                Content-Type: application/zip; name=a.zip
                Content-Disposition: attachment; filename=a.zip
                Content-Transfer-Encoding: base64

                \(Data(archive).base64EncodedString(options: .lineLength76Characters))
                --b--

                """
            mail = Array(text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n").utf8)
        }

        /// The names that the engine says, and that clamscan says.
        func names(_ files: [String: String], _ options: EngineOptions = .standard) throws -> (Set<String>, Set<String>)
        {
            let database = try scratch.directory("database")
            for old in try FileManager.default.contentsOfDirectory(atPath: database) {
                try FileManager.default.removeItem(atPath: "\(database)/\(old)")
            }
            try scratch.copy(Programs.signatures, to: "database/test.ndb")
            for (name, text) in files { try scratch.write("database/\(name)", text) }
            let gateway = try TestGateway()
            var settings = gateway.settings(database: database)
            settings.clamav?.options = options
            try gateway.configure(settings)
            let report = try gateway.report(on: mail, by: try gateway.fork(1))
            #expect(report.completedScanners == ["clamav"] && report.unchecked.isEmpty, "\(report.unchecked)")
            let path = try scratch.write("mail", mail)
            let said = try runTool(
                Programs.peer("clamscan") ?? "", ["--no-summary", "--allmatch", "--database=\(database)", path])
            let found = said.lines.filter { $0.hasSuffix(" FOUND") }.map {
                String($0.dropFirst(path.utf8.count + 2).dropLast(6))
            }
            return (Set(report.findings.map(\.name)), Set(found))
        }
    }

    private static let signatures: [(name: String, file: String, line: String)] = [
        ("archive", "a.ldb", "T.In;Engine:81-255,Container:CL_TYPE_ZIP,Target:0;0;\(hex)"),
        ("mail", "a.ldb", "T.In;Engine:81-255,Intermediates:CL_TYPE_MAIL>CL_TYPE_ZIP,Target:0;0;\(hex)"),
        ("both", "a.ldb", "T.In;Engine:81-255,Intermediates:CL_TYPE_ZIP,Target:0;0;\(hex)"),
        ("members", "a.cdb", "T.In:CL_TYPE_ZIP:*:words\\.txt:*:*:*:*:*:*"),
        ("another container", "a.ldb", "T.In;Engine:81-255,Container:CL_TYPE_RAR,Target:0;0;\(hex)"),
    ]

    @Test(arguments: [false, true]) func whatIsAround(isNested: Bool) throws {
        let sample = try Sample(isNested: isNested)
        for (name, file, line) in Self.signatures {
            let (ours, theirs) = try sample.names([file: line + "\n"])
            #expect(ours == theirs, "\(name): \(ours), clamscan \(theirs)")
            #expect(name == "another container" ? theirs.isEmpty : theirs.count <= 1, "\(name): \(theirs)")
        }
    }

    /// It costs time, so that it can be left out.
    @Test func itIsASetting() throws {
        let sample = try Sample()
        let (_, file, line) = Self.signatures[0]
        #expect(try sample.names([file: line + "\n"]).0 == ["T.In.UNOFFICIAL"])
        #expect(try sample.names([file: line + "\n"], EngineOptions.standard.subtracting(.containers)).0.isEmpty)
    }

    /// What the signatures call fine by its digest is so with all that is in it: as a member, the archive, the whole mail.
    @Test(arguments: [false, true]) func goodFiles(isNested: Bool) throws {
        let sample = try Sample(isNested: isNested)
        func sum(_ program: String, _ octets: [UInt8]) throws -> String {
            String(try runTool(program, [], input: octets).text.prefix { $0 != " " })
        }
        let plain = try sample.names(["a.ndb": Self.one])
        #expect(plain.0 == ["T.One.UNOFFICIAL"] && plain.1 == plain.0)
        for octets in [Array(Self.text.utf8), sample.archive, sample.mail] {
            let md5 = try sum("md5sum", octets)
            for (file, line) in [
                ("a.fp", "\(md5):\(octets.count):Fine"),
                ("a.sfp", "\(try sum("sha1sum", octets)):\(octets.count):Fine"),
                ("a.sfp", "\(try sum("sha256sum", octets)):*:Fine:73"),
            ] {
                let (ours, theirs) = try sample.names(["a.ndb": Self.one, file: line + "\n"])
                #expect(ours == theirs && ours.isEmpty, "\(file) \(octets.count): \(ours), clamscan \(theirs)")
            }
            // The digest of another file, and another size.
            for line in ["\(String(md5.reversed())):\(octets.count):Fine", "\(md5):\(octets.count + 1):Fine"] {
                let (ours, theirs) = try sample.names(["a.ndb": Self.one, "a.fp": line + "\n"])
                #expect(ours == theirs && ours == ["T.One.UNOFFICIAL"], "\(line): \(ours), clamscan \(theirs)")
            }
        }
    }
}
