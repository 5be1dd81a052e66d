import Configuration
import MailModel
import Testing

@testable import mailreeve

/// The pure parts of `filter`: exit codes, what is sent, where to.
@Suite struct FilterTests {
    @Test(
        arguments: [
            (200, 0), (250, 0), (299, 0), (354, 75), (421, 75), (450, 75), (451, 75), (499, 75), (500, 69), (554, 69),
            (599, 69), (600, 75), (0, 75),
        ])
    func exitCodes(_ pair: (Int, Int32)) {
        #expect(FilterCommand.exitCode(for: Reply(pair.0, nil, "x")) == pair.1)
    }

    @Test func aTemporaryReplyIsTriedAgain() {
        let reply = FilterCommand.temporary("private")
        #expect(FilterCommand.exitCode(for: reply) == 75)
        #expect(reply.summary == "451 4.3.0 Mail system is not available")
        #expect(reply.cause == "private")
    }

    @Test(
        arguments: [
            ("From a@b Sat Nov 21\nS: 1\n\n>From x\n", "S: 1\r\n\r\n>From x\r\n"),
            (">From a@b\r\nS: 1\r\n\r\n", "S: 1\r\n\r\n"), ("S: 1\n\nFrom x\n", "S: 1\r\n\r\nFrom x\r\n"),
            ("S: 1\r\n\r\nx\ny\r\n", "S: 1\r\n\r\nx\ny\r\n"), ("", ""),
        ])
    func onlyTheLeadingLineIsLeftOut(_ pair: (String, String)) {
        #expect(FilterCommand.message(Array(pair.0.utf8)) == Array(pair.1.utf8))
    }

    @Test func anAfterQueueListenerIsPreferred() throws {
        var settings = Settings()
        var before = Settings.Listener()
        before.placement = .beforeQueue
        before.address = try ListenAddress(parsing: "127.0.0.1:10026")
        var after = Settings.Listener()
        after.address = try ListenAddress(parsing: "unix:/run/after")
        settings.listeners = [before, after]
        #expect(FilterCommand.listener(settings) == .unix(path: "/run/after"))
        settings.listeners = [before]
        #expect(FilterCommand.listener(settings) == .tcp(host: "127.0.0.1", port: 10_026))
        settings.listeners = []
        #expect(FilterCommand.listener(settings) == nil)
    }

    @Test func aWildcardListenerIsReachedByLoopback() throws {
        var settings = Settings()
        settings.listeners[0].address = try ListenAddress(parsing: "0.0.0.0:10024")
        #expect(FilterCommand.listener(settings) == .tcp(host: "127.0.0.1", port: 10_024))
        settings.listeners[0].address = try ListenAddress(parsing: "[::]:10024")
        #expect(FilterCommand.listener(settings) == .tcp(host: "::1", port: 10_024))
    }

    @Test func aTemporaryRefusalComesBeforeAPermanentOne() {
        let (good, later, never) = (Reply(250, nil, "a"), Reply(452, nil, "b"), Reply(550, nil, "c"))
        #expect(Submission.refusal([good, good]) == nil)
        #expect(Submission.refusal([good, never]) == never)
        #expect(Submission.refusal([never, good, later]) == later)
    }
}
