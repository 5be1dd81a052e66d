import Glibc
import Policy
import Testing
import TestSupport

@Suite struct DateTests {
    /// The C library's calendar, in the C locale.
    private static func library(_ time: Int, _ format: String) -> String {
        var (seconds, parts) = (time_t(time), tm())
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func differs(_ time: Int) -> Bool {
        DateText.rfc5322(time) != library(time, "%a, %-d %b %Y %T +0000")
            || DateText.rfc3339(time) != library(time, "%Y-%m-%dT%TZ")
    }

    @Test func everyDayOfFourCenturies() {
        // 1970 and 400 years on: every kind of leap year, every weekday of 29 February.
        let wrong = (0..<146_097).filter { Self.differs($0 * 86_400 + ($0 &* 7919) % 86_400) }
        #expect(wrong == [])
    }

    @Test func everySecondOfADay() {
        let start = 1_709_164_800  // 29 February 2024
        #expect((start..<(start + 86_400)).filter(Self.differs) == [])
    }

    @Test func randomTimesOfTenThousandYears() {
        var random = SeededGenerator(seed: 3)
        // The years 1000 to 9999, before 1970 too.
        let wrong = (0..<50_000).map { _ in Int.random(in: -30_610_224_000...253_402_300_799, using: &random) }
            .filter(Self.differs)
        #expect(wrong == [])
    }

    @Test(arguments: [
        (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"), (-2_203_891_200, "Thu, 1 Mar 1900 00:00:00 +0000"),
        (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000"), (4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000"),
        (-62_135_596_800, "Mon, 1 Jan 0001 00:00:00 +0000"), (1_795_232_846, "Sat, 21 Nov 2026 03:47:26 +0000"),
    ])
    func knownDates(time: Int, text: String) {
        #expect(DateText.rfc5322(time) == text)
    }

    @Test func fourDigitsAtLeast() {
        #expect(DateText.rfc3339(-62_135_596_800) == "0001-01-01T00:00:00Z")
        #expect(DateText.rfc3339(-62_167_219_201) == "-0001-12-31T23:59:59Z")
    }

    /// A damaged file may hold any number.
    @Test func noNumberTraps() {
        for time in [Int.min, Int.min + 1, Int.max, Int.max - 1] {
            #expect(!DateText.rfc5322(time).isEmpty)
            #expect(!DateText.rfc3339(time).isEmpty)
        }
    }
}
