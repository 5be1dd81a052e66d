import Foundation
import Glibc
import InspectionLink
import Linux
import MailModel
import Members
import TestSupport
import Testing

/// Containers in reports: members are parts, scanned one by one, within the limits, in the closed sandbox.
@Suite struct UnpackingInspectionTests {
    private static let virus = Array(Messages.eicar.utf8)

    /// An ar archive: members as they stand behind headers of 60 octets (`ar(5)`).
    private static func archive(_ members: [(String, [UInt8])]) -> [UInt8] {
        var out = Array("!<arch>\n".utf8)
        for (name, content) in members {
            func padded(_ text: String, _ width: Int) -> [UInt8] {
                Array(text.utf8) + [UInt8](repeating: 0x20, count: max(0, width - text.utf8.count))
            }
            out += padded("\(name)/", 16) + padded("0", 12) + padded("0", 6) + padded("0", 6) + padded("100644", 8)
            out += padded("\(content.count)", 10) + [0x60, 0x0A] + content
            if content.count % 2 == 1 { out.append(0x0A) }
        }
        return out
    }

    private func report(
        _ content: [UInt8], name: String = "data.bin", _ unpacking: UnpackingLimits = UnpackingLimits()
    ) throws -> Report {
        let gateway = try TestGateway()
        try gateway.configure()
        var limits = TestGateway.limits
        limits.unpacking = unpacking
        return try gateway.report(on: Messages.attached(content, name: name), by: try gateway.fork(1), limits: limits)
    }

    /// An installer of NSIS as far as libclamav asks for one, with a file in it: a header and blocks, each behind its size.
    private static func installer(_ file: [UInt8]) throws -> [UInt8] {
        let made = try runTool(
            "python3",
            [
                "-c",
                """
                import struct, sys, zlib
                def block(content):
                    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
                    packed = packer.compress(content) + packer.flush()
                    return struct.pack("<I", len(packed) | 0x80000000) + packed
                blocks = block(bytes(300)) + block(sys.stdin.buffer.read())
                program = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\\0\\0" + bytes(444)
                head = struct.pack("<II", 0, 0xDEADBEEF) + b"NullsoftInst" + struct.pack("<II", 300, len(blocks) + 28)
                sys.stdout.buffer.write(program + head + blocks)
                """,
            ], input: file)
        try #require(made.status == 0, "\(made)")
        return made.output
    }

    /// Only libclamav opens it: an archive behind it that was opened here keeps nobody from that.
    @Test func anInstallerWithAnArchiveBehindIt() throws {
        let installer = try Self.installer(Self.virus)
        #expect(try !report(installer, name: "setup.exe").viruses.isEmpty)
        let archive = try #require(Data(base64Encoded: Self.harmlessZip))
        let report = try report(installer + archive, name: "setup.exe")
        #expect(report.viruses.contains { $0.part.map { report.parts[$0].path } == "1.2" })
        #expect(report.parts.contains { $0.names == ["a.txt"] })
        #expect(report.unchecked.map(\.reason) == [.unsupported], "\(report.unchecked)")
    }

    private static let harmlessZip =
        "UEsDBBQAAAAAAAAAIQCMHn1xBQAAAAUAAAAFAAAAYS50eHR3b3Jkc1BLAQIUAxQAAAAAAAAAIQCMHn1xBQAAAAUAAAAFAAAAAAAA"
        + "AAAAAACAAQAAAABhLnR4dFBLBQYAAAAAAQABADMAAAAoAAAAAAA="

    @Test func membersAreParts() throws {
        let inner = Self.archive([("run.com", Self.virus), ("read.txt", Array("nothing".utf8))])
        let report = try report(Self.archive([("inner.a", inner)]), name: "outer.a")
        let members = report.parts.filter { $0.path.contains("/") }
        #expect(members.map(\.path) == ["1.2/1", "1.2/1/1", "1.2/1/2"])
        #expect(members.map(\.names) == [["inner.a"], ["run.com"], ["read.txt"]])
        #expect(members.map(\.origin) == [.archive, .archive, .archive])
        #expect(members.map(\.size) == [inner.count, Self.virus.count, 7])
        #expect(members[0].detectedType == "application/x-archive")
        #expect(report.viruses.contains { $0.part.map { report.parts[$0].path } == "1.2/1/1" })
        #expect(report.completedScanners == ["clamav"])
    }

