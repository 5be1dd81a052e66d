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

            Encrypted members are tried with passwords from the message, the addresses and `unpacking.passwords`:

            | format | |
            | --- | --- |
            | zip, traditional encryption | works |
            | zip, AES of WinZip | works |
            | OOXML and older Office encryption | works, the well-known default password included |
            | PDF | works |
            | 7z | not possible: libarchive has no decryption for it |
            | RAR 4, RAR 5 | not possible: libarchive has no decryption for it |
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
        "cab": "test_read_format_cab_1.cab", "lha": "test_read_format_lha_header1.lzh",
        "rpm": "test_read_format_cpio_svr4_gzip_rpm.rpm", "szdd": "clam.exe.szdd", "chm": "clam.chm",
        "hqx": "clam.exe.binhex",
    ]

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func everyOtherContainerHasASample() throws {
        let files = Corpora.files("libarchive") + Corpora.files("clamav-testfiles")
        for (name, file) in Self.samples.sorted(by: { $0.key < $1.key }) {
            let path = try #require(files.first { $0.hasSuffix("/" + file) })
            let result = Unpacked(try Corpora.bytes(path), messageSize: 1 << 20)
            if name != "RAR 5" { #expect(result.types.contains(name)) }
            // What is encoded in text of the message itself is found before.
            if name != "hqx" {
                #expect(!result.entries.isEmpty && !result.kinds.contains(.corrupt), "\(file): \(result.problems)")
            }
        }
    }

    /// Each container that is opened is made by the generator or is among the samples.
    @Test func everyReadableContainerIsTested() {
        let generated: Set<String> = [
            "zip", "7z", "tar", "udf", "gz", "bz2", "Z", "cpio", "ar", "xar", "warc", "iso", "arj", "xz", "lzma", "zst",
            "lz4",
            "lz",
            // By `RecognitionTests` and the suites of the MIME reader.
            "mail", "mbox", "hqx", "asc",
        ]
        for type in FileType.all where type.opening.isReadable && type.opening != .document {
            #expect(generated.contains(type.name) || Self.samples[type.name] != nil, "\(type.title)")
        }
    }
}
