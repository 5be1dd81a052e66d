internal import Bytes

/// Words for a password, and signs around one, as mail in many languages writes them.
enum PasswordWords {
    /// Lower case, UTF-8.
    static let long: [[UInt8]] = [
        "password", "pasword", "passwort", "paßwort", "passwd", "passcode", "passphrase", "pwd", "pass:", "pass is",
        "kennwort", "код",
        "пароль",
        "пароля", "contraseña", "contrasena", "contrasenya", "contrasinal", "clave", "mot de passe", "mot-de-passe",
        "code", "codice",
        "código", "codigo", "senha", "palavra-passe", "wachtwoord", "wagwoord", "hasło", "haslo", "heslo", "jelszó",
        "parola", "parole", "parool", "slaptažod", "slaptazod", "lösenord", "adgangskode", "kodeord", "passord",
        "salasana", "şifre", "sifre", "şifrə", "lykilorð", "pasahitza", "fjalëkalim", "fjalekalim", "lozink", "zapork",
        "geslo", "парола", "лозинк", "құпия сөз", "нууц үг", "κωδικός", "κωδικόσ", "գաղտնաբառ", "პაროლ", "סיסמה",
        "סיסמא",
        "parolă", "mật khẩu", "mat khau", "كلمة المرور", "كلمة السر", "باسورد", "الرقم السري", "رمز عبور", "گذرواژه",
        "پاس ورڈ", "पासवर्ड",
        "পাসওয়ার্ড", "கடவுச்சொல்", "รหัสผ่าน", "kata sandi", "kata laluan", "nenosiri",
        // Marks that follow their letters, as some systems write them, and capitals that have no single small letter.
        "contrasen\u{303}a", "jelszo\u{301}", "lo\u{308}senord", "s\u{327}ifre", "s\u{327}i\u{307}fre", "şi\u{307}fre",
        "κωδικο\u{301}ς", "κωδικο\u{301}σ", "parola\u{306}", "ma\u{323}\u{302}t kha\u{302}\u{309}u", "密码", "密碼", "口令",
        "提取码", "パスワード", "暗証番号", "비밀번호", "암호",
        // What opens the file.
        "schlüssel", "sleutel", "chiave", "ключ", "open with", "open it with", "opens with", "unzip with", "öffnen mit",
        "ouvrir avec", "to open", "to unzip", "to extract", "to unlock", "zum öffnen", "pour ouvrir", "para abrir",
        "per aprire",
    ].map { Array($0.utf8) }

    /// Shorter ones, which count where no letter or digit touches them.
    static let short: [[UInt8]] = [
        "pw", "p/w", "pin", "psw", "pswd", "pass", "mdp", "mp", "pwort", "kw", "key", "kod", "kode", "clé", "llave",
        "chave",
        "parol", "sandi",
    ].map { Array($0.utf8) }

    /// Blanks and stops that are not ASCII, and what takes their place: no-break, narrow and wide spaces, signs of East Asia
    /// in full width. Characters that show nothing go, marks of direction (UAX #9 section 2) among them.
    private static let signs: [UInt32: StaticString] = [
        0xA0: " ", 0x2007: " ", 0x202F: " ", 0x3000: " ", 0xFF1A: ": ", 0xFF1D: "= ", 0x3001: " ", 0x3002: " ",
        0xFF0C: " ",
        0xFF1B: " ", 0xFF0E: " ", 0xAD: "", 0x200B: "", 0x2060: "", 0xFEFF: "", 0x61C: "",
        0x200E: "", 0x200F: "", 0x202A: "", 0x202B: "", 0x202C: "", 0x202D: "", 0x2066: "", 0x2067: "", 0x2068: "",
        0x2069: "",
    ]

    /// What stands behind the first of these is shown from right to left, up to the other one or the end of the line.
    private static let override: UInt32 = 0x202E
    private static let endOfOverride: UInt32 = 0x202C

    /// The characters in the order in which they are seen.
    private static func seen(_ text: [UInt8]) -> String.UnicodeScalarView {
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        guard scalars.contains(where: { $0.value == override }) else { return scalars }
        var seen = String.UnicodeScalarView()
        var turned: [Unicode.Scalar] = []
        var isTurned = false
        for scalar in scalars {
            if isTurned, scalar.value == endOfOverride || scalar.value == 0x0A || scalar.value == 0x0D {
                seen.append(contentsOf: turned.reversed())
                turned.removeAll(keepingCapacity: true)
                isTurned = false
            }
            if scalar.value == override {
                isTurned = true
            } else if isTurned {
                turned.append(scalar)
            } else {
                seen.append(scalar)
            }
        }
        seen.append(contentsOf: turned.reversed())
        return seen
    }

    /// The text with blanks and stops of ASCII in place of others.
    static func plain(_ text: Span<UInt8>) -> [UInt8] {
        let bytes = text.array
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        for scalar in seen(bytes) {
            if let sign = signs[scalar.value] {
                sign.withUTF8Buffer { plain.append(contentsOf: $0) }
            } else if 0x2000...0x200A ~= scalar.value {
                plain.append(0x20)
            } else if 0xFF01...0xFF5E ~= scalar.value {
                // ASCII in full width.
                plain.append(UInt8(scalar.value - 0xFF01 + 0x21))
            } else {
                plain.append(contentsOf: UTF8.encode(scalar) ?? .init())
            }
        }
        return plain
    }
}
