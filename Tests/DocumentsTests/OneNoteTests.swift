import Documents
import Members
import TestSupport
import Testing

/// Files in sections of OneNote.
@Suite struct OneNoteTests {
    static func section(_ files: [[UInt8]], names: [String] = []) -> [UInt8] {
        var bytes: [UInt8] = [
            0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D, 0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3,
        ]
        bytes += [UInt8](repeating: 0, count: 1_008)
        for name in names {
            let text = [UInt8](utf16: name + "\0")
            bytes += [UInt8](little: text.count, 4) + text
        }
        for file in files {
            bytes += [0xE7, 0x16, 0xE3, 0xBD, 0x65, 0x26, 0x11, 0x45, 0xA4, 0xC4, 0x8D, 0x4D, 0x0B, 0x7A, 0x9E, 0xAC]
            bytes += [UInt8](little: file.count, 8) + [UInt8](repeating: 0, count: 12) + file
            bytes += [0x22, 0xA7, 0xFB, 0x71, 0x79, 0x0F, 0x0B, 0x4A, 0xBB, 0x13, 0x89, 0x92, 0x56, 0x42, 0x6B, 0x24]
        }
        return bytes
    }

    @Test("G4: files in OneNote") func filesInOneNote() {
        let found = read(Self.section([eicar, [1, 2, 3]], names: ["invoice.hta", "no name"]))
        #expect(found.has(eicar))
        #expect(found.has([1, 2, 3]))
        // It may be the name of either.
        #expect(found.names == ["invoice.hta", "invoice.hta"])
        #expect(found.problems.isEmpty)
        #expect(read(Self.section([], names: ["invoice.hta"])).names == ["invoice.hta"])
    }

    @Test func namesOfOneNoteFilesAreBounded() {
        let names = (0..<20).map { "name\($0).txt" }
        let found = read(Self.section([eicar], names: names))
        #expect(found.has(eicar))
        // Eight as candidates of the file, the others by themselves.
        #expect(found.names.sorted() == names.sorted())
    }

    @Test func oneNoteFileThatLiesAboutItsSize() {
        var bytes = Self.section([eicar])
        let place = bytes.count - 16 - eicar.count - 20
        bytes.replaceSubrange(place..<place + 8, with: [UInt8](repeating: 0xFF, count: 8))
        // A size that no file has is not believed.
        #expect(read(bytes).items.isEmpty)
        bytes.replaceSubrange(place..<place + 8, with: [0xFF, 0xFF, 0, 0, 0, 0, 0, 0])
        let found = read(bytes)
        #expect(found.items.contains { $0.content?.starts(with: eicar) == true })
        #expect(found.has(.corrupt))
        // Each file holds all that follow.
        let many = [[UInt8]](repeating: [], count: 500)
        bytes = Self.section(many)
        for index in 0..<500 {
            let at = 1_024 + index * 52 + 16
            bytes.replaceSubrange(at..<at + 8, with: [UInt8](little: 500_000, 8))
        }
        #expect(read(bytes).has(.overLimits))
    }
}
