import Configuration
import MailModel
import Testing

@Suite struct KeyTests {
    @Test func emptyFilesAreTheDefaults() {
        for text in ["", "\n", "# nothing\n", "limits:\n", "{}", "~\n", "---\n", "\u{FEFF}user: mailreeve\r\n"] {
            #expect(problems(text) == [], "\(text)")
            #expect(read(text).settings == Settings(), "\(text)")
        }
    }

    @Test func everyProblemIsReportedInOneRun() {
        let text = """
            usr: mail
            limits:
              mesage_size: 10M
              recipients: lots
            timeouts:
              command: 0
            listeners:
              - adress: 127.0.0.1:10024
                placement: after
            policies:
              default:
                next_hops: [nowhere]
                unchecked:
                  encripted: pass
            """
        #expect(
            problems(text) == [
                "f:1:1: error: unknown key 'usr'; did you mean 'user'?",
                "f:3:3: error: unknown key 'mesage_size'; did you mean 'message_size'?",
                "f:4:15: error: 'lots' is not a whole number",
                "f:6:12: error: 0 is out of range; allowed is 1s to 1d",
                "f:8:5: error: unknown key 'adress'; did you mean 'address'?",
                "f:9:16: error: 'after' is not one of after-queue, before-queue",
                "f:12:17: error: 'nowhere' is not a next hop; write smtp:[host]:port, lmtp:[host]:port, lmtp:unix:/path "
                    + "or maildir:/path",
                "f:14:7: error: unknown key 'encripted'; did you mean 'encrypted'?",
            ])
    }

    @Test(arguments: [
        ("user_name: x", "f:1:1: error: unknown key 'user_name'"),
        ("state-directory: /x", "f:1:1: error: unknown key 'state-directory'; did you mean 'state_directory'?"),
        ("log:\n  foramt: text", "f:2:3: error: unknown key 'foramt'; did you mean 'format'?"),
        ("message_size: 10M", "f:1:1: error: unknown key 'message_size'; 'limits.message_size' exists"),
        ("limit:\n  recipients: 200", "f:1:1: error: unknown key 'limit'; did you mean 'limits'?"),
        ("listner:\n", "f:1:1: error: unknown key 'listner'; did you mean 'listeners'?"),
        ("\"\": 1", "f:1:1: error: unknown key ''"),
        ("? [user]\n: x", "f:1:3: error: a key must be a word, not a list or a section"),
        ("\"a\\e[31m\": 1", "f:1:1: error: unknown key 'a\\x1B[31m'"),
    ])
    func unknownKeys(_ yaml: String, _ expected: String) {
        #expect(problems(yaml) == [expected])
    }

    @Test func secondOccurrencesOfKeysAreReported() {
        let text = """
            user: a
            limits:
              recipients: 200
              # recipients: 300
              recipients: 300
              'recipients' : 400
            user: b
            lisp: 1
            listeners:
              - policy: default
                address: 127.0.0.1:1
                policy: default
              - policy: default
                address: 127.0.0.1:2
            """
        #expect(
            problems(text) == [
                "f:5:3: error: duplicate key 'recipients'; it is on line 3 already",
                "f:6:3: error: duplicate key 'recipients'; it is on line 3 already",
                "f:7:1: error: duplicate key 'user'; it is on line 1 already",
                "f:8:1: error: unknown key 'lisp'",
                "f:12:5: error: duplicate key 'policy'; it is on line 10 already",
            ])
    }

    @Test func duplicateKeysInBracesAreReportedAtTheFirst() {
        #expect(problems("limits: {recipients: 200, recipients: 300}") == ["f:1:10: error: duplicate key 'recipients'"])
    }

    @Test(arguments: [
        ("limits: 5", "f:1:9: error: expected keys and values in 'limits', found a single value"),
        ("limits: [5]", "f:1:9: error: expected keys and values in 'limits', found a list"),
        ("hello", "f:1:1: error: expected keys and values in the file, found a single value"),
        ("- a", "f:1:1: error: expected keys and values in the file, found a list"),
        (
            "user: [a]",
            "f:1:7: error: expected the name of a user or group, found a list; "
                + "a text that begins with '[' must be in quotes"
        ),
        ("user:\n  - a", "f:2:3: error: expected the name of a user or group, found a list"),
        (
            "user: {a: b}",
            "f:1:7: error: expected the name of a user or group, found a section; "
                + "a text that begins with '{' must be in quotes"
        ),
        ("user:", "f:1:6: error: no value; expected the name of a user or group"),
        ("user: ~", "f:1:7: error: no value; expected the name of a user or group"),
        ("listeners: 5", "f:1:12: error: expected a list of listeners, each after '- ', found a single value"),
        ("listeners:", "f:1:11: error: expected a list of listeners, each after '- ', found no value"),
        ("listeners: []", "f:1:12: error: at least one listener is needed"),
        ("listeners: [5]", "f:1:13: error: expected keys and values in a listener, found a single value"),
        ("policies: []", "f:1:11: error: expected keys and values in policies, found a list"),
        ("policies: {default: 5}", "f:1:21: error: expected keys and values in a policy, found a single value"),
        (
            "policies: {p: {notice_language: ../x}}",
            "f:1:33: error: '../x' is not a file's name (1 to 64 letters, digits, '-' and '_')"
        ),
        ("policies:\n  a.b:\n", "f:2:3: error: 'a.b' is not a policy's name (1 to 64 letters, digits, '-' and '_')"),
        ("policies: {default: {next_hops: []}}", "f:1:33: error: the list of next hops must not be empty"),
        (
            "policies: {default: {next_hops: \"lmtp:unix:/a\"}}",
            "f:1:33: error: expected a list of next hops, each on its own line after '- ', found a single value"
        ),
        (
            "policies: {default: {next_hops: [[a]]}}",
            "f:1:34: error: expected a next hop such as smtp:[127.0.0.1]:10025, found a list; "
                + "a text that begins with '[' must be in quotes"
        ),
    ])
    func wrongKinds(_ yaml: String, _ expected: String) {
        #expect(problems(yaml) == [expected])
    }

    @Test func policiesStartFromTheBuiltInDefaults() {
        let loaded = read(
            """
            policies:
              default:
                infected: quarantine
              strict:
                unchecked:
                  encrypted: quarantine
              plain:
            """)
        #expect(loaded.problems == [])
        #expect(loaded.settings.policies.keys.sorted() == ["default", "plain", "strict"])
        #expect(loaded.settings.policies["default"]?.infected == .quarantine)
        #expect(loaded.settings.policies["strict"]?.infected == nil)
        #expect(loaded.settings.policies["strict"]?.unchecked[.encrypted] == .quarantine)
        #expect(loaded.settings.policies["strict"]?.unchecked[.deadline] == .tempfail)
        #expect(loaded.settings.policies["plain"] == Settings.PolicySettings())
    }
}
