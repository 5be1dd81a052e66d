internal import Checks
internal import Digests
internal import Foundation
package import Linux
internal import MailModel
package import Stores

/// Entries of the allow list for the files for which a message in quarantine was banned: what its sender may send to its
/// recipients from now on.
package struct AllowEntries: Sendable {
    /// Lines of the list, without line ends; none for mail in which nothing is banned.
    package private(set) var lines: [String] = []

    /// Who lets it through, until when, and why.
    package struct Grant: Sendable {
        /// The last day, as `2027-03-31`.
        package var lastDay: String
        package var owner: String
        package var reason: String

        package init(lastDay: String, owner: String, reason: String) {
            self.lastDay = lastDay
            self.owner = owner
            self.reason = reason
        }
    }

    /// What the report of an entry has to say here.
    private struct StoredReport: Decodable {
        struct Finding: Decodable {
            var `class`: String
            var part: String?
        }

        struct Part: Decodable {
            var path: String
            var sha256: String
        }

        var findings: [Finding]
        var parts: [Part]
        var bannedFurther: Int?
    }

    /// Entries for each recipient and each banned file of a message. A file without a digest of its own (an encrypted member)
    /// goes by that of what it stands in.
    /// - Parameter now: Unix time.
    /// - Throws: words for people, when not every file could be let through or a line could not be read back.
    package init(_ entry: Quarantine.Entry, report: [UInt8], _ grant: Grant, now: Int) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let stored = try? decoder.decode(StoredReport.self, from: Data(report)) else {
            throw Quarantine.Failure.damaged("\(entry.id)/report")
        }
        guard stored.bannedFurther ?? 0 == 0 else {
            throw GatewayError("more files are banned than the report names: write an entry for the archive by hand")
        }
        var digests: [String] = []
        for finding in stored.findings where finding.class == Finding.Kind.banned.rawValue {
            guard let path = finding.part, let found = Self.digests(path, stored), !found.isEmpty else {
                throw GatewayError("a banned file of \(entry.id) has no digest")
            }
            digests += found.filter { !digests.contains($0) }
        }
        guard !digests.isEmpty else { throw GatewayError("nothing is banned in \(entry.id)") }
        guard !entry.envelope.recipients.isEmpty else { throw GatewayError("\(entry.id) has no recipients") }
        let sender = entry.envelope.reversePath.isNull ? "<>" : entry.envelope.reversePath.description
        for recipient in entry.envelope.recipients {
            for digest in digests {
                let line = "\(sender) \(recipient.path) \(digest) \(grant.lastDay) \(grant.owner) \(grant.reason)"
                try Self.check(line, entry.envelope.reversePath, recipient.path, digest, grant, now)
                if !lines.contains(line) { lines.append(line) }
            }
        }
    }

    /// The digests of the parts with a path; of what is around it where they have none. nil when nothing has one.
    private static func digests(_ path: String, _ report: StoredReport) -> [String]? {
        var path = Substring(path)
        while !path.isEmpty {
            let found = report.parts.filter { $0.path == path && !$0.sha256.isEmpty }.map(\.sha256)
            if !found.isEmpty { return found }
            guard let end = path.lastIndex(where: { $0 == "/" || $0 == "." }) else { return nil }
            path = path[..<end]
        }
        return nil
    }

    /// The line says what it was made of: addresses may hold blanks and worse.
    private static func check(
        _ line: String, _ sender: MailPath, _ recipient: MailPath, _ digest: String, _ grant: Grant, _ now: Int
    ) throws {
        let list = BannedAllowList(BannedRules.Source(name: "allow", text: Array(line.utf8)))
        if let problem = list.problems.first { throw GatewayError("no entry can be made: \(problem.text)") }
        guard list.entries.count == 1, let entry = list.entries.first,
            entry.sender == .address(sender), entry.recipient == .address(recipient),
            hexadecimal(entry.digest) == digest.lowercased(), entry.owner == grant.owner,
            entry.reason == grant.reason, !line.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { throw GatewayError("no entry can be made of these addresses, or of this owner and reason") }
        guard entry.end > now else { throw GatewayError("\(grant.lastDay) is over") }
    }

    /// Adds them at the end of the list, in one piece.
    /// - Parameter list: open for reading and appending.
    package func append(to list: Descriptor) throws {
        let size = try list.size()
        let last = size > 0 ? try list.read(at: size - 1, count: 1) : [0x0A]
        let text = (last == [0x0A] ? "" : "\n") + lines.map { $0 + "\n" }.joined()
        try list.write(Array(text.utf8))
        try list.synchronize()
    }
}
