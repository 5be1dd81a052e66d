import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// 7z archives that no program writes: decoys, headers that lie or are damaged, numbers that are too large.
@Suite(.enabled(if: GeneratorTests.installed("7z"))) struct SevenZipHeaderTests {
    enum Kind: CaseIterable {
        case stored, encrypted, unknown, damaged
    }

    /// A number of the header.
    private static func number(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [0x80 | UInt8(value >> 8), UInt8(value & 0xFF)]
    }

    static func archive(header: [UInt8], packed: [UInt8]) -> [UInt8] {
        let start = octets(packed.count, 8) + octets(header.count, 8) + octets(Int(crc32(header.span)), 4)
        return [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C, 0, 4] + octets(Int(crc32(start.span)), 4) + start + packed + header
    }

    /// A folder for each member.
    static func archive(_ members: [(kind: Kind, name: String)]) -> [UInt8] {
        var packed: [[UInt8]] = []
        var folders: [UInt8] = []
        var names: [UInt8] = [0]
        for (kind, name) in members {
            packed.append(kind == .stored ? eicar : [UInt8](repeating: 0x55, count: 80))
            switch kind {
            case .stored: folders += [1, 1, 0]
            case .encrypted: folders += [1, 0x24, 6, 0xF1, 7, 1, 2, 0x13, 0]
            case .unknown: folders += [1, 0x03, 9, 9, 9]
            case .damaged: folders += [1, 0x23, 3, 1, 1, 5, 0x5D, 0, 0, 1, 0]
            }
            names += name.utf8.flatMap { [$0, 0] } + [0, 0]
        }
        var header: [UInt8] = [1, 4, 6, 0] + number(packed.count) + [9] + packed.flatMap { number($0.count) } + [0]
        header += [7, 11] + number(packed.count) + [0] + folders + [12]
        header += zip(members, packed).flatMap { number($0.kind == .stored ? $1.count : 60) } + [0, 0]
        header += [5] + number(members.count) + [17] + number(names.count) + names + [0, 0]
        return archive(header: header, packed: packed.flatMap { $0 })
    }

    /// Whatever stands in front, the member behind it is read.
    @Test func decoys() {
        for kind in Kind.allCases {
            let result = SevenZipTests.open(Self.archive([(kind, "a.txt"), (kind, "c.exe"), (.stored, "b.com")]))
            #expect(result.places(of: eicar).last == "3" && result.names == ["a.txt", "c.exe", "b.com"], "\(kind)")
            let kinds: Set<ContainerProblem.Kind> =
                switch kind {
                case .stored: []
                case .encrypted: [.encrypted]
                case .unknown: [.unsupported]
                case .damaged: [.corrupt]
                }
            #expect(result.kinds == kinds, "\(result.problems)")
        }
    }

    /// Members that share octets, streams without a file, files without a stream.
    @Test func headersThatLie() {
        let one = Self.archive([(.stored, "a")])
        #expect(SevenZipTests.open(one).places(of: eicar) == ["1"])
        func header(_ change: (inout [UInt8]) -> Void) -> Unpacked {
            var header = Array(one[(32 + eicar.count)...])
            change(&header)
            return SevenZipTests.open(Self.archive(header: header, packed: eicar))
        }
        // Two files, one stream; then none, and a stream all the same.
        let more = header { bytes in
            let files = bytes.count - 11
            bytes.replaceSubrange(files..., with: [5, 2, 17, 9, 0, 0x61, 0, 0, 0, 0x62, 0, 0, 0, 0, 0])
        }
        #expect(
            more.names == ["a", "b"] && more.kinds == [.corrupt] && more.places(of: eicar) == ["1"], "\(more.problems)")
        let fewer = header { bytes in bytes.replaceSubrange((bytes.count - 11)..., with: [5, 0, 0, 0]) }
        #expect(fewer.kinds == [.corrupt] && fewer.places(of: eicar) == ["1"], "\(fewer.problems)")
    }

    @Test func damageAtEveryOctet() throws {
        let archives = [
            try SevenZipTests.make("7z a -mhc=off out.7z text run.com"),
            try SevenZipTests.make("7z a -mx=0 -psecret out.7z run.com"),
            Self.archive(Kind.allCases.map { ($0, "\($0)") }),
        ]
        for archive in archives {
            // The header, with its checksum made right again.
            let start = 32 + Int(archive.span.littleEndian64(at: 12))
            for index in start..<archive.count {
                for value: UInt8 in [0, 0xFF, archive[index] ^ 1] {
                    var header = Array(archive[start...])
                    header[index - start] = value
                    let changed = Self.archive(header: header, packed: Array(archive[32..<start]))
                    // A try with a password takes long.
                    let result = SevenZipTests.open(changed, index % 7 == 0 && value == 0 ? ["secret"] : [])
                    #expect(result.entries.count < 1500)
                }
            }
            for length in stride(from: 8, to: archive.count, by: 97) {
                #expect(SevenZipTests.open(Array(archive[..<length])).isMarked)
            }
        }
    }

    /// A million members of nothing, and a million streams of one folder.
    @Test func largeNumbers() {
        for property in [[5, 0xE0, 0x42, 0x40, 0x0F] as [UInt8], [4, 7, 11, 0xE0, 0x42, 0x40, 0x0F, 0]] {
            let result = SevenZipTests.open(Self.archive(header: [1] + property + [0, 0], packed: []))
            #expect(result.entries.isEmpty && result.isMarked)
        }
    }
}

extension Span<UInt8> {
    fileprivate func littleEndian64(at offset: Int) -> UInt64 {
        (0..<8).reduce(0) { $0 | UInt64(self[offset + $1]) << UInt64($1 * 8) }
    }
}
