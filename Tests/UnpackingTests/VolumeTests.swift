import Members
import TestSupport
import Testing

@testable import Unpacking

/// Volumes of split archives: each says that it is one, none is called damaged, and what is whole in it is read.
@Suite struct VolumeTests {
    /// The volumes that a script writes in a folder with two small files and one of 300 KB that does not compress.
    private func volumes(_ script: String, _ pattern: String) throws -> [[UInt8]] {
        let scratch = try Scratch(.memory)
        _ = try scratch.write("small.txt", String(decoding: eicar, as: UTF8.self))
        let commands = """
            cd \(scratch.path) && cp small.txt z.txt && openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2> log \
            | head -c 300000 > large.bin && ( \(script) ) > log 2>&1 && ls \(pattern)
            """
        let result = try runTool("sh", ["-c", commands])
        try #require(result.status == 0, "\(script)")
        return try String(decoding: result.output, as: UTF8.self).split(separator: "\n").map {
            try read("\(scratch.path)/\($0)")
        }
    }

    @Test(.enabled(if: GeneratorTests.installed("7z"))) func sevenZip() throws {
        let volumes = try volumes("7z a -v100k o.7z small.txt large.bin z.txt", "o.7z.*")
        #expect(volumes.count >= 3)
        let first = Unpacked(volumes[0], messageSize: 1 << 20)
        #expect(first.problems == [ContainerProblem(.unsupported, "volume of a split 7z archive, or cut off")])
        // Together they are an archive again.
        #expect(Unpacked(volumes.flatMap { $0 }, messageSize: 1 << 20).places(of: eicar).count == 2)
    }

    @Test(arguments: [
        ("zip -q -0 -s 100k o.zip small.txt large.bin z.txt", "o.z01 o.z02 o.zip"),
        ("zip -q -s 100k o.zip small.txt large.bin z.txt", "o.z01 o.z02 o.zip"),
        ("7z a -tzip -mx=0 -v100k o.zip small.txt large.bin z.txt", "o.zip.*"),
        ("7z a -tzip -v100k o.zip small.txt large.bin z.txt", "o.zip.*"),
    ])
    func zip(_ script: String, _ pattern: String) throws {
        let volumes = try volumes(script, pattern)
        #expect(volumes.count >= 3)
        let ends = [volumes[0], volumes[volumes.count - 1]].map { Unpacked($0, messageSize: 1 << 20) }
        // The first one of 7-Zip is an archive that was cut off, and nothing but its name tells what it is.
        let isNamed = script.hasPrefix("7z")
        for (number, end) in ends.enumerated() {
            #expect(end.kinds == (isNamed && number == 0 ? [.corrupt] : [.unsupported]), "\(end.problems)")
            let words = "volume of a split zip archive"
            #expect(end.problems.contains { $0.detail == words } == (number == 1 || !isNamed))
        }
        // What is whole in one is read, and the last has the names of all.
        #expect(ends.contains { !$0.places(of: eicar).isEmpty }, "\(ends.map(\.names))")
        #expect(Set(ends[1].names).isSuperset(of: ["small.txt", "large.bin", "z.txt"]))
    }

    /// A cabinet with a file and the first part of another one, which goes on in the next cabinet; without that it is damage.
    @Test func cabinet() {
        func cabinet(flags: Int) -> [UInt8] {
            let next: [UInt8] = flags & 2 != 0 ? Array("o2.cab\0disk 2\0".utf8) : []
            let part = [UInt8](repeating: 0x55, count: 500)
            // The index 0xFFFE stands for a file that goes on.
            func file(_ name: String, _ size: Int, _ start: Int, _ folder: Int) -> [UInt8] {
                octets(size, 4) + octets(start, 4) + octets(folder, 2) + octets(0, 6) + Array(name.utf8) + [0]
            }
            let files =
                file("small.txt", eicar.count, 0, 0)
                + file("large.bin", 5000, eicar.count, flags & 2 != 0 ? 0xFFFE : 0)
            let size = eicar.count + part.count
            let data = octets(0, 4) + octets(size, 2) + octets(size, 2) + eicar + part
            let first = 36 + next.count + 8
            var out = Array("MSCF".utf8) + octets(0, 4) + octets(first + files.count + data.count, 4) + octets(0, 4)
            out += octets(first, 4) + octets(0, 4) + [3, 1] + octets(1, 2) + octets(2, 2) + octets(flags, 2)
            out += octets(7, 2) + octets(0, 2) + next + octets(first + files.count, 4) + octets(1, 2) + octets(0, 2)
            return out + files + data
        }
        let volume = Unpacked(cabinet(flags: 2), messageSize: 1 << 20)
        #expect(volume.kinds == [.unsupported], "\(volume.problems)")
        #expect(volume.names == ["small.txt", "large.bin"] && volume.places(of: eicar).count == 1)
        #expect(Unpacked(cabinet(flags: 0), messageSize: 1 << 20).kinds == [.corrupt])
    }

    /// What is cut off in a member, in front of any directory, is damaged wherever the cut is.
    @Test func archivesThatAreCutOff() {
        let whole = UnpackingTests.zip([("a.com", eicar), ("b.bin", [UInt8](repeating: 0x55, count: 5000))])
        let directory = whole.count - 22 - 2 * (46 + 5)
        for length in stride(from: 31, to: directory, by: 7) {
            #expect(Unpacked(Array(whole[..<length])).kinds == [.corrupt], "\(length)")
        }
    }

    /// The mark of a split archive excuses nothing where there is a directory.
    @Test func markWithADirectory() {
        let whole = UnpackingTests.zip([("a.txt", Array("harmless".utf8)), ("b.com", eicar)])
        #expect(Unpacked(ZipSignatures.descriptor + whole).places(of: eicar).count == 1)
        var damaged = whole
        damaged[40] ^= 1
        #expect(Unpacked(ZipSignatures.descriptor + damaged).kinds.contains(.corrupt))
    }
}
