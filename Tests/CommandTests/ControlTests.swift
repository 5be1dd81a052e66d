import Gateway
import Glibc
import Linux
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

    @Test func theStatusIsATable() throws {
        let json = """
            {"inspector":{"busy":1,"crashes":2,"database_time":0,"database_version":0,"deadlines":3,"engine":"ClamAV 1.4.6\\u001b",
            "generation":4,"inspected":5,"landlock_abi":0,"signature_count":6,"signatures":"test-only","waiting":7},
            "scanners":[{"name":"a","backup":false,"fault":"","version":"ClamAV 1","signature_time":0,"answered":1,"failed":2},
            {"name":"b","backup":true,"fault":"is blind\\u001b","version":"","signature_time":0,"answered":0,"failed":0}],
            "listeners":{"accepted":8,"connections":9,"processing":10,"refused":11},"spool":{"bytes":2048,"messages":12},
            "totals":{"bytes":100,"infected":13,"messages":14,"passed":15,"quarantined":16,"rule_matches_given_up":19,"temporary":17,"unchecked":18},
            "journal":{"waiting":0,"overflowed":0,"written":0},"uptime":93784,"later":"fields may be added"}
            """
        let table = try #require(StatusTable(json: Array(json.utf8))).description
        #expect(table.contains("up           1 d 2 h\n"))
        #expect(table.contains("14: 15 passed, 13 infected, 18 unchecked, 16 quarantined, 17 put off; 100 octets"))
        #expect(table.contains("12 messages, 2 KiB"))
        #expect(table.contains("rules        19 matches given up"))
        #expect(table.contains("scanner      a: works, ClamAV 1; 1 answered, 2 not\n"))
        #expect(table.contains("scanner      b (backup): FAILED: is blind\\x1B; 0 answered, 0 not"))
        #expect(
            table.contains(
                "generation 4: 1 workers busy, 7 messages waiting; 5 inspected, 2 crashes, 3 deadlines missed"))
        #expect(table.contains("engine       ClamAV 1.4.6\\x1B, 6 signatures"))
        #expect(table.contains("TEST ONLY"))
        #expect(table.contains("without Landlock"))
        #expect(!table.utf8.contains(0x1B))
    }

    @Test(arguments: ["", "{}", "[]", #"{"error":"unknown request"}"#])
    func anotherAnswerIsNotUnderstood(_ json: String) {
        #expect(StatusTable(json: Array(json.utf8)) == nil)
    }
}
