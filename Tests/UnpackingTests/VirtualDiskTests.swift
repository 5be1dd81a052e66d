import Foundation
import Members
import Testing

@testable import Unpacking

/// Disks of VHDX and VMDK, made here octet by octet: what their numbers say is not believed.
@Suite struct VirtualDiskTests {
    private static let regions = 196_608
    private static let items = 197_632
    private static let table = 198_656
    private static let size = 204_800

    private static func identifier(_ text: String) -> [UInt8] {
        let u = UUID(uuidString: text)?.uuid
        guard let u else { return [] }
        return [u.3, u.2, u.1, u.0, u.5, u.4, u.7, u.6, u.8, u.9, u.10, u.11, u.12, u.13, u.14, u.15]
    }

    /// A disk of one block of 1 MiB ([MS-VHDX] sections 2.2.3, 2.5, 2.6), which the file itself does not hold.
    /// - Parameter block: what the table says of the block.
    private static func disk(block: UInt64) -> [UInt8] {
        var file = [UInt8](repeating: 0, count: size)
        func put(_ bytes: [UInt8], at place: Int) {
            file.replaceSubrange(place..<place + bytes.count, with: bytes)
        }
        put(Array("vhdxfile".utf8), at: 0)
        put(
            Array("regi".utf8) + octets(0, 4) + octets(2, 8)
                + identifier("2DC27766-F623-4200-9D64-115E9BFD4A08") + octets(table, 8) + octets(64, 8)
                + identifier("8B7CA206-4790-4B9A-B8FE-575F050F886E") + octets(items, 8) + octets(512, 8),
            at: regions)
        let names = [
            "CAA16737-FA36-4D43-B3B6-33F0AA44E76B", "2FA54224-CD1B-4876-B211-5DBED83BF4B8",
            "8141BF1D-A96F-4709-BA47-F233A8FAAB5F",
        ]
        put(Array("metadata".utf8) + octets(0, 2) + octets(names.count, 2), at: items)
        for (index, name) in names.enumerated() {
            put(identifier(name) + octets(256 + index * 8, 4), at: items + 32 + index * 32)
        }
        put(octets(1 << 20, 8) + octets(1 << 20, 8) + octets(512, 4), at: items + 256)
        put((0..<8).map { UInt8(truncatingIfNeeded: block >> ($0 * 8)) }, at: table)
        return file
    }

    /// Where a block begins is counted in MiB, and may be further out than octets can be counted.
    @Test(arguments: [UInt64(1) << 20, 1 << 62, 1 << 63, 0xFFFF_FFFF_FFF0_0000])
    func blockBehindTheEnd(_ place: UInt64) {
        for state: UInt64 in [6, 7] {
            let result = Unpacked(Self.disk(block: place | state), messageSize: 1 << 20)
            #expect(result.types == ["vhdx"] && result.entries.isEmpty)
        }
    }

    /// A kilobyte that says that it has millions of grains (Virtual Disk Format 5.0, "Hosted Sparse Extent Header"), all of
    /// zeros; and without the end of the list of their tables.
    @Test func millionsOfGrains() {
        var disk = [UInt8](repeating: 0, count: 1024)
        let header = Array("KDMV".utf8) + octets(1, 4) + octets(3, 4) + octets(4_194_303 * 8, 8) + octets(8, 8)
        disk.replaceSubrange(0..<header.count, with: header)
        disk.replaceSubrange(44..<48, with: octets(65_536, 4))
        disk.replaceSubrange(56..<64, with: octets(1, 8))
        let whole = Unpacked(disk, messageSize: 1 << 20)
        #expect(whole.types == ["vmdk"] && whole.entries.isEmpty && !whole.isMarked, "\(whole.problems)")
        let cut = Unpacked(Array(disk[..<767]), messageSize: 1 << 20)
        #expect(cut.problems == [ContainerProblem(.corrupt, "vmdk disk is cut off")])
        #expect(!Unpacked(Array(disk[..<768]), messageSize: 1 << 20).isMarked)
    }
}
