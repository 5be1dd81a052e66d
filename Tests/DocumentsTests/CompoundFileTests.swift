import Documents
import Members
import Testing

/// Compound files and what Office, Outlook and Windows installer keep in them.
@Suite struct CompoundFileTests {
    private static let text = [UInt8]((0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) })

    @Test(arguments: [3, 4])
    func streamsOfAllSizes(version: Int) {
        var writer = CompoundFileWriter()
        let sizes = [65, 100, 4_095, 4_096, 4_097, 9_999]
        for size in sizes { writer.add("Storage", "Stream \(size)", content: Array(Self.text[..<size])) }
        let found = read(writer.bytes(version: version))
        for size in sizes {
            let members = found.members(with: Array(Self.text[..<size]))
            #expect(members.map(\.names) == [[Array("Storage/Stream \(size)".utf8)]])
        }
        #expect(found.problems.isEmpty)
        #expect(found.items.count == sizes.count)
    }

    /// More than the header's list of FAT sectors reaches.
    @Test func largeFile() {
        var writer = CompoundFileWriter()
        let large = [UInt8](repeating: 7, count: 15 << 20) + eicar
        writer.add("Large", content: large)
        writer.add("Small", content: eicar)
        let found = read(writer.bytes())
        #expect(found.has(large))
        #expect(found.has(eicar))
        #expect(found.problems.isEmpty)
    }

    /// They stand in one piece in the file, which is scanned itself.
    @Test func noMembersForStreamsOfOneMiniSector() {
        var writer = CompoundFileWriter()
        writer.add("Small", content: [UInt8](repeating: 65, count: 64))
        #expect(read(writer.bytes()).items.isEmpty)
    }

    @Test("F12: a file packaged in a document") func packagedFileWithNamesInBothEncodings() {
        var writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: packaged(eicar, name: "a.exe", wideName: "рахунок.exe"))
        let found = read(writer.bytes())
        #expect(found.members(with: eicar).map(\.names) == [[Array("a.exe".utf8), Array("рахунок.exe".utf8)]])
        #expect(found.members(with: eicar).allSatisfy { $0.flags.contains(.embeddedFile) })
        #expect(found.items.count == 1)
    }

    /// A batch file fits in one mini sector; its name and type are tested all the same.
    @Test(arguments: ["\u{1}Ole10Native", "\u{1}OLE10NATIVE"]) func packagedFileOfOneMiniSector(_ stream: String) {
        let script = Array("calc.exe\r\n".utf8)
        let package = packaged(script, name: "a.bat")
        #expect(package.count <= 64)
        var writer = CompoundFileWriter()
        writer.add("ObjectPool", "_1", stream, content: package)
        let found = read(writer.bytes())
        #expect(found.members(with: script).map(\.names) == [[Array("a.bat".utf8)]])
        #expect(found.members(with: script).allSatisfy { $0.flags.contains(.embeddedFile) })
    }

    @Test(arguments: [
        ("C:\\WINNT\\system32\\SHELL32.DLL", ["a.pdf", "b.pdf"]),
        ("C:\\Program Files\\Reader\\Reader.exe", ["a.pdf", "b.pdf"]),
        ("C:\\files\\a.js", ["a.pdf", "a.js", "b.pdf"]), ("run.exe", ["a.pdf", "run.exe", "b.pdf"]),
    ])
    func whatLendsItsIconIsNoName(_ icon: String, _ names: [String]) {
        var writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: packaged(eicar, name: "a.pdf", wideName: "b.pdf", icon: icon))
        #expect(read(writer.bytes()).names == names)
        // The file itself may be called so.
        writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: packaged(eicar, name: "a.exe", icon: icon))
        #expect(read(writer.bytes()).names.contains("a.exe"))
    }

    @Test func packageThatLiesAboutItsSizeIsHandedOnWhole() {
        var bytes = packaged([1, 2, 3], name: "a.txt") + [UInt8](repeating: 0x20, count: 600) + eicar
        var writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: bytes)
        #expect(read(writer.bytes()).items.contains { $0.content == bytes })
        // More than there is.
        bytes = packaged(eicar, name: "a.txt")
        bytes.replaceSubrange(bytes.count - eicar.count - 4..<bytes.count - eicar.count, with: [0xFF, 0xFF, 0, 0])
        writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: bytes)
        let found = read(writer.bytes())
        #expect(found.has(eicar))
        #expect(found.has(.corrupt))
    }

    /// The two numbers of a package say nothing to its readers (oletools' oleobj).
    @Test(arguments: [(0, 3), (2, 1), (0, 0), (0x4141, 0xFFFF)]) func numbersOfAPackage(_ type: Int, _ kind: Int) {
        let script = Array("calc\r\n".utf8)
        func names(_ change: (inout [UInt8]) -> Void) -> [String] {
            var bytes = packaged(script, name: "a.bat")
            bytes.replaceSubrange(4..<6, with: [UInt8](little: type, 2))
            // Behind the label and the path, each with its end, and a number.
            bytes.replaceSubrange(29..<31, with: [UInt8](little: kind, 2))
            change(&bytes)
            var writer = CompoundFileWriter()
            writer.add("\u{1}Ole10Native", content: bytes)
            return read(writer.bytes()).names
        }
        #expect(names { _ in } == ["a.bat"])
        // Then all else has to be what it says: a label without controls, content that is there.
        #expect(names { $0[6] = 7 }.isEmpty)
        #expect(names { $0[6] = 0 }.isEmpty)
        #expect(names { $0[$0.count - script.count - 4] = 200 }.isEmpty)
    }

    @Test func otherNativeDataIsHandedOn() {
        var writer = CompoundFileWriter()
        writer.add("\u{1}Ole10Native", content: [UInt8](little: eicar.count, 4) + eicar)
        #expect(read(writer.bytes()).has(eicar))
    }

    @Test func macroSourceBecomesAMember() {
        let source = Array("Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\nEnd Sub\r\n".utf8)
        func record(_ id: Int, _ value: [UInt8]) -> [UInt8] {
            [UInt8](little: id, 2) + [UInt8](little: value.count, 4) + value
        }
        var directory = record(1, [1, 0, 0, 0]) + record(3, [0xE4, 4])
        // A size that is not the record's own.
        directory += [9, 0, 4, 0, 0, 0, 1, 2, 3, 4, 5, 6]
        directory += record(0x19, Array("Module1".utf8)) + record(0x1A, Array("Stream1".utf8))
        directory += record(0x32, [UInt8](utf16: "Stream1")) + record(0x31, [UInt8](little: 5, 4))
        let module = [UInt8](repeating: 7, count: 5) + vbaCompressed(source)
        var writer = CompoundFileWriter()
        writer.add("Macros", "VBA", "dir", content: vbaCompressed(directory))
        writer.add("Macros", "VBA", "Stream1", content: module)
        let found = read(writer.bytes())
        #expect(found.texts(.macro) == ["Module1"])
        let members = found.members(with: source)
        #expect(members.map(\.flags) == [.macro])
        #expect(members.map(\.names) == [[Array("Stream1".utf8)]])
        // A project that does not know the stream: the source is searched.
        writer = CompoundFileWriter()
        writer.add("VBA", "dir", content: vbaCompressed(record(1, [1, 0, 0, 0])))
        writer.add("VBA", "Hidden", content: module)
        #expect(read(writer.bytes()).members(with: source).map(\.flags) == [.macro])
    }

    @Test func attachmentsOfOutlookMessages() {
        var writer = CompoundFileWriter()
        writer.add("__properties_version1.0", content: [UInt8](repeating: 0, count: 80))
        writer.add("__substg1.0_1000001F", content: [UInt8](utf16: String(repeating: "body ", count: 20)))
        writer.add("__substg1.0_0037001F", content: [UInt8](utf16: String(repeating: "subject ", count: 20)))
        let outer = "__attach_version1.0_#00000000"
        writer.add(outer, "__substg1.0_37010102", content: eicar)
        writer.add(outer, "__substg1.0_3704001E", content: Array("INVOIC~1.EXE".utf8))
        writer.add(outer, "__substg1.0_3707001F", content: [UInt8](utf16: "Rechnung für Sie.exe"))
        let inner = "__attach_version1.0_#00000001"
        writer.add(inner, "__substg1.0_3701000D", outer, "__substg1.0_37010102", content: eicar + [1])
        writer.add(inner, "__substg1.0_3701000D", outer, "__substg1.0_3707001F", content: [UInt8](utf16: "deep.exe"))
        let found = read(writer.bytes())
        #expect(
            found.members(with: eicar).map { $0.names.map { String(decoding: $0, as: UTF8.self) } }
                == [["INVOIC~1.EXE", "Rechnung für Sie.exe"]])
        #expect(found.members(with: eicar + [1]).map(\.names) == [[Array("deep.exe".utf8)]])
        #expect(found.items.contains { $0.member.role == "message body" })
        #expect(found.items.count == 3, "a subject is no member")
    }

    @Test func namesOfInstallers() {
        var writer = CompoundFileWriter(
            classID: [0x84, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46])
        // "Binary.a" in pairs of six bits.
        let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._")
        func place(_ letter: Character) -> Int { letters.firstIndex(of: letter) ?? 0 }
        func encoded(_ text: String) -> String {
            let plain = Array(text)
            var name = ""
            for index in stride(from: 0, to: plain.count, by: 2) {
                let value = 0x3800 + place(plain[index]) + place(plain[index + 1]) << 6
                name.unicodeScalars.append(Unicode.Scalar(UInt16(value)) ?? "?")
            }
            return name
        }
        writer.add(encoded("Binary.a"), content: eicar)
        #expect(read(writer.bytes()).members(with: eicar).map(\.names) == [[Array("Binary.a".utf8)]])
        // However short; but no tables, and no properties.
        writer.add(encoded("Binary.b"), content: Array("calc.exe".utf8))
        writer.add("\u{4840}" + encoded("File"), content: [1, 2, 3, 4])
        writer.add("\u{5}SummaryInformation", content: [1, 2, 3, 4])
        #expect(read(writer.bytes()).names == ["Binary.a", "Binary.b"])
    }

    @Test func objectsOfTheEquationEditorAreNamed() {
        let found = read(
            CompoundFileWriter(classID: [2, 0xCE, 2, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46]).bytes())
        #expect(found.texts(.equation) == ["Equation.3"])
    }

    @Test func linkedObjects() {
        let text = [UInt8](utf16: "http://o.example/a.hta\0")
        var ole: [UInt8] = [1, 0, 0, 2] + [UInt8](repeating: 0, count: 20)
        ole += [0xE0, 0xC9, 0xEA, 0x79, 0xF9, 0xBA, 0xCE, 0x11, 0x8C, 0x82, 0, 0xAA, 0, 0x4B, 0xA9, 0x0B]
        ole += [UInt8](little: text.count, 4) + text
        ole +=
            [3, 3, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46, 0, 0] + [UInt8](little: 8, 4)
            + Array("\\\\h\\a.b\0".utf8)
        var writer = CompoundFileWriter()
        writer.add("ObjectPool", "\u{1}Ole", content: ole)
        let path = "C:\\Windows\\calc.exe"
        let link = [2, 0] + Array("calc.exe\0\(path)\0".utf8) + [0, 0, 1, 0] + [UInt8](repeating: 0, count: 30)
        writer.add("\u{1}Ole10Native", content: [UInt8](little: link.count, 4) + link)
        #expect(read(writer.bytes()).texts(.externalObject).sorted() == [path, "\\\\h\\a.b", "http://o.example/a.hta"])
    }

    // MARK: Hostile tables

    @Test func chainThatGoesRound() {
        var writer = CompoundFileWriter()
        writer.add("Big", content: [UInt8](repeating: 1, count: 5_000))
        var bytes = writer.bytes()
        // The stream's first sector follows itself.
        bytes.replaceSubrange(bytes.count - 512..<bytes.count - 508, with: [0, 0, 0, 0])
        let found = read(bytes)
        #expect(found.items.allSatisfy { ($0.content?.count ?? 0) <= bytes.count })
    }

    @Test func streamsThatShareSectors() {
        var writer = CompoundFileWriter()
        for index in 0..<200 { writer.add("Stream \(index)", content: [UInt8](repeating: 1, count: 5_000)) }
        var bytes = writer.bytes()
        // All entries point to the first sector and claim the whole file.
        let directory = Int(bytes[48]) | Int(bytes[49]) << 8
        for index in 1...200 {
            let entry = (directory + 1) * 512 + index * 128
            bytes.replaceSubrange(entry + 116..<entry + 124, with: [0, 0, 0, 0] + [UInt8](little: bytes.count, 4))
        }
        let found = read(bytes)
        let total = found.items.reduce(0) { $0 + ($1.content?.count ?? 0) }
        #expect(total <= bytes.count * 2 + 65_536)
    }

    @Test func limitsOfItemsAndOctets() {
        var writer = CompoundFileWriter()
        for index in 0..<20 { writer.add("Stream \(index)", content: [UInt8](repeating: UInt8(index), count: 100)) }
        var options = DocumentOptions()
        options.limits.items = 21
        #expect(read(writer.bytes(), options).problems.isEmpty)
        options.limits.items = 20
        #expect(read(writer.bytes(), options).has(.overLimits))
        options = DocumentOptions()
        options.limits.decodedOctets = 2_000
        #expect(read(writer.bytes(), options).items.count == 20)
        options.limits.decodedOctets = 1_999
        #expect(read(writer.bytes(), options).has(.overLimits))
        #expect(read(writer.bytes(), room: 150).items.count == 2)
        #expect(read(writer.bytes(), most: 3).items.count == 3)
    }

    /// The last sector of the directory is the last of the file, and its end is missing.
    @Test func cutDirectories() {
        var writer = CompoundFileWriter()
        for number in 0..<9 { writer.add("stream \(number)", content: [UInt8](repeating: 0x41, count: 5000)) }
        var whole = writer.bytes()
        func number(_ place: Int) -> Int { Int(whole[place]) | Int(whole[place + 1]) << 8 }
        // Three sectors of four entries; the last one, of which two are used, moves behind everything else.
        let (directory, table, last) = (number(48), (number(76) + 1) * 512, whole.count / 512 - 1)
        whole += whole[(directory + 3) * 512..<(directory + 4) * 512]
        for (sector, next) in [(directory + 1, last), (last, 0xFFFF_FFFE)] {
            whole.replaceSubrange(table + sector * 4..<table + sector * 4 + 4, with: [UInt8](little: next, 4))
        }
        #expect(read(whole).problems.isEmpty && read(whole).names.count == 9)
        for missing in [1, 255, 257, 384, 400, 511] {
            #expect(read(Array(whole.dropLast(missing))).has(.corrupt), "\(missing)")
        }
    }
}
