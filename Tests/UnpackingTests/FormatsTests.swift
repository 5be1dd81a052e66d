import Documents
import Foundation
import Members
import Testing

@testable import Unpacking

/// `docs/FORMATS.md` is made from the tables of the code, and every container in it has a sample that is opened.
@Suite struct FormatsTests {
    private static let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs/FORMATS.md")

    private static var text: String {
        var text = """
            # Formats

            What is recognised in mail, by content and never by a name, and what is done with it. Content that fits several
            formats is read as each. Made from `FileType.all` and `DocumentFormat.all`; run the tests with
            `MAILREEVE_UPDATE_DOCS=1` after a change.

            A container that is opened completely, without any problem, is scanned by libclamav with its own archive parser
            off, so that nothing is unpacked twice or outside the limits. What that misses: signatures about an archive as
            such (names, sizes and methods of its members: `.cdb` files), and signatures that ask for the type of the
            container around a member. The members themselves are scanned one by one. What is something else besides that has no
            reader here, such as a program with an archive behind it, is left to that parser as well: libclamav looks into
            installers (NSIS, InstallShield) and scripts of AutoIt. Names in them are not tested, nor are those
            in setups of other programs, such as Inno Setup, which are programs here and nothing else. What it unpacks there, and of a
            container that is damaged, comes out of the budget of the message; of pages of PDF documents 256 MiB in a message are free.

            A container that reached a limit is scanned as it stands, without libclamav taking on what was too much here;
            the message is `unchecked: over-limits` then.

            What a text shows of a file (quoted, cut off, dumped), what a database cuts into pages and a packet capture into
            packets, and a stream in the midst of unknown data is read as far as it goes; that it is not whole is a note, where
            a script or program that carries it is `unchecked: corrupt`, and so where all of its content comes and the checksum alone
            is wrong, it goes on to the end (gzip, Zstandard), or its mark is long, behind pictures and other media, in which other damaged streams are octets like any. More than `unpacking.hidden_archives` of them in one
            program are `unchecked: over-limits`, in data a note. So is what is found in a disk, file system or archive that has no
            reader, unless programs for zip open it: that it has none is told. Entries of zip that overlap there, as octets of others
            stand between them, are opened one by one.

            Archives of RAR, 7z, cab, ARJ and LHA are looked for in the first 4 MiB of every other archive as well, those of zip by
            their directory in its last 80 KiB: in headers, frames that are skipped, gaps, free sectors. One that is no member is
            opened, and the message is `unchecked: ambiguous`.
            Where a member begins as it does, and headers lead to no end or more than 1,024 octets are the same, it is opened
            without that mark: compressions leave parts of what they pack as they were. In the blocks of a file of LZ4, lzop or
            Zstandard that was decoded to its end, the start of its header or its end record is enough, if the content has that,
            and what cannot be read of it is a note: all of it is in the content, and is looked for there.

            A volume of a split archive is `unchecked: unsupported`, which is delivered with a mark by default
            (`policies.NAME.unchecked.unsupported`). Volumes of 7z, RAR, cab and arj tell what they are by their content, and of zip
            those that zip(1) splits, first and last, and the last that 7-Zip does; all others are told by their names (`a.zip.001`,
            `a.7z.002`, `a.z02`, `a.tar.gz.part2`, `a.tar.gz.aa`, `a.zip.ab` and `xab` of split(1)), where nobody knows what they
            are, or where they are archives or compressed files that are cut off at their end and damaged nowhere else. What is
            whole in a volume is read; that the rest is missing is no damage, in the member at its end neither. A 7z archive that
            was cut off in the midst of a member looks like a first volume, and is taken for one; whatever else was cut off is
            `unchecked: corrupt` under any other name.

            What is compressed as a whole has the name of the compressed file without its ending beside the one in it, as
            programs call it: `a.exe` in `a.exe.gz`, `a.tar` in `a.tgz`.

            Encrypted members are tried with passwords of the site (`unpacking.passwords`), words, quotations and
            lines of the text, the subject, comments and keywords, those of attached messages and descriptions of parts among them, near
            a word for "password" in some fifty languages (of HTML with its title,
            the texts of pictures and the values of fields), display names, names and
            domains of the header's and the envelope's addresses, names of the attached files and the last words of each, texts of up
            to \(DocumentWords.textSize) octets that are attached under any type, in UTF-8, UTF-16 or a code page, Rich Text, Office Open XML and OpenDocument of up to
            \(DocumentWords.size) octets that are attached beside other files, and some that are well known,
            at most `unpacking.password_tries`; what is in an archive with those of its first \(ArchiveTexts.most) texts and documents
            of these sizes as well, the texts and the subject of mail in it, comments of zip and RAR archives (not of RAR 2) and names of members, at
            most half as many: what was met before the encrypted member, and what 4 levels, 256 members and 16 MiB of all containers of the
            message hold. A text or comment that is one word is tried as well; what `%` quotes is, and what marks, `bdo` or CSS turn, as it is
            seen; preamble and epilogue count as texts. A note says where the password comes from that opened it,
            nowhere which it is.

            What opened is believed where programs refuse every other password, or where the content shows it: it is an archive, or
            is text or begins in another way as noise does not. Of zip, 7z, RAR 4 and files in a PDF the check alone
            is no proof, as senders can make one for a password that is known here and keep the real one for the reader. What
            is not believed is scanned, and stays `unchecked: encrypted`.

            | format | |
            | --- | --- |
            | zip, traditional encryption | works, with every method that is opened; also in the code pages of Windows and DOS |
            | zip, AES of WinZip | works, with every method that is opened; also in the code pages of Windows and DOS |
            | Office 2007 and later (OOXML in OLE2; standard and agile encryption) | works, the well-known default password included; a package that is no zip archive, that its own code does not fit, or that has two keys for passwords stays encrypted |
            | Excel 97 to 2003 (RC4, RC4 CryptoAPI) | works, the well-known default password included |
            | Word, PowerPoint 97 to 2003 (RC4, XOR) | not opened; streams that stand beside what is encrypted are read |
            | PDF (RC4, AES; crypt filters, also those of embedded files) | works, the empty password included; up to revision 4 also in PDFDocEncoding and Windows' code page 1252 |
            | 7z, encrypted names too | works, with every method that is opened; folders with passwords of their own each. A wrong password and damage look the same: where a password fits other folders alone, the rest is `encrypted`, with the words "another password than that of other members, or damaged" |
            | RAR 4, RAR 5, encrypted names too | works, solid archives included, by own code and OpenSSL: the archive without its encryption is a member of it; of RAR 5 only where the value that tells whether a password is right has its own checksum, of RAR 4 where the content of a member shows it; not RAR 2 and older, whose encryption is another |
            | ARJ, LHA, ACE and the others below | not possible: no reader has it |
            | S/MIME, OpenPGP | not possible: it takes a key |

            ## Containers

            | format | type | recognised by | opened by | reported besides members |
            | --- | --- | --- | --- | --- |

            """
        for type in FileType.all where type.opening != .plain && type.opening != .document {
            let library =
                type.opening == .unsupported ? "**not opened:** `unchecked: unsupported`" : type.opening.library
            text += "| \(type.title) | `\(type.mediaType)` | \(type.recognised) | \(library) | \(type.reported) |\n"
        }
        text += """

            ## Documents

            | format | recognised by | reported |
            | --- | --- | --- |

            """
        for format in DocumentFormat.all { text += "| \(format.name) | \(format.recognisedBy) | \(format.reports) |\n" }
        text += """

            ## Other types

            | format | type | recognised by |
            | --- | --- | --- |

            """
        for type in FileType.all where type.opening == .plain || type.opening == .document {
            text += "| \(type.title) | `\(type.mediaType)` | \(type.recognised) |\n"
        }
        text += """

            ## Limits

            What is behind `unchecked: over-limits: REASON`. Those of the whole message end unpacking; what was extracted until
            then is scanned. Made from `UnpackingLimit` and `ContainerLimit`; limits of the message's own structure are those
            of `limits` in CONFIGURATION.md. `report-names` stands for names that are too long for a report, which shows their ends, or too many
            (TROUBLESHOOTING.md). A workspace without room is `workspace-full` and none of these.

            | reason | in | limit |
            | --- | --- | --- |

            """
        for limit in UnpackingLimit.allCases { text += "| `\(limit.rawValue)` | the message | \(limit.bound) |\n" }
        for limit in ContainerLimit.allCases {
            text += "| `\(limit.rawValue)` | \(limit.scope) | \(limit.bound) |\n"
        }
        let documents = DocumentLimits()
        text += """

            Passwords are not tried, and what they would open is `unchecked: encrypted`, beyond these rounds of hashing:

            | in | rounds |
            | --- | --- |
            | 7z | \(1 << SevenZipAES.mostPower) |
            | RAR 5 | \(1 << Rar5Decryption.mostPower) |
            | Office 2007 and later, agile encryption | \(documents.agileRounds) |
            | all tries on one document | \(documents.passwordRounds) |

            """
        return text
    }

