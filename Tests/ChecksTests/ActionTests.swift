import Checks
import MailModel
import Testing

@Suite struct ActionTests {
    private func action(_ text: String, _ list: CheckList = .header) -> CheckAction {
        CheckAction(Array(text.utf8), in: list)
    }
    private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func readsEveryAction() {
        #expect(action("REJECT") == .reject(EnhancedStatus(5, 7, 1), text("message content rejected")))
        #expect(action("reject go  away") == .reject(EnhancedStatus(5, 7, 1), text("go  away")))
        #expect(action("REJECT 5.1.2 no") == .reject(EnhancedStatus(5, 1, 2), text("no")))
        #expect(action("REJECT 4.7.0 later") == .reject(EnhancedStatus(4, 7, 0), text("later")))
        // A status that is no refusal is made one (Postfix warns and does the same).
        #expect(action("REJECT 2.0.0 odd") == .reject(EnhancedStatus(4, 0, 0), text("odd")))
        #expect(action("REJECT 5.7.1x") == .reject(EnhancedStatus(5, 7, 1), text("5.7.1x")))
        #expect(action("REJECT 5.7.1234 x") == .reject(EnhancedStatus(5, 7, 1), text("5.7.1234 x")))
        #expect(action("WARN \t w") == .warn(text("w")))
        #expect(action("Info") == .info([]))
        #expect(action("PASS x") == .pass(text("x")))
        #expect(action("DISCARD") == .discard([]))
        #expect(action("HOLD h") == .hold(text("h")))
        #expect(action("STRIP s") == .strip(text("s")))
        #expect(action("IGNORE any text") == .ignore)
        #expect(action("DUNNO any") == .dunno)
        #expect(action("OK") == .dunno)
        #expect(action("FILTER smtp:[a]:1") == .filter(text("smtp:[a]:1")))
        #expect(action("REDIRECT a@b") == .redirect(text("a@b")))
        #expect(action("BCC a@b") == .bcc(text("a@b")))
        #expect(action("PREPEND X-A: b") == .prepend(text("X-A: b")))
        #expect(action("REPLACE X-A : b") == .replace(text("X-A : b")))
        #expect(action("REPLACE no header", .body) == .replace(text("no header")))
        #expect(action("SCORE 1.5 NAME why it is") == .score(1500, name: "NAME", text("why it is")))
        #expect(action("SCORE -.25 N_1") == .score(-250, name: "N_1", []))
    }

    @Test(arguments: [
        ("NOSUCH x", "unknown command in header_checks map: NOSUCH x"),
        ("DELAY 1h", "unknown command in header_checks map: DELAY 1h"),
        ("REJECTED", "unknown command in header_checks map: REJECTED"),
        ("FILTER", "missing FILTER command argument in header_checks map"),
        ("FILTER smtp", "bad FILTER command smtp in header_checks map -- need transport:destination"),
        ("REDIRECT you", "bad REDIRECT target \"you\" in header_checks map -- need user@domain"),
        ("BCC you", "bad BCC address \"you\" in header_checks map -- need user@domain"),
        ("PREPEND", "PREPEND action without text in header_checks map"),
        ("REPLACE", "REPLACE action without text in header_checks map"),
        (
            "PREPEND no header",
            "bad PREPEND header text \"no header\" in header_checks map -- need \"headername: headervalue\""
        ),
        ("SCORE x NAME", "bad SCORE action \"x NAME\" in header_checks map -- need a number, a name, and perhaps text"),
        (
            "SCORE 1234 NAME",
            "bad SCORE action \"1234 NAME\" in header_checks map -- need a number, a name, and perhaps text"
        ),
        ("SCORE 1", "bad SCORE action \"1\" in header_checks map -- need a number, a name, and perhaps text"),
    ])
    func warnsOfWhatIsNone(_ value: String, _ warning: String) {
        #expect(action(value) == .none(warning: warning))
    }

