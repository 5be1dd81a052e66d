import ArgumentParser
import Foundation
import MailModel

/// What every search for messages can be asked for.
struct SearchOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only mail from senders that hold this text; '' or '<>' is the null sender.", valueName: "text"),
        transform: { $0 == "<>" ? "" : $0 })
    var sender: String?

    @Option(help: ArgumentHelp("Only mail to a recipient that holds this text.", valueName: "text"))
    var recipient: String?

    @Option(help: ArgumentHelp("Only mail whose subject, decoded, holds this text.", valueName: "text"))
    var subject: String?

    @Option(help: ArgumentHelp("Only mail of this category, such as infected or spam.", valueName: "category"))
    var category: CategoryArgument?

    @Option(help: ArgumentHelp("Only mail from this time on.", valueName: "time"))
    var since: TimeArgument?

    @Option(help: ArgumentHelp("Only mail from before this time.", valueName: "time"))
    var until: TimeArgument?

    @Option(help: ArgumentHelp("Messages that are listed at most; 0 lists all.", valueName: "number"))
    var limit = 100

    @Flag(help: "Print one JSON object a message, each on one line.")
    var json = false

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit needs a number that is not negative") }
    }

    /// Messages that are listed at most.
    var mostMessages: Int { limit == 0 ? .max : limit }
}

/// A category on the command line, by its name in `scan --json` or in capitals, as in the log.
struct CategoryArgument: ExpressibleByArgument {
    let category: MailModel.Category

    init?(argument: String) {
        guard let category = MailModel.Category(rawValue: argument.lowercased()) else { return nil }
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
