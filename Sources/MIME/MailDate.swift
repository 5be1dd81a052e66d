internal import Bytes

/// Dates of mail: RFC 5322 section 3.3 with the obsolete forms of section 4.3 as far as they are common.
package enum MailDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    /// Octets that are read.
    private static let longest = 64

    /// Seconds since 1970 of `Thu, 6 Mar 2025 07:05:30 +0100`; nil for what is no date from 1970 to 2105. A zone that is not
    /// numeric counts as UTC.
    package static func seconds(_ text: Span<UInt8>) -> UInt32? {
        let words = words(of: text.extracting(0..<min(text.count, longest)))
        guard let place = words.firstIndex(where: { month($0) != nil }), place > 0, words.count > place + 2,
            let month = month(words[place]), let day = number(words[place - 1][...]), (1...31).contains(day),
            var year = number(words[place + 1][...])
        else { return nil }
        if year < 50 { year += 2000 } else if year < 1000 { year += 1900 }
        guard (1970...2105).contains(year) else { return nil }
        let clock = words[place + 2].split(separator: 0x3A).map { number($0) ?? 99 }
        guard (2...3).contains(clock.count), clock[0] < 24, clock[1] < 60, clock.count < 3 || clock[2] <= 60 else {
            return nil
        }
        let time = clock[0] * 3600 + clock[1] * 60 + (clock.count == 3 ? clock[2] : 0)
        let zone = words.count > place + 3 ? offset(words[place + 3]) : 0
        return UInt32(exactly: days(year, month, day) * 86_400 + time - zone)
    }

    /// Words between blanks and commas.
    private static func words(of text: Span<UInt8>) -> [[UInt8]] {
        text.array.split { $0 <= 0x20 || $0 == 0x2C }.map(Array.init)
    }

    private static func month(_ word: [UInt8]) -> Int? {
        let name = String(decoding: word.prefix(3).map(asciiLower), as: UTF8.self)
        return months.firstIndex(of: name).map { $0 + 1 }
    }

    /// A number of at most four digits.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...4).contains(digits.count), digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// Seconds east of Greenwich.
    private static func offset(_ word: [UInt8]) -> Int {
        guard word.count == 5, word[0] == 0x2B || word[0] == 0x2D, let value = number(word[1...]) else { return 0 }
        let seconds = value / 100 * 3600 + value % 100 * 60
        return word[0] == 0x2D ? -seconds : seconds
    }

    /// Days from 1 January 1970 in the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Years that begin in March end with the leap day.
        let shifted = month > 2 ? year : year - 1
        let ofYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - 719_468
    }
}
