import Members
import TestSupport
import Testing

@testable import Unpacking

/// LZMA with more bits of literals than liblzma takes, in every container that has it.
@Suite(.enabled(if: GeneratorTests.installed("7z"))) struct RareLZMATests {
    private static let bits = ["lc=8", "lc=4:lp=1", "lc=8:lp=4:pb=4", "lc=0:lp=4:pb=0", "lc=1:lp=4"]

    private static let payload = SevenZipTests.text + eicar

    @Test(arguments: bits) func sevenZip(_ bits: String) throws {
        for options in [
            "-m0=LZMA:\(bits)", "-m0=LZMA:\(bits):eos=on", "-m0=LZMA:\(bits) -psecret -mhe=on",
            "-m0=BCJ -m1=LZMA:\(bits)",
            "-m0=ARM -m1=LZMA:\(bits)", "-m0=Delta:4 -m1=LZMA:\(bits) -psecret",
            "-m0=BCJ2 -m1=LZMA:\(bits) -m2=LZMA:\(bits) -m3=LZMA -mb0:1 -mb0s1:2 -mb0s2:3",
            "-m0=LZMA:\(bits) -m1=LZMA:\(bits)",
        ] {
            let opened = SevenZipTests.open(
                try SevenZipTests.make("7z a \(options) out.7z run.com", Self.payload), ["secret"])
            #expect(opened.places(of: Self.payload).count == 1, "\(options): \(opened.problems)")
            #expect(opened.isComplete && !opened.isMarked, "\(options): \(opened.problems)")
        }
    }

    @Test(arguments: bits) func zip(_ bits: String) throws {
        let archive = try SevenZipTests.make(
            "7z a -tzip -mm=LZMA:\(bits) a.zip run.com; mv a.zip out.7z", Self.payload)
        let opened = Unpacked(archive)
        #expect(opened.places(of: Self.payload) == ["1"] && !opened.isMarked, "\(opened.problems)")
    }

    /// A file of LZMA's own is known by what it decodes to, and found within others.
    @Test(arguments: [eicar, payload]) func file(_ content: [UInt8]) throws {
        let archive = try SevenZipTests.make("7z a -mhc=off -mf=off -m0=LZMA:lc=8:d=64k out.7z run.com", content)
        let size = (0..<8).reduce(0) { $0 | Int(archive[12 + $1]) << ($1 * 8) }
        let file = [2 * 45 + 8] + octets(1 << 16, 4) + octets(content.count, 8) + archive[32..<32 + size]
        let opened = Unpacked(file)
        #expect(opened.types == ["lzma"] && opened.places(of: content) == ["1"] && !opened.isMarked)
        let cut = Unpacked(Array(file.dropLast(2)))
        #expect(cut.isMarked || content == eicar)
        // Behind each other.
        for packer in ["7z a -m0=LZMA:lc=8 out.7z run.com", "7z a -tzip -mm=LZMA:lc=8 a.zip run.com; mv a.zip out.7z"] {
            let outer = Unpacked(try SevenZipTests.make(packer, file), messageSize: 1 << 20)
            #expect(outer.places(of: content) == ["1/1"] && !outer.isMarked, "\(outer.problems)")
            let inner = try SevenZipTests.make(packer, try SevenZipTests.make(packer, content))
            #expect(Unpacked(inner, messageSize: 1 << 20).places(of: content) == ["1/1"])
        }
    }

    /// Damage and a dictionary that is too large are told as such.
    @Test func problems() throws {
        let archive = try SevenZipTests.make("7z a -mhc=off -m0=LZMA:lc=8 out.7z run.com", Self.payload)
        let size = (0..<8).reduce(0) { $0 | Int(archive[12 + $1]) << ($1 * 8) }
        for place in stride(from: 32, to: 32 + size, by: max(1, size / 40)) {
            var damaged = archive
            damaged[place] ^= 0x55
            let opened = SevenZipTests.open(damaged)
            #expect(opened.kinds == [.corrupt] && opened.names == ["run.com"], "\(place): \(opened.problems)")
        }
        let large: [UInt8] = [98] + octets(1 << 30, 4) + octets(-1, 8) + archive[32..<32 + size]
        #expect(Unpacked(large).kinds == [.overLimits])
    }
}
