import Foundation
import MailModel
import Policy
import TestSupport
import Testing

/// The texts of notices.
@Suite struct NoticeTemplateTests {
    private static let directory = Programs.package + "/packaging/notices"

    private static func file(_ language: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(language)", encoding: .utf8)
    }

    @Test func everyLanguageHasEveryFact() throws {
        let languages = try FileManager.default.contentsOfDirectory(atPath: Self.directory).sorted()
        #expect(languages == ["de", "en", "es", "fr", "ru"])
        for language in languages {
            let templates = try NoticeTemplates(try Self.file(language))
            let facts = Dictionary(
                uniqueKeysWithValues: TextTemplate.Fact.allCases.map { ($0, "<\($0.rawValue)>") })
            for (kind, wanted) in [
                (NoticeTemplates.Kind.dsn, ["subject", "recipients"]),
                (.relayed, ["subject", "recipients"]),
                (.recipient, ["sender", "subject", "reason", "mail_id"]),
                (.admin, ["hostname", "sender", "recipients", "subject", "reason", "mail_id"]),
                (.digest, ["hostname", "messages"]),
            ] {
                let notice = templates.notice(kind, facts)
                #expect(!notice.subject.isEmpty && !(notice.subject + notice.text).contains("${"))
                for word in wanted { #expect(notice.text.contains("<\(word)>"), "\(language) \(kind) \(word)") }
            }
            let message = templates.digestMessage(facts)
            for word in ["time", "sender", "subject", "reason", "release", "release_and_allow"] {
                #expect(message.contains("<\(word)>"), "\(language) \(word)")
            }
            #expect(message != (try NoticeTemplates(NoticeTemplates.english)).digestMessage(facts) || language == "en")
            // A line with a link that is not there is left out.
            let without = templates.digestMessage(facts.filter { $0.key != .releaseAndAllow })
            #expect(without.split(separator: "\n").count == message.split(separator: "\n").count - 1)
        }
    }

    @Test func englishNeedsNoFile() throws {
        #expect(try Self.file("en") == NoticeTemplates.english + "\n" || Self.file("en") == NoticeTemplates.english)
    }

    @Test(arguments: [
        ("x\n[dsn]\n", 1), ("[dsn]\na\n[dsn]\n", 3), ("[other]\n", 1), ("[dsn]\na ${nobody}\n", 2),
        ("[dsn]\na\n\u{7}\n", 3),
        ("[dsn]\na\n[recipient]\nb\n", 0), ("", 0), ("[dsn]\n\n[recipient]\na\n[admin]\nb\n", 0),
        ("[dsn]\na ${id\n", 2),
    ])
    func wrongFiles(_ text: String, _ line: Int) {
        #expect(throws: NoticeTemplates.Fault.self) { try NoticeTemplates(text) }
        do throws(NoticeTemplates.Fault) {
            _ = try NoticeTemplates(text)
        } catch {
            #expect(error.line == line, "\(error)")
        }
    }

    /// A file from before there were reports of success.
    @Test func withoutTheReportOfSuccessThatOneIsEnglish() throws {
        let templates = try NoticeTemplates("[dsn]\nd\n[recipient]\na\n[admin]\nb\n")
        let notice = templates.notice(.relayed, [.subject: "s", .recipients: "r"])
        #expect(notice.subject == "Mail was passed on" && notice.text.contains("\n  Subject: s\n"))
        #expect(templates.notice(.dsn, [:]).subject == "d")
        #expect(throws: NoticeTemplates.Fault.self) {
            try NoticeTemplates("[dsn]\nd\n[relayed]\n\n[recipient]\na\n[admin]\nb\n")
        }
    }

    /// A file from before there were digests.
    @Test func withoutDigestsThoseAreEnglish() throws {
        let templates = try NoticeTemplates("[dsn]\nd\n[recipient]\na\n[admin]\nb\n")
        #expect(templates.notice(.digest, [:]).subject == "Mail that was kept from you")
        let refused = templates.notice(.releaseRefused, [.reason: "550 no"])
        #expect(
            refused.subject == "A message that you asked for could not be delivered"
                && refused.text.contains("\n  Answer:  550 no\n"))
        #expect(templates.digestMessage([.release: "link"]) == "  Release: <link>\n")
        for wrong in [
            "[digest]\n\ntext\n", "[digest-message]\nno link\n", "[digest]\ns\n\n${subject}\n",
            "[digest-message]\n${release} ${messages}\n", "[dsn]\n${release}\n",
        ] {
            #expect(throws: NoticeTemplates.Fault.self, "\(wrong)") {
                try NoticeTemplates(
                    wrong + "[recipient]\na\n[admin]\nb\n" + (wrong.hasPrefix("[dsn]") ? "" : "[dsn]\nd\n"))
            }
        }
    }

    /// What stands in a fact is neither a word to fill in nor another field.
    @Test func factsAreFilledInOnce() throws {
        let templates = try NoticeTemplates("[dsn]\ns ${subject}\n\nt\n[recipient]\na\n[admin]\nb ${reason}\n")
        let notice = templates.notice(.dsn, [.subject: "${reason}\nX: y", .reason: "no"])
        #expect(notice.subject == "s ${reason} X: y")
    }

    @Test func messagesAreWellFormed() {
        let notice = NoticeTemplates.Notice(subject: "Причина ${x}", text: "Тема\nend\n")
        let bytes = NoticeMessage.message(notice, from: "mx.example", to: MailPath("a@b"), id: "i", time: 0)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains("\r\nSubject: =?UTF-8?B?"))
        #expect(
            text.contains("\r\nPrecedence: bulk\r\n") && text.hasSuffix("\r\n\r\n=D0=A2=D0=B5=D0=BC=D0=B0\r\nend\r\n"))
        #expect(text.contains("\r\nContent-Transfer-Encoding: quoted-printable\r\n"))
        #expect(bytes.allSatisfy { $0 < 0x80 })
    }

    /// Files are UTF-8, and may come from Windows.
    @Test func octetsOfAFile() throws {
        let text = "# r\n[dsn]\nd\u{E9}\n\nt\nu\n[recipient]\na\n[admin]\nb\n"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        #expect(try NoticeTemplates(Array(lines.utf8)) == NoticeTemplates(Array(text.utf8)))
        let latin = Array(text.utf8).filter { $0 != 0xC3 }
        #expect(throws: NoticeTemplates.Fault(line: 3, text: "not UTF-8")) { try NoticeTemplates(latin) }
    }
}
