internal import Configuration
internal import Linux
internal import MailModel
internal import Policy
internal import Synchronization

/// The texts of notices by language, and how many have been sent.
final class NoticeBook: Sendable {
    private let templates: [String: NoticeTemplates]
    private let perHour: Int
    /// Addresses that are counted; beyond it the counts of past hours go, and then no notice is sent.
    private let addresses: Int
    private let sent: Mutex<[MailPath: (since: Int, count: Int)]>
    /// Names of viruses that an administrator was told of.
    private let viruses: Mutex<Set<String>>
    private let virusLimit: Int

    /// Reads the files of all languages that the settings and their tables name; all templates that there are where a pattern
    /// makes names out of addresses. Blocks on a disk.
    /// - Parameter before: whose counts go on.
    /// - Throws: `SettingFaults`. English needs no file.
    init(_ settings: Settings, _ policies: PolicyBook, before: NoticeBook?) throws {
        var templates: [String: NoticeTemplates] = [:]
        var languages = policies.noticeLanguages
        languages[Self.english] = languages[Self.english] ?? .key("notices.directory")
        if let setting = policies.patternKeys["notice_language"] {
            for name in namedFiles(in: settings.notices.directory) {
                // One that cannot be read is told below.
                let bytes = try? readTable("\(settings.notices.directory)/\(name)", called: "notices")
                if let bytes, !NoticeTemplates.isTemplate(bytes) { continue }
                languages[name] = languages[name] ?? setting
            }
        }
        var faults: [SettingFault] = []
        for (language, setting) in languages {
            do throws(SettingFault) {
                templates[language] = try Self.read(language, settings.notices.directory, setting)
            } catch {
                faults.append(error)
            }
        }
        try SettingFaults.refuse(faults)
        self.templates = templates
        perHour = settings.notices.perHour
        addresses = settings.notices.addresses
        sent = Mutex(before?.sent.withLock { $0 } ?? [:])
        viruses = Mutex(before?.viruses.withLock { $0 } ?? [])
        virusLimit = settings.notices.viruses
    }

    private static let english = "en"

    private static func read(
        _ language: String, _ directory: String, _ setting: SettingPlace
    ) throws(SettingFault) -> NoticeTemplates {
        let path = "\(directory)/\(language)"
        do throws(NoticeTemplates.Fault) {
            guard let bytes = try? readTable(path, called: "notices") else {
                guard language == english else {
                    throw NoticeTemplates.Fault(line: 0, text: "cannot be read")
                }
                return try NoticeTemplates(NoticeTemplates.english)
            }
            return try NoticeTemplates(bytes)
        } catch {
            let place = error.line == 0 ? path : "\(path):\(error.line)"
            throw SettingFault(
                place: setting, text: "\(place): \(Escaping.text(error.text, limit: 200)) (notice_language \(language))"
            )
        }
    }

    /// The texts of a language; English where a pattern made the name of one that is not there.
    func templates(_ language: String) -> NoticeTemplates? { templates[language] ?? templates[Self.english] }

    /// Remembers names of viruses.
    /// - Returns: true when one of them was not met before.
    func areNew(_ names: [String]) -> Bool {
        viruses.withLock { viruses in
            var isNew = false
            for name in names where viruses.count < virusLimit {
                if viruses.insert(name).inserted { isNew = true }
            }
            return isNew
        }
    }

    /// Counts a notice.
    /// - Parameter time: Unix time.
    /// - Returns: false when this address has got enough of them.
    func mayNotify(_ path: MailPath, time: Int) -> Bool {
        sent.withLock { sent in
            var entry = sent[path] ?? (since: time, count: 0)
            if time - entry.since >= 3600 { entry = (since: time, count: 0) }
            guard entry.count < perHour else { return false }
            if sent[path] == nil, sent.count >= addresses {
                sent = sent.filter { time - $0.value.since < 3600 }
                if sent.count >= addresses { return false }
            }
            entry.count += 1
            sent[path] = entry
            return true
        }
    }
}
