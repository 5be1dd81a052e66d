/// Dates as mail writes them, in UTC, without a library: days are counted in 400-year eras of the Gregorian calendar.
package enum DateText {
    /// RFC 5322 section 3.3: `Sat, 21 Nov 2026 03:47:26 +0000`.
    package static func rfc5322(_ time: Int) -> String {
        let date = civil(time)
        return
            "\(weekdays[date.weekday]), \(date.day) \(months[date.month - 1]) \(four(date.year)) \(clock(date)) +0000"
    }

    /// RFC 3339: `2026-11-21T03:47:26Z`.
    package static func rfc3339(_ time: Int) -> String {
        let date = civil(time)
        return "\(four(date.year))-\(two(date.month))-\(two(date.day))T\(clock(date))Z"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private struct Civil {
        var year: Int
        var month: Int
        var day: Int
        var weekday: Int
        var second: Int
    }

    private static func civil(_ time: Int) -> Civil {
        let (days, second) = floorDivision(time, 86_400)
        // The era starts on 1 March 0000, so that the leap day is the last day of a year.
        let (era, dayOfEra) = floorDivision(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return Civil(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * shifted + 2) / 5 + 1, weekday: floorDivision(days + 4, 7).remainder,
            second: second)
    }

    private static func floorDivision(_ value: Int, _ by: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }

    private static func clock(_ date: Civil) -> String {
        "\(two(date.second / 3600)):\(two(date.second / 60 % 60)):\(two(date.second % 60))"
    }

    /// Both formats want four digits at least.
    private static func four(_ year: Int) -> String {
        let digits = String(year.magnitude)
        return (year < 0 ? "-" : "") + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private static func two(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
