import Checks
import MailModel
import Patterns
import TestSupport
import Testing

/// Every answer and every warning as Debian's `postmap` gives them.
@Suite(.enabled(if: Postmap.path != nil, "build/tools/postfix is missing: run make test-deps"))
struct PostmapTests {
    /// What we say, in the form of postmap's outputs.
    private static func ours(
        _ key: String, _ mode: TableQuery.Mode, _ tables: [String], _ input: [UInt8], _ files: [String: [UInt8]] = [:]
    ) throws -> (output: [UInt8], warnings: [String]) {
        var warnings: [String] = []
        var compiled: [PatternTable] = []
        for text in tables {
            let name = try TableName(text)
            let bytes = try files[name.place] ?? name.inlineLines()
            let table = PatternTable(RuleTable(name, text: bytes))
            warnings += table.problems.map { "postmap: warning: \($0.logged(name))" }
            compiled.append(table)
        }
        var query = TableQuery(compiled.map { .success($0) }, demandsUTF8: !mode.isMessage)
        var out: [UInt8] = []
        if key == "-" {
            try query.answers(input.span, mode) { out += $0.key + [0x09] + $0.value + [0x0A] }
        } else {
            let bytes = Array(key.utf8)
            if let answer = try query.answer(bytes.span) { out += answer.value + [0x0A] }
        }
        return (out, warnings + query.warnings.map { "postmap: warning: \($0)" })
    }

    private static func options(_ mode: TableQuery.Mode) -> [String] {
        let letters = (mode.headers ? "h" : "") + (mode.body ? "b" : "") + (mode.mime ? "m" : "")
        return letters.isEmpty ? [] : ["-" + letters]
    }

    /// - Returns: how many octets postmap answered.
    @discardableResult private static func compare(
        _ key: String, _ mode: TableQuery.Mode, _ tables: [String], _ input: [UInt8], _ files: [String: [UInt8]] = [:],
        with postmap: Postmap, _ comment: Comment
    ) throws -> Int {
        let theirs = try postmap.query(key, options(mode), tables: tables, input: input)
        let ours = try ours(key, mode, tables, input, files)
        // Whole arrays of megabytes must not be printed by a failing expectation.
        let isEqual = theirs.output == ours.output
        #expect(isEqual, comment)
        let said = theirs.errorText.split(separator: "\n").map(String.init)
        #expect(said == ours.warnings, comment)
        return theirs.output.count
    }

    @Test func inlineTables() throws {
        let postmap = try Postmap()
        let tables = [
            "pcre:{{/a/ x} {/b/ y}}", "pcre:{{/(a)(b)?/ [$1${2}$(1)]}}", "pcre:{{/a/q x}}", "pcre:{{foo bar}}",
            "pcre:{{!  !/z/ x}}", "pcre:{{!/z/ x}}", "pcre:{{/a/ $1}}", "pcre:{{/(a)/ $foo}}", "pcre:{{/(a)/ $$1}}",
            "pcre:{{/(a)/ ${1}} {/b/ $(1}}", "pcre:{{/(a)/ $}}", "pcre:{{/(?<n>a)/ $1}}", "pcre:{{/(a)|(b)/ [$2]}}",
            "regexp:{{/(a)|(b)/ [$2]}}", "regexp:{{/a/!/b/ q}}", "regexp:{{/a/!/aa/ q}}", "pcre:{{/(a)/ $0}}",
            "regexp:{{/(a)/ $0}}", "pcre:{{/(a)/X $1}}", "pcre:{{/a}}", "regexp:{{/a}}", "pcre:{{endif}}",
            "pcre:{{if /a/} {/a/ x} {endif x}}", "pcre:{{IF/a/} {/a/ x}}", "pcre:{{ifx /a/} {/a/ y}}",
            "pcre:{{if /(/} {/a/ x} {endif}}", "pcre:{{if !/a/} {/b/ x} {endif} {/b/ z}}", "regexp:{{/(/ x}}",
            "pcre:{{/A/i x}}", "pcre:{{/A/ x}}", "pcre:{{|a|| x}}", "pcre:{{\\a\\ x}}", "regexp:{{\\a\\ x}}",
            "pcre:{{\\a\\b\\ x} {/a/ y}}", "pcre:{{xax y}}", "pcre:{{/a\\/b/ y} {/a/ n}}",
            "pcre:{{/^b/m x}}", "pcre:{{/a.b/s x}}", "pcre:{{/b/A x}}", "pcre:{{/a b # c/x x}}", "pcre:{{/(a+)/U $1}}",
            "pcre:{{/a/   spaced   text  }}", "pcre:{{/a/}}", "regexp:{{/a|ab/ x}}", "regexp:{{/(a|ab)(c|bcd)/ $1-$2}}",
            "regexp:{{/\\(a\\)/x $1}}", "regexp:{{/[[:upper:]]/i x}}", "pcre:{{/\\xe9/ x}}", "regexp:{{/caf./ x}}",
            "pcre:{{/a/ $1_}}", "pcre:{{/(a)/ ${1}${1}$$}}", "pcre:{{/a{2}/ two} {/b/ one}}", "pcre:{{/[/ x}}",
            "pcre:{{/a(?#c)/ x}}", "pcre:{{/(*UTF)a/ x}}", "pcre:{{/(?i)A(?-i)b/i x}}", "pcre:{{/a\\Kb/ x}}",
            "pcre:{{/(/ x} {/a/ y}}", "pcre:{{if /a/} {if /b/} {/./ ab} {endif} {/./ a} {endif} {/./ none}}",
            "pcre:{{if /a/} {if /(/} {/b/ x} {endif} {/./ y} {endif} {/./ z}}",
        ]
        for table in tables {
            let keys = ["a", "b", "ab", "aab", "a b", "x\\y", "abcd", "xax", "", "caf\u{e9}"]
            let input = Array(keys.joined(separator: "\n").utf8) + [0x0A]
            try Self.compare("-", TableQuery.Mode(), [table], input, with: postmap, "\(table)")
        }
    }

