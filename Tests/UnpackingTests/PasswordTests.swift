import Members
import TestSupport
import Testing

@testable import Unpacking

@Suite struct PasswordTests {
    private func passwords(_ text: String, message: String = "", site: [String] = [], limit: Int = 100) -> [String] {
        var finder = PasswordFinder()
        let bytes = Array(text.utf8)
        finder.read(text: bytes.span)
        let header = Array(message.utf8)
        finder.read(message: header.span)
        return finder.passwords(site: site, limit: limit).candidates.map {
            String(decoding: $0.password, as: UTF8.self)
        }
    }

    @Test(arguments: [
        "The password is Hunter2!", "Password: Hunter2!", "PASSWORD=Hunter2!", "Use \"Hunter2!\" as password",
        "Пароль: Hunter2!", "ПАРОЛЬ к архиву Hunter2!", "contraseña: Hunter2!", "Das Passwort lautet Hunter2!",
        "Hunter2! is the password", "HASŁO: Hunter2!", "ŞİFRE: Hunter2!", "CONTRASEÑA: Hunter2!", "ΚΩΔΙΚΌΣ: Hunter2!",
        "La contrasen\u{303}a es Hunter2!", "Mật khẩu: Hunter2!", "كلمة المرور: Hunter2!",
        "Parola este parolă Hunter2!",
        "The password for the attached archive, which you will need to open the file, is: Hunter2!",
        "Пожалуйста, вот ПАРОЛЬ: Hunter2!", "mot de passe : Hunter2!", "解压密码：Hunter2!，谢谢", "パスワードはHunter2!です",
        "Mot de passe\u{A0}:\u{A0}Hunter2!", "Mot de passe\u{202F}: Hunter2!", "パスワード：Hunter2!", "비밀번호：Hunter2!",
        "密码\u{3000}Hunter2!", "The pass\u{200B}word is Hunter2!", "Парола: Hunter2!", "Lozinka: Hunter2!",
        "Geslo: Hunter2!",
        "Slaptažodis: Hunter2!", "รหัสผ่าน: Hunter2!", "Kata sandi: Hunter2!", "رمز عبور: Hunter2!", "Kodeord: Hunter2!",
        "Parool: Hunter2!", "Zaporka: Hunter2!", "Kata laluan: Hunter2!", "Zip key: Hunter2!", "Schlüssel: Hunter2!",
        "open with Hunter2!", "Use Hunter2! to open the file", "Лозинка: Hunter2!",
        "ｐａｓｓｗｏｒｄ：Hunter2!", "الباسورد: Hunter2!", "pwd:Hunter2!", "PW: Hunter2!", "PIN Hunter2!", "psw=Hunter2!",
        "PW Hunter2!", "(pin: Hunter2!)", "Paßwort: Hunter2!", "P/W: Hunter2!", "Mot-de-passe : Hunter2!",
        "pasword Hunter2!",
    ])
    func wordsNearPassword(_ text: String) {
        #expect(passwords(text).contains("Hunter2!"), "\(passwords(text))")
    }

    @Test func quotedWordsBeyondASCII() {
        #expect(passwords("Пароль: «секрет»").contains("секрет"))
    }

    /// Signs around a password that is not ASCII, and in it.
    @Test(arguments: [
        ("Пароль:\u{A0}секрет", "секрет"), ("Mot de passe\u{A0}:\u{A0}été2024", "été2024"), ("密码：秘密，谢谢", "秘密"),
        ("パスワード：ひみつ。", "ひみつ"), ("비밀번호：비밀", "비밀"), ("Password: x<y>z", "x<y>z"), ("Password: say\"hi", "say\"hi"),
        ("Password: <abc>", "abc"), ("Password: <abc>", "<abc>"), ("<b>Password:</b><i>abc</i>", "abc"),
        ("Password: \"abc\"", "abc"), ("パスワードは「ひみつ」です", "ひみつ"),
    ])
    func signsAroundAndWithin(_ text: String, _ password: String) {
        #expect(passwords(text).contains(password), "\(passwords(text))")
    }

