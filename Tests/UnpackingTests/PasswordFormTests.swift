import Members
import Testing

@testable import Unpacking

/// Passwords of several words, and marks around one.
@Suite struct PasswordFormTests {
    private func passwords(_ text: String) -> [String] {
        var finder = PasswordFinder()
        let bytes = Array(text.utf8)
        finder.read(text: bytes.span)
        return finder.passwords(site: [], limit: 100).candidates.map { String(decoding: $0.password, as: UTF8.self) }
    }

    @Test(arguments: ["password is \"my secret\"", "Passwort: „my secret“", "пароль «my secret»"])
    func quotationsAreTakenWhole(_ text: String) {
        #expect(passwords(text).contains("my secret"))
    }

    @Test(arguments: [
        "Password: my secret pass", "password =  my secret pass \r\nRegards", "Your PW is: my secret pass\n",
        "Passwort für das Archiv: my secret pass",
    ])
    func linesAreTakenWhole(_ text: String) {
        #expect(passwords(text).contains("my secret pass"))
    }

    /// A password of several words below the word for one, and without a sign in front of it.
    @Test(arguments: [
        "Password:\nmy secret pass\n", "password:\r\n\r\n   my secret pass   \r\nBye", "Passwort\nmy secret pass",
        "The password for the archive is:\n\nmy secret pass\n\nRegards", "Password below\nmy secret pass\n",
        "> Password:\n> my secret pass\n", "Password: my secret pass. Bye", "The password is my secret pass\nBye",
        "The password is my secret pass, bye.", "|Password|my secret pass|", "Password my secret pass",
        "Password:\n(my secret pass)\n", "Password:\n\"my secret pass\"\n",
    ])
    func linesBelow(_ text: String) {
        #expect(passwords(text).contains("my secret pass"), "\(passwords(text))")
        // It keeps its place when other words for a password stand in the text.
        let others = (0..<9).map { "The code of some more words is to be told by phone number \($0).\n" }.joined()
        let sign = text.contains(":") ? text : "Password:\nmy secret pass\n"
        #expect(passwords(others + sign).contains("my secret pass"), "\(passwords(others + sign))")
    }

    /// Lines that are too long are no password.
    @Test func longLinesAreLeftOut() {
        let line = String(repeating: "ab ", count: 42) + "cd"
        #expect(passwords("Password:\n\(line)\n").contains(line))
        #expect(!passwords("Password:\n\(line)e\n").contains(line + "e"))
    }

    @Test(arguments: [
        ("Password:Sommer2026!", "Sommer2026!"), ("密码:Sommer2026!", "Sommer2026!"),
        ("Password (Sommer2026!)", "Sommer2026!"), ("Password: Sommer2026!, bye", "Sommer2026!"),
        ("pw=Sommer2026?.", "Sommer2026?"), ("Password: a:b", "a:b"), ("Password:a:b!", "a:b!"),
        ("Password: [x]!", "x]!"), ("密码是 abc 888", "abc 888"), ("the password is blue horse, thanks", "blue horse"),
        ("Password: <Sommer2026!>", "Sommer2026!"), ("Password: *Sommer2026!*", "Sommer2026!"),
        ("|Password|Sommer2026!|", "Sommer2026!"), ("Password ->Sommer2026!", "Sommer2026!"),
        ("解压密码:Sommer2026!", "Sommer2026!"), ("Das Passwort lautet Blaues Pferd!", "Blaues Pferd!"),
        ("The password is (abc). Bye", "(abc)"), ("The password is (abc). Bye", "abc"),
        ("The password is *Star9*. Bye", "*Star9*"), ("The password is *Star9*. Bye", "Star9"),
        ("The password is -x9-. Bye", "-x9-"), ("The password is _und9_, bye", "_und9_"),
        ("The password is \"q9q\". Bye", "\"q9q\""), ("The password is <tag9>. Bye", "<tag9>"),
        ("Password: \"\"q9q\"\"", "\"q9q\""), ("The password is \"(abc)\".", "(abc)"),
        ("|Password|\"q9q\"|", "\"q9q\""), ("|Password|<tag9>|", "<tag9>"),
    ])
    func marksAtTheEndAndTwoWords(_ text: String, _ password: String) {
        #expect(passwords(text).contains(password), "\(passwords(text))")
    }
}