    /// Nullable parts under repetitions, comments before quantifiers, and a header of nearly the length that is looked up.
    @Test func patternsThatAreHardToForesee() throws {
        let postmap = try Postmap()
        let tables = [
            "pcre:{{/v(\\W?)+i(\\W?)+a(\\W?)+g(\\W?)+r(\\W?)+a/ x}}", "pcre:{{/x(y?)+z/ x}}", "pcre:{{/ab()+cd/ x}}",
            "pcre:{{/v(\\W*){1,3}i(\\W*){1,3}a/ x}}", "regexp:{{/ab( *)+cd/ x}}", "pcre:{{/foo(?#c)*/ x}}",
            "pcre:{{/foo{,2}/ x}}", "regexp:{{/foo{,2}/ x}}",
        ]
        let input = Array("buy viagra now\nxz\nabcd\nab cd\nvia\nfo\nfoo{,2}\n".utf8)
        for table in tables {
            try Self.compare("-", TableQuery.Mode(), [table], input, with: postmap, "\(table)")
        }
        let fold = String(repeating: "x", count: 77) + "\n "
        let header = "Subject: " + String(repeating: fold, count: 1290) + "viagra\n\nbody\n"
        for pattern in ["/^Subject:(.|\\n)*viagra/ x", "/^Subject:((a)|(x)|(.)|(\\n))*viagra/ x"] {
            try Self.compare(
                "-", TableQuery.Mode(headers: true), ["pcre:{{\(pattern)}}"], Array(header.utf8), with: postmap,
                "\(pattern)")
        }
    }

    @Test func tableFiles() throws {
        let postmap = try Postmap()
        let scratch = try Scratch(.memory)
        let texts = [
            " /a/ x\n/b/ y\n", "/b/ y\n\n# c\n  # d\n  more\n/c/ z\n", "/b/ y\r\n/c/ z\r\n", "\n\n# only\n", "/b/ y",
            "/b/ y\n \n  z", "#/b/ y\n/c/ d\n#\n e\n", "if /b/\n/./ x\n  /c/ y\nendif\n", "/b/\n\tREJECT\n",
        ]
        for (number, text) in texts.enumerated() {
            let path = try scratch.write("t\(number)", text)
            for type in ["pcre", "regexp"] {
                let name = "\(type):\(path)"
                for key in ["b", "c"] {
                    try Self.compare(
                        key, TableQuery.Mode(), [name], [], [path: Array(text.utf8)], with: postmap, "\(text) \(key)")
                }
            }
        }
    }

    private static let modes = [(true, false), (false, true), (true, true)].flatMap { headers, body in
        [true, false].map { TableQuery.Mode(headers: headers, body: body, mime: $0) }
    }

    @Test func messages() throws {
        let postmap = try Postmap()
        let inputs: [[UInt8]] = [
            "", "\n", "A: b", " A: b\nC: d\n", "A: b\n c\n\td\n\nbody\n", "A: b\r\n c\r\n\r\nbody\r\n",
            "A: b\nno field\nC: d\n",
            "A b: c\n", ": x\n", "A\u{1}: b\n", "Subject  : \t a\nX :b\n", "A: b\0c\n d\0e\n\nx\0y\n",
            "A: b\n\0x\nC: d\n",
            "Content-Type: multipart/digest; boundary=x\n\n--x\nContent-Type: image/gif\n\nS: in\n\nb\n--x\n\nT: u\n\nb\n--x--\n",
            "Content-Type: message/global\n\nS: in\n\nbody\n", "Content-Type: message/partial\n\nS: in\n\nbody\n",
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nS: in\n\nbody\n",
            "Content-Type: multipart/mixed; boundary=\"\"\n\n--\nA: b\n\nx\n--foo\nC: d\n\n",
            "Content-Type: multipart/mixed; boundary=x\n\n--x\nA: b\n--x\nC: d\n\n--x--\nfoo\n",
            "Content-Type: multipart/mixed; boundary=x; boundary=y\n\n--y\nA: b\n\n--x\nC: d\n\n--x--\nfoo\n",
            "Content-Type: (c) multipart (d) / mixed ; boundary (e) = \"x\\\"y\n z\"\n\n--x\"y z\nA: b\n\nq\n",
            "Content-Type: multipart/mixed; boundary=a/b\n\n--a\nA: b\n\nq\n", "Content-Type: text\n\nx\n",
            "Content-Type:\n\nx\n",
            ">From x\nA: b\n", "From x\nA: b\n", "A: b\n\t\n  c\n\nx\n", "A: b\n\n\n\nx\n--\n---\n",
        ].map { Array($0.utf8) }
        for (number, input) in inputs.enumerated() {
            for mode in Self.modes {
                try Self.compare("-", mode, ["pcre:{{/^/ hit}}"], input, with: postmap, "input \(number) \(mode)")
            }
            try Self.compare("-", TableQuery.Mode(), ["pcre:{{/./ hit}}"], input, with: postmap, "input \(number) keys")
        }
    }

