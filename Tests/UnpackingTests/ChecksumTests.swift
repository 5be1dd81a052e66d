import Compression
import Members
import TestSupport
import Testing

@testable import Unpacking

/// Checksums that containers carry and that the libraries which open them pass over.
@Suite struct ChecksumTests {
    private static func made(_ script: String, _ input: [UInt8] = eicar) throws -> [UInt8] {
        let scratch = try Scratch(.memory)
        let result = try runTool(
            "sh", ["-c", "cd \(scratch.path) && cat > in && ( \(script) ) > log 2>&1; cat out"], input: input)
        try #require(result.status == 0 && !result.output.isEmpty, "\(script)")
        return result.output
    }

    /// The third form of cpio has the sum of all octets of a file. Links, directories and empty files have none.
    @Test(.enabled(if: GeneratorTests.installed("cpio"))) func sumsOfCPIO() throws {
        let script =
            "mkdir d; : > empty; ln -s in link; ln in second; "
            // The same each time: other noise is now and then taken for a file of some type.
            + "openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero | head -c 70000 > large; "
            + "ls -d in d empty link second large | cpio -o -H crc > out"
        let archive = try Self.made(script)
        let honest = Unpacked(archive, messageSize: 1 << 20)
        #expect(!honest.isMarked && !honest.places(of: eicar).isEmpty, "\(honest.problems)")
        let place = try #require(archive.span.indices.first { Array(archive[$0...].prefix(eicar.count)) == eicar })
        var damaged = archive
        damaged[place + 3] ^= 1
        #expect(Unpacked(damaged, messageSize: 1 << 20).kinds == [.corrupt])
        // The second form has a field of zeros in that place.
        let plain = try Self.made("echo in | cpio -o -H newc > out")
        #expect(!Unpacked(plain).isMarked)
    }

    /// An uncompressed payload, whose octets nothing else checks; and a package without the digest.
    @Test(.enabled(if: GeneratorTests.installed("rpmbuild"))) func digestsOfRPM() throws {
        let package = try Self.made(
            """
            cat > p.spec << END
            Name: p
            Version: 1
            Release: 1
            Summary: p
            License: p
            BuildArch: noarch
            %description
            %install
            install -D $PWD/in %{buildroot}/in
            %files
            /in
            END
            rpmbuild --quiet -bb --define "_topdir $PWD" --define '_binary_payload w.ufdio' p.spec
            mv RPMS/noarch/*.rpm out
            """)
        let honest = Unpacked(package, messageSize: 1 << 20)
        #expect(!honest.isMarked && !honest.places(of: eicar).isEmpty, "\(honest.problems)")
        let place = try #require(package.indices.last { Array(package[$0...].prefix(eicar.count)) == eicar })
        var damaged = package
        damaged[place + 3] ^= 1
        #expect(Unpacked(damaged, messageSize: 1 << 20).kinds == [.corrupt])
        // The tag of the digest, by its number and that of its type.
        let tag: [UInt8] = [0, 0, 0x13, 0xE4, 0, 0, 0, 8]
        let entry = try #require(damaged.indices.first { Array(damaged[$0...].prefix(8)) == tag })
        damaged[entry + 2] = 0x14
        #expect(!Unpacked(damaged, messageSize: 1 << 20).isMarked)
        // A header that is longer than the package.
        damaged.replaceSubrange(96 + 8..<96 + 16, with: [UInt8](repeating: 0xFF, count: 8))
        #expect(Unpacked(damaged, messageSize: 1 << 20).entries.count < 10)
    }

    @Test(arguments: [false, true]) func checksumOfAGzipHeader(_ isWrong: Bool) throws {
        let plain = try Self.made("gzip -nc in > out")
        var header = Array(plain[..<10])
        header[3] = 2
        let sum = Int(crc32(header.span)) & 0xFFFF
        let result = Unpacked(header + octets(isWrong ? sum ^ 1 : sum, 2) + plain[10...])
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.kinds == (isWrong ? [.corrupt] : []), "\(result.problems)")
    }

    @Test(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) func checksumsOfTNEF() throws {
        var count = 0
        for path in Corpora.files("tnef") where path.hasSuffix("/two-files.tnef") {
            let stream = try Corpora.bytes(path)
            let honest = Unpacked(stream, messageSize: 1 << 20)
            #expect(!honest.isMarked, "\(honest.problems)")
            let content = try #require(honest.entries.compactMap(\.content).first { $0.count > 20 })
            let place = try #require(stream.indices.first { Array(stream[$0...].prefix(content.count)) == content })
            var damaged = stream
            damaged[place + 10] ^= 1
            #expect(Unpacked(damaged, messageSize: 1 << 20).kinds == [.corrupt])
            count += 1
        }
        #expect(count > 0)
    }
}
