import Documents
import Foundation
import Members
import Testing

/// What olefile, oletools, pypdf and tnef(1) find in the corpora is found here, octet for octet.
@Suite struct OracleTests {
    private struct Row {
        var kind: String
        var file: String
        var name: String
        var size: Int
        var digest: String
    }

    private static func rows() throws -> [Row] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "Oracle/expected.tsv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Row(kind: fields[0], file: fields[1], name: fields[2], size: Int(fields[3]) ?? -1, digest: fields[4])
        }
    }

    /// As Python writes it in the expectations.
    private static func escaped(_ name: [UInt8]) -> String {
        var text = ""
        for scalar in String(decoding: name, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0x20..<0x7F: text += scalar == "\\" ? "\\\\" : String(scalar)
            case 0..<0x100: text += "\\x" + String(scalar.value + 0x100, radix: 16).dropFirst()
            default: text += "\\u" + String(scalar.value + 0x10000, radix: 16).dropFirst()
            }
        }
        return text
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func agreesWithOtherPrograms() throws {
        let rows = try Self.rows()
        var compared = 0
        for (file, wanted) in Dictionary(grouping: rows, by: \.file).sorted(by: { $0.key < $1.key }) {
            let items = readAll(try Corpora.bytes(file), levels: 2)
            for row in wanted {
                // tnef(1) keeps the interface identifier before an embedded object, and gives texts names of its own.
                let isObject = row.file.hasSuffix("MAPI_OBJECT.tnef") && row.name == "Untitled_Attachment"
                let isText = row.kind == "tnef" && row.name.hasPrefix("message.")
                let fitting = items.filter { item in
                    guard let content = item.content else { return row.size == 0 }
                    return isObject ? content.count == row.size - 16 : hash(content) == row.digest
                }
                #expect(!fitting.isEmpty, "\(row.file): \(row.kind) \(row.name)")
                if !isText {
                    let names = fitting.flatMap { $0.member.names.map(Self.escaped) }
                    #expect(names.contains(row.name), "\(row.file): \(row.kind) \(row.name) in \(names)")
                }
                compared += 1
            }
        }
        #expect(compared == rows.count)
        #expect(compared > 250)
    }

    /// Which documents of the corpora cannot be read as a whole, and why; no other is called so.
    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func outcomes() throws {
        let passwords = ["aes-128", "aes-128-m", "aes-256", "aes-256-m", "aes-256-r6", "rc4-128", "rc4-40"]
        var encrypted = Set(passwords.map { "pdf-pdfminer/samples/encryption/\($0).pdf" })
        for ending in ["doc", "docm", "docx", "ppt", "pptm", "pptx", "xls", "xlsb", "xlsm", "xlsx"] {
            encrypted.insert("oletools/encrypted/encrypted.\(ending)")
        }
        encrypted.insert("oletools/basic/encrypted.docx")
        var read = 0
        for file in Corpora.files("oletools", "tnef/files", "clamav-testfiles", "pdf-pdfminer") {
            let document = try Corpora.bytes(file)
            guard !formats(document).isEmpty else { continue }
            read += 1
            let found = DocumentsTests.read(document)
            // tnef(1) refuses the second one, too.
            let isBroken = ["oletools/rtfobj/issue_251.rtf", "clamav-testfiles/clam.tnef"].contains(file)
            #expect(found.has(.encrypted) == encrypted.contains(file), "\(file)")
            #expect(found.has(.corrupt) == isBroken, "\(file): \(found.problems)")
            #expect(!found.has(.overLimits) && !found.has(.unsupported), "\(file): \(found.problems)")
        }
        #expect(read > 150)
    }

    /// `clam.exe` as Debian's test files carry it.
    @Test(
        .enabled(if: Corpora.isPresent, "needs the corpora beside the package"),
        arguments: ["clam.ole.doc", "clam.ppt", "clam.exe.rtf", "clam.pdf", "clam.chm", "clam.tnef", "clam.exe.html"])
    func findsTheTestProgram(file: String) throws {
        let program = try Corpora.bytes("clamav-testfiles/clam.exe")
        let items = readAll(try Corpora.bytes("clamav-testfiles/" + file))
        #expect(items.contains { $0.content == program })
    }
}
