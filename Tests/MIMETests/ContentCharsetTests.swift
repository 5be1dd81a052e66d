import Foundation
import MIME
import MailModel
import Testing

/// Bytes and labels to UTF-8.
@Suite struct ContentCharsetTests {
    private static func text(_ bytes: [UInt8], _ label: String?) -> String {
        var out: [UInt8] = []
        _ = Charsets.decode(bytes.span, label: label.map { Array($0.utf8) }, into: &out, limit: 1 << 30)
        return String(decoding: out, as: UTF8.self)
    }

    private static func text(_ text: String, _ label: String?) -> String {
        self.text(Array(text.utf8), label)
    }

    private static func coding(_ bytes: [UInt8], _ label: String? = nil) -> String {
        var out: [UInt8] = []
        return Charsets.decode(bytes.span, label: label.map { Array($0.utf8) }, into: &out, limit: 1 << 30).coding.name
    }

    @Test func labels() {
        for (label, name) in [
            ("UTF-8", "utf-8"), (" Latin1\r\n", "windows-1252"), ("us-ascii", "windows-1252"),
            ("cp1251", "windows-1251"),
            ("KS_C_5601-1987", "euc-kr"), ("x-sjis", "shift_jis"), ("gb2312", "gb18030"),
            ("iso-8859-8-i", "iso-8859-8"),
            ("iso-8859-9", "windows-1254"), ("tis-620", "windows-874"), ("unicode-1-1-utf-7", "utf-7"),
            ("unicode-2-0-utf-7", "utf-7"),

            ("cp850", "ibm850"), ("IBM437", "ibm437"), ("CP852", "ibm852"), ("IBM00858", "ibm858"),
            ("HZ-GB-2312", "hz-gb-2312"), ("iso-2022-cn", "iso-2022-cn"), ("koi8-ru", "koi8-u"), ("utf-16", "utf-16le"),
        ] {
            #expect(CharsetCoding(label: Array(label.utf8))?.name == name, "\(label)")
        }
        for label in ["", "utf-9", "iso 8859-1", String(repeating: "a", count: 4000), "x-unknown"] {
            #expect(CharsetCoding(label: Array(label.utf8)) == nil)
        }
        var out: [UInt8] = []
        let result = Charsets.decode([0x61, 0xE9].span, label: Array("klingon".utf8), into: &out, limit: 10)
        #expect(result.isLabelUnknown && result.origin == .guess && result.coding.name == "windows-1252")
    }

    /// Nearly every charset has ASCII: an unknown one matters where there is more, or escapes.
    @Test func unknownLabelOfASCII() {
        func anomalies(_ content: [UInt8]) -> [AnomalyKind] {
            TextContent.read(content.span, mediaType: "text/plain", charset: "x-klingon", limit: 1000).anomalies
        }
        #expect(anomalies(Array("plain".utf8)).isEmpty)
        #expect(anomalies([]).isEmpty)
        #expect(anomalies(Array("pl\u{E4}in".utf8)) == [.unknownCharset])
        #expect(anomalies([0x61, 0xE4]) == [.unknownCharset])
        #expect(anomalies(Array("\u{1B}$B4A;z\u{1B}(B".utf8)) == [.unknownCharset])
        #expect(anomalies([0x61, 0, 0x62, 0]) == [.unknownCharset])
    }

    /// One phrase in many forms: a rule on the decoded text sees it each time (attack D6).
    @Test func onePhraseManyWays() {
        #expect(Self.text("+AGMAaABlAGEAcA pills", "utf-7") == "cheap pills")
        #expect(Self.text("1 +- 1, +2D3eCQ-, +AGE", "utf-7") == "1 + 1, \u{1F609}, a")
        // The example of RFC 1843.
        #expect(Self.text("GB.~{<:Ky2;S{#,NpJ)l6HK!#~}Bye~~.", "hz-gb-2312") == "GB.己所不欲，勿施於人。Bye~.")
        let wide: [UInt8] = "cheap pills".utf8.flatMap { [$0, 0] as [UInt8] }
        #expect(Self.text(wide, nil) == "cheap pills")
        #expect(Self.text(wide, "utf-16") == "cheap pills")
        let big: [UInt8] = "cheap pills".utf8.flatMap { [0, $0] as [UInt8] }
        #expect(Self.text(big, "utf-16") == "cheap pills")
        #expect(Self.text(big, nil) == "cheap pills")
        #expect(Self.text([0xFE, 0xFF] + big, "iso-8859-1") == "cheap pills")
        #expect(Self.text("cheap".utf8.flatMap { [0, 0, 0, $0] as [UInt8] }, nil) == "cheap")
        #expect(Self.text([0xEF, 0xBB, 0xBF, 0x61], nil) == "a")
    }