    /// A text that begins as forwarded mail does is none, and what is written out in it is found.
    @Test(arguments: ["From: Ann\r\nSent: Friday\r\nTo: Bob\r\nSubject: Figures\r\n", "Subject: x\r\nDate: today\r\n"])
    func textsThatBeginLikeMail(_ front: String) throws {
        let file = Data(Self.archive([("run.com", Self.virus)])).base64EncodedString(options: .lineLength76Characters)
        let gateway = try TestGateway()
        try gateway.configure()
        let message = "Subject: x\r\nContent-Type: text/plain\r\n\r\n\(front)\r\n\(file)\r\n"
        let report = try gateway.report(on: Array(message.utf8), by: try gateway.fork(1), limits: TestGateway.limits)
        #expect(report.parts.contains { $0.names == ["run.com"] }, "\(report.parts.map(\.path))")
        #expect(report.parts.allSatisfy { $0.detectedType != "message/rfc822" })
    }

    /// Browsers show a file whose name says that it is a page, however far in the page begins.
    @Test(arguments: [("a.html", true), ("a.HTM. ", true), ("a.bin", false)])
    func pagesByName(_ name: String, _ isFound: Bool) throws {
        let noise = (0..<900).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }
        let script = "a.href=URL.createObjectURL(new Blob([atob('\(Data(noise).base64EncodedString())')]))"
        let page = String(repeating: "words ", count: 12_000) + "<html><script>\(script)</script></html>"
        let report = try report(Array(page.utf8), name: name)
        #expect(report.parts.contains { $0.notes.contains { $0.hasPrefix("html-smuggling") } } == isFound)
    }

    /// An archive that was opened completely is not all that a program holds.
    @Test(.enabled(if: Programs.peer("makensis") != nil, "makensis is not installed (make test-deps)"))
    func installersAreLeftToTheScanner() throws {
        let scratch = try Scratch(.memory)
        try scratch.write("a.com", Self.virus)
        let script = "SetCompressor /SOLID lzma\nOutFile s.exe\nSection\nFile a.com\nSectionEnd\n"
        try scratch.write("s.nsi", script)
        try scratch.write("read.txt", "nothing")
        let made = try runTool(
            "sh", ["-c", "cd \(scratch.path) && makensis -V0 s.nsi && zip -q z.zip read.txt && cat s.exe z.zip"])
        try #require(made.status == 0, "\(made)")
        let report = try report(made.output, name: "s.exe")
        #expect(report.parts.contains { $0.names == ["read.txt"] })
        #expect(!report.viruses.isEmpty)
    }

    /// A stored entry whose flags say that it is encrypted, and whose checksum that it is not: the scanner goes by the flags.
    @Test func aFlagThatLiesIsNoEncryption() throws {
        let archive = try #require(
            Data(
                base64Encoded:
                    "UEsDBBQAAQAAAAAAIQDLc+IXJAAAACQAAAAFAAAAYS50eHRpbiB0aGUgY2xlYXIsIHdoYXRldmVyIGl0cyBmbGFnIHNheXNQSw"
                    + "ECFAMUAAEAAAAAACEAy3PiFyQAAAAkAAAABQAAAAAAAAAAAAAAgAEAAAAAYS50eHRQSwUGAAAAAAEAAQAzAAAARwAAAAAA"))
        let report = try report(Array(archive), name: "a.zip")
        #expect(report.unchecked.map(\.reason) == [.ambiguous] && !report.parts.contains(where: \.encrypted))
        #expect(report.parts.filter { $0.path.contains("/") }.map(\.size) == [36])
    }

    /// A report of delivery gives back the start of the message: what is cut off there is no damage. What is cut off elsewhere is.
    @Test(arguments: [("multipart/report", "message/rfc822", true), ("multipart/mixed", "message/rfc822", false)])
    func whatAReportCutsOffIsNoDamage(_ outer: String, _ type: String, _ isReport: Bool) throws {
        let archive = Self.archive([("run.txt", [UInt8](repeating: 0x41, count: 3000))])
        let base64 = Data(archive.dropLast(1500)).base64EncodedString(options: .lineLength76Characters)
        func mail(closed: Bool) -> [UInt8] {
            let inner =
                "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n"
                + "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n\(base64)\r\n"
                + (closed ? "--in--\r\n" : "")
            return Array(
                ("From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: \(outer); boundary=out\r\n\r\n--out\r\n"
                    + "Content-Type: text/plain\r\n\r\nfailed\r\n--out\r\nContent-Type: \(type)\r\n\r\n"
                    + "\(inner)\r\n--out--\r\n").utf8)
        }
        let gateway = try TestGateway()
        try gateway.configure()
        // Both before either ends: the end of the first would come in front of the word about the second.
        let workers = try [gateway.fork(1), gateway.fork(2)]
        for (closed, worker) in zip([false, true], workers) {
            let report = try gateway.report(on: mail(closed: closed), by: worker)
            #expect(report.unchecked.contains { $0.reason == .corrupt } == (closed || !isReport), "\(report.unchecked)")
        }
    }

    /// More than the worker keeps in memory: a file of the workspace, which must be possible in the sandbox.
    @Test func largeMembersLieInTheWorkspace() throws {
        var large = [UInt8](repeating: 0x41, count: 3 << 20)
        large[1000] = 0
        let report = try report(Self.archive([("large", large), ("run.com", Self.virus)]))
        #expect(report.parts.filter { $0.path.contains("/") }.map(\.size) == [large.count, Self.virus.count])
        #expect(report.unchecked.isEmpty && report.limitsHit.isEmpty)
        #expect(!report.viruses.isEmpty)
    }

    @Test func limitsAreReportedAndTheRestIsScanned() throws {
        let members = [("run.com", Self.virus), ("b", [1]), ("c", [2])]
        let within = try report(Self.archive(members), UnpackingLimits(files: 3))
        #expect(within.limitsHit.isEmpty)
        let beyond = try report(Self.archive(members), UnpackingLimits(files: 2))
        #expect(beyond.limitsHit == [UnpackingLimit.files.rawValue])
        #expect(beyond.unchecked.contains { $0.reason == .overLimits && $0.detail == UnpackingLimit.files.rawValue })
        #expect(beyond.parts.count { $0.path.contains("/") } == 2)
        #expect(!beyond.viruses.isEmpty)
    }

    @Test func damageIsReported() throws {
        let whole = Self.archive([("run.com", Self.virus), ("b", [UInt8](repeating: 1, count: 500))])
        let report = try report(Array(whole.dropLast(400)))
        #expect(report.unchecked.contains { $0.reason == .corrupt })
        #expect(!report.viruses.isEmpty)
    }

    /// In an attachment a file without its end is damage, in the text of a body a note.
    @Test func encodedFilesThatAreCutOff() throws {
        let text = "begin 644 e.com\r\n#86)C\r\n"
        func report(_ head: String) throws -> Report {
            let mail =
                "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                + "\(head)\r\n\r\n\(text)\r\n--b--\r\n"
            let gateway = try TestGateway()
            try gateway.configure()
            return try gateway.report(on: Array(mail.utf8), by: try gateway.fork(1))
        }
        let body = try report("Content-Type: text/plain")
        #expect(body.unchecked.isEmpty)
        #expect(body.parts.contains { $0.notes.contains("uuencode file without its end") })
        for head in [
            "Content-Type: application/octet-stream", "Content-Type: text/plain; name=a.uu",
            "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable",
        ] {
            let attached = try report(head)
            #expect(attached.unchecked.map(\.reason) == [.corrupt], "\(head) \(attached.unchecked)")
        }
    }

    @Test func formatsWithoutAReaderAreNamed() throws {
        let report = try report([0x41, 0x4C, 0x5A, 0x01] + [UInt8](repeating: 0, count: 100))
        #expect(report.parts.contains { $0.detectedType == "application/x-alz" })
        #expect(report.unchecked.map(\.reason) == [.unsupported])
        #expect(report.unchecked.map(\.detail) == ["ALZ archive"])
    }

    /// Our own signatures first; libmagic where they say nothing; kinds of packages by their members.
    @Test func typesThatAreDetected() throws {
        let members = [
            ("a", Array("<?php echo 1; ?>".utf8)), ("b", Array("MThd\0\0\0\u{6}\0\u{1}".utf8)),
            ("c", Array("%PDF-1.4\n".utf8)), ("d", Array("just words\n".utf8)), ("e", [0xFF, 0, 0x80, 1, 2, 3, 4, 5]),
        ]
        let report = try report(Self.archive(members))
        #expect(
            report.parts.filter { $0.path.contains("/") }.map(\.detectedType)
                == ["text/x-php", "audio/midi", "application/pdf", "text/plain", ""])
    }

    /// What is too much is not taken on by the scanner either, and what was taken out is scanned.
    @Test func tooManyMembersAreLeftAlone() throws {
        let virus = [("run.com", Self.virus)]
        let empty = (0..<3000).map { ("\($0)", [UInt8]()) }
        let report = try report(Self.archive(virus + empty))
        #expect(report.limitsHit == [UnpackingLimit.files.rawValue])
        #expect(!report.viruses.isEmpty)
    }

    /// Deflated members without content, and of sizes that are not told, take no more memory than they need.
    @Test func emptyMembersTakeNoMemory() throws {
        let script = """
            import sys, zipfile
            z = zipfile.ZipFile(sys.stdout.buffer, 'w', zipfile.ZIP_DEFLATED)
            for n in range(20000): z.writestr('%d' % n, b'')
            z.writestr('noise', bytes(n * n * 2654435761 >> 13 & 255 for n in range(3000000)))
            z.close()
            """
        let made = try runTool("python3", ["-c", script])
        try #require(made.status == 0, "\(made)")
        let report = try report(made.output)
        #expect(report.limitsHit == [UnpackingLimit.files.rawValue])
        #expect(report.parts.count { $0.path.contains("/") } == 1500)
    }

    /// What was compressed as a whole is called as programs call it: rules on names meet `a.exe` in `a.exe.gz`.
    @Test(arguments: [
        ("gzip -nc", "a.EXE.gz", ["a.EXE"]), ("gzip -nc", "a.tgz", ["a.tar"]), ("bzip2 -c", "a.exe.bz2", ["a.exe"]),
        ("xz -c", "a.exe.xz", ["a.exe"]), ("xz -c", "data.bin", []), ("gzip -nc", ".gz", []),
        (
            "(printf '\\037\\213\\010\\010\\000\\000\\000\\000\\000\\003inner\\000'; gzip -nc | tail -c +11)",
            "a.exe.gz", ["inner", "a.exe"]
        ),
    ])
    func whatIsCompressedAsAWholeHasAName(_ command: String, _ name: String, _ names: [String]) throws {
        let content = try runTool("sh", ["-c", command], input: Self.virus)
        try #require(content.status == 0, "\(content)")
        let report = try report(content.output, name: name)
        #expect(report.parts.last?.names == names && !report.viruses.isEmpty, "\(report.parts.map(\.names))")
    }

    /// Pieces of archives, by their names; what is known by its content is no piece.
    @Test func piecesByTheirNames() throws {
        let noise = [0xFF, 1] + (0..<900).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 2_654_435_761 >> 13) }
        // A zip archive that ends within its first member.
        let header: [UInt8] = [
            0x50, 0x4B, 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 4, 0, 0, 0, 4, 0, 0, 5, 0, 0, 0,
        ]
        let cut = header + Array("a.bin".utf8) + noise
        for (content, name, reasons) in [
            (noise, "a.zip.ab", [.unsupported]), (noise, "xab", [.unsupported]),
            (noise, "a.7z.part-ac", [.unsupported]),
            (noise, "a.zip.002", [.unsupported]), (noise, "tab", []), (noise, "a.zip.db", []),
            (Array("text".utf8), "xab", []),
            (cut, "a.zip.001", [.unsupported]), (cut, "a.zip", [.corrupt]), (cut, "xaa", [.unsupported]),
            (cut, "xaa.bin", [.corrupt]),
        ] as [([UInt8], String, Set<UncheckedReason>)] {
            let unchecked = try report(content, name: name).unchecked
            #expect(Set(unchecked.map(\.reason)) == reasons, "\(name) \(unchecked.map(\.detail))")
        }
    }

    /// What 7-Zip packs from a pipe is called after the archive: rules on names meet it.
    @Test func aMemberWithoutANameIsCalledAfterTheArchive() throws {
        let archive = try #require(
            Data(
                base64Encoded:
                    "N3q8ryccAAORUifMHgAAAAAAAAA7AAAAAAAAALdGHGAAJBlJmG8QDciUca6qW5gbTvjUBRs9BBxKOyvnAAABBAYAAQkeAAcL"
                    + "AQABIwMBAQVdAAAAAQwYAAgKAaK6hNEAAAUBFAoBAACo/iVHPs8BFQYBAAAAAAAAAA=="))
        for (name, expected) in [("run.exe.7z", ["run.exe"]), ("RUN.7Z", ["RUN"]), (".7z", []), ("other", [])] {
            let report = try report(Array(archive), name: name)
            let members = report.parts.filter { $0.path.contains("/") }
            #expect(members.map(\.names) == [expected] && members.map(\.size) == [24], "\(name)")
            #expect(report.unchecked.isEmpty, "\(report.unchecked)")
        }
    }

    /// Volumes but the first have no signature.
    @Test func volumesAreToldByTheirNames() throws {
        let noise = (0..<4096).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
        for name in ["a.7z.002", "a.zip.017", "a.z02", "A.Z101", "a.tar.gz.1000", "a.7z.part2", "a.tar.gz.ab", "xab"] {
            let report = try report(noise, name: name)
            #expect(report.unchecked.map(\.reason) == [.unsupported], "\(name): \(report.unchecked)")
        }
        for name in ["a.002", "a.zip.2", "a.z2", "a.zip", "z02", "a.doc.002", "a.7z.002.bin"] {
            #expect(try report(noise, name: name).unchecked.isEmpty, "\(name)")
        }
        // The first is an archive that is cut off, and its members' end is missing like its own.
        let tar = try runTool("sh", ["-c", "tar -C / -cf - etc/services | head -c 1500 | gzip -c"])
        for name in ["a.tar.gz.001", "a.tar.gz.aa", "xaa"] {
            let first = try report(Array(tar.output.dropLast(20)), name: name)
            #expect(first.unchecked.map(\.reason) == [.unsupported], "\(name): \(first.unchecked)")
        }
        #expect(
            try report(Array(tar.output.dropLast(20)), name: "a.tar.gz").unchecked.contains { $0.reason == .corrupt })
        // A name excuses no damage within, here that of the second header.
        var archive = Self.archive([("run.com", Self.virus), ("b.txt", Self.virus)])
        archive[8 + 60 + Self.virus.count + 58] ^= 1
        let damaged = try report(archive, name: "a.zip.002")
        #expect(damaged.unchecked.map(\.reason) == [.corrupt], "\(damaged.unchecked)")
    }

    @Test func nestedMailIsReadAsMail() throws {
        let report = try report(Self.archive([("letter.eml", Messages.attached(Self.virus, name: "run.com"))]))
        #expect(report.parts.contains { $0.names == ["run.com"] && $0.path.hasPrefix("1.2/1/") })
        #expect(report.viruses.contains { $0.part.map { report.parts[$0].names } == ["run.com"] })
    }
}
