import Checks
import Foundation
import Glibc
import TestSupport
import Testing

/// Debian's amavisd, unpacked by `make test-deps` or installed.
private enum Peer {
    /// All of them with the long tests, else one of so many: amavisd takes a third of a second for each.
    static func sampled<Element>(_ all: [Element], _ step: Int) -> [Element] {
        isLong ? all : stride(from: 0, to: all.count, by: step).map { all[$0] }
    }

    private static let isLong = ProcessInfo.processInfo.environment["MAILREEVE_LONG_TESTS"] != nil

    static let isPossible =
        Programs.isRoot
        && ["/usr", Programs.package + "/build/tools/amavisd/usr"].contains { access($0 + "/sbin/amavisd", R_OK) == 0 }
}

/// The same rules in Debian's amavisd and here, over the same messages: where the two differ it is known why, and ours is never
/// the laxer one.
@Suite(
    .enabled(if: Peer.isPossible, "needs root and an amavisd: make test-deps"), .serialized)
struct BannedPeerTests {
    /// As Debian ships them (`/etc/amavis/conf.d/20-debian_defaults`), with the rules there that are commented out.
    private static let rules = #"""
        $banned_filename_re = new_RE(
          qr'\.[^./]*\.(exe|vbs|pif|scr|bat|cmd|com|cpl|dll)\.?$'i,
          qr'\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$'i,
          qr'^application/x-msdownload$'i, qr'^application/x-msdos-program$'i, qr'^application/hta$'i,
          [ qr'^\.(rpm|cpio|tar)$' => 0 ],
          qr'.\.(ade|adp|app|bas|bat|chm|cmd|com|cpl|crt|exe|fxp|grp|hlp|hta|inf|ins|isp|js|jse|lnk|mda|mdb|mde|mdt|mdw|mdz|
                 msc|msi|msp|mst|ops|pcd|pif|prg|reg|scr|sct|shb|shs|vb|vbe|vbs|wsc|wsf|wsh)$'ix,
          qr'^\.(exe|exe-ms|dll)$',
        );
        1;
        """#

    /// Differences, by how a label begins or ends, and why. All of them: here it is banned, there it passes.
    private static let stricter: [(label: String, why: String)] = [
        (", attached message", "amavis does not open attached messages"),
        (
            "hidden ",
            "amavis tries the names that its own reader of mail takes; here every candidate in every form is tried"
        ),
        ("program for Windows", "file(1), which amavis asks, wants more of a program than its headers"),
        ("installer of NSIS", "file(1), which amavis asks, wants more of a program than its headers"),
        ("library", "file(1), which amavis asks, wants more of a program than its headers"),
        ("program for Unix", "file(1), which amavis asks, wants more of a program than its headers"),
        ("program for macOS", "amavis takes a program for macOS for data"),
        ("task of another Windows", "file(1), which amavis asks, knows tasks of the versions of Windows that it lists"),
        ("macOS program for several processors", "amavis takes a program for macOS for data"),
    ]

    private static let harmless = Array("nothing to see here, and nothing that runs\r\n".utf8)

    private static func messages() -> [(label: String, content: [UInt8])] {
        var out: [(String, [UInt8])] = []
        for place in BannedSamples.Place.allCases {
            for ending in ["exe", "js", "scr", "lnk", "txt", "pdf", "docx", "tar"] {
                out.append(
                    (
                        "name .\(ending), \(place.rawValue)",
                        BannedSamples.message("file.\(ending)", harmless, type: "application/octet-stream", at: place)
                    ))
            }
            for (label, content) in BannedSamples.contents {
                out.append(
                    (
                        "\(label), \(place.rawValue)",
                        BannedSamples.message("photo.jpg", content, type: "image/jpeg", at: place)
                    ))
            }
            for type in ["application/x-msdownload", "application/hta"] {
                out.append(
                    ("type \(type), \(place.rawValue)", BannedSamples.message("a.dat", harmless, type: type, at: place))
                )
            }
        }
        // Of a whole program both say the same.
        let whole = (try? Data(contentsOf: URL(fileURLWithPath: "/bin/true"))).map { [UInt8]($0) } ?? []
        for place in [BannedSamples.Place.top, .zip] {
            out.append(
                (
                    "whole, \(place.rawValue)",
                    BannedSamples.message("a", whole, type: "application/octet-stream", at: place)
                ))
        }
        for name in [
            "a.pdf.exe", "report.tar.txt", "a.{3050F4D8-98B5-11CF-BB82-00AA00BDCE0B}", "exe", ".exe", "a.exe.txt",
        ] {
            out.append(("plain \(name)", BannedSamples.message(name, harmless, type: "text/plain", at: .top)))
        }
        for name in [
            "invoice\u{202E}fdp.exe", "a.exe%00.txt", "a.exe.", "a.exe ", "a.exe:x.txt", "a\u{FF0E}exe",
            "a.e\u{200B}xe",
        ] {
            out.append(
                ("hidden \(name.debugDescription)", BannedSamples.message(name, harmless, type: "text/plain", at: .top))
            )
        }
        for folder in ["mime/amavis", "mime/noxxi-mime-is-broken/hide-filename"] {
            for name in SharedCorpora.names(in: folder) where name.hasSuffix(".eml") || name.hasPrefix("sample-") {
                // The bomb takes minutes there.
                guard !name.contains("mail-bomb") else { continue }
                let prefix = folder.contains("noxxi") ? "noxxi " : "amavis "
                out.append((prefix + name, SharedCorpora.bytes("\(folder)/\(name)") ?? []))
            }
        }
        return out
    }

    @Test func differencesAreKnown() async throws {
        try await Lanes.run {
            let disk = try Scratch(.disk)
            let all = Self.messages()
            let messages = Peer.sampled(all, 6)
            try disk.write("rules.pl", Self.rules)
            let imported = try mailreeve("rules", "import-amavis", disk.path + "/rules.pl")
            #expect(imported.status == 0, "\(imported)")
            try disk.write("banned.rules", imported.text)
            let configuration = try OfflineConfiguration("banned:\n  rules: [\(disk.path)/banned.rules]\n")
            let files = try messages.indices.map { try configuration.write("m\($0).eml", messages[$0].content) }

            let peer = try runTool(
                Programs.package + "/Tests/EndToEnd/amavis-verdicts", [disk.path + "/rules.pl"] + files, seconds: 500)
            try #require(peer.status == 0 && peer.lines.count == files.count, "\(peer)")
            let own = try runTool(
                Programs.path("mailreeve"), ["scan", "--config", configuration.path, "--json"] + files, seconds: 300)
            try #require(own.lines.count == files.count, "\(own)")

            var differences: [String] = []
            for (index, message) in messages.enumerated() {
                let theirs = peer.lines[index].split(separator: "\t")
                try #require(theirs.count == 3)
                let object = try JSONSerialization.jsonObject(with: Data(own.lines[index].utf8)) as? [String: Any]
                let findings = object?["findings"] as? [[String: Any]] ?? []
                let isBanned = findings.contains { $0["class"] as? String == "banned" }
                let recipient = (object?["recipients"] as? [[String: Any]])?.first?["disposition"] as? String ?? ""
                switch (theirs[1], isBanned) {
                case ("banned", true), ("passed", false):
                    continue
                case ("passed", true):
                    let known = Self.stricter.first {
                        message.label.hasPrefix($0.label) || message.label.hasSuffix($0.label)
                    }
                    #expect(known != nil, "\(message.label): banned here, passed there: \(findings)")
                    differences.append("\(message.label): banned here only: \(known?.why ?? "")")
                default:
                    // Ours may hold it for another reason; it may not let it through.
                    #expect(
                        !recipient.hasPrefix("deliver"),
                        "\(message.label): \(theirs[1]) there, \(recipient) here: \(theirs[2])")
                    differences.append("\(message.label): \(theirs[1]) there, \(recipient) here")
                }
            }
            print("amavis: \(messages.count) messages, \(differences.count) differences")
            for difference in differences { print("amavis: \(difference)") }
        }
    }

    // MARK: Short types

    /// Each has at least the short types here that it has in amavis: a rule that bans one there bans it here.
    @Test func shortTypesOfAmavis() async throws {
        try await Lanes.run {
            let disk = try Scratch(.disk)
            try disk.write("rules.pl", "$banned_filename_re = new_RE([qr'^text/plain$' => 0], qr'^\\.'); 1;\n")
            let samples = Peer.sampled(BannedSamples.plainTypes, 4)
            let configuration = try OfflineConfiguration()
            let files = try samples.enumerated().map { number, sample in
                try configuration.write(
                    "m\(number).eml",
                    BannedSamples.message("file.x", sample.1, type: "application/octet-stream", at: .top))
            }
            let peer = try runTool(
                Programs.package + "/Tests/EndToEnd/amavis-verdicts", [disk.path + "/rules.pl"] + files, seconds: 200)
            try #require(peer.status == 0 && peer.lines.count == files.count, "\(peer)")
            let own = try runTool(
                Programs.path("mailreeve"), ["scan", "--config", configuration.path, "--json"] + files, seconds: 100)
            try #require(own.lines.count == files.count, "\(own)")
            for (index, sample) in samples.enumerated() {
                let words = try #require(peer.lines[index].components(separatedBy: "BANNED: ").last)
                let theirs = words.split(separator: ",").filter { $0.hasPrefix(".") }.map { String($0.dropFirst()) }
                try #require(!theirs.isEmpty, "\(sample.0): \(peer.lines[index])")
                let object = try JSONDocument(own.lines[index])
                let part = (object["parts"] as? [[String: Any]])?.first {
                    ($0["names"] as? [String])?.contains("file.x") == true
                }
                var ours = part?["types"] as? [String] ?? []
                if ShortTypes.isDataToAmavis(ours) { ours.append(ShortTypes.unrecognised) }
                #expect(Set(theirs).isSubset(of: ours), "\(sample.0): \(theirs) there, \(ours) here")
            }
        }
    }

    // MARK: Tables

    /// Forms of tables, and what they say of files of three names.
    private static let tables = [
        "[qr'\\.exe$'i => undef], qr'\\.exe$'i", "[qr'\\.exe$'i => 0], qr'\\.exe$'i", "[qr'\\.exe$'i => ''], qr'.'",
        "[qr'\\.exe$'i], qr'zzz'", "(qr'\\.exe$'i, [qr'\\.txt$' => (0)]), qr'x-foo'", "'\\.exe$'",
        "[qr'\\.exe$'i => 'DISCARD']", "[qr'\\.exe$'i => '0.0'], qr'zzz'", "[qr'^application/x-foo$'i => undef], qr'.'",
        "qr'\n  \\. # a dot\n  exe $ # at the end\n'xi", "qr/[.]e[x]{1}e\\z/i, qr{a[.]t{1,2}xt}",
        "qr'(?#why) ^ (?i: A )[.] exe $'x", "qr'^UNDECIPHERABLE$', qr!^a\\.b$!",
    ]

    @Test func tablesOfAmavis() async throws {
        try await Lanes.run {
            let disk = try Scratch(.disk)
            // Each starts an amavisd.
            for table in Peer.sampled(Self.tables, Self.tables.count) {
                for tail in Peer.sampled(["", "$banned_namepath_re = new_RE(qr'N=a\\.exe'i);\n"], 2) {
                    let rules = try disk.write(
                        "rules.pl", "$banned_filename_re = new_RE(\(table));\n\(tail)1;\n")
                    let imported = try mailreeve("rules", "import-amavis", rules)
                    #expect(imported.status == 0, "\(table): \(imported)")
                    try disk.write("banned.rules", imported.text)
                    let sets = imported.text.contains("set namepath") ? "[default, namepath]" : "[default]"
                    let configuration = try OfflineConfiguration(
                        "banned:\n  rules: [\(disk.path)/banned.rules]\npolicies:\n  default:\n    banned_rules: \(sets)\n"
                    )
                    let files = try ["a.exe", "a.txt", "a.b"].map { name in
                        try configuration.write(
                            name, BannedSamples.message(name, Self.harmless, type: "application/x-foo", at: .top))
                    }
                    let peer = try runTool(
                        Programs.package + "/Tests/EndToEnd/amavis-verdicts", [rules] + files, seconds: 100)
                    let own = try runTool(
                        Programs.path("mailreeve"), ["scan", "--config", configuration.path, "--json"] + files)
                    try #require(peer.lines.count == 3 && own.lines.count == 3, "\(peer) \(own)")
                    for index in 0..<3 {
                        let theirs = peer.lines[index].split(separator: "\t")[1]
                        let ours = try JSONDocument(own.lines[index])["category"] as? String
                        #expect((theirs == "banned") == (ours == "banned"), "\(table), \(tail), file \(index)")
                    }
                }
            }
        }
    }
}
