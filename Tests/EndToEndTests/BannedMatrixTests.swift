import Foundation
import MailModel
import TestSupport
import Testing

/// The shipped rules: each type that they ban, by name and by content, wherever it is and whatever it claims to be; and the
/// same message with nothing in it that is banned.
@Suite(.enabled(if: Clients.arePossible, Clients.missing))
struct BannedMatrixTests {
    private static let harmless = Array("nothing to see here, and nothing that runs\r\n".utf8)

    @Test func everyExtensionIsBannedEverywhere() async throws {
        #expect(BannedSamples.extensions.count > 190)
        try await Lanes.run {
            var messages: [(String, [UInt8])] = []
            for ending in BannedSamples.extensions {
                for place in BannedSamples.Place.allCases {
                    // The letters of an extension mean the same in any case.
                    let name = "file." + (place == .zip ? ending.uppercased() : ending)
                    messages.append(
                        (
                            "\(name), \(place.rawValue)",
                            BannedSamples.message(name, Self.harmless, type: "application/octet-stream", at: place)
                        ))
                }
                for place in [BannedSamples.Place.top, .attachedMessage] {
                    messages.append(
                        (
                            "file.\(ending) as an image, \(place.rawValue)",
                            BannedSamples.message("file.\(ending)", Self.harmless, type: "image/png", at: place)
                        ))
                }
            }
            for row in try BannedSamples.scan(messages) {
                #expect(row.category == "banned" && row.banned.count == 1, "\(row)")
            }
        }
    }

    @Test func everyContentIsBannedEverywhere() async throws {
        try await Lanes.run {
            var messages: [(String, [UInt8])] = []
            for (label, content) in BannedSamples.contents {
                for place in BannedSamples.Place.allCases {
                    messages.append(
                        (
                            "\(label), \(place.rawValue)",
                            BannedSamples.message("photo.jpg", content, type: "image/jpeg", at: place)
                        ))
                }
                messages.append(
                    (
                        "\(label), no name",
                        BannedSamples.message("", content, type: "application/octet-stream", at: .top)
                    ))
            }
            var seen: Set<String> = []
            for row in try BannedSamples.scan(messages) {
                #expect(row.category == "banned" && !row.banned.isEmpty, "\(row)")
                seen.formUnion(row.types)
            }
            // A script is none among files in an archive; it has a test of its own.
            let missing = BannedSamples.detectedTypes.subtracting(seen).subtracting(["script"])
            #expect(missing.isEmpty, "there is no sample of \(missing)")
        }
    }

    /// What is declared as a program, whatever it is called and is.
    @Test func everyDeclaredTypeIsBanned() async throws {
        #expect(BannedSamples.declaredTypes.count > 20)
        try await Lanes.run {
            var messages: [(String, [UInt8])] = []
            for type in BannedSamples.declaredTypes {
                for place in [BannedSamples.Place.top, .attachedMessage] {
                    messages.append(
                        (
                            "\(type), \(place.rawValue)",
                            BannedSamples.message("photo.jpg", Self.harmless, type: type, at: place)
                        ))
                }
            }
            for row in try BannedSamples.scan(messages) {
                #expect(row.category == "banned" && row.banned.count == 1, "\(row)")
            }
        }
    }

