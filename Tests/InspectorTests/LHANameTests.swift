import Linux
import MailModel
import Testing

/// Names in code pages, which the C library converts by modules that it loads from files: in the closed sandbox.
@Suite struct LHANameTests {
    private static func octets(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }

    /// CRC-16 with polynomial 8005, bit by bit.
    private static func sum(_ bytes: [UInt8]) -> Int {
        bytes.reduce(0) { sum, byte in
            (0..<8).reduce(sum ^ Int(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xA001 : value >> 1 }
        }
    }

    /// One stored member behind a header of level 0 to 3.
    private static func member(level: Int, name: [UInt8], page: Int?, content: [UInt8], isRight: Bool = true) -> [UInt8]
    {
        let width = level == 3 ? 4 : 2
        func header(_ checksum: Int) -> [UInt8] {
            var extensions: [[UInt8]] = [[0] + octets(checksum, 2), [1] + name]
            if let page { extensions.append([0x46] + octets(page, 4)) }
            var chain: [UInt8] = []
            for one in extensions { chain += octets(one.count + width, width) + one }
            chain += octets(0, width)
            let packed = content.count + (level == 1 ? chain.count - width : 0)
            var fields = Array("-lh0-".utf8) + octets(packed, 4) + octets(content.count, 4) + octets(0x4D80_0000, 4)
            fields += [0x20, UInt8(level)]
            switch level {
            case 0:
                fields += [UInt8(name.count)] + name + octets(sum(content), 2)
                return [UInt8(fields.count), fields.reduce(0, &+)] + fields
            case 1:
                fields += [0] + octets(sum(content), 2) + [0x77]
                // The length of the first extension ends the header proper, whose octets have a sum of eight bits.
                let proper = fields + chain[..<2]
                return [UInt8(proper.count), proper.reduce(0, &+)] + proper + chain[2...]
            case 2:
                fields += octets(sum(content), 2) + [0x77]
                return octets(fields.count + chain.count + 2, 2) + fields + chain
            default:
                fields += octets(sum(content), 2) + [0x77]
                return octets(4, 2) + fields + octets(fields.count + chain.count + 6, 4) + chain
            }
        }
        return header(sum(header(0)) ^ (isRight ? 0 : 1)) + content
    }

    private func report(_ archive: [UInt8]) throws -> Report {
        let gateway = try TestGateway()
        // libclamav loads modules of its own.
        try gateway.configure(gateway.settings(database: nil))
        return try gateway.report(on: Messages.attached(archive + [0], name: "a.lzh"), by: try gateway.fork(1))
    }

    /// One name for each page that reads the same in UTF-8, and some whose octets matter: 5C is no separator there.
    @Test(
        arguments: [
            (932, [0x95, 0x5C, 0x2E, 0x74], "表.t"), (936, [0xD6, 0xD0, 0x2E, 0x74], "中.t"), (437, [0x84, 0x2E], "ä."),
            (855, [0xE1, 0x2E], "р."), (866, [0xE6, 0x2E], "ц."), (869, [0xD6], "α"), (950, [0xA4, 0xA4], "中"),
            (65001, [0xC3, 0xA4], "ä"),
        ] as [(Int, [UInt8], String)])
    func codePages(_ page: Int, _ name: [UInt8], _ expected: String) throws {
        let content = Array("what is in the member\r\n".utf8)
        for level in 1...3 {
            let report = try report(Self.member(level: level, name: name, page: page, content: content))
            let members = report.parts.filter { $0.path.contains("/") }
            #expect(members.map(\.names) == [[expected]], "level \(level)")
            #expect(members.map(\.size) == [content.count] && report.unchecked.isEmpty, "\(report.unchecked)")
        }
    }

    /// No page, as most archives have none: names that are not UTF-8 are shown in that of DOS.
    @Test(
        arguments: [
            ([0xA6, 0x2E, 0x63], "ª.c"), ([0x82, 0xA0, 0x2E, 0x63], "éá.c"), ([0xD0, 0xB6, 0x2E, 0x63], "ж.c"),
            (Array(0x80...0xFF), nil),
        ] as [([UInt8], String?)])
    func noPage(_ name: [UInt8], _ expected: String?) throws {
        let content = Array("what is in the member\r\n".utf8)
        for level in 0...3 {
            for page in level == 0 ? [nil] : [nil, 12345] {
                let report = try report(Self.member(level: level, name: name, page: page, content: content))
                let members = report.parts.filter { $0.path.contains("/") }
                #expect(members.map(\.size) == [content.count] && report.unchecked.isEmpty, "\(report.unchecked)")
                if let expected { #expect(members.map(\.names) == [[expected]], "level \(level)") }
            }
        }
    }

    /// A page that nobody knows: the name stands as it is, and members before and behind it are read.
    @Test(arguments: 1...3) func unknownPages(_ level: Int) throws {
        let contents = (1...3).map { [UInt8](repeating: UInt8(0x40 + $0), count: 30 + $0) }
        let pages = [20866, 12345, 932]
        var archive: [UInt8] = []
        for (page, content) in zip(pages, contents) {
            archive += Self.member(level: level, name: Array("run.exe".utf8), page: page, content: content)
        }
        let report = try report(archive)
        let members = report.parts.filter { $0.path.contains("/") }
        #expect(members.map(\.names) == [["run.exe"], ["run.exe"], ["run.exe"]])
        #expect(members.map(\.size) == [31, 32, 33] && report.unchecked.isEmpty, "\(report.unchecked)")
        // A checksum of a header that was wrong before stays wrong. That of level 1 has no meaning to libarchive.
        guard level > 1 else { return }
        let wrong = Self.member(level: level, name: [0x61], page: 12345, content: contents[0], isRight: false)
        #expect(try self.report(wrong).unchecked.map(\.reason) == [.corrupt])
    }
}
