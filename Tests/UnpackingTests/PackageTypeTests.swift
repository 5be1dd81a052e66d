import Testing

@testable import Unpacking

/// Documents and programs that are zip archives have a type of their own.
@Suite struct PackageTypeTests {
    @Test(arguments: [
        ("docx", ["[Content_Types].xml", "word/document.xml"]),
        ("docm", ["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"]),
        ("docm", ["[content_types].XML", "WORD\\document.xml", "word\\VBAPROJECT.BIN"]),
        ("xlsx", ["[Content_Types].xml", "xl/workbook.xml"]),
        ("xlsm", ["[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"]),
        ("xlsb", ["[Content_Types].xml", "xl/workbook.bin"]),
        ("pptx", ["[Content_Types].xml", "ppt/presentation.xml"]),
        ("pptm", ["[Content_Types].xml", "ppt/presentation.xml", "ppt/vbaProject.bin"]),
        ("vsdx", ["[Content_Types].xml", "visio/document.xml"]),
        ("xps", ["[Content_Types].xml", "FixedDocSeq.fdseq"]),
        ("appx", ["[Content_Types].xml", "AppxManifest.xml"]),
        ("apk", ["AndroidManifest.xml", "classes.dex", "META-INF/MANIFEST.MF"]),
        ("jar", ["META-INF/MANIFEST.MF", "a/B.class"]),
        ("zip", ["word/document.xml", "xl/workbook.xml", "mimetype"]),
    ])
    func byTheirMembers(_ type: String, _ names: [String]) {
        #expect(Unpacked(zip(names.map { ($0, Array("x".utf8)) })).types == [type])
    }

    @Test(arguments: [
        ("epub", "application/epub+zip"), ("odt", "application/vnd.oasis.opendocument.text"),
        ("ods", "application/vnd.oasis.opendocument.spreadsheet\n"),
        ("odp", "application/vnd.oasis.opendocument.presentation"),
        ("odg", "application/vnd.oasis.opendocument.graphics-template"), ("zip", "application/zip"),
    ])
    func byWhatTheySay(_ type: String, _ mimetype: String) {
        let archive = zip([("mimetype", Array(mimetype.utf8)), ("content.xml", eicar)])
        #expect(Unpacked(archive).types == [type])
        #expect(Unpacked(archive).isComplete)
    }

    /// Each has a line in the table of formats, and a case above or in the test before.
    @Test func everyKindIsInTheTable() {
        for type in FileType.packages { #expect(FileType.all.contains(type)) }
        #expect(Set(FileType.packages.map(\.mediaType)).count == FileType.packages.count)
    }
}