    @Test func displayNames() {
        let header =
            "From: \"Contoso Billing\" <alice@x.example>\r\nTo: Reader77 <r@y.example>, =?UTF-8?Q?J=C3=BCrgen?= <j@y.example>\r\n"
        let found = passwords("", message: header + "Cc: (Group9) g@z.example\r\n\r\n")
        for word in ["Contoso", "Billing", "Contoso Billing", "Reader77", "Jürgen", "Group9", "alice", "g@z.example"] {
            #expect(found.contains(word), "\(word)")
        }
        #expect(!found.contains("<alice"))
        // No more than some of each field.
        let many = passwords(
            "", message: "To: \((0..<40).map { "n\($0)x" }.joined(separator: " ")) <a@x.example>\r\n\r\n")
        #expect(many.contains("n15x") && !many.contains("n16x"))
    }

    /// A note beside an archive, in front of it and behind it, and in UTF-16.
    @Test(arguments: [true, false]) func textsBesideAnArchive(_ isFirst: Bool) throws {
        let inner = encrypted(eicar, Array("Sesam7".utf8))
        let text = Array("\u{FEFF}Password: Sesam7\r\n".utf16).flatMap {
            [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)]
        }
        for note in [Array("Das Passwort lautet: Sesam7\r\n".utf8), text] {
            let members = [("lies.txt", note), ("a.zip", inner)]
            let result = Unpacked(zip(isFirst ? members : members.reversed()), messageSize: 1 << 20)
            #expect(!result.places(of: eicar).isEmpty && !result.isMarked, "\(result.problems)")
            #expect(result.problems == [ContainerProblem(.note, "opened with a password found in a text beside it")])
        }
        // Passwords are not wanted at all.
        let members = [("lies.txt", Array("Passwort: Sesam7".utf8)), ("a.zip", inner)]
        #expect(Unpacked(zip(members), passwords: Passwords(limit: 0)).kinds == [.encrypted])
    }

    /// The largest text, and one octet more; as many texts, and one more.
    @Test func textsBesideAnArchiveAreBounded() {
        let inner = ("z.zip", encrypted(eicar, Array("Sesam7".utf8)))
        func isOpened(_ texts: [[UInt8]]) -> Bool {
            let members = texts.enumerated().map { ("\($0.offset).txt", $0.element) } + [inner]
            return !Unpacked(zip(members), messageSize: 1 << 20).places(of: eicar).isEmpty
        }
        let note = Array("Password: Sesam7\n".utf8)
        func filled(_ size: Int) -> [UInt8] { note + [UInt8](repeating: 0x2E, count: size - note.count) }
        #expect(isOpened([filled(DocumentWords.textSize)]) && !isOpened([filled(DocumentWords.textSize + 1)]))
        let others = (0..<ArchiveTexts.most).map { Array("text \($0)\n".utf8) }
        #expect(isOpened(others.dropLast() + [note]) && !isOpened(others + [note]))
    }

    @Test func shortWordsAreWordsOfTheirOwn() {
        for text in ["shopping Hunter2!", "the pins Hunter2!", "pw2 Hunter2!", "spinning: Hunter2!"] {
            #expect(!passwords(text).contains("Hunter2!"), "\(text)")
        }
    }

    @Test func namesOfFiles() {
        var finder = PasswordFinder()
        for name in ["invoice 4711.zip", "noext", ".hidden"] { finder.read(fileName: Array(name.utf8)) }
        let found = finder.passwords(site: [], limit: 100).candidates.filter { $0.source == .fileName }
        #expect(
            found.map { String(decoding: $0.password, as: UTF8.self) }
                == ["invoice 4711", "invoice 4711.zip", "4711", "invoice", "noext", ".hidden"])
        for number in 0..<100 { finder.read(fileName: Array("f\(number).zip".utf8)) }
        let most = finder.passwords(site: [], limit: 1000).candidates.filter { $0.source == .fileName }
        #expect(most.count <= 17)
    }

    /// What stands in front with more words for a password than are looked at does not hide what stands behind.
    @Test(arguments: [33, 5000]) func keywordsInFrontHideNone(_ count: Int) {
        let decoys = (0..<count).map { "password: decoy\($0)x and more\($0) " }.joined()
        #expect(passwords(decoys + "The password is Hunter2!").contains("Hunter2!"))
        #expect(passwords("The password is Hunter2! " + decoys).contains("Hunter2!"))
    }

    /// A file beside the encrypted one is looked at when it is text, in whatever width.
    @Test func textsOfFiles() {
        func words(_ content: [UInt8]) -> [[UInt8]]? {
            var finder = PasswordFinder()
            guard finder.read(file: content.span) else { return nil }
            return finder.passwords(site: [], limit: 100).candidates.map(\.password)
        }
        let (text, word) = (Array("The password is Hunter2!\r\n".utf8), Array("Hunter2!".utf8))
        #expect(words(text)?.contains(word) == true)
        #expect(words([0xFF, 0xFE] + text.flatMap { [$0, 0] })?.contains(word) == true)
        #expect(words([0x50, 0x4B, 3, 4] + text) == nil)
        // Documents: the words of one that Word, Calc or Writer would show.
        for (part, markup) in [
            ("word/document.xml", "<w:p><w:r><w:t>The password is Hun</w:t></w:r><w:r><w:t>ter2!</w:t></w:r></w:p>"),
            ("xl/sharedStrings.xml", "<si><t>password</t></si><si><t>Hunter2!</t></si>"),
            ("content.xml", "<text:p>password<text:tab/><text:span>Hunt</text:span>er2!</text:p><text:p>x</text:p>"),
        ] {
            #expect(words(zip([("a", [1]), (part, Array(markup.utf8))]))?.contains(word) == true, "\(part)")
        }
        let cyrillic =
            "{\\rtf1{\\fonttbl Arial;}{\\*\\x y}\\uc1 \\u1055?\\u1040?\\u1056\\'cf\\u1054?\\u1051?\\u1068?: Hunt{\\b er2!}\\par}"
        #expect(words(Array(cyrillic.utf8))?.contains(word) == true)
        // As large as may be, and larger; a package that names no text.
        let large = "{\\rtf1 The password is Hunter2!}"
        func filled(_ size: Int) -> [UInt8] {
            Array(large.utf8) + [UInt8](repeating: 0x20, count: size - large.utf8.count)
        }
        #expect(words(filled(DocumentWords.size))?.contains(word) == true)
        #expect(words(filled(DocumentWords.size + 1)) == nil && words(zip([("a", text)])) == nil)
        var bomb = ZipWriter.Entry("content.xml", [])
        bomb.data = Array(repeating: 0x20, count: 300_000)
        #expect(words(ZipWriter(entries: [bomb]).archive()) == nil)
    }

    /// What is near a word for a password in one text comes before what is far from it in another.
    @Test func nearWordsOfEveryTextComeFirst() {
        var finder = PasswordFinder()
        let long = Array(
            ("password: " + (0..<24).map { "word\(Character(UnicodeScalar(97 + $0)!))" }.joined(separator: " ")).utf8)
        finder.read(text: long.span)
        let short = Array("Password: Hunter2!".utf8)
        finder.read(text: short.span)
        let found = finder.passwords(site: [], limit: 20).candidates.map(\.password)
        #expect(found.contains(Array("Hunter2!".utf8)) && found.contains(Array("worda".utf8)))
    }

    @Test func comments() {
        #expect(passwords("", message: "Comments: =?utf-8?q?Passwort=3A_Hunter2!?=\r\n\r\n").contains("Hunter2!"))
        #expect(passwords("", message: "Comments: Hunter2!\r\n\r\n").contains("Hunter2!") == false)
    }

    @Test func addressesOfCopies() {
        let found = passwords("", message: "Cc: carol@copy.example\r\nReply-To: dave@reply.example\r\n\r\n")
        for word in ["carol", "copy.example", "dave", "reply.example"] { #expect(found.contains(word), "\(word)") }
    }

    @Test func punctuationMayBelongToIt() {
        let found = passwords("password: (Secret.1).")
        #expect(found.contains("Secret.1"))
        #expect(found.contains("(Secret.1)."))
    }

    @Test func wordsOfTheHeader() {
        let found = passwords(
            "",
            message:
                "Subject: =?UTF-8?Q?Invoice_4711?=\r\nFrom: Bob <bob@mail.example.org>\r\nTo: al@example.net\r\n\r\n")
        for word in ["4711", "bob", "mail.example.org", "mail.example", "bob@mail.example.org", "al", "example.net"] {
            #expect(found.contains(word))
        }
    }

    @Test func namesAndDomainsOfTheEnvelope() {
        var finder = PasswordFinder()
        for address in ["carol@mail.example.org", "", "@", "a@", "@b", "nobody"] {
            finder.read(address: Array(address.utf8))
        }
        let found = finder.passwords(site: [], limit: 100).candidates.filter { $0.source == .address }
        #expect(
            found.map { String(decoding: $0.password, as: UTF8.self) }
                == ["carol", "mail.example.org", "mail.example", "carol@mail.example.org"])
    }

    @Test func aLongTextLeavesRoomForAddresses() {
        let text = (0..<200).map { "password p\($0)" }.joined(separator: " ")
        let found = passwords(text, message: "Subject: Invoice\r\nFrom: bob@example.org\r\n\r\n", limit: 30)
        #expect(found.count == 30)
        for word in ["p0", "Invoice", "bob", "example", "infected"] { #expect(found.contains(word), "\(word)") }
    }

    @Test func theSitesComeFirstAndTheNumberIsBounded() {
        let text = (0..<200).map { "password p\($0)" }.joined(separator: " ")
        let found = passwords(text, site: ["site1", "site2"], limit: 10)
        #expect(found.count == 10)
        #expect(Array(found.prefix(2)) == ["site1", "site2"])
        #expect(passwords("password a", limit: 0).isEmpty)
        var list = Passwords(limit: 10)
        for password in [[], [UInt8](repeating: 65, count: 129), [65, 0, 66], [65], [65]] { list.add(password, .site) }
        #expect(list.candidates.map(\.password) == [[65]])
    }

    @Test("F6: an encrypted archive is opened with a word") func encryptedArchiveIsOpenedWithAWord() throws {
        let password = Array("infected".utf8)
        var list = Passwords()
        for word in ["wrong", "also wrong", "infected"] { list.add(Array(word.utf8), .text) }
        let content = encrypted(eicar, password)
        let result = Unpacked(content, passwords: list)
        #expect(result.places(of: eicar) == ["1"])
        #expect(result.entries[0].flags == [.decrypted, .guessed])
        #expect(result.problems == [ContainerProblem(.note, "opened with a password found in the text")])
        var wrong = Passwords()
        wrong.add(Array("wrong".utf8), .text)
        let closed = Unpacked(content, passwords: wrong)
        #expect(closed.entries.map(\.flags) == [.encrypted])
        #expect(closed.kinds == [.encrypted])
    }

    /// The octet in front of the data of the first member is the high one of its checksum or of its time (APPNOTE.TXT 6.1.6).
    private func fits(_ password: String, _ archive: [UInt8]) throws -> Bool {
        let found = archive.span.firstIndex(of: ZipSignatures.centralHeader)
        let central = try #require(found)
        let start = 30 + Int(archive[26]) + Int(archive[27]) << 8 + Int(archive[28]) + Int(archive[29]) << 8
        var keys = ZipCrypto(password: Array(password.utf8))
        let check = keys.check(archive.span.extracting(start..<start + ZipCrypto.headerSize))
        return check == archive[central + 19] || check == archive[11]
    }

    /// A member that is larger than the quota has its limit for a reason, and not its encryption: with each method.
    @Test(arguments: [
        "zip -q -P infected out.zip in", "zip -q -0 -P infected out.zip in",
        "7z a -tzip -mem=AES256 -pinfected out.zip in",
    ])
    func encryptedMembersBeyondTheQuota(_ command: String) throws {
        let content = Array("%!PS\n".utf8) + (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7 &* 31) }
        func unpacked(_ archive: [UInt8], quota: Int, _ passwords: Passwords) -> Unpacked {
            Unpacked(
                archive, limits: UnpackingLimits(minimumQuota: quota, maximumQuota: quota, minimumFactor: 0),
                passwords: passwords)
        }
        var wrong = Passwords()
        wrong.add(Array("wrong".utf8), .text)
        // One of 128 wrong passwords fits the one octet by which ZipCrypto tells, and is paid for: so, by chance, another archive.
        let archives = try (0..<4).map { _ in
            try runTool(
                "sh", ["-c", "d=$(mktemp -d) && cd $d && cat > in && \(command) > log && cat out.zip; rm -r $d"],
                input: content
            ).output
        }
        let archive = try #require(archives.first { try !fits("wrong", $0) })
        #expect(unpacked(archive, quota: 1000, wrong).kinds == [.encrypted])
        var list = Passwords()
        for word in ["wrong", "infected"] { list.add(Array(word.utf8), .text) }
        let whole = unpacked(archive, quota: 2 * content.count, list)
        #expect(whole.places(of: content) == ["1"] && !whole.isMarked, "\(whole.problems)")
        let cut = unpacked(archive, quota: content.count - 1, list)
        #expect(cut.limits == [.bytes] && cut.kinds.isEmpty, "\(cut.problems)")
        #expect(
            cut.entries.first?.content == Array(content.dropLast())
                && cut.entries.first?.flags == [.decrypted, .guessed])
    }

    /// Each entry of AES has a salt of its own, so that each try costs: wrong ones are counted for the message, right ones
    /// are not, and what opened one entry is tried first on the next.
    @Test func triesOnEntriesOfAESAreCounted() throws {
        let made = try runTool(
            "sh",
            [
                "-c",
                """
                d=$(mktemp -d) && cd $d && cat > 1 && for n in 2 3 4 5; do cp 1 $n; done
                7z a -tzip -mem=AES256 -pinfected out.zip 1 2 3 4 5 > log && cat out.zip; rm -r $d
                """,
            ], input: eicar)
        func unpacked(keys: Int, _ words: [String]) -> Unpacked {
            var list = Passwords()
            for word in words { list.add(Array(word.utf8), .text) }
            return Unpacked(
                made.output, limits: UnpackingLimits(containers: ContainerLimits(passwordKeys: keys)), passwords: list)
        }
        let note = ContainerProblem(.note, ContainerLimit.passwordKeys.rawValue)
        let opened = unpacked(keys: 4, ["a", "b", "c", "infected"])
        #expect(opened.places(of: eicar).count == 5 && !opened.problems.contains(note), "\(opened.problems)")
        let closed = unpacked(keys: 3, ["a", "b", "c", "infected"])
        #expect(closed.kinds == [.encrypted] && closed.problems.contains(note), "\(closed.problems)")
        #expect(unpacked(keys: 10, ["a", "b"]).problems.contains(note) == false)
        #expect(unpacked(keys: 9, ["a", "b"]).problems.contains(note))
    }

    /// The traditional encryption, written down here from APPNOTE.TXT section 6.1 the other way round.
    func encrypted(_ content: [UInt8], _ password: [UInt8]) -> [UInt8] {
        let sum = content.withChecksum
        var keys = ZipCrypto(password: password)
        let plain = [UInt8](repeating: 0x55, count: 11) + [UInt8(sum >> 24)] + content
        var cipher: [UInt8] = []
        for byte in plain {
            // What decrypts to `byte`: the key stream is that of any octet, as it depends on those before only.
            var probe = keys
            let zero: [UInt8] = [0]
            let key = probe.check(zero.span)
            let coded: [UInt8] = [byte ^ key]
            cipher += coded
            _ = keys.check(coded.span)
        }
        var entry = ZipWriter.Entry("e.com", content)
        entry.flags = 1
        entry.data = cipher
        return ZipWriter(entries: [entry]).archive()
    }

    /// As `zip -P` takes the octets of a terminal in that code page: the same as programs of Windows write.
    @Test(
        .enabled(if: GeneratorTests.installed("zip") && GeneratorTests.installed("iconv")),
        arguments: [
            ("секрет", "CP1251"), ("секрет", "CP866"), ("Секрет1", "KOI8-R"), ("größe", "CP1252"), ("größe", "CP850"),
            ("contraseña", "CP437"), ("hasło", "CP1250"), ("秘密", "SHIFT_JIS"), ("密码123", "GB18030"), ("密碼", "BIG5"),
            ("비밀", "EUC-KR"), ("секрет", "UTF-8"),
        ])
    func codePages(_ password: String, _ page: String) throws {
        let scratch = try Scratch(.memory)
        let script = """
            cd \(scratch.path) && cat > run.com && zip -q -P "$(printf %s '\(password)' | iconv -f UTF-8 -t \(page))" out.zip run.com && cat out.zip
            """
        let made = try runTool("sh", ["-c", script], input: eicar)
        try #require(made.status == 0, "\(made)")
        var passwords = Passwords()
        for word in ["wrong", "falsch ü", password] { passwords.add(Array(word.utf8), .text) }
        let opened = Unpacked(made.output, messageSize: 1 << 20, passwords: passwords)
        #expect(opened.places(of: eicar).count == 1, "\(opened.problems)")
        #expect(opened.problems == [ContainerProblem(.note, "opened with a password found in the text")])
    }

    /// No more of them are tried than there may be passwords.
    @Test func codePagesAreBounded() {
        var passwords = Passwords(limit: 20)
        for number in 0..<30 { passwords.add(Array("пароль\(number)".utf8), .text) }
        let all = CodePagePasswords.all(passwords)
        #expect(all.count == 40 && all.prefix(20).elementsEqual(passwords.candidates))
        var plain = Passwords()
        plain.add(Array("secret".utf8), .text)
        #expect(CodePagePasswords.all(plain) == plain.candidates)
    }
}
