import Foundation
import MIME
import Testing

/// TNEF recognised and listed.
@Suite struct ContentTNEFTests {
    private static let folder = "archives/tnef/files/datafiles/"

    private static func read(_ bytes: [UInt8], _ limit: Int = TNEFSignature.defaultAttachmentLimit) -> TNEFContents? {
        TNEFSignature.contents(of: bytes.span, attachmentLimit: limit)
    }

    private static func names(_ contents: TNEFContents) -> [[String]] {
        contents.attachments.map { $0.names.map { String(decoding: $0.text, as: UTF8.self) } }
    }

    /// `files/*.list` and `baselines` of the samples: the names their own tool writes, without the bodies it makes up.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func samples() throws {
        let expected: [String: [String]] = [
            "MAPI_ATTACH_DATA_OBJ": ["VIA_Nytt_1402.doc", "VIA_Nytt_1402.pdf", "VIA_Nytt_14021.htm"],
            "MAPI_OBJECT": ["Untitled_Attachment"], "body": [],
            "data-before-name": ["AUTOEXEC.BAT", "CONFIG.SYS", "boot.ini"],
            "garbage-at-end": [], "long-filename": ["allproductsmar2000.dat"],
            "missing-filenames": ["generpts.src", "TechlibDEC99.doc", "TechlibDEC99-JAN00.doc", "TechlibNOV99.doc"],
            "multi-name-property": [], "multi-value-attribute": ["208225__5_seconds__Voice_Mail.mp3"],
            "one-file": ["AUTHORS"], "rtf": [], "triples": [], "two-files": ["AUTHORS", "README"],
            "unicode-mapi-attr-name": ["spaconsole2.cfg", "image001.png", "image002.png", "image003.png"],
            "unicode-mapi-attr": ["example.dat"],
        ]
        for (file, wanted) in expected.sorted(by: { $0.key < $1.key }) {
            let bytes = try ContentOracle.sample(Self.folder + file + ".tnef")
            let isRecognised = TNEFSignature.matches(bytes.span)
            #expect(isRecognised)
            guard let contents = Self.read(bytes) else {
                Issue.record("\(file) is not recognised")
                continue
            }
            #expect(contents.attachments.count == wanted.count, "\(file): \(Self.names(contents))")
            for (names, name) in zip(Self.names(contents), wanted) {
                #expect(names.contains(name), "\(file): \(names)")
            }
            #expect(contents.attachments.allSatisfy { !$0.contents.isEmpty }, "\(file)")
            for attachment in contents.attachments {
                for name in attachment.names { #expect(bytes.indices.contains(name.range.lowerBound)) }
            }
        }
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func contentsAreTheFiles() throws {
        let bytes = try ContentOracle.sample(Self.folder + "two-files.tnef")
        let contents = Self.read(bytes)
        #expect(contents?.attachments.count == 2)
        for (attachment, name) in zip(contents?.attachments ?? [], ["AUTHORS", "README"]) {
            let wanted = try ContentOracle.sample("archives/tnef/files/baselines/\(name).baseline")
            #expect(attachment.contents.contains { Array(bytes[$0]) == wanted }, "\(name)")
        }
    }

    /// Builds a stream: each attribute is level, number, content.
    private static func stream(_ attributes: [(UInt8, Int, [UInt8])]) -> [UInt8] {
        func number(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) } }
        return number(0x223E_9F78, 4) + [1, 0]
            + attributes.flatMap { level, tag, content in
                [level] + number(tag, 4) + number(content.count, 4) + content
                    + number(content.reduce(0) { $0 + Int($1) } & 0xFFFF, 2)
            }
    }

    @Test func handMadeStream() {
        let bytes = Self.stream([
            (1, 0x69007, [0xE3, 4, 0, 0, 0, 0, 0, 0]), (2, 0x69002, [0]), (2, 0x18010, [0xCF, 0xF0, 0, 0x78]),
            (2, 0x6800F, [1, 2, 3]), (2, 0x69002, [0]), (2, 0x69001, [0x61, 0]), (2, 0x6800F, [9]),
        ])
        let contents = Self.read(bytes)
        #expect(contents?.codePage == 1251)
        #expect(contents.map(Self.names) == [["Пр"], ["a"]])
        #expect(contents?.attachments.map { $0.contents.map { Array(bytes[$0]) } } == [[[1, 2, 3]], [[9]]])
        #expect(contents?.notes == [])
        #expect(Self.read(bytes, 2)?.notes == [])
        #expect(Self.read(bytes, 1)?.notes == .limitReached)
        #expect(Self.read(bytes + [7])?.notes == .junk)
        var wrong = bytes
        wrong[wrong.count - 1] ^= 1
        #expect(Self.read(wrong)?.notes == .checksumMismatch)
        #expect(Self.read(bytes.dropLast())?.notes == .truncated)
        #expect(Self.read([0x78, 0x9F, 0x3E]) == nil)
    }

    @Test func nameForTransport() {
        let bytes = Self.stream([
            (2, 0x69002, [0]), (2, 0x18010, Array("a.txt\0".utf8)), (2, 0x69001, Array("a.exe\0".utf8)),
        ])
        #expect(Self.read(bytes).map(Self.names) == [["a.txt", "a.exe"]])
    }

    @Test func anyDamageIsSurvived() throws {
        var random = Random(state: 8)
        var samples = [
            Self.stream([
                (2, 0x69002, [0]), (2, 0x18010, [0x61, 0]),
                (2, 0x69005, [1, 0, 0, 0, 0x1F, 0, 7, 0x37, 1, 0, 0, 0, 2, 0, 0, 0, 0x62, 0, 0, 0]),
            ])
        ]
        #expect(Self.read(samples[0]).map(Self.names) == [["a", "b"]])
        if Corpora.isPresent { samples.append(try ContentOracle.sample(Self.folder + "one-file.tnef")) }
        for sample in samples {
            for length in 0..<sample.count { _ = Self.read(Array(sample[..<length])) }
            for _ in 0..<1000 {
                let bytes = damaged(sample, &random)
                guard let contents = Self.read(bytes) else { continue }
                for range in contents.attachments.flatMap({ $0.contents + $0.names.map(\.range) }) {
                    #expect(range.upperBound <= bytes.count)
                }
            }
        }
    }
}