    @Test func thePageIsWhatTheTablesSay() throws {
        if ProcessInfo.processInfo.environment["MAILREEVE_UPDATE_DOCS"] == "1" {
            try Self.text.write(to: Self.page, atomically: true, encoding: .utf8)
        }
        let committed = try String(contentsOf: Self.page, encoding: .utf8)
        #expect(
            committed == Self.text,
            "docs/FORMATS.md is not what the tables say; run the tests with MAILREEVE_UPDATE_DOCS=1")
    }

    /// Each limit of a container is one of `ContainerLimit`: nothing else makes that problem.
    @Test func everyLimitHasItsRow() throws {
        let sources = Self.page.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources")
        var count = 0
        for target in ["Unpacking", "Documents"] {
            let folder = sources.appendingPathComponent(target)
            let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
            for case let file as URL in files where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                #expect(!text.contains(".overLimits"), "\(file.lastPathComponent)")
                count += 1
            }
        }
        #expect(count > 100)
        #expect(Set(ContainerLimit.allCases.map(\.bound)).count > 20)
    }

    /// Formats that none of Debian's programs writes: samples of other projects.
    private static let samples: [String: String] = [
        "rar": "test_read_format_rar.rar", "RAR 5": "test_read_format_rar5_stored.rar",
        "lha": "test_read_format_lha_header1.lzh",
        "szdd": "clam.exe.szdd", "chm": "clam.chm",
        "hqx": "clam.exe.binhex",
    ]

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func everyOtherContainerHasASample() throws {
        let files = Corpora.files("libarchive") + Corpora.files("clamav-testfiles")
        for (name, file) in Self.samples.sorted(by: { $0.key < $1.key }) {
            let path = try #require(files.first { $0.hasSuffix("/" + file) })
            let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
            if name != "RAR 5" { #expect(result.types.contains(name)) }
            #expect(!result.entries.isEmpty && !result.kinds.contains(.corrupt), "\(file): \(result.problems)")
        }
    }

    /// Each container that is opened is made by the generator, or is among the samples, or has a suite of its own.
    @Test func everyReadableContainerIsTested() throws {
        var opened: Set<String> = [
            // `GeneratorTests.packages`, `universalDiskFormat`, `storedLHA`, `DiskTests`.
            "rpm", "udf", "lha", "vmdk",
            // `OldArchiveTests`, `SparseImageTests`.
            "zoo", "simg",
            // Found by the MIME reader before, in the message's own text.
            "hqx",
        ]
        for maker in GeneratorTests.makers {
            let container = try maker.make(eicar)
            let result = Unpacked(container)
            #expect(!result.places(of: eicar).isEmpty, "\(maker)")
            opened.formUnion(result.types)
            for entry in result.entries { opened.formUnion(entry.types) }
        }
        let all = FileType.all.filter { $0.opening.isReadable && $0.opening != .document }
        // Those of `PackageTypeTests` are ZIP archives.
        for type in all where !FileType.packages.contains(type) {
            #expect(opened.contains(type.name) || Self.samples[type.name] != nil, "\(type.title)")
        }
    }

    /// Content of each type that is told by more than a few octets.
    private static let shaped: [String: [UInt8]] = {
        func text(_ text: String) -> [UInt8] { Array(text.utf8) }
        func zeros(_ count: Int, _ placed: (Int, [UInt8])...) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            for (place, octets) in placed { bytes.replaceSubrange(place..<place + octets.count, with: octets) }
            return bytes
        }
        let program = zeros(512, (0, [0x4D, 0x5A]), (60, [128]), (128, [0x50, 0x45]))
        var library = program
        library[151] = 0x20
        let installer = zeros(
            4096, (0, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]), (30, [9]), (48, [1]),
            (1024 + 80, [0x84, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]))
        return [
            "dmg": zeros(2048, (1536, text("koly"))),
            "nsis": program
                + zeros(100, (4, [0xEF, 0xBE, 0xAD, 0xDE] + text("NullsoftInst")), (20, [1]), (24, [72])),
            "ext": zeros(
                4096, (1024, [16]), (1028, [64]), (1044, [1]), (1057, [32]), (1061, [32]), (1064, [16]),
                (1080, [0x53, 0xEF, 1])),
            "hfs": zeros(4096, (1024, [0x48, 0x2B, 0, 4])), "apfs": zeros(4096, (32, text("NXSB"))),
            "xfs": zeros(4096, (0, text("XFSB")), (6, [0x10])), "btrfs": zeros(70_000, (65_600, text("_BHRfS_M"))),
            "lvm": zeros(4096, (512, text("LABELONE")), (536, text("LVM2 001"))),
            "reiserfs": zeros(70_000, (65_588, text("ReIsErFs"))), "jfs": zeros(40_000, (32_768, text("JFS1"))),
            "cramfs": zeros(4096, (16, text("Compressed ROMFS"))), "romfs": zeros(4096, (0, text("-rom1fs-"))),
            "minix": zeros(4096, (1024, [64]), (1028, [1, 0, 1]), (1040, [0x7F, 0x13])),
            "luks": zeros(4096, (0, text("LUKS")), (4, [0xBA, 0xBE])),
            "pcap": zeros(64, (0, [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4])),
            "dll": library, "exe-ms": program, "exe-dos": zeros(64, (0, [0x4D, 0x5A])), "msi": installer,
            "pdf": text("%PDF-1.4\n"), "class": [0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 52],
            "bmp": zeros(64, (0, text("BM")), (10, [54])), "ico": zeros(64, (2, [1]), (4, [1])),
            "heic": zeros(32, (4, text("ftypheic"))), "mp4": zeros(32, (4, text("ftypisom"))),
            "html": text("<html>"), "hta": text("<hta:application id=x>"), "asc": text("text"),
            "wsf": text("<job><script language=JScript>x</script></job>"), "vbe": text("#@~^AAAAAA=="),
            "bat": text("@echo off\r\n"),
            "scf": text("[Shell]\r\nCommand=2\r\n"), "desktop": text("[Desktop Entry]\n"), "iqy": text("WEB\r\n1\r\nx"),
            "slk": text("ID;PWXL;N;E\r\nC;X1;Y1;K0\r\n"), "library-ms": text("<libraryDescription>"),
            "svg": text("<svg>"),
            "url": text("[InternetShortcut]\r\nURL=x\r\n"), "wsh": text("a = new ActiveXObject(\"x\")"),
            "ps1": text("IEX (New-Object Net.WebClient)"), "rdp": text("full address:s:host.example\r\n"),
            "inf": text("[Version]\r\nSignature=\"$Windows NT$\"\r\n"), "msc": text("<MMC_ConsoleFile>"),
            "theme": text("[Theme]\r\n[VisualStyles]\r\n"), "prf": text("ProfileName=x\r\n[Internet Account List]\r\n"),
            "udl": text("[oledb]\r\n"), "wsb": text("<LogonCommand>"), "appinstaller": text("<AppInstaller>"),
            "job": zeros(80, (0, [0, 0x05, 1, 0]), (20, [70, 0, 76]), (70, [2, 0, 0x61])),
            "jnlp": text("<jnlp>"), "clickonce": text("<assembly><deployment/></assembly>"),
            "ync": text("=ybegin line=128\r\n\u{0}\u{1}"), "uue": text("begin 644 a\n"), "ihex": text(":00000001FF\n"),
            "webloc": text("<plist><key>URL</key></plist>"), "cdxml": text("<PowerShellMetadata>"),
            "terminal": text("<plist><key>CommandString</key></plist>"),
            "mobileconfig": text("<plist><key>PayloadContent</key><key>PayloadType</key></plist>"),
            "bplist": text("bplist00") + [0xD1, 1, 2] + text("SURL"),
            "pyc": zeros(16, (0, [0x6F, 0x0D, 0x0D, 0x0A])),
            "mpg": zeros(64, (0, [0, 0, 1, 0xBA])), "ani": zeros(64, (0, text("RIFF")), (8, text("ACON"))),
            "pcx": zeros(128, (0, [0x0A, 5, 1, 8]), (8, [9, 0, 9, 0])),
        ]
    }()

    /// Each row that is no container of ours: it is recognised, and said where nothing opens it.
    @Test("F10: every type is recognised, and said where nothing opens it") func everyOtherTypeIsRecognised() {
        for type in FileType.all where !type.opening.isReadable || type.opening == .document {
            let signed = Signature.table.first { $0.type == type }.map {
                [UInt8](repeating: 0, count: $0.offset) + $0.bytes + [UInt8](repeating: 0, count: 64)
            }
            guard let content = signed ?? Self.shaped[type.name] else {
                Issue.record("\(type.title) has no sample")
                continue
            }
            #expect(Recognition.types(of: content.span).contains(type), "\(type.title)")
            if type.opening == .unsupported {
                #expect(
                    Unpacked(content).problems.contains(ContainerProblem(.unsupported, type.title)), "\(type.title)")
            }
        }
    }
}
