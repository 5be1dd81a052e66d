import TestSupport
import Testing

@testable import Antivirus

/// What is read of signatures beside libclamav.
@Suite struct SignatureFactsTests {
    /// What files say: archives, mail, domains, addresses, good files.
    private static func told(_ facts: SignatureFacts) -> [Bool] {
        [
            facts.asksForArchives, facts.asksForMail, facts.holdsDomains, facts.holdsAddresses,
            !facts.goodFiles.isEmpty,
        ]
    }

    private static let digest = String(repeating: "0a", count: 16)

    private static let files: [(name: String, text: String, told: [Bool])] = [
        ("a.ldb", "N;Engine:51-255,Container:CL_TYPE_ZIP,Target:0;0;00\n", [true, false, false, false, false]),
        ("a.ldu", "N;Target:0,Intermediates:CL_TYPE_MAIL>CL_TYPE_ZIP;0;00", [true, true, false, false, false]),
        // In a pattern or a name it is none.
        ("a.ldb", "Container:;Target:0;0;Container:CL_TYPE_ZIP\n", [false, false, false, false, false]),
        ("a.ldb", "# N;Container:CL_TYPE_ZIP;0;00\n", [false, false, false, false, false]),
        ("a.cdb", "N:CL_TYPE_ZIP:*:a:*:*:*:*:*:*\n", [true, false, false, false, false]),
        ("a.cdb", "N:*:*:a:*:*:*:*:*:*\n", [true, true, false, false, false]),
        ("a.cdb", "# none\n", [false, false, false, false, false]),
        ("a.pdb", "H:example.com\n", [false, false, true, false, false]),
        ("a.gdb", "S1:P:01234567\n", [false, false, false, true, false]),
        ("a.fp", "\(digest):12:N\n", [false, false, false, false, true]),
        ("a.sfp", "\(digest)\(digest):*:N:73\r\n", [false, false, false, false, true]),
        ("a.fp", "\(digest):x:N\n\(digest)0:1:N\nzz\(digest.dropFirst(2)):1:N\n", [false, false, false, false, false]),
        ("a.txt", "N;Container:CL_TYPE_ZIP;0;00\n", [false, false, false, false, false]),
        ("a.cud", "no container at all", [true, true, true, true, false]),
    ]

    @Test(arguments: files.indices) func filesOfText(index: Int) throws {
        let (name, text, told) = Self.files[index]
        let scratch = try Scratch(.memory)
        try scratch.write(name, text)
        #expect(Self.told(SignatureFacts(database: scratch.path)) == told, "\(name): \(text)")
        #expect(Self.told(SignatureFacts(database: "\(scratch.path)/\(name)")) == told)
        // The same in a container.
        guard !name.hasSuffix(".cud") else { return }
        let packed = try Scratch(.memory)
        try packed.write(name, text)
        for options in ["-cf", "-czf"] {
            let made = try runTool("tar", ["-C", packed.path, "--format=ustar", options, "-", name])
            try #require(made.status == 0, "\(made)")
            let container = [UInt8](repeating: 0x20, count: 512) + made.output
            let other = try Scratch(.memory)
            try other.write("daily.cvd", container)
            #expect(Self.told(SignatureFacts(database: other.path)) == told, "\(options) \(name): \(text)")
        }
    }

    /// Official ones: good files, and no signatures that ask for containers.
    @Test(.enabled(if: SignedDatabases.isThere, "signed databases are not there (make test-deps)"))
    func officialContainers() throws {
        let scratch = try Scratch(.memory)
        _ = try scratch.directory("database")
        try SignedDatabases.write(to: scratch, "database")
        #expect(Self.told(SignatureFacts(database: scratch.path + "/database")) == [false, false, false, false, true])
        let broken = Array(try SignedDatabases.octets("test-6.cvd").dropLast(20))
        try scratch.write("database/broken.cvd", broken)
        #expect(Self.told(SignatureFacts(database: scratch.path + "/database")) == [true, true, true, true, true])
        #expect(Self.told(SignatureFacts(database: scratch.path + "/missing")) == [true, true, true, true, false])
    }

    @Test func goodFilesAreComparedBySizeAndDigest() {
        let text = Array("a text".utf8)
        func isGood(_ fields: [String]) -> Bool {
            var files = GoodFiles()
            files.add(fields)
            return text.withUnsafeBytes { files.contains($0) }
        }
        // MD5, SHA-1 and SHA-256 of the text (coreutils).
        for digest in [
            "b229386ec4627869d2c71b7df3c9600a", "7081f2babbafff16b4bae16282859c844baa14ef",
            "734194ede5b063e654d63cb95a682ca1551b45e3cc86e88f1a85c1286eedd4ac",
        ] {
            #expect(isGood([digest, "6"]) && isGood([digest.uppercased(), "6", "Name"]) && isGood([digest, "*"]))
            #expect(!isGood([digest, "7"]) && !isGood([String(digest.reversed()), "6"]) && !isGood([digest, ""]))
        }
        #expect(!isGood([]) && !isGood(["00"]))
    }
}
