internal import Configuration
internal import Linux
internal import MIME
internal import MailModel
internal import Policy

/// The texts that are put under messages, by name. Read once when the settings are.
struct DisclaimerBook: Sendable {
    private struct Entry {
        var disclaimer: Disclaimer
        /// The letters and digits by which it is found in mail: of the plain text, and of the HTML where they differ.
        var letters: [[UInt8]]
    }

    /// A file that can be read, and is no text to put under messages.
    private struct NoText: Error {
        /// With the file, and its line where there is one.
        let text: String
    }

    private var entries: [String: Entry] = [:]
    /// Files that nothing names, passed over where a pattern makes names: they are no texts.
    private(set) var warnings: [SettingFault] = []

    /// Letters and digits that a text needs: fewer might stand in any mail.
    private static let fewestLetters = 16

    /// Reads the files of all texts that the settings and their tables name; all that there are where a pattern makes names out of
    /// addresses, but for those that are no texts. Blocks on a disk.
    /// - Throws: `SettingFaults`.
    init(_ settings: Settings, _ policies: PolicyBook) throws {
        var named = policies.disclaimers
        var found: Set<String> = []
        if let setting = policies.patternKeys["disclaimer"] {
            for name in namedFiles(in: settings.disclaimers.directory, suffix: ".txt") where named[name] == nil {
                named[name] = setting
                found.insert(name)
            }
        }
        var faults: [SettingFault] = []
        for (name, setting) in named {
            do {
                entries[name] = try Self.read(name, settings.disclaimers.directory)
            } catch let error as NoText {
                // Notes of an administrator may lie there, too: what nobody has named must not stop the gateway.
                if found.contains(name) {
                    warnings.append(
                        SettingFault(place: setting, text: "\(error.text): it is no disclaimer, and left out"))
                } else {
                    faults.append(SettingFault(place: setting, text: "\(error.text) (disclaimer \(name))"))
                }
            } catch {
                faults.append(SettingFault(place: setting, text: "\(error) (disclaimer \(name))"))
            }
        }
        try SettingFaults.refuse(faults)
    }

    private static func read(_ name: String, _ directory: String) throws -> Entry {
        let text = try readTable("\(directory)/\(name).txt", called: "disclaimers")
        let path = "\(directory)/\(name).html"
        // Without a file of its own the HTML is made of the plain text; one that cannot be read is another matter.
        let names = (try? directoryNames(directory)) ?? []
        let markup =
            try names.contains("\(name).html")
            ? readTable(path, called: "disclaimers") : nil
        do throws(Disclaimer.Fault) {
            let disclaimer = try Disclaimer(name: name, text: text, markup: markup)
            guard HTMLText.isFragment(disclaimer.html.span) else {
                throw Disclaimer.Fault(
                    form: .html, line: 0, text: "ends within a tag, comment or script, or closes the body")
            }
            let plain = Array(disclaimer.plain(isFlowed: false).utf8)
            let shown = HTMLText.read(disclaimer.html.span).visible
            let letters = [(TextEnd.Form.plain, plain), (.html, shown)].map { form, text in
                (form, Array(TextContent.letters(text.span).prefix(TextEnd.lettersLimit)))
            }
            for (form, found) in letters where found.count < fewestLetters {
                throw Disclaimer.Fault(
                    form: form, line: 0, text: "fewer than \(fewestLetters) letters and digits to find it by")
            }
            let isSame = letters[0].1 == letters[1].1
            return Entry(disclaimer: disclaimer, letters: isSame ? [letters[0].1] : letters.map(\.1))
        } catch {
            let file = "\(directory)/\(name).\(error.form == .html ? "html" : "txt")"
            throw NoText(text: "\(file)\(error.line == 0 ? "" : ":\(error.line)"): \(error.text)")
        }
    }

    /// Those of one message that inspectors are asked for, and the numbers of their letters among all that are asked for.
    private func asked(_ names: Set<String>) -> [(entry: Entry, numbers: Range<Int>)] {
        var out: [(Entry, Range<Int>)] = []
        var count = 0
        for name in names.sorted() {
            guard let entry = entries[name], count + entry.letters.count <= TextEnd.textLimit else { continue }
            out.append((entry, count..<count + entry.letters.count))
            count += entry.letters.count
        }
        return out
    }

    /// What inspectors are to look for.
    /// - Parameter names: texts that are wanted in the message.
    func letters(_ names: Set<String>) -> [[UInt8]] {
        asked(names).flatMap(\.entry.letters)
    }

    /// A text and the numbers that inspectors know it by; nil where it was not asked for.
    func find(_ name: String, among names: Set<String>) -> (disclaimer: Disclaimer, numbers: Range<Int>)? {
        asked(names).first { $0.entry.disclaimer.name == name }.map { ($0.entry.disclaimer, $0.numbers) }
    }
}