    @Test func guesses() {
        #expect(Self.coding(Array("plain".utf8)) == "utf-8")
        #expect(Self.coding(Array("naïve".utf8)) == "utf-8")
        #expect(Self.coding(Array("naïve".utf8).dropLast(3).array + [0xC3]) == "windows-1252")
        #expect(Self.coding([0x6E, 0x61, 0xEF, 0x76, 0x65]) == "windows-1252")
        #expect(Self.coding(Array("\u{1B}$B%F%9%H\u{1B}(B".utf8)) == "iso-2022-jp")
        #expect(Self.coding(Array("\u{1B}$)C\u{0E}GQ\u{0F}".utf8)) == "iso-2022-kr")
        #expect(Self.coding(Array("~{VPND~}".utf8)) == "hz-gb-2312")
        #expect(Self.coding(Array("a ~{ b ~}".utf8)) == "utf-8")
        #expect(Charsets.guess(Array("naïve".utf8).span).name == "utf-8")
    }

    /// Overlong forms, surrogates and numbers past the end never become what they imitate.
    @Test func illFormedUTF8() {
        for (bytes, count) in [
            ([0xC0, 0xAF], 2), ([0xE0, 0x80, 0xAF], 3), ([0xED, 0xA0, 0x80], 3), ([0xF4, 0x90, 0x80, 0x80], 4),
            ([0xE2, 0x82], 1), ([0xF0, 0x9F, 0x98], 1), ([0xFF], 1), ([0xE2, 0x41], 1),
        ] as [([UInt8], Int)] {
            var out: [UInt8] = []
            let result = Charsets.decode(bytes.span, label: Array("utf-8".utf8), into: &out, limit: 100)
            #expect(result.replacements == count, "\(bytes)")
            #expect(!String(decoding: out, as: UTF8.self).contains("/"))
        }
    }

    /// ASCII behind a broken character survives: no bracket or quote can be swallowed.
    @Test func brokenCharactersKeepASCII() {
        for label in ["gb18030", "big5", "euc-jp", "shift_jis", "euc-kr", "utf-8", "windows-874"] {
            for lead in UInt8(0x80)...0xFF {
                let out = Self.text([lead, 0x3C, 0x22, 0x0A], label)
                #expect(out.hasSuffix("<\"\n"), "\(label) \(lead)")
            }
        }
    }

    @Test func limitsKeepCharactersWhole() {
        let samples: [(String, [UInt8])] = [
            ("utf-8", Array("aé€😀b".utf8)), ("utf-16be", [0, 0x61, 0x20, 0xAC, 0xD8, 0x3D, 0xDE, 0]),
            ("windows-1252", [0x80, 0x81, 0x41]), ("gb18030", [0xD6, 0xD0, 0x41]),
        ]
        for (label, bytes) in samples {
            let whole = Self.text(bytes, label)
            for limit in 0...whole.utf8.count {
                var out: [UInt8] = [0x21]
                let result = Charsets.decode(bytes.span, label: Array(label.utf8), into: &out, limit: limit)
                #expect(out.count <= limit + 1)
                #expect(result.limitReached == (limit < whole.utf8.count))
                #expect(String(validating: out, as: UTF8.self).map { ("!" + whole).hasPrefix($0) } == true)
            }
        }
    }

