import Configuration
import Foundation
@testable import Gateway
import Glibc
import Logging
import Testing

/// Each test is a process of its own: standard error belongs to the whole process.
@Suite struct LogOutputTests {
    private static func lines(_ result: ExitTest.Result?) -> [String] {
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }

    @Test func linesComeOutInTheirOrderAndAllAtClose() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            let output = try LogOutput(Settings.Log())
            for number in 0..<5000 { output.write("line \(number)", priority: LOG_INFO) }
            output.close()
        }
        #expect(Self.lines(result) == (0..<5000).map { "line \($0)" })
    }

    @Test func textLinesShowTimeMarkAndMetadata() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            unsetenv("JOURNAL_STREAM")
            let output = try LogOutput(Settings.Log())
            var logger = Logger(label: "test") { _ in GatewayLogHandler(output, settings: Settings.Log()) }
            logger.debug("not shown")
            logger.notice("plain")
            logger.warning("odd")
            logger.error("bad")
            logger[metadataKey: "b"] = "2"
            logger.notice("more", metadata: ["cause": "x\r\n(1-1) Passed CLEAN", "a": "1"])
            output.close()
        }
        let lines = Self.lines(result)
        let time = #/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\s/#
        #expect(lines.allSatisfy { $0.contains(time) })
        #expect(
            lines.map { String($0.trimmingPrefix(time)) } == [
                "plain", "(!) odd", "(!!) bad", #"more, a: 1, b: 2, cause: x\x0D\x0A(1-1) Passed CLEAN"#,
            ])
    }

    /// The journal puts the time in front itself.
    @Test func noTimeUnderTheJournal() async {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            setenv("JOURNAL_STREAM", "8:1", 1)
            let output = try LogOutput(Settings.Log())
            Logger(label: "test") { _ in GatewayLogHandler(output, settings: Settings.Log()) }.notice("plain")
            output.close()
        }
        #expect(Self.lines(result) == ["plain"])
    }

    @Test func jsonIsOneObjectALineWhateverTheText() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            var settings = Settings.Log()
            settings.format = .json
            let output = try LogOutput(Settings.Log())
            let logger = Logger(label: "test") { _ in GatewayLogHandler(output, settings: settings) }
            logger.notice(
                "a\r\n\"b\"\u{1B}\u{0}",
                metadata: [
                    "message": "forged", "level": "forged", "time": "forged", "key\n": "value\n",
                    "list": ["x", ["inner": "y"]], "number": .stringConvertible(5),
                ])
            output.close()
        }
        let lines = Self.lines(result)
        #expect(lines.count == 1)
        #expect(!(lines.first ?? "").utf8.contains { $0 < 0x20 })
        let object = try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [String: Any]
        #expect(object?["message"] as? String == "a\r\n\"b\"\u{1B}\u{0}")
        #expect(object?["level"] as? String == "notice")
        #expect((object?["time"] as? String)?.hasSuffix("Z") == true)
        #expect(object?["key\n"] as? String == "value\n")
        #expect(object?["number"] as? Int == 5 && object?["number"] as? String == nil)
        let list = object?["list"] as? [Any]
        #expect(list?.first as? String == "x" && (list?.last as? [String: String]) == ["inner": "y"])
    }

    /// A reader that does not read holds nobody up; what it costs is said.
    @Test func aSlowReaderLosesLinesAndIsTold() async {
        await #expect(processExitsWith: .success) {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0, dup2(ends[1], 2) == 2 else { exit(10) }
            close(ends[1])
            let output = try LogOutput(Settings.Log())
            let total = Settings.Log().queueLines * 3
            for number in 0..<total { output.write("line \(number)", priority: LOG_INFO) }
            let reading = Task.detached { readLines(ends[0]) }
            output.close()
            close(2)
            let lines = await reading.value
            let written = lines.filter { $0.hasPrefix("line ") }
            let lost = lines.compactMap { $0.wholeMatch(of: /(\d+) log lines were lost.*/) }.compactMap { Int($0.1) }
            guard written.count < total, written.count >= Settings.Log().queueLines, !lost.isEmpty else { exit(11) }
            exit(written.count + lost.reduce(0, +) == total ? 0 : 12)
        }
    }

    /// Somebody who shares our standard error may have made it non-blocking.
    @Test func aNonBlockingReaderLosesNothing() async {
        await #expect(processExitsWith: .success) {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0, dup2(ends[1], 2) == 2, fcntl(2, F_SETFL, O_NONBLOCK) == 0 else { exit(10) }
            close(ends[1])
            let output = try LogOutput(Settings.Log())
            // Several times what a pipe holds.
            let text = String(repeating: "x", count: 1000)
            for number in 0..<2000 { output.write("\(number) \(text)", priority: LOG_INFO) }
            let reading = Task.detached { readLines(ends[0]) }
            output.close()
            close(2)
            exit(await reading.value == (0..<2000).map { "\($0) \(text)" } ? 0 : 11)
        }
    }
}

/// All lines up to the end of a pipe.
private func readLines(_ descriptor: Int32) -> [String] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count <= 0 { break }
        bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
}
