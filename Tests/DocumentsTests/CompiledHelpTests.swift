import Documents
import Members
import TestSupport
import Testing

/// Compiled HTML help. Compressed files are in the corpora; what is made here is stored.
@Suite struct CompiledHelpTests {
    private static func number(_ value: Int) -> [UInt8] {
        var bytes = [UInt8(value & 0x7F)]
        var rest = value >> 7
        while rest > 0 {
            bytes.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
            rest >>= 7
        }
        return bytes
    }

    /// ITSF version 3 with one directory chunk; files as name, offset and length.
    static func help(_ files: [(String, Int, Int)], content: [UInt8]) -> [UInt8] {
        var entries: [UInt8] = []
        for (name, offset, length) in files {
            entries += number(name.utf8.count) + Array(name.utf8) + number(0) + number(offset) + number(length)
        }
        let size = 4_096
        let free = size - 20 - entries.count
        var chunk = Array("PMGL".utf8) + [UInt8](little: free, 4) + [0, 0, 0, 0]
        chunk += [UInt8](little: 0xFFFF_FFFF, 4) + [UInt8](little: 0xFFFF_FFFF, 4) + entries
        chunk += [UInt8](repeating: 0, count: free - 2) + [UInt8](little: files.count, 2)
        let identifier: [UInt8] = [0xFD, 1, 0x7C, 0xAA, 0x7B, 0xD0, 0x11, 0x9E, 0x0C, 0, 0xA0, 0xC9, 0x22, 0xE6, 0xEC]
        let contentStart = 0x60 + 0x18 + 0x54 + size
        var bytes = Array("ITSF".utf8) + [UInt8](little: 3, 4) + [UInt8](little: 0x60, 4) + [UInt8](little: 1, 4)
        bytes += [0, 0, 0, 0, 9, 4, 0, 0] + [0x10] + identifier + [0x11] + identifier
        bytes += [UInt8](little: 0x60, 8) + [UInt8](little: 0x18, 8) + [UInt8](little: 0x78, 8)
        bytes += [UInt8](little: 0x54 + size, 8) + [UInt8](little: contentStart, 8)
        bytes += [UInt8](little: 0x1FE, 4) + [0, 0, 0, 0] + [UInt8](little: contentStart + content.count, 8)
        bytes += [UInt8](repeating: 0, count: 8)
        bytes += Array("ITSP".utf8) + [UInt8](little: 1, 4) + [UInt8](little: 0x54, 4) + [UInt8](little: 10, 4)
        bytes += [UInt8](little: size, 4) + [UInt8](little: 2, 4) + [UInt8](little: 1, 4)
        bytes += [UInt8](little: 0xFFFF_FFFF, 4) + [0, 0, 0, 0] + [0, 0, 0, 0] + [UInt8](little: 0xFFFF_FFFF, 4)
        bytes += [UInt8](little: 1, 4) + [9, 4, 0, 0] + [UInt8](repeating: 0, count: 16) + [UInt8](little: 0x54, 4)
        bytes += [UInt8](repeating: 0xFF, count: 12)
        return bytes + chunk + content
    }

    @Test func files() {
        let document = Self.help([("/a.htm", 0, 3), ("/run/b.exe", 3, eicar.count)], content: [1, 2, 3] + eicar)
        let found = read(document)
        #expect(found.members(with: eicar).map(\.names) == [[Array("/run/b.exe".utf8)]])
        #expect(found.members(with: [1, 2, 3]).map(\.names) == [[Array("/a.htm".utf8)]])
        #expect(found.problems.isEmpty)
    }

    @Test func entriesThatShareOctets() {
        let document = Self.help([("/a", 0, 68), ("/b", 0, 68), ("/c", 67, 1)], content: eicar)
        let found = read(document)
        #expect(found.items.count == 1)
        #expect(found.has(.overLimits))
    }

    @Test func entryLongerThanTheFile() {
        let found = read(Self.help([("/a", 0, 1 << 40)], content: eicar))
        #expect(found.has(.corrupt))
        #expect(found.items.allSatisfy { ($0.content?.count ?? 0) <= eicar.count })
    }

    @Test func limit() {
        let document = Self.help([("/a", 0, eicar.count)], content: eicar)
        var options = DocumentOptions()
        options.limits.memberOctets = eicar.count
        #expect(read(document, options).problems.isEmpty)
        options.limits.memberOctets = eicar.count - 1
        #expect(read(document, options).has(.overLimits))
        #expect(read(document, options).items.map { $0.content?.count } == [eicar.count - 1])
    }

    /// Windows and 7-Zip look at neither; Free Pascal's compiler writes the first twice.
    @Test(arguments: [0x18, 0x27, 0x28, 0x37]) func otherIdentifiers(_ place: Int) {
        var document = Self.help([("/a.txt", 0, eicar.count)], content: eicar)
        document[place] ^= 1
        let found = read(document)
        #expect(found.has(eicar) && found.problems.isEmpty, "\(found.problems)")
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
    func damagedCompressedHelp() throws {
        let document = try Corpora.bytes("clamav-testfiles/clam.chm")
        var random = SeededGenerator(seed: 3)
        for _ in 0..<400 {
            var bytes = document
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var options = DocumentOptions()
            options.limits.memberOctets = 1 << 20
            let found = read(bytes, options)
            #expect(found.items.allSatisfy { ($0.content?.count ?? 0) <= 1 << 20 })
        }
        for length in stride(from: 1, to: document.count, by: 37) { _ = read(Array(document[..<length])) }
    }
}
