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
            container around a member. The members themselves are scanned one by one.

            A container that reached a limit is scanned as it stands, without libclamav taking on what was too much here;
            the message is `unchecked: over-limits` then.

            Encrypted members are tried with passwords of the site (`unpacking.passwords`), words of the text and the
            subject, names and domains of the header's and the envelope's addresses, and some that are well known, at
            most `unpacking.password_tries`:

            | format | |
            | --- | --- |
            | zip, traditional encryption | works, with every method that is opened |
            | zip, AES of WinZip | works, with every method that is opened |
            | Office 2007 and later (OOXML in OLE2; standard and agile encryption) | works, the well-known default password included |
            | Excel 97 to 2003 (RC4, RC4 CryptoAPI) | works, the well-known default password included |
            | Word, PowerPoint 97 to 2003 (RC4, XOR) | not opened: macros and embedded objects lie outside of what is encrypted, and are read |
            | PDF (RC4, AES) | works, the empty password included |
            | 7z | not possible: libarchive 3.6 knows the AES coder by name only, and no library in Debian decodes it in process |
            | RAR 4, RAR 5 | not possible: libarchive 3.6 skips encrypted members, and UnRAR is not free software |
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

    /// Each container that is opened is made by the generator or is among the samples.
    @Test func everyReadableContainerIsTested() {
        let generated: Set<String> = [
            "zip", "7z", "tar", "udf", "gz", "bz2", "Z", "cpio", "ar", "xar", "warc", "iso", "arj", "xz", "lzma", "zst",
            "lz4", "lz", "cab", "rpm", "disk", "vhd", "vhdx", "vmdk",
            // By `RecognitionTests` and the suites of the MIME reader.
            "mail", "mbox", "hqx", "asc",
        ]
        let all = FileType.all.filter { $0.opening.isReadable && $0.opening != .document }
        // Those of `PackageTypeTests` are ZIP archives.
        for type in all where !FileType.packages.contains(type) {
            #expect(generated.contains(type.name) || Self.samples[type.name] != nil, "\(type.title)")
        }
    }
}
