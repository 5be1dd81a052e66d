import Checks
import Foundation
import TestSupport
import Testing

/// What the shipped rules ban, one of each: every extension, type of content and declared type that they name.
enum BannedSamples {
    /// Extensions in the patterns of names of the shipped rules that ban, but for the sets that are not asked.
    static let extensions: [String] = words("ban *.").flatMap(alternatives)

    /// Media types that are banned as declared.
    static let declaredTypes: [String] = words("ban declared ").flatMap { word in
        let slash = word.firstIndex(of: "/") ?? word.endIndex
        return alternatives(String(word[slash...].dropFirst())).map { word[..<slash] + "/" + $0 }
    }

    /// Short types that are banned as content.
    static let detectedTypes: Set<String> = Set(
        words("ban detected ").flatMap { $0.split(separator: "|").map(String.init) }.flatMap {
            ShortTypes.classes[$0] ?? [$0]
        })

    /// The first word behind a beginning of lines, in the rules of the set that is asked.
    private static func words(_ start: String) -> [String] {
        let text = String(decoding: BannedRules.shipped.text, as: UTF8.self)
        let standard = text.components(separatedBy: "\nset ")[0]
        return standard.split(separator: "\n").filter { $0.hasPrefix(start) }.map {
            String($0.dropFirst(start.count).prefix { $0 != " " })
        }
    }

    /// `{a,b}` or one word.
    private static func alternatives(_ pattern: String) -> [String] {
        pattern.drop { $0 == "{" }.prefix { $0 != "}" }.split(separator: ",").map(String.init)
    }

    /// Where a file can be.
    enum Place: String, CaseIterable {
        case top, zip, zipInRar = "zip in rar", attachedMessage = "attached message"
    }

    /// A message with a file in it.
    static func message(_ name: String, _ content: [UInt8], type: String, at place: Place) -> [UInt8] {
        func part(_ name: String, _ content: [UInt8], _ type: String) -> String {
            """
            Content-Type: \(type); name="\(name)"
            Content-Disposition: attachment; filename="\(name)"
            Content-Transfer-Encoding: base64

            \(Data(content).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed]))

            """
        }
        let zip = Archives.zip(name, content)
        let body =
            switch place {
            case .top: part(name, content, type)
            case .zip: part("data.zip", zip, "application/zip")
            case .zipInRar: part("data.rar", Archives.rar("data.zip", zip), "application/vnd.rar")
            case .attachedMessage:
                """
                Content-Type: message/rfc822

                From: inner@example.org
                Subject: inner
                Date: Thu, 6 Mar 2025 07:05:30 +0000
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary="inner"

                --inner
                \(part(name, content, type))
                --inner--

                """
            }
        return crlf(
            """
            From: sender@example.org
            To: rcpt@example.net
            Subject: files
            Date: Thu, 6 Mar 2025 07:05:30 +0000
            Message-ID: <files@example.org>
            MIME-Version: 1.0
            Content-Type: multipart/mixed; boundary="outer"

            --outer
            Content-Type: text/plain

            See the file.
            --outer
            \(body)
            --outer--

            """)
    }

    /// Scans messages in one run; for each its category and what was banned in it.
    static func scan(
        _ messages: [(String, [UInt8])], _ more: String = ""
    ) throws -> [(label: String, category: String, banned: [String], disposition: String, types: [String])] {
        let configuration = try OfflineConfiguration(more)
        var arguments = ["scan", "--config", configuration.path, "--json"]
        for (number, message) in messages.enumerated() {
            arguments.append(try configuration.write("m\(number).eml", message.1))
        }
        let run = try runTool(Programs.path("mailreeve"), arguments, seconds: 300)
        try #require(run.lines.count == messages.count, "\(run)")
        return try zip(messages, run.lines).map { message, line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let document = object["findings"] as? [[String: Any]] ?? []
            let banned = document.filter { $0["class"] as? String == "banned" }.compactMap { $0["name"] as? String }
            let recipient = (object["recipients"] as? [[String: Any]])?.first?["disposition"] as? String
            let parts = object["parts"] as? [[String: Any]] ?? []
            let types = parts.flatMap { $0["types"] as? [String] ?? [] }
            return (message.0, object["category"] as? String ?? "", banned, recipient ?? "", types)
        }
    }
}
