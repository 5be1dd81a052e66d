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

    /// A section as OneDrive gives it ([MS-ONESTORE] section 2.8.1; [MS-FSSHTTPB] section 2.2.1).
    enum Package {
        static func number(_ value: Int) -> [UInt8] {
            if value == 0 { return [0] }
            for octets in 1...7 where value < 1 << (octets * 7) {
                return [UInt8](little: value << octets | 1 << (octets - 1), octets)
            }
            return [0x80] + [UInt8](little: value, 8)
        }

        static func start(_ kind: Int, _ length: Int, isCompound: Bool = false) -> [UInt8] {
            let flag = isCompound ? 4 : 0
            if kind < 64, length < 128 { return [UInt8](little: kind << 3 | flag | length << 9, 2) }
            let short = min(length, 0x7FFF)
            return [UInt8](little: 2 | flag | kind << 3 | short << 17, 4) + (short == 0x7FFF ? number(length) : [])
        }

        static func object(_ kind: Int, _ fields: [UInt8]) -> [UInt8] { start(kind, fields.count) + fields }

        static func compound(_ kind: Int, _ fields: [UInt8], _ objects: [UInt8]) -> [UInt8] {
            let end = kind < 64 ? [UInt8(kind << 2 | 1)] : [UInt8](little: kind << 2 | 3, 2)
            return start(kind, fields.count, isCompound: true) + fields + objects + end
        }

        /// Identifiers in all their forms.
        static func identifier(_ value: Int) -> [UInt8] {
            let guid = [UInt8](repeating: 0xAB, count: 16)
            return switch value {
            case 0: [0]
            case ..<32: [UInt8(value << 3 | 4)] + guid
            case ..<1024: [UInt8](little: value << 6 | 0x20, 2) + guid
            case ..<131_072: [UInt8](little: value << 7 | 0x40, 3) + guid
            default: [0x80] + [UInt8](little: value, 4) + guid
            }
        }

        static func element(_ kind: Int, serial: Int = 7, _ objects: [UInt8]) -> [UInt8] {
            let number = serial == 0 ? [0] : [0x80] + [UInt8](repeating: 0xCD, count: 16) + [UInt8](little: serial, 8)
            return compound(1, identifier(40) + number + Self.number(kind), objects)
        }

        static func blob(_ content: [UInt8], serial: Int = 7) -> [UInt8] {
            element(10, serial: serial, object(2, number(content.count) + content))
        }

        /// A group with texts and, as its second object, a file.
        static func group(_ text: [UInt8], _ file: [UInt8]) -> [UInt8] {
            func declaration(_ partition: Int, _ size: Int) -> [UInt8] {
                object(0x18, identifier(5) + number(partition) + number(size) + number(1) + number(0))
            }
            func data(_ content: [UInt8]) -> [UInt8] {
                object(
                    0x16,
                    number(2) + identifier(70_000) + identifier(200_000) + number(1) + identifier(0) + identifier(3)
                        + number(content.count) + content)
            }
            let blob = object(0x05, identifier(1) + identifier(2) + number(2) + number(0) + number(0))
            let declarations = declaration(4, text.count) + declaration(2, file.count) + blob
            let metadata = compound(0x79, [], object(0x78, number(1)))
            let reference = object(0x1C, number(0) + number(0) + identifier(2))
            return element(
                5, compound(0x1D, [], declarations) + metadata + compound(0x1E, [], data(text) + data(file) + reference)
            )
        }

        static func section(_ elements: [UInt8]) -> [UInt8] {
            let type: [UInt8] = [
                0xE4, 0x52, 0x5C, 0x7B, 0x8C, 0xD8, 0xA7, 0x4D, 0xAE, 0xB1, 0x53, 0x78, 0xD0, 0x29, 0x96, 0xD3,
            ]
            let format: [UInt8] = [
                0x2F, 0xE9, 0x8D, 0x63, 0xD4, 0xA6, 0xC1, 0x4B, 0x9A, 0x36, 0xB3, 0xFC, 0x25, 0x11, 0xA5, 0xB7,
            ]
            let index = element(1, object(0x11, identifier(9) + [0]))
            return type + [UInt8](repeating: 1, count: 16) + type + format + [0, 0, 0, 0]
                + compound(
                    0x7A, identifier(1) + [UInt8](repeating: 2, count: 16), compound(0x15, [0], index + elements))
        }
    }

    @Test("G4: files in OneNote sections of OneDrive") func filesInPackages() {
        let large = [UInt8](repeating: 0x61, count: 100_000)
        let name = [UInt8](utf16: "invoice.hta\0")
        let text = [UInt8](little: name.count, 4) + name
        let section = Package.section(
            Package.blob(eicar) + Package.blob([1, 2, 3], serial: 0) + Package.group(text, [4, 5, 6])
                + Package.blob(large))
        let found = read(section)
        for file in [eicar, [1, 2, 3], [4, 5, 6], large] { #expect(found.has(file)) }
        #expect(found.items.count == 4 && Set(found.names) == ["invoice.hta"])
        #expect(found.problems.isEmpty)
        #expect(read(Package.section([])).problems.isEmpty)
    }

    /// Nobody knows which of two lengths a program believes.
    @Test func packagesThatAreNotUnderstood() {
        let blob = Package.blob(eicar)
        let length = Package.element(10, Package.start(2, 80) + Package.number(eicar.count) + eicar)
        let fragment = Package.element(6, Package.object(0x6A, Package.identifier(1) + eicar))
        let hidden = Package.element(1, Package.object(0x0E, [UInt8](repeating: 0, count: 200)))
        let whole = Package.section(blob)
        let cases = [
            Package.section(length + blob), Package.section(fragment), Package.section(hidden),
            Package.section(blob) + [], Package.section([0xFF, 0xFF]),
        ]
        #expect(!read(cases[3]).has(.unsupported))
        for index in [0, 1, 2, 4] { #expect(read(cases[index]).has(.unsupported), "\(index)") }
        #expect(read(Array(whole.dropLast())).has(eicar))
        for count in 68..<whole.count { #expect(read(Array(whole.prefix(count))).has(.unsupported), "\(count)") }
        // No octets lead astray.
        for index in 68..<whole.count {
            for value in [0, 0x80, 0xFF] as [UInt8] {
                var changed = whole
                changed[index] = value
                _ = read(changed)
            }
        }
    }
}
