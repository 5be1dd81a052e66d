import Foundation
import Members
import TestSupport
import Testing

@testable import Unpacking

/// The test file of the anti-virus makers in every combination of two containers, whatever writes them: programs of Debian's,
/// or, where there is none, code of ours. `make test` takes one pair of each sixteen by a fixed rule, in which every container is
/// outer and inner several times; `make test-long` takes all.
@Suite(.serialized) struct PairTests {
    /// Something that puts one content into a container.
    struct Container: CustomTestStringConvertible, Sendable {
        let name: String
        /// nil for code of ours.
        let program: String?
        let make: @Sendable ([UInt8]) throws -> [UInt8]
        var testDescription: String { name }

        init(_ name: String, program: String? = nil, _ make: @escaping @Sendable ([UInt8]) throws -> [UInt8]) {
            self.name = name
            self.program = program
            self.make = make
        }

        init(_ maker: GeneratorTests.Maker) {
            self.init(maker.suffix, program: maker.program) { try maker.make($0) }
        }
    }

    typealias Maker = GeneratorTests.Maker

    /// Documents, packages and disks that `GeneratorTests` makes in no other way.
    static let others: [Maker] = [
        Maker("pdf", "qpdf", "--empty --add-attachment IN -- OUT"),
        Maker("pgp", "gpg", "--homedir . --batch --yes --quiet -o OUT --store IN 2> log"),
        Maker("szdd", "mscompress", "IN > log && mv IN_ OUT"),
        Maker("msi", "msibuild", "OUT -a stream IN"),
        Maker(
            "p7m", "openssl",
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out certificate -days 1 -subj /CN=a 2> log && ( printf '\(mail)' && base64 IN ) > mail && openssl cms -sign -nodetach -binary -signer certificate -inkey key -in mail -outform DER -out OUT"
        ),
        Maker(
            "rpm", "rpmbuild",
            "--version > log && printf '\(specification)' > p.spec && rpmbuild --quiet -bb --define \"_topdir $PWD\" --define \"here $PWD\" p.spec 2> log && mv RPMS/noarch/*.rpm OUT"
        ),
        Maker(
            "dpkg.deb", "dpkg-deb",
            "--version > log && chmod 755 . && mkdir -p d/DEBIAN && printf '\(control)' > d/DEBIAN/control && mv IN d && dpkg-deb -b d OUT > log"
        ),
        Maker(
            "vmdk", "mformat",
            "-i raw -C -T $(( $(stat -c %s IN) / 512 + 4096 )) :: && mcopy -i raw IN ::IN && qemu-img convert -f raw -O vmdk raw OUT"
        ),
    ]

    private static let mail =
        "Content-Type: application/octet-stream\\nContent-Transfer-Encoding: base64\\n\\n"
    private static let specification =
        "Name: p\\nVersion: 1\\nRelease: 1\\nSummary: p\\nLicense: p\\nBuildArch: noarch\\n%%description\\n%%install\\n"
        + "install -D %%{here}/IN %%{buildroot}/file\\n%%files\\n/file\\n"
    private static let control =
        "Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: p <p@example.org>\\nDescription: p\\n"

    /// Formats that no program of Debian's writes, or not by themselves.
    private static let written: [Container] = [
        Container("lha") { GeneratorTests.lha($0) },
        Container("rar") { rar4($0) },
        Container("rar5") { HiddenArchiveTests.rar("inner.bin", $0) },
        Container("tnef") { content in
            func attribute(_ tag: Int, _ value: [UInt8]) -> [UInt8] {
                [2] + octets(tag, 4) + octets(value.count, 4) + value + octets(value.reduce(0) { $0 + Int($1) }, 2)
            }
            return [0x78, 0x9F, 0x3E, 0x22, 1, 0] + attribute(0x0006_9002, [UInt8](repeating: 0, count: 14))
                + attribute(0x0001_8010, Array("inner.bin\0".utf8)) + attribute(0x0006_800F, content)
        },
        Container("rtf") { content in
            let package =
                [2, 0] + Array("inner.bin\0inner.bin\0".utf8) + [0, 0, 3, 0] + octets(10, 4) + Array("inner.bin\0".utf8)
                + octets(content.count, 4) + content
            let object =
                [1, 5, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0] + Array("Package\0".utf8) + octets(0, 8)
                + octets(package.count, 4) + package
            let digits = Array("0123456789abcdef".utf8)
            let text = object.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
            return Array("{\\rtf1{\\object\\objemb{\\*\\objdata ".utf8) + text + Array("}}}".utf8)
        },
        Container("udf", program: "genisoimage") { content in
            // The descriptors of ISO 9660 are taken away.
            var image = try Maker("iso", "genisoimage", "-quiet -udf -o OUT IN").make(content)
            for place in stride(from: 16 * 2048 + 1, to: 32 * 2048, by: 2048)
            where Array(image[place..<place + 4]) == Array("CD00".utf8) {
                image[place] = 0
            }
            return image
        },
    ]

