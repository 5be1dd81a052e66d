import Configuration
import Testing

@Suite struct SyntaxTests {
    @Test(arguments: [
        (
            "user: &a mail\ngroup: *a",
            [
                "f:1:7: error: anchors and aliases ('&a') are not supported; "
                    + "a text that begins with '&' must be in quotes"
            ]
        ),
        (
            "limits: &l {}\ntimeouts: *l",
            [
                "f:1:9: error: anchors and aliases ('&l') are not supported; "
                    + "a text that begins with '&' must be in quotes"
            ]
        ),
        ("&k user: mail", ["f:1:1: error: anchors and aliases ('&k') are not supported"]),
        ("limits:\n  <<: {recipients: 200}", ["f:2:3: error: merge keys ('<<') are not supported"]),
        (
            "user: !root x",
            ["f:1:7: error: tags ('!root') are not supported; a text that begins with '!' must be in quotes"]
        ),
        (
            "limits: !!set {}",
            [
                "f:1:9: error: tags ('tag:yaml.org,2002:set') are not supported; "
                    + "a text that begins with '!' must be in quotes"
            ]
        ),
        (
            "user: a\n---\nuser: b",
            [
                "f:2:1: error: not valid YAML: expected a single document in the stream, "
                    + "but found another document"
            ]
        ),
    ])
    func refusedFeatures(_ yaml: String, _ expected: [String]) {
        #expect(problems(yaml) == expected)
    }

    @Test(arguments: [
        ("listeners:\n  - address: [::1]:10024\n", 2, 14, "\"[::1]:10024\""),
        ("policies:\n  default:\n    next_hops: [smtp:[127.0.0.1]:10025]\n", 3, 16, "'['"),
        ("user: @example.com", 1, 7, "'@'"),
        ("user: *.example.com", 1, 7, "'*'"),
        ("user: %m", 1, 7, "'%'"),
        ("user: `id`", 1, 7, "'`'"),
        ("listeners:\n  - allowed_clients:\n    - %foo\n", 3, 7, "'%'"),
    ])
    func textsThatNeedQuotes(_ yaml: String, _ line: Int, _ column: Int, _ advice: String) throws {
        let found = read(yaml).problems
        let problem = try #require(found.first)
        #expect(found.count == 1)
        #expect([problem.line, problem.column] == [line, column], "\(problem)")
        #expect(problem.message.contains("a text that begins with"), "\(problem)")
        #expect(problem.message.contains("in quotes") && problem.message.contains(advice), "\(problem)")
    }

    @Test func quotedTextsWork() {
        let loaded = read(
            """
            listeners:
              - address: "[::1]:10024"
                allowed_clients: ["::1/128", 10.0.0.0/8, '[2001:db8::]/32']
            policies:
              default:
                next_hops: ["smtp:[::1]:10025", 'lmtp:unix:/run/l']
            log:
              facility: "local3"
            """)
        #expect(loaded.problems == [])
        #expect(loaded.settings.listeners[0].address == .tcp(.ipv6Loopback, port: 10024))
        #expect(
            loaded.settings.listeners[0].allowedClients.map { $0.description } == [
                "::1/128", "10.0.0.0/8", "2001:db8::/32",
            ])
        #expect(
            loaded.settings.policies["default"]?.nextHops == [
                .tcp(.smtp, host: "::1", port: 10025), .unix(.lmtp, path: "/run/l"),
            ])
        #expect(loaded.settings.log.facility == "local3")
    }

    @Test(arguments: [
        ("user: \"mail", 1), ("user: a: b", 1), ("limits:\n recipients: 200\n  x: 1", 3), ("user: a\n]", 2),
        ("{user", 1),
    ])
    func invalidYAMLHasAPlace(_ yaml: String, _ line: Int) throws {
        let problem = try #require(read(yaml).problems.first)
        #expect(read(yaml).problems.count == 1)
        #expect((1...line + 1).contains(problem.line) && problem.column >= 1, "\(problem)")
        #expect(problem.message.hasPrefix("not valid YAML: "), "\(problem)")
    }

    @Test func slipsOfIndentationAreNamed() {
        #expect(
            problems("user: a\n  group: b") == [
                "f:2:8: error: not valid YAML: mapping values are not allowed in this context; is the line indented too far, "
                    + "or does a text with ': ' need quotes?"
            ])
    }

    @Test func charactersThatDoNotBelongAreReportedTogether() {
        var octets = Array("user: a\n\tgroup: b\nlog:\n \tformat: text\nhostname: x".utf8)
        octets += [0x00, 0x0A, 0x20, 0xFF, 0x07]
        octets += Array("\u{2028}\u{FEFF}".utf8)
        let found = ConfigurationFile.parse(octets, file: "f").problems.map { $0.description }
        #expect(
            found == [
                "f:2:1: error: tab in the indentation; YAML wants spaces",
                "f:4:2: error: tab in the indentation; YAML wants spaces",
                "f:5:12: error: NUL character",
                "f:6:2: error: not valid UTF-8",
                "f:6:3: error: character U+0007 is not allowed",
                "f:6:4: error: character U+2028 is not allowed",
                "f:6:5: error: character U+FEFF is not allowed",
            ])
    }

    @Test func aBinaryFileDoesNotFillTheScreen() {
        let found = ConfigurationFile.parse([UInt8](repeating: 0xFF, count: 100_000), file: "f").problems
        #expect(found.count == 20)
    }

    @Test func positionsCountScalarsAndAllLineEnds() {
        #expect(
            problems("# \u{E9}\u{1F600}\r\nlog: {\"f\u{E9}\": 1}\rusr: x\n").map { $0.prefix(6) } == [
                "f:2:7:", "f:3:1:",
            ])
        #expect(problems("policies: {\"\u{1F600}\": {}, usr: {a: 1}}").last?.hasPrefix("f:1:27: ") == true)
    }

    @Test func nestingIsLimited() {
        let deep = String(repeating: "[", count: 20) + String(repeating: "]", count: 20)
        #expect(problems("user: \(deep)").contains("f:1:22: error: nested more than 16 deep"))
        #expect(
            !problems("user: " + String(repeating: "[", count: 15) + String(repeating: "]", count: 15))
                .contains { $0.contains("nested") })
        for opener in ["[", "{", "- ", "? ", "{a: "] {
            #expect(!problems(String(repeating: opener, count: 100_000)).isEmpty, "\(opener)")
        }
    }

    @Test func sizeIsLimited() {
        let comment = "user: m\n" + String(repeating: "#", count: ConfigurationFile.sizeLimit - 8)
        #expect(problems(comment) == [])
        #expect(problems(comment + "#") == ["f: error: larger than 1 MiB; this is not a configuration"])
    }

    @Test func filesThatCannotBeRead() {
        #expect(
            ConfigurationFile.load(path: "/nonexistent/m.yaml").problems.map { $0.description } == [
                "/nonexistent/m.yaml: error: cannot be opened: No such file or directory"
            ])
        #expect(
            ConfigurationFile.load(path: "/").problems.map { $0.description } == ["/: error: not a regular file"])
        #expect(ConfigurationFile.load(path: "/").hasErrors)
    }
}
