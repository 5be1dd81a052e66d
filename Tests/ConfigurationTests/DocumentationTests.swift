import Configuration
import Foundation
import MailModel
import Testing

@Suite struct DocumentationTests {
    @Test func defaultsReadBackAsTheDefaults() {
        let text = ConfigurationFile.defaultsYAML()
        let loaded = read(text)
        #expect(loaded.problems == [])
        #expect(loaded.settings == Settings())
    }

    @Test func defaultsNameEveryKey() {
        let text = ConfigurationFile.defaultsYAML()
        var rows = 0
        for line in ConfigurationFile.reference().split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "`")
            guard cells.count > 3, cells[2] == " | ", let leaf = cells[1].split(separator: ".").last else { continue }
            // There are none by default.
            if cells[1].hasPrefix("banks[") || cells[1].hasPrefix("recipients[") { continue }
            #expect(text.contains(" \(leaf): \(cells[3])\n") || text.contains("\n\(leaf): \(cells[3])\n"), "\(line)")
            rows += 1
        }
        #expect(rows > 60)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(text.contains("\n  # Largest message; a larger one gets 552 5.3.4."))
    }

    @Test func theShippedFileIsRight() {
        let loaded = ConfigurationFile.load(path: packageRoot + "/packaging/mailreeve.yaml")
        #expect(loaded.problems == [])
        var expected = Settings()
        expected.policies["default"]?.infected = .discard
        #expect(loaded.settings == expected)
    }

    @Test func theShippedFileIsRightWithItsExamples() throws {
        let text = try String(contentsOfFile: packageRoot + "/packaging/mailreeve.yaml", encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            // Examples are comments that hold a key or a list element; prose has no such beginning.
            let example = line.firstRange(of: /# ( *- [a-z_]+:| *[a-z_]+: |  +[a-z_]+:|(?:incoming|banned):| +- )/)
            guard let example, line[..<example.lowerBound].allSatisfy({ $0 == " " }) else { return String(line) }
            return String(line[..<example.lowerBound] + line[example.lowerBound...].dropFirst(2))
        }
        let loaded = read(lines.joined(separator: "\n"))
        #expect(loaded.problems == [])
        #expect(loaded.settings.listeners.map { $0.placement } == [.afterQueue, .beforeQueue])
        #expect(loaded.settings.policies["incoming"]?.infected == .reject)
        #expect(loaded.settings.hostname == "mx.example.com")
    }

    @Test func theReferenceIsUpToDate() throws {
        let path = packageRoot + "/docs/CONFIGURATION.md"
        if ProcessInfo.processInfo.environment["MAILREEVE_UPDATE_DOCS"] == "1" {
            try ConfigurationFile.reference().write(toFile: path, atomically: true, encoding: .utf8)
        }
        let committed = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            committed == ConfigurationFile.reference(),
            "docs/CONFIGURATION.md is not what the schema says; run the tests with MAILREEVE_UPDATE_DOCS=1")
    }

    @Test func explanationsSayValueAndOrigin() {
        let loaded = read(
            """
            limits:
              message_size: 20 MiB
            listeners:
              - address: 127.0.0.1:1
              - placement: before-queue
            policies:
              default:
                infected: quarantine
              other:
            """)
        #expect(loaded.problems == [])
        #expect(
            loaded.explain(key: "limits.message_size")
                == .known(
                    """
                    limits.message_size: 20 MiB  (f:2:17)
                      default: 100 MiB
                      type: size, 1 KiB to 2 GiB
                      Largest message; a larger one gets 552 5.3.4. Not below the MTA's own limit (Postfix: message_size_limit).
                    """))
        #expect(firstLines(loaded.explain(key: "user"), 1) == ["user: mailreeve  (default)"])
        #expect(
            firstLines(loaded.explain(key: "listeners[].placement"), 3) == [
                "listeners[0].placement: after-queue  (default)", "listeners[1].placement: before-queue  (f:5:16)",
                "  default: after-queue",
            ])
        #expect(
            firstLines(loaded.explain(key: "listeners[1].address"), 1) == [
                "listeners[1].address: \"127.0.0.1:10024\"  (default)"
            ])
        #expect(
            firstLines(loaded.explain(key: "policies.NAME.infected"), 2) == [
                "policies.default.infected: quarantine  (f:8:15)", "policies.other.infected: null  (default)",
            ])
        #expect(
            firstLines(loaded.explain(key: "policies.other.unchecked.deadline"), 1)
                == ["policies.other.unchecked.deadline: tempfail  (default)"])
        #expect(firstLines(loaded.explain(key: "tls"), 3).last == "  keys: tls.certificate, tls.key")
        #expect(
            firstLines(loaded.explain(key: "policies.other.unchecked"), 1) == ["policies.other.unchecked: a section"])
    }

    @Test(arguments: [
        ("limits.mesage_size", "unknown key 'limits.mesage_size'; did you mean 'limits.message_size'?"),
        ("policies.default.infectd", "unknown key 'policies.default.infectd'"),
        ("policies.othr.infected", "there is no policy 'othr'"),
        ("listeners[7].address", "there is no such element; the last is listeners[0]"),
        ("banks[0].name", "there is no element in banks"),
        ("listeners[x].address", "unknown key"), ("listeners[", "unknown key"), ("listeners[0]address", "unknown key"),
        ("", "unknown key ''"), ("policies..infected", "there is no policy ''"),
        ("\u{1B}[31m", "unknown key '\\x1B[31m'"),
    ])
    func unknownKeysAreExplainedBySuggestion(_ key: String, _ message: String) {
        guard case .unknown(let text) = read("").explain(key: key) else {
            Issue.record("'\(key)' should be unknown")
            return
        }
        #expect(text.hasPrefix(message), "\(text)")
    }

    private func firstLines(_ explanation: Explanation, _ count: Int) -> [String] {
        guard case .known(let text) = explanation else { return [] }
        return text.split(separator: "\n").prefix(count).map { String($0) }
    }
}
