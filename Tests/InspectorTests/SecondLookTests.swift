import InspectionLink
import MailModel
import Members
import TestSupport
import Testing

/// Limits of libclamav where it takes something apart a second time, for signatures that ask for what is around a file.
@Suite struct SecondLookTests {
    private static let words = "green badgers"
    private static let hex = words.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()

    /// The mail that a program in Python makes.
    private static func mail(_ program: String) throws -> [UInt8] {
        let made = try runTool(
            "python3",
            [
                "-c",
                """
                import email.message, io, sys, zipfile, zlib
                def archive(files):
                    out = io.BytesIO()
                    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
                        for number, content in enumerate(files): made.writestr(f"{number}.x", content)
                    return out.getvalue()
                def document(content):
                    packed = zlib.compress(content)
                    head = b"%PDF-1.4\\n1 0 obj\\n<< /Length " + str(len(packed)).encode() + b" /Filter /FlateDecode >>\\nstream\\n"
                    return head + packed + b"\\nendstream\\nendobj\\ntrailer\\n<< >>\\nstartxref\\n0\\n%%EOF\\n"
                def mail(content, kind=("application", "zip")):
                    made = email.message.EmailMessage()
                    made["From"], made["Date"] = "a@example.com", "Mon, 1 Jan 2024 00:00:00 +0000"
                    made.set_content("See.")
                    if isinstance(content, bytes): made.add_attachment(content, *kind, filename="a.zip")
                    else: made.add_attachment(content)
                    return made
                words = b"\(words) read the almanac\\n"
                """ + "\n" + program
                    + "\nsys.stdout.buffer.write(made.as_bytes().replace(b'\\n', b'\\r\\n'))\n",
            ])
        try #require(made.status == 0, "\(made)")
        return made.output
    }

    /// A report on mail, with a signature that asks for the archive around the words, or for the mail around that.
    private static func report(
        on mail: [UInt8], _ limits: (size: Int, recursion: Int, files: Int), around: String = "Container:CL_TYPE_ZIP",
        _ options: EngineOptions = .standard
    ) throws -> Report {
        let scratch = try Scratch(.memory)
        try scratch.write("test.ldb", "T.In;Engine:81-255,\(around),Target:0;0;\(hex)\n")
        let gateway = try TestGateway()
        var settings = gateway.settings(database: scratch.path)
        settings.clamav = ClamAVSettings(
            database: scratch.path, maxScanSize: limits.size, maxRecursion: limits.recursion, maxFiles: limits.files,
            options: options)
        try gateway.configure(settings)
        var bounds = TestGateway.limits
        bounds.unpacking = UnpackingLimits(minimumQuota: 4 << 20, maximumQuota: 4 << 20)
        return try gateway.report(on: mail, by: try gateway.fork(1), limits: bounds)
    }

    /// What is within the limits thing by thing, and within those of our own unpacking as a whole, is found and is not unchecked.
    @Test(arguments: [
        (
            "files", "made = mail(archive([b'%d' % i for i in range(30)] + [words]))", (1 << 30, 17, 4),
            "Container:CL_TYPE_ZIP"
        ),
        (
            "size", "made = mail(archive([b'%d' % i * 50_000 for i in range(30)] + [words]))", (1 << 20, 17, 100),
            "Container:CL_TYPE_ZIP"
        ),
        (
            "recursion", "made = mail(archive([archive([archive([archive([words])])])]))", (1 << 30, 2, 100),
            "Container:CL_TYPE_ZIP"
        ),
        (
            "mail", "made = mail(archive([words]))\nfor _ in range(20): made = mail(made)", (1 << 30, 17, 100),
            "Intermediates:CL_TYPE_MAIL>CL_TYPE_ZIP"
        ),
    ])
    func whatIsWithinLimitsByItself(
        name: String, program: String, limits: (Int, Int, Int), around: String
    ) throws {
        let report = try Self.report(on: try Self.mail(program), limits, around: around)
        #expect(report.viruses.map(\.name) == ["T.In.UNOFFICIAL"], "\(name)")
        #expect(report.unchecked.isEmpty && report.completedScanners == ["clamav"], "\(name): \(report.unchecked)")
    }