    private static let script = """
        import base64, random
        r = random.Random(9)
        codecs = dict(line.split() for line in '''
        ibm866 cp866|iso-8859-2 iso8859-2|iso-8859-3 iso8859-3|iso-8859-4 iso8859-4|iso-8859-5 iso8859-5
        iso-8859-6 iso8859-6|iso-8859-7 iso8859-7|iso-8859-8 iso8859-8|iso-8859-10 iso8859-10|iso-8859-13 iso8859-13
        iso-8859-14 iso8859-14|iso-8859-15 iso8859-15|iso-8859-16 iso8859-16|koi8-r koi8-r|koi8-u koi8-u
        macintosh mac_roman|windows-874 cp874|windows-1250 cp1250|windows-1251 cp1251|windows-1252 cp1252
        windows-1253 cp1253|windows-1254 cp1254|windows-1255 cp1255|windows-1256 cp1256|windows-1257 cp1257
        windows-1258 cp1258|ibm437 cp437|ibm850 cp850|ibm852 cp852|ibm858 cp858|x-mac-cyrillic mac_cyrillic|gb18030 gb18030|big5 cp950|euc-jp euc_jp|shift_jis cp932
        euc-kr cp949|iso-2022-jp iso2022_jp|iso-2022-kr iso2022_kr|hz-gb-2312 hz|utf-7 utf_7|utf-16le utf-16-le
        utf-16be utf-16-be|utf-32be utf-32-be|utf-8 utf-8
        '''.replace('|', '\\n').strip().splitlines())
        def out(label, data, text):
            print(label, base64.b64encode(data).decode(), base64.b64encode(text.encode()).decode() or '-')
        def known(codec):
            for code in range(0x20, 0x30000 if codec[:3] in ('gb1', 'utf') else 0xFFFE):
                if 0xD800 <= code < 0xF900: continue
                try:
                    if chr(code).encode(codec).decode(codec) == chr(code): yield chr(code)
                except UnicodeError: pass
        for label, codec in codecs.items():
            every = list(known(codec))
            for start in range(0, len(every), 700):
                text = ''.join(every[start:start + 700])
                out(label, text.encode(codec), text)
            for _ in range(40):
                text = ''.join(r.choices(every, k=r.randrange(60))) + 'x'
                if codec not in ('iso2022_jp', 'iso2022_kr', 'hz'): text += '\\n' + ''.join(r.choices(every, k=5))
                out(label, text.encode(codec), text)
        for codec in ('utf-8',):
            for _ in range(3000):
                data = bytes(r.choices([0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xED, 0x9F, 0xF0, 0x90, 0xF4, 0x8F, 0xC0, 0xFF], k=r.randrange(1, 12)))
                if data[:3] == b'\\xef\\xbb\\xbf': continue
                out(codec, data, data.decode(codec, 'replace'))
        """

    /// Every character of every charset, texts of random characters, and for UTF-8 broken sequences.
    @Test(.enabled(if: ContentOracle.hasPython, "needs python3"))
    func agreesWithPython() throws {
        var rows = 0
        var wrong: [String: Int] = [:]
        for row in try ContentOracle.lines(Self.script) {
            let fields = row.split(separator: 0x20)
            let label = String(decoding: fields[0], as: UTF8.self)
            let expected = fields[2] == [0x2D] ? [] : ContentOracle.base64(fields[2])
            var out: [UInt8] = []
            guard let coding = CharsetCoding(label: fields[0]) else { continue }
            _ = Charsets.decode(ContentOracle.base64(fields[1]).span, as: coding, into: &out, limit: 1 << 30)
            rows += 1
            let (ours, theirs) = (String(decoding: out, as: UTF8.self), String(decoding: expected, as: UTF8.self))
            guard !ours.unicodeScalars.elementsEqual(theirs.unicodeScalars) else { continue }
            let differing = zip(ours.unicodeScalars, theirs.unicodeScalars).filter { $0 != $1 }.map {
                String($0.value, radix: 16) + "/" + String($1.value, radix: 16)
            }
            wrong[label, default: 0] += 1
            if Self.explained[label]?.isSuperset(of: differing) == true, differing.count > 0 { continue }
            Issue.record("\(label): \(differing.prefix(8)) \(ours.prefix(20))")
        }
        #expect(rows > 4500)
        print("charsets: \(rows) texts, differing \(wrong)")
    }

