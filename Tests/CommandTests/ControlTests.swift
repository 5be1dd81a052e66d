import Gateway
import Glibc
import Linux
import TestSupport
import Testing

@testable import mailreeve

/// What a person is told of the daemon.
@Suite struct ControlTests {
    @Test func aMissingDaemonIsExplained() {
        func text(_ code: Int32) -> String { ControlOptions.explanation(SystemError("connect /s", code: code), "/s") }
        #expect(text(ENOENT) == "no daemon is running: there is no control socket /s")
        #expect(text(ECONNREFUSED) == "no daemon is running: nobody answers on /s")
        #expect(text(EACCES) == "/s may be used by root and by the daemon's user only")
        #expect(text(EAGAIN) == "the daemon does not answer on /s")
        #expect(text(EPIPE).contains("connect /s"))
    }

    private static let status = """
        {"inspector":{"busy":1,"crashes":2,"database_time":0,"database_version":0,"deadlines":3,"engine":"ClamAV 1.4.6\\u001b",
        "refused":"generation 5: self-test failed\\u001b",
        "engine_fault":"","generation":4,"inspected":5,"landlock_abi":0,"signature_count":6,"signatures":"test-only","waiting":7},
        "scanners":[{"name":"a","backup":false,"fault":"","failing_addresses":[],"version":"ClamAV 1\\\\\\\\","signature_time":0,"answered":1,"failed":2,"busy":3},
        {"name":"b","backup":true,"fault":"is blind\\\\x07\\u001b","failing_addresses":[],"version":"","signature_time":0,"answered":0,"failed":0,"busy":0}],
        "cache":{"entries":1,"hits":20,"misses":21},
        "listeners":{"accepted":8,"connections":9,"processing":10,"refused":11},"spool":{"bytes":2048,"messages":12},
        "totals":{"bytes":100,"infected":13,"messages":14,"not_kept":20,"passed":15,"quarantined":16,"rule_matches_given_up":19,"temporary":17,"unchecked":18},
        "journal":{"waiting":0,"overflowed":0,"written":0},"uptime":93784,"later":"fields may be added"}
        """

    @Test func theStatusIsATable() throws {
        let table = try #require(StatusTable(json: Array(Self.status.utf8))).description
        #expect(table.contains("up           1 d 2 h\n"))
        #expect(table.contains("14: 15 passed, 13 infected, 18 unchecked, 16 quarantined, 17 put off; 100 octets"))
        #expect(table.contains("12 messages, 2 KiB"))
        #expect(table.contains("quarantine   20 messages COULD NOT BE KEPT"))
        #expect(table.contains("rules        19 matches given up"))
        #expect(table.contains("scanner      a: works, ClamAV 1\\\\; 1 answered, 2 not, 3 while it was busy\n"))
        #expect(table.contains("scanner      b (backup): FAILED: is blind\\x07\\x1B; 0 answered, 0 not"))
        #expect(
            table.contains(
                "generation 4: 1 workers busy, 7 messages waiting; 5 inspected, 2 crashes, 3 deadlines missed"))
        #expect(table.contains("engine       ClamAV 1.4.6\\x1B, 6 signatures"))
        #expect(table.contains("refused      generation 5: self-test failed\\x1B; the one before serves\n"))
        #expect(table.contains("cache        1 messages, 20 hits, 21 misses\n"))
        #expect(table.contains("TEST ONLY"))
        #expect(table.contains("without Landlock"))
        #expect(!table.utf8.contains(0x1B))
        let idle = Self.status.replacing("\"test-only\"", with: "\"not-loaded\"")
        let waiting = try #require(StatusTable(json: Array(idle.utf8))).description
        #expect(waiting.contains("signatures   NOT LOADED: mail waits"))
        #expect(waiting.contains("refused      generation 5: self-test failed\\x1B; no other serves\n"))
        let without = idle.replacing("\"engine_fault\":\"\"", with: "\"engine_fault\":\"broken\"")
        let engineless = try #require(StatusTable(json: Array(without.utf8))).description
        #expect(engineless.contains("signatures   NOT LOADED: the engine looks at no mail\n"))
    }

    /// The Prometheus project's own reader takes it, and finds the values.
    @Test(.enabled(if: Self.hasReader, "python3-prometheus-client is not installed (make test-deps)"))
    func metricsAreReadByPrometheus() throws {
        let text = try #require(StatusMetrics(json: Array(Self.status.utf8))).description
        let reading = """
            import sys
            from prometheus_client.parser import text_string_to_metric_families as families
            for family in families(sys.stdin.read()):
                assert family.documentation and family.type in ("counter", "gauge"), family
                for sample in family.samples:
                    print(sample.name, sorted(sample.labels.items()), int(sample.value))
            """
        let read = try runTool("/usr/bin/python3", ["-c", reading], input: Array(text.utf8))
        #expect(read.status == 0, "\(String(decoding: read.output, as: UTF8.self))")
        let lines = Set(String(decoding: read.output, as: UTF8.self).split(separator: "\n").map(String.init))
        for line in [
            "mailreeve_uptime_seconds [] 93784", "mailreeve_messages_total [] 14", "mailreeve_infected_total [] 13",
            "mailreeve_inspector_crashes_total [] 2", "mailreeve_not_kept_total [] 20",
            "mailreeve_inspector_generation_refused [] 1", "mailreeve_cache_hits_total [] 20",
            "mailreeve_signatures [] 6",
            #"mailreeve_engine_info [('signatures', 'test-only'), ('version', 'ClamAV 1.4.6\\x1B')] 1"#,
            #"mailreeve_scanner_info [('scanner', 'a'), ('version', 'ClamAV 1\\\\')] 1"#,
            "mailreeve_scanner_up [('scanner', 'a')] 1", "mailreeve_scanner_up [('scanner', 'b')] 0",
            "mailreeve_scanner_failed_total [('scanner', 'a')] 2",
            "mailreeve_scanner_busy_total [('scanner', 'a')] 3",
        ] {
            #expect(lines.contains(line), "\(line) is not in \(lines.sorted())")
        }
    }

    private static var hasReader: Bool {
        (try? runTool("/usr/bin/python3", ["-c", "import prometheus_client"]))?.status == 0
    }

    @Test(arguments: ["", "{}", "[]", #"{"error":"unknown request"}"#])
    func anotherAnswerIsNotUnderstood(_ json: String) {
        #expect(StatusTable(json: Array(json.utf8)) == nil)
        #expect(StatusMetrics(json: Array(json.utf8)) == nil)
    }
}
