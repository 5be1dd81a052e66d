import Bytes
import Members
import Testing

@testable import Unpacking

/// Damage in RAR archives that libarchive does not see: content that is stored, headers in front of encrypted content.
@Suite(.enabled(if: Corpora.isPresent, "needs the corpora beside the package")) struct RarDamageTests {
    /// Each octet of stored content has its part in the checksum.
    @Test(arguments: ["rar5-crc.rar", "rar3-readonly-unix.rar", "test_read_format_rar5_stored_manyfiles.rar"])
    func storedContent(_ file: String) throws {
        let archive = try RarPasswordTests.sample(file)
        #expect(!Unpacked(archive).isMarked)
        let listing = RarListing(archive.span, file.contains("rar5") ? .rar5 : .rar, while: { true })
        let stored = listing.entries.filter { $0.isStored && $0.data.count > 0 && !$0.isStream }
        #expect(!stored.isEmpty)
        for entry in stored {
            for place in [entry.data.lowerBound, entry.data.upperBound - 1] {
                var damaged = archive
                damaged[place] ^= 1
                #expect(Unpacked(damaged).kinds == [.corrupt], "\(place)")
            }
        }
    }

    /// A header that is written anew for what was decrypted does not hide that the one in the archive was damaged.
    @Test(arguments: [
        "test_read_format_rar5_solid_encrypted.rar", "test_read_format_rar4_solid_encrypted.rar",
    ])
    func headersOfEncryptedContent(_ file: String) throws {
        let archive = try RarPasswordTests.sample(file)
        var passwords = Passwords()
        passwords.add(Array("password".utf8), .text)
        let whole = Unpacked(archive, messageSize: 1 << 20, passwords: passwords)
        try #require(!whole.isMarked && whole.entries.contains { $0.flags.contains(.decrypted) }, "\(whole.problems)")
        let listing = RarListing(archive.span, file.contains("rar5") ? .rar5 : .rar, while: { true })
        for entry in listing.entries where entry.isEncrypted {
            var damaged = archive
            // The last octet of the name, or of what stands behind it.
            let name = try #require(entry.names.first)
            let place = archive.span.firstIndex(of: name.span, from: entry.header).map { $0 + name.count - 1 }
            damaged[try #require(place)] ^= 1
            let result = Unpacked(damaged, messageSize: 1 << 20, passwords: passwords)
            #expect(result.kinds.contains(.corrupt), "\(name) \(result.problems)")
        }
    }
}
