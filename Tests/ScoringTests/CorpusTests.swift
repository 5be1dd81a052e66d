import Foundation
import MIME
import TestSupport
import Testing

/// The mailboxes of `corpus/`: what they teach has to be in the mail, not in how they were made.
@Suite struct CorpusTests {
    private static func headers(_ name: String) throws -> [String] {
        let whole = try String(contentsOfFile: "\(Programs.package)/corpus/\(name).mbox", encoding: .utf8)
        return ("\n" + whole).components(separatedBy: "\nFrom ").dropFirst().map {
            $0.components(separatedBy: "\n\n")[0] + "\n"
        }
    }

    private static func isBefore(_ field: String, _ other: String, in header: String) -> Bool {
        guard let first = header.range(of: "\n\(field): "), let second = header.range(of: "\n\(other): ") else {
            return false
        }
        return first.lowerBound < second.lowerBound
    }

    @Test func noFormOfTheHeaderTellsTheClassesApart() throws {
        let marks: [(String, (String) -> Bool)] = [
            ("SMTP", { $0.contains(" with SMTP id ") }), ("ESMTPS", { $0.contains(" with ESMTPS id ") }),
            ("unknown host", { $0.contains(" (unknown [") }), ("program", { $0.contains("\nX-Mailer: ") }),
            ("two relays", { $0.components(separatedBy: "\nReceived: ").count > 2 }),
            ("address alone", { $0.contains("\nTo: reader@") }), ("name", { $0.contains("\nTo: Reader <") }),
            ("no recipients", { $0.contains("\nTo: undisclosed-recipients:;") }),
            ("date first", { Self.isBefore("Date", "From", in: $0) }),
            ("identifier first", { Self.isBefore("Message-ID", "From", in: $0) }),
        ]
        for name in ["spam", "ham"] {
            let headers = try Self.headers(name)
            for (mark, has) in marks {
                let count = headers.count(where: has)
                #expect(count > 0 && count < headers.count, "\(name): \(mark) \(count)")
            }
        }
    }

    /// Words of the header are in charsets that mail is written in.
    @Test(arguments: ["spam", "ham"]) func wordsOfTheHeaderCanBeRead(_ name: String) throws {
        for header in try Self.headers(name) {
            for word in header.matches(of: #/=\?([^?\s]+)\?[bq]\?/#.ignoresCase()) {
                let charset = String(word.1)
                #expect(CharsetCoding(label: charset.utf8) != nil, "\(charset)")
            }
        }
    }

    /// Days of the week are right, and the mail stands in the order in which it came.
    @Test(arguments: ["spam", "ham"]) func datesStandInOrder(_ name: String) throws {
        let form = DateFormatter()
        form.locale = Locale(identifier: "en_US_POSIX")
        form.timeZone = TimeZone(identifier: "UTC")
        form.dateFormat = "EEE MMM d HH:mm:ss yyyy"
        let lines = try Self.headers(name).map { $0.components(separatedBy: "\n")[0] }
        let dates = try lines.map { line in
            let text = line.split(separator: " ").dropFirst().joined(separator: " ")
            let date = try #require(form.date(from: text), "\(line)")
            #expect(form.string(from: date) == text)
            return date
        }
        #expect(dates == dates.sorted() && Set(dates).count == dates.count)
    }
}