    /// Runs comparisons 0 to `count`, some at a time: nearly all of the time of a query is waiting for postmap to start.
    /// - Returns: how many octets postmap answered in all.
    private static func compareEach(
        _ count: Int, _ comparison: @escaping @Sendable (Int) throws -> Int
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<count {
                group.addTask { try await Lanes.run { try comparison(number) } }
            }
            return try await group.reduce(0, +)
        }
    }

    /// Real rule files, by their names in the corpora.
    private static let files = SharedCorpora.names(in: "postfix-checks/checks").flatMap { owner in
        SharedCorpora.names(in: "postfix-checks/checks/\(owner)").map { "postfix-checks/checks/\(owner)/\($0)" }
    }

    /// Messages of the corpus give the same keys. `make differential` takes all of them.
    @Test(.enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"))
    func corpusMessagesGiveTheSameKeys() async throws {
        let postmap = try Postmap()
        let messages = try SharedCorpora.spamAssassin(every: Differential.step)
        let answered = try await Self.compareEach(messages.count) { number in
            var answered = 0
            for mode in [TableQuery.Mode(headers: true, mime: true), TableQuery.Mode(body: true, mime: true)] {
                answered += try Self.compare(
                    "-", mode, ["pcre:{{/^/ hit}}"], messages[number], with: postmap, "message \(number) \(mode)")
            }
            return answered
        }
        // Each message has at least a field.
        #expect(answered > messages.count)
    }

    /// Real rule files over whole messages, one query for each file and message. `make test` has the two parts of this: the
    /// keys above, and the rules below.
    @Test(
        .enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"),
        .enabled(if: Differential.step == 1, "long: run by make differential"))
    func realRulesSayTheSameOfMessages() async throws {
        let postmap = try Postmap()
        let messages = try SharedCorpora.spamAssassin(every: 10)
        let mode = TableQuery.Mode(headers: true, body: true, mime: true)
        var answered = 0
        for name in Self.files {
            let bytes = try #require(SharedCorpora.bytes(name))
            let path = (SharedCorpora.path ?? "") + "/" + name
            answered += try await Self.compareEach(messages.count) { number in
                try Self.compare(
                    "-", mode, ["pcre:\(path)"], messages[number], [path: bytes], with: postmap,
                    "\(name) message \(number)")
            }
        }
        #expect(answered > 0)
    }

    /// Real rule files over the texts of the corpus: the same rule fires, with the same words. All texts go in at one
    /// time, fields as one header and lines as one body, because a start of postmap costs more than a thousand look-ups.
    @Test(.enabled(if: SharedCorpora.path != nil, "shared/corpora is not beside the package"))
    func realRulesSayTheSame() throws {
        let postmap = try Postmap()
        var fields: [UInt8] = []
        var lines: [UInt8] = [0x0A]
        for message in try SharedCorpora.spamAssassin(every: Differential.step) {
            var text = MessageText(.file(readsMIME: true))
            let take: (Subject, Span<UInt8>) -> Bool = { subject, text in
                let bytes = text.withUnsafeBufferPointer { Array($0) }
                if case .body = subject.kind { lines += bytes + [0x0A] } else { fields += bytes + [0x0A] }
                return true
            }
            text.feed(message.span, take)
            text.finish(take)
        }
        #expect(Self.files.count == 20)
        var answered = 0
        for name in Self.files {
            let bytes = try #require(SharedCorpora.bytes(name))
            let path = (SharedCorpora.path ?? "") + "/" + name
            for type in ["pcre", "regexp"] {
                for (mode, input) in [(TableQuery.Mode(headers: true), fields), (TableQuery.Mode(body: true), lines)] {
                    answered += try Self.compare(
                        "-", mode, ["\(type):\(path)"], input, [path: bytes], with: postmap, "\(type):\(name) \(mode)")
                }
            }
        }
        #expect(answered > 0)
    }
}
