import Documents
import Members
import Testing

/// Encrypted Office documents and PDFs: opened with well-known and candidate passwords, or called encrypted.
@Suite(.enabled(if: Corpora.isPresent, "needs the corpora beside the package"))
struct EncryptionTests {
    @Test(arguments: [
        "autostart-encrypt-standardpassword.xlsb", "autostart-encrypt-standardpassword.xlsm",
        "dde-test-encrypt-standardpassword.xlsb", "dde-test-encrypt-standardpassword.xlsm",
        "dde-test-encrypt-standardpassword.xlsx",
    ])
    func excelsDefaultPassword(file: String) throws {
        let found = read(try Corpora.bytes("oletools/encrypted/" + file))
        #expect(found.sources == [.wellKnown])
        let packages = found.items.filter { $0.member.flags.contains(.decrypted) }
        // A zip archive up to its last record.
        #expect(packages.count == 1)
        #expect(packages.allSatisfy { $0.content?.starts(with: [0x50, 0x4B, 3, 4]) == true })
        #expect(packages.allSatisfy { $0.content?.suffix(22).starts(with: [0x50, 0x4B, 5, 6]) == true })
        #expect(!found.has(.encrypted))
    }

    @Test func workbooksWithTheDefaultPassword() throws {
        let found = read(try Corpora.bytes("oletools/encrypted/dde-test-encrypt-standardpassword.xls"))
        #expect(found.sources == [.wellKnown])
        #expect(found.texts(.dde) == ["cmd|/c calc.exe"])
        #expect(!found.has(.encrypted))
    }

    @Test(arguments: [
        "encrypted.docx", "encrypted.docm", "encrypted.xlsx", "encrypted.xlsm", "encrypted.xlsb", "encrypted.pptx",
        "encrypted.pptm", "encrypted.doc", "encrypted.xls", "encrypted.ppt",
    ])
    func otherPasswordsAreEncrypted(file: String) throws {
        let found = read(try Corpora.bytes("oletools/encrypted/" + file))
        #expect(found.has(.encrypted))
        #expect(!found.items.contains { $0.member.flags.contains(.decrypted) })
    }

    /// The samples' passwords, told by the suite that they come from.
    @Test(arguments: ["rc4-40.pdf", "rc4-128.pdf", "aes-128.pdf", "aes-128-m.pdf", "aes-256.pdf", "aes-256-m.pdf"])
    func encryptedPDF(file: String) throws {
        let document = try Corpora.bytes("pdf-pdfminer/samples/encryption/" + file)
        #expect(read(document).has(.encrypted))
        #expect(read(document, DocumentOptions(passwords: ["wrong"])).has(.encrypted))
        for password in ["foo", "baz"] {
            let found = read(document, DocumentOptions(passwords: ["wrong", password]))
            #expect(!found.has(.encrypted), "\(password)")
            #expect(!found.has(.corrupt), "\(password)")
            #expect(found.sources == [.text])
        }
    }

    @Test func encryptedPDFOfRevision6() throws {
        let document = try Corpora.bytes("pdf-pdfminer/samples/encryption/aes-256-r6.pdf")
        #expect(read(document).has(.encrypted))
        for password in ["usersecret", "ownersecret"] {
            let found = read(document, DocumentOptions(passwords: [password]))
            #expect(found.sources == [.text])
        }
    }

    @Test func tooManyRoundsForPasswordsAreNotTried() throws {
        var options = DocumentOptions()
        options.limits.passwordRounds = 99_999
        let document = try Corpora.bytes("oletools/encrypted/dde-test-encrypt-standardpassword.xlsx")
        #expect(read(document, options).has(.encrypted))
        options.limits.passwordRounds = 100_000
        #expect(!read(document, options).has(.encrypted))
    }
}