    /// Documents that hold much more than they are, each within the limits, and not together: what these signatures ask for was not
    /// looked for, which is told. Everything else was looked for.
    @Test func whatIsBeyondThemTogether() throws {
        let mail = try Self.mail(
            "made = mail(archive([document(b'x' * 700_000 + b'%d' % i) for i in range(30)]))")
        let limits = (size: 1 << 20, recursion: 17, files: 100)
        let report = try Self.report(on: mail, limits)
        let zip = report.parts.firstIndex { $0.names == ["a.zip"] }
        #expect(
            report.unchecked == [
                Unchecked(.overLimits, part: zip, detail: "Heuristics.Limits.Exceeded.MaxScanSize")
            ])
        #expect(report.completedScanners.isEmpty && report.viruses.isEmpty)
        let without = try Self.report(on: mail, limits, EngineOptions.standard.subtracting(.containers))
        #expect(without.unchecked.isEmpty && without.completedScanners == ["clamav"])
    }

    /// As deep as the settings let it go, libclamav does not run out of files: the sender of such mail would choose that it is put off.
    @Test func deepContentsAreOverLimits() throws {
        let mail = try Self.mail(
            "content = words\nfor _ in range(98): content = archive([content])\nmade = mail(content)")
        let report = try Self.report(on: mail, (1 << 30, 100, 1000), around: "Container:CL_TYPE_MAIL")
        #expect(!report.unchecked.isEmpty)
        #expect(report.unchecked.allSatisfy { $0.reason == .overLimits }, "\(report.unchecked)")
    }

    /// The limits of that look are its own.
    @Test func otherLooksKeepTheirLimits() throws {
        // Nobody but libclamav takes the second one apart.
        let mail = try Self.mail(
            """
            made = mail(archive([words]))
            made.add_attachment(document(b'x' * 3_000_000), "application", "pdf", filename="b.pdf")
            """)
        let report = try Self.report(on: mail, (size: 1 << 20, recursion: 17, files: 100))
        #expect(report.viruses.map(\.name) == ["T.In.UNOFFICIAL"])
        #expect(report.unchecked.map(\.detail) == ["Heuristics.Limits.Exceeded.MaxScanSize"])
    }

    private static let damage = """
        def damaged(content):
            content = bytearray(content)
            for mark, place in ((b"PK\\x03\\x04", 14), (b"PK\\x01\\x02", 16)):
                content[content.index(mark) + place] ^= 1
            return bytes(content)

        """

    /// What our own reader found damaged the scanner takes apart, too: both within what the message may unpack to, 4 MiB.
    @Test(arguments: [(1 << 20, 1, false), (3 << 20, 1, true), (1 << 20, 3, true)])
    func damagedContainersShareTheBudget(octets: Int, count: Int, isOver: Bool) throws {
        let mail = try Self.mail(
            Self.damage
                + """
                made = mail(damaged(archive([b"0" * \(octets)])))
                for number in range(1, \(count)):
                    made.add_attachment(
                        damaged(archive([b"%d" % number * \(octets)])), "application", "zip", filename="b.zip")
                """)
        let report = try Self.report(on: mail, (1 << 30, 17, 100), around: "Container:CL_TYPE_MAIL")
        #expect(report.unchecked.contains { $0.reason == .corrupt })
        #expect(report.unchecked.contains { $0.reason == .overLimits } == isOver, "\(report.unchecked)")
    }

    /// Pages of documents have some octets beside that budget, all documents of a message together.
    @Test(arguments: [(60 << 20, 2, false), (60 << 20, 5, true)])
    func pagesOfDocuments(octets: Int, count: Int, isOver: Bool) throws {
        let mail = try Self.mail(
            """
            made = mail(document(b"0" * \(octets)), ("application", "pdf"))
            for number in range(1, \(count)):
                made.add_attachment(document(b"%d" % number * \(octets)), "application", "pdf", filename="b.pdf")
            """)
        let report = try Self.report(on: mail, (1 << 30, 17, 100), around: "Container:CL_TYPE_MAIL")
        let isTold = report.unchecked.contains { $0.detail == "Heuristics.Limits.Exceeded.MaxScanSize" }
        #expect(isTold == isOver, "\(report.unchecked)")
    }
}