    private static let mailScript = """
        import base64, email, lzma, re, sys
        better = {'big5': 'cp950', 'iso-8859-1': 'cp1252', 'us-ascii': 'cp1252', 'gb2312': 'gb18030', 'ks_c_5601-1987': 'cp949',
            'shift_jis': 'cp932', 'iso-8859-9': 'cp1254', 'euc-kr': 'cp949', 'iso-8859-11': 'cp874'}
        for path in sys.argv[1:]:
            for mail in re.split(rb'(?m)^From .*\\n', lzma.open(path).read()):
                for part in email.message_from_bytes(mail).walk():
                    label = part.get_content_charset()
                    if part.get_content_maintype() != 'text' or not label or ' ' in label: continue
                    raw = part.get_payload(decode=True) or b''
                    try: text = raw.decode(better.get(label, label))
                    except (LookupError, UnicodeError): continue
                    if raw.isascii() and raw.decode('ascii') == text or raw[:3] == b'\\xef\\xbb\\xbf': continue
                    print(label, base64.b64encode(raw).decode(), base64.b64encode(text.encode('utf-8', 'replace')).decode())
        """

    /// Parts of real mail by their own labels.
    @Test(
        .enabled(if: Corpora.isPresent && ContentOracle.hasPython, "needs python3 and the corpora beside the package"))
    func agreesWithPythonOnMail() throws {
        let root = Corpora.root.path
        let boxes = ["spamassassin/spam", "spamassassin/spam_2", "phishing-pot/phishing-pot"]
        var counts: [String: Int] = [:]
        for row in try ContentOracle.lines(Self.mailScript, arguments: boxes.map { "\(root)/\($0).mbox.xz" }) {
            let fields = row.split(separator: 0x20)
            var out: [UInt8] = []
            let bytes = ContentOracle.base64(fields[1])
            let result = Charsets.decode(bytes.span, label: Array(fields[0]), into: &out, limit: 1 << 30)
            #expect(out == ContentOracle.base64(fields[2]), "\(String(decoding: fields[0], as: UTF8.self))")
            counts[result.coding.name, default: 0] += 1
        }
        print("charsets of mail: \(counts.sorted { $0.key < $1.key })")
        #expect(counts.values.reduce(0, +) > 400)
    }

    /// Ours and Python's code point where the WHATWG Encoding Standard has another one than Python.
    private static let explained: [String: Set<String>] = [
        "koi8-u": ["45e/255d", "40e/256c"], "hz-gb-2312": ["2014/2015", "b7/30fb"],
        "euc-jp": japanese, "iso-2022-jp": japanese,
    ]
    /// Unified with Shift_JIS as Microsoft has it.
    private static let japanese: Set<String> = [
        "ffe0/a2", "ffe1/a3", "ffe2/ac", "2225/2016", "ff0d/2212", "ff5e/301c",
    ]

    @Test func anyBytesGiveWellFormedText() {
        var random = Random(state: 41)
        let labels = [
            "utf-8", "utf-16le", "utf-16be", "utf-32le", "utf-32be", "utf-7", "hz", "iso-2022-jp", "iso-2022-kr",
            "iso-2022-cn", "euc-tw", "gb18030", "big5", "euc-jp", "shift_jis", "euc-kr", "windows-1255",
            "x-user-defined",
        ]
        let hot: [UInt8] = [
            0x1B, 0x24, 0x28, 0x29, 0x42, 0x7E, 0x7B, 0x7D, 0x0E, 0x0F, 0x2B, 0x2D, 0x81, 0x30, 0x8F, 0xD8, 0xDC, 0,
        ]
        for round in 0..<8_000 {
            let bytes = (0..<random.below(24)).map { _ in
                random.below(2) == 0 ? hot[random.below(hot.count)] : UInt8(random.below(256))
            }
            let label = labels[round % labels.count]
            var out: [UInt8] = []
            let result = Charsets.decode(bytes.span, label: Array(label.utf8), into: &out, limit: 1 << 20)
            #expect(!result.limitReached)
            #expect(String(validating: out, as: UTF8.self) != nil, "\(label) \(bytes)")
            var cut: [UInt8] = []
            _ = Charsets.decode(bytes.span, label: Array(label.utf8), into: &cut, limit: 5)
            #expect(cut.count <= 5 && out.starts(with: cut))
            #expect(out.count <= 4 * bytes.count + 4)
            _ = Charsets.guess(bytes.span)
        }
        #expect(Charsets.load() > 80_000)
    }
}

extension Collection<UInt8> {
    fileprivate var array: [UInt8] { Array(self) }
}
