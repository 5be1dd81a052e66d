import ArgumentParser
import Foundation
import MailModel

/// A category on the command line, by its name in `scan --json`.
struct CategoryArgument: ExpressibleByArgument {
    let category: MailModel.Category

    init?(argument: String) {
        guard let category = MailModel.Category(rawValue: argument) else { return nil }
        self.category = category
    }

    static var allValueStrings: [String] { MailModel.Category.allCases.map(\.rawValue) }
}

/// A point in time on the command line: a day (UTC), a time in ISO 8601, or an age.
struct TimeArgument: ExpressibleByArgument {
    /// Unix time.
    let time: Int

    init?(argument: String) {
        self.init(argument, now: Int(Date().timeIntervalSince1970))
    }

    init?(_ text: String, now: Int) {
        let units = ["s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800]
        if let unit = text.last.flatMap({ units[String($0)] }) {
            guard let number = Int(text.dropLast()), number >= 0 else { return nil }
            let (age, isTooLong) = number.multipliedReportingOverflow(by: unit)
            guard !isTooLong, age <= now else { return nil }
            time = now - age
        } else if let day = try? Date(text, strategy: .iso8601.year().month().day()) {
            time = Int(day.timeIntervalSince1970)
        } else if let date = try? Date(text, strategy: .iso8601) {
            time = Int(date.timeIntervalSince1970)
        } else {
            return nil
        }
    }
}