    /// A script for Unix: not in an archive, and not where it is declared as text.
    @Test func scriptsForUnix() async throws {
        let script = Array("#!/bin/sh\necho x\n".utf8)
        let places: [(String, BannedSamples.Place, Bool)] = [
            ("image/jpeg", .top, true), ("application/octet-stream", .attachedMessage, true),
            ("text/plain", .top, false),
            ("image/jpeg", .zip, false), ("image/jpeg", .zipInRar, false),
        ]
        try await Lanes.run {
            let rows = try BannedSamples.scan(
                places.map { ("\($0.0), \($0.1)", BannedSamples.message("photo.jpg", script, type: $0.0, at: $0.1)) })
            for (row, place) in zip(rows, places) { #expect((row.category == "banned") == place.2, "\(row)") }
        }
    }

    /// The same places with a harmless file, and files that only look a little like what is banned.
    @Test func harmlessTwinsPass() async throws {
        try await Lanes.run {
            var messages: [(String, [UInt8])] = []
            for place in BannedSamples.Place.allCases {
                for name in [
                    "file.txt", "report.pdf", "letter.docx", "table.xlsx", "scan 2025-03-06.v2.pdf", "photo.jpg",
                    "exe.txt",
                    "Rechnung (1).pdf", "отчёт.pdf", "report.exe.pdf", "backup.tar.gz", "readme", "common.txt",
                    "a.b.c.d.txt",
                ] {
                    messages.append(
                        (
                            "\(name), \(place.rawValue)",
                            BannedSamples.message(name, Self.harmless, type: "text/plain", at: place)
                        )
                    )
                }
            }
            for place in BannedSamples.Place.allCases {
                for (name, content) in BannedSamples.harmlessContents {
                    messages.append(
                        (
                            "\(name), \(place.rawValue)",
                            BannedSamples.message(name, content, type: "application/octet-stream", at: place)
                        ))
                }
            }
            // A domain as the name of an image.
            messages.append(
                (
                    "www.example.com",
                    BannedSamples.message(
                        "www.example.com", [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + [UInt8](repeating: 0, count: 60),
                        type: "image/png", at: .top)
                ))
            for row in try BannedSamples.scan(messages) {
                #expect(row.banned.isEmpty && row.category != "banned", "\(row)")
            }
        }
    }

    /// Names made to deceive (E-1 to E-7 of the list of tricks).
    @Test func deceivingNamesAreBanned() async throws {
        let names = [
            "invoice\u{202E}fdp.exe", "invoice\u{202E}gpj.scr", "a.exe%00.txt", "a.exe.", "a.exe. .",
            "a.exe:stream.txt",
            "a\u{FF0E}exe", "a.\u{FF45}\u{FF58}\u{FF45}", "a.e\u{200B}xe", "a\u{2024}exe", "report.pdf.exe",
            "report.pdf" + String(repeating: " ", count: 200) + ".scr", "report.pdf          .bak",
            "a.{3050F4D8-98B5-11CF-BB82-00AA00BDCE0B}", "a.txt.{00020424-0000-0000-c000-000000000046}",
            "..\\..\\Startup\\a.bat", "C:\\Windows\\a.cmd", "a.\u{200B}pdf", "report\u{202D}.doc",
        ]
        try await Lanes.run {
            let rows = try BannedSamples.scan(
                [BannedSamples.Place.top, .attachedMessage].flatMap { place in
                    names.map {
                        (
                            "\($0.debugDescription), \(place.rawValue)",
                            BannedSamples.message($0, Self.harmless, type: "text/plain", at: place)
                        )
                    }
                })
            for row in rows { #expect(row.category == "banned", "\(row)") }
        }
    }

    /// Names that stand in the encoding itself, or follow from the name around it; and texts that quote what is banned.
    @Test func namesOfEncodings() async throws {
        // gzip(1) of "harmless\n", without a name.
        let packed: [UInt8] = [
            0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 9, 0, 0xF6, 0xFF, 0x68, 0x61, 0x72, 0x6D, 0x6C, 0x65, 0x73, 0x73,
            0x0A,
            0xEE, 0xC2, 0x24, 0x30, 9, 0, 0, 0,
        ]
        @Sendable func single(_ fields: String, _ body: String) -> [UInt8] {
            let head = "From: a@example.org\nTo: b@example.net\nSubject: x\nDate: Thu, 6 Mar 2025 07:05:30 +0000\n"
            return crlf(head + "Message-ID: <x@example.org>\nMIME-Version: 1.0\n\(fields)\n\n\(body)\n")
        }
        let encoded = "begin 644 run.js\n#86)C\n`\nend"
        try await Lanes.run {
            let rows = try BannedSamples.scan([
                ("gz", BannedSamples.message("run.js.gz", packed, type: "application/gzip", at: .top)),
                ("gz", BannedSamples.message("run.txt.gz", packed, type: "application/gzip", at: .top)),
                (
                    "uu",
                    single("Content-Type: application/octet-stream\nContent-Transfer-Encoding: x-uuencode", encoded)
                ),
                (
                    "uu",
                    single(
                        "Content-Type: application/octet-stream\nContent-Transfer-Encoding: x-uuencode",
                        encoded.replacingOccurrences(of: "run.js", with: "run.txt"))
                ),
                ("text", single("Content-Type: text/plain", "@echo off\nstart x")),
                ("file", single("Content-Type: text/plain; name=x.txt", "@echo off\nstart x")),
            ])
            #expect(rows.map { $0.category == "banned" } == [true, false, true, false, false, true], "\(rows)")
        }
    }

    /// Macros have a set of their own; points are given for what only smells.
    @Test func setsAreChosenByThePolicy() async throws {
        try await Lanes.run {
            let macro = BannedSamples.message("letter.docm", Self.harmless, type: "text/plain", at: .top)
            let program = BannedSamples.message("a.exe", Self.harmless, type: "text/plain", at: .top)
            let both = [("macro", macro), ("program", program)]
            #expect(try BannedSamples.scan(both).map(\.category) == ["clean", "banned"])
            let sets = "policies:\n  default:\n    banned_rules: "
            #expect(try BannedSamples.scan(both, sets + "[macros, default]").map(\.category) == ["banned", "banned"])
            #expect(try BannedSamples.scan(both, sets + "[macros]").map(\.category) == ["banned", "clean"])
            #expect(try BannedSamples.scan(both, sets + "[]").map(\.category) == ["clean", "clean"])
            let inline = "banned:\n  rules: [shipped, set mine, allow a.*, set other, \"ban *.docm # m\"]\n"
            #expect(
                try BannedSamples.scan(both, inline + sets + "[other, mine, default]").map(\.category) == [
                    "banned", "clean",
                ])
            let unknown = try OfflineConfiguration(sets + "[nothing]")
            let file = try unknown.write("m.eml", macro)
            let refused = try mailreeve("scan", "--config", unknown.path, file)
            #expect(refused.status != 0 && refused.errorText.contains("there is no set 'nothing'"), "\(refused)")
        }
    }

    @Test func destiniesAreThoseOfThePolicy() async throws {
        try await Lanes.run {
            let program = [("program", BannedSamples.message("a.exe", Self.harmless, type: "text/plain", at: .top))]
            for (destiny, disposition) in [
                ("reject", "reject"), ("discard", "discard"), ("quarantine", "quarantine"), ("pass", "deliver-marked"),
                ("strip", "strip"), ("tempfail", "tempfail"),
            ] {
                let row = try BannedSamples.scan(program, "policies:\n  default:\n    banned: \(destiny)\n")[0]
                #expect(row.category == "banned" && row.disposition == disposition, "\(row)")
            }
        }
    }

    // MARK: Sets of others

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func hiddenNamesOfOthers() async throws {
        try await Lanes.run {
            let folder = "mime/noxxi-mime-is-broken/hide-filename"
            let messages = SharedCorpora.names(in: folder).map { ($0, SharedCorpora.bytes("\(folder)/\($0)") ?? []) }
            #expect(messages.count == 88)
            // One of them hides nothing: it is an image, and says so.
            let rows = try BannedSamples.scan(messages, "banned:\n  rules: [\"ban *.zip\"]\n")
            for row in rows where row.label != "132-fname-ctype.png.eml" {
                #expect(row.category == "banned" || row.disposition == "quarantine", "\(row)")
            }
            let others = SharedCorpora.names(in: "mime/mimeminer").filter { $0.hasSuffix(".eml") }
                .map { ($0, SharedCorpora.bytes("mime/mimeminer/\($0)") ?? []) }
            for row in try BannedSamples.scan(others) where row.label != "structure-normal_msg.eml" {
                #expect(!row.banned.isEmpty || row.disposition == "quarantine", "\(row)")
            }
        }
    }

    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func samplesOfAmavis() async throws {
        let verdicts = [
            "sample-badh.txt": "bad-header", "sample-executable.txt": "banned", "sample-nonspam.txt": "clean",
            "sample-spam.txt": "spam", "sample-spam-GTUBE-junk.txt": "spam", "sample-spam-GTUBE-nojunk.txt": "spam",
            "sample-virus-executable.txt": "infected", "sample-virus-nested.txt": "infected",
            "sample-virus-simple.txt": "infected", "sample-42-mail-bomb.txt": "unchecked",
        ]
        try await Lanes.run {
            let names = verdicts.keys.sorted()
            let rows = try BannedSamples.scan(names.map { ($0, SharedCorpora.bytes("mime/amavis/\($0)") ?? []) })
            for row in rows { #expect(row.category == verdicts[row.label], "\(row)") }
            // The limits of unpacking say so, long before the deadline, and the message is not tried again and again.
            #expect(rows.first { $0.label.contains("bomb") }?.disposition == "quarantine")
        }
    }

    /// The sample that is spam in its words only: a scorer that has learnt mail of its time knows it, and the one that is none.
    @Test(.enabled(if: SharedCorpora.path != nil, "the corpora are not beside the package"))
    func spamOfAmavisAfterLearning() async throws {
        try await Lanes.run {
            // With learnt mail alone no message has more than 3.7 points.
            let configuration = try OfflineConfiguration("policies:\n  default:\n    levels: {tag2: 3.0, kill: 3.0}\n")
            let corpus = try #require(SharedCorpora.path) + "/spamassassin"
            var boxes: [String] = []
            for name in ["spam", "easy_ham"] {
                let box = try runTool("xz", ["-dc", "\(corpus)/\(name).mbox.xz"]).output
                boxes.append(try configuration.write(name, Self.messages(400, of: box)))
            }
            let store = try Scratch(.disk)
            let folder = try store.directory("bayes", mode: 0o777)
            let learnt = try mailreeve(
                "learn", "--config", configuration.path, "--dbpath", folder, "--mbox", "--spam", boxes[0], "--ham",
                boxes[1])
            try #require(learnt.status == 0, "\(learnt)")
            let files = try ["sample-spam.txt", "sample-nonspam.txt"].map {
                try configuration.write($0, SharedCorpora.bytes("mime/amavis/\($0)") ?? [])
            }
            let run = try runTool(
                Programs.path("mailreeve"),
                ["scan", "--config", configuration.path, "--bayes-dbpath", folder, "--json"] + files, seconds: 100)
            let categories = try run.lines.map { try JSONDocument($0)["category"] as? String }
            #expect(categories == ["spam", "clean"], "\(run)")
        }
    }

    /// The first messages of a mailbox.
    private static func messages(_ count: Int, of box: [UInt8]) -> [UInt8] {
        var seen = 0
        for (index, byte) in box.enumerated()
        where byte == 0x0A && box[(index + 1)...].starts(with: Array("From ".utf8)) {
            seen += 1
            if seen == count { return Array(box[...index]) }
        }
        return box
    }
}