    /// Postfix takes an empty answer of a table for its failure.
    @Test func aRuleWithoutTextPutsTheMessageOff() {
        #expect(action("") == .fail)
        let outcome = outcome(["WARN x", "", "DISCARD"])
        #expect(outcome.decision == .reject(EnhancedStatus(4, 3, 0), text("Error: queue file write error")))
        #expect(outcome.isEnded)
        #expect(outcome.entries.map(\.verb) == ["warning"])
        #expect(outcome.warnings == ["body_checks lookup of t returns an empty string result"])
    }

    private func firing(_ range: Range<Int>, _ list: CheckList = .body) -> RuleFiring {
        RuleFiring(list: list, table: 0, line: 1, range: range, text: text("t"))
    }

    private func outcome(_ actions: [String], _ list: CheckList = .body) -> CheckOutcome {
        var outcome = CheckOutcome()
        for (index, value) in actions.enumerated() {
            outcome.take(action(value, list), firing(index * 10..<index * 10 + 10, list), isContinued: false)
        }
        return outcome
    }

    @Test func addsUpInOrder() {
        let several = outcome([
            "BCC a@b", "FILTER a:b", "FILTER c:d", "BCC e@f", "BCC a@b", "HOLD first", "HOLD second", "WARN w", "DUNNO",
            "REJECT no", "DISCARD",
        ])
        #expect(several.bcc == [text("a@b"), text("e@f")])
        #expect(several.filter == text("c:d"))
        // The hold was first, but a refusal that follows ends the message.
        #expect(several.decision == .reject(EnhancedStatus(5, 7, 1), text("no")))
        #expect(several.entries.map(\.verb) == ["bcc", "filter", "filter", "bcc", "bcc", "hold", "warning", "reject"])
        #expect(several.isEnded)
    }

    @Test func stopsWhereInspectionEnds() {
        #expect(
            outcome(["REJECT", "DISCARD"]).decision
                == .reject(EnhancedStatus(5, 7, 1), text("message content rejected")))
        #expect(outcome(["DISCARD", "REJECT"]).decision == .discard([]))
        #expect(outcome(["PASS", "REJECT"]).decision == nil)
        #expect(outcome(["REDIRECT a@b", "REDIRECT c@d"]).redirect == text("a@b"))
        #expect(outcome(["HOLD x", "DUNNO"]).decision == .hold(text("x")))
    }

    @Test func editsOnlyWhatFired() {
        let edited = outcome(["PREPEND new", "REPLACE other", "IGNORE", "STRIP why"])
        #expect(edited.edits.map(\.range) == [0..<0, 10..<20, 20..<30, 30..<40])
        #expect(edited.edits.map(\.text) == [text("new\r\n"), text("other\r\n"), [], []])
        #expect(edited.edits.map(\.source) == [0..<10, 10..<20, 20..<30, 30..<40])
        var piece = CheckOutcome()
        piece.take(action("REPLACE x", .body), firing(0..<10), isContinued: true)
        #expect(piece.edits.map(\.text) == [text("x")])
        #expect(outcome(["REPLACE x", "IGNORE"], .decodedBody).edits.isEmpty)
    }

    @Test func textFromMailCannotBeginAField() {
        let header = outcome(["REPLACE A: b\nEvil: c\r\n d\0"], .header)
        #expect(header.edits.map(\.text) == [text("A: b\r\n\tEvil: c\r\n d\r\n")])
        let body = outcome(["REPLACE a\nb\rc"], .body)
        #expect(body.edits.map(\.text) == [text("a bc\r\n")])
    }

    @Test func boundsAddresses() {
        let many = outcome((0...CheckOutcome.bccLimit).map { "BCC \($0)@x" })
        #expect(many.bcc.count == CheckOutcome.bccLimit)
    }

    @Test func writesPoints() {
        #expect(CheckAction.points(1500) == "1.5")
        #expect(CheckAction.points(-1) == "-0.001")
        #expect(CheckAction.points(2000) == "2")
    }
}