    /// RAR 4 with one stored member.
    private static func rar4(_ content: [UInt8]) -> [UInt8] {
        func block(_ body: [UInt8]) -> [UInt8] { octets(Int(HiddenArchiveTests.checksum(body) & 0xFFFF), 2) + body }
        let name = Array("inner.bin".utf8)
        var file: [UInt8] = [0x74, 0, 0x80] + octets(32 + name.count, 2) + octets(content.count, 4)
        file += octets(content.count, 4) + [3] + octets(Int(HiddenArchiveTests.checksum(content)), 4)
        file += octets(0x5821_0000, 4) + [20, 0x30] + octets(name.count, 2) + octets(0o100644, 4) + name
        return [0x52, 0x61, 0x72, 0x21, 0x1A, 7, 0] + block([0x73, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0]) + block(file)
            + content + block([0x7B, 0, 0, 7, 0])
    }

    static let containers = (GeneratorTests.makers + others).map { Container($0) } + written
    private static let isLong = ProcessInfo.processInfo.environment["MAILREEVE_LONG_TESTS"] != nil
    /// One pair of so many is taken.
    private static let share = isLong ? 1 : 16

    /// What PDF may have in memory (`ContainerLimit.bufferedOctets`): a virtual disk may be larger.
    private static let largestBuffered = ["pdf": 16_777_216]
    /// Of a disk that is all but empty, the tar archive in a package is thousands of times what it is compressed to.
    private static let largestPacked = ["dpkg.deb": 16_777_216 - 1024]

    /// The payload in each container; none where the program is missing.
    private static let contents: [[UInt8]?] = containers.map { container in
        if let program = container.program, !GeneratorTests.installed(program) { return nil }
        return try? container.make(GeneratorTests.payload)
    }

    @Test("F10: every pair of containers", arguments: containers.indices) func pair(_ outer: Int) throws {
        let container = Self.containers[outer]
        if let program = container.program, !GeneratorTests.installed(program) {
            try Test.cancel("\(program) is missing: make test-deps")
        }
        for inner in Self.containers.indices where (inner + 5 * outer) % Self.share == 0 {
            // A program that is missing is reported where it is the outer one.
            guard let content = Self.contents[inner] else { continue }
            let both = try container.make(content)
            let result = Unpacked(both, messageSize: 1 << 20)
            if let most = Self.largestBuffered[container.name], content.count > most {
                #expect(result.kinds.contains(.overLimits), "\(Self.containers[inner].name) in \(container.name)")
                continue
            }
            if let most = Self.largestPacked[container.name], content.count > most {
                #expect(result.limits == [.ratio], "\(Self.containers[inner].name) in \(container.name)")
                continue
            }
            #expect(
                !result.places(of: GeneratorTests.payload).isEmpty,
                "\(Self.containers[inner].name) in \(container.name): \(result.problems)")
        }
    }

    /// Each by itself, to a depth of two and of five, as `GeneratorTests` has it for the others.
    @Test(arguments: GeneratorTests.makers.count..<containers.count) func depths(_ index: Int) throws {
        let container = Self.containers[index]
        if let program = container.program, !GeneratorTests.installed(program) {
            try Test.cancel("\(program) is missing: make test-deps")
        }
        var content = GeneratorTests.payload
        for depth in 1...5 {
            content = try container.make(content)
            guard [1, 2, 5].contains(depth) else { continue }
            let result = Unpacked(content, messageSize: 1 << 20)
            // A Debian package is three containers: ar, xz and tar.
            if container.name == "dpkg.deb", depth == 5 {
                #expect(result.limits == [.levels])
                continue
            }
            #expect(
                !result.places(of: GeneratorTests.payload).isEmpty,
                "\(container.name), depth \(depth): \(result.problems)")
        }
    }

    /// What could be made was made: a maker whose program fails would leave its pairs out.
    @Test func everyContainerIsMade() {
        for (container, content) in zip(Self.containers, Self.contents) {
            if let program = container.program, !GeneratorTests.installed(program) { continue }
            #expect(content != nil, "\(container.name)")
        }
    }
}
