import Foundation
import TestSupport
import Testing

/// Entries of which something is damaged, lost or encrypted, by the commands.
@Suite struct QuarantineLossTests {
    /// What can still be done with a message whose report or envelope is damaged or lost.
    @Test func damagedEntries() async throws {
        try await Lanes.run {
            let (hop, gateway, id) = try QuarantineStage.stage()
            let config = gateway.configurationFile
            let place = "\(gateway.stateDirectory)/quarantine/\(id.prefix(1))/\(id)"
            let content = try Samples.sample("eicar-attached")
            func run(_ arguments: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"), ["quarantine", arguments[0], "--config", config] + arguments[1...])
            }
            func cut(_ file: String) throws {
                let size = try #require(FileManager.default.attributesOfItem(atPath: "\(place)/\(file)")[.size] as? Int)
                #expect(truncate("\(place)/\(file)", size - 1) == 0)
            }
            // It is of no help that a message is not called infected when nobody knows what was found in it.
            try cut("report")
            let found = try run("fsck")
            #expect(
                found.status == 1 && found.errorText.contains("damaged: \(id)/report; the message itself is whole\n"),
                "\(found)")
            #expect(try run("show", id).status == 0 && run("show", "--report", id).status == 1)
            #expect(try run("show", "--raw", id).output == content)

            try cut("envelope")
            let digest = "\(id): its envelope is lost; the message is the one that was kept, by its digest"
            let cutOff = try run("fsck")
            #expect(cutOff.status == 1 && cutOff.errorText.contains("\(id)/envelope; the message itself is whole"))
            let raw = try run("show", "--raw", id)
            #expect(raw.status == 0 && raw.output == content && raw.errorText.contains(digest), "\(raw)")
            let page = try run("show", id)
            #expect(page.status == 0 && page.text.contains("Subject: ") && page.errorText.contains(digest), "\(page)")
            let unknown = try run("release", "--to", "admin@example.net", id)
            #expect(
                unknown.status == 1 && unknown.errorText.contains("nobody knows whether it is infected"), "\(unknown)")
            let nobody = try run("release", "--force", id)
            #expect(nobody.status == 1 && nobody.errorText.contains("--to"), "\(nobody)")
            #expect(try run("requeue", id).status == 1 && hop.deliveries.isEmpty)
            let released = try run("release", "--force", "--to", "admin@example.net", id)
            #expect(released.status == 0 && released.errorText.contains(digest), "\(released)")
            let delivery = try #require(hop.deliveries.first)
            #expect(delivery.recipients == ["admin@example.net"] && delivery.mail.hasPrefix("FROM:<>"))
            #expect(delivery.content.suffix(content.count) == content[...])
            #expect(FileManager.default.fileExists(atPath: "\(place)/released"))

            try FileManager.default.removeItem(atPath: "\(place)/envelope")
            let lost = try run("show", "--raw", id)
            #expect(
                lost.status == 0 && lost.output == content && lost.errorText.contains("checksum of gzip"), "\(lost)")
            // Damaged as well, the message is neither shown nor sent.
            try cut("message.gz")
            for arguments in [["show", "--raw"], ["release", "--force", "--to", "a@b"]] {
                let refused = try runTool(
                    Programs.path("mailreeve"),
                    ["quarantine", arguments[0], "--config", config] + arguments[1...] + [id])
                #expect(refused.status == 1 && refused.errorText.contains("is damaged: \(id)"), "\(refused)")
            }
            #expect(hop.deliveries.count == 1)
            #expect(try run("delete", id).status == 0 && gateway.quarantined.isEmpty)
        }
    }

    /// With a key nothing of a message lies readable in its files, and everything works; without it nothing is lost.
    @Test func encrypted() async throws {
        try await Lanes.run {
            let hop = try ScriptedNextHop(lmtp: false)
            let gateway = try GatewayProcess(try GatewayConfiguration(nextHops: [hop.address]))
            let config = gateway.configurationFile
            let content = try Samples.sample("eicar-attached")
            func run(_ arguments: String...) throws -> ToolResult {
                try runTool(
                    Programs.path("mailreeve"), ["quarantine", arguments[0], "--config", config] + arguments[1...])
            }
            func keep() throws -> String {
                let before = Set(gateway.quarantined)
                #expect(try send(Mail(to: ["a@example.net"], content: content), to: gateway.port).code == 250)
                return try #require(gateway.quarantined.first { !before.contains($0) })
            }
            func key(_ name: String, _ octet: UInt8) throws -> String {
                let path = "\(gateway.disk.path)/\(name)"
                try Data([UInt8](repeating: octet, count: 32)).write(to: URL(fileURLWithPath: path))
                #expect(chown(path, Programs.serviceUser.user, gid_t.max) == 0 && chmod(path, 0o400) == 0)
                return path
            }
            func set(_ writing: String, _ reading: [String] = []) throws -> String {
                gateway.configuration.settings["quarantine.key_file"] = "\"\(writing)\""
                gateway.configuration.settings["quarantine.old_key_files"] = GatewayConfiguration.list(reading)
                try gateway.writeConfiguration()
                return try gateway.reload()
            }
            let plain = try keep()
            let (first, second) = (try key("first", 1), try key("second", 2))
            #expect(try set(first).contains("reloaded"))
            let old = try keep()
            #expect(try set(second, [first]).contains("reloaded"))
            let new = try keep()
            for file in ["message.gz", "envelope", "report"] {
                let path = "\(gateway.stateDirectory)/quarantine/\(old.prefix(1))/\(old)/\(file)"
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
                #expect(bytes.starts(with: Data("mailreeve-sealed 1\n".utf8)))
                #expect(bytes.range(of: Data("example.net".utf8)) == nil)
            }
            for id in [plain, old, new] {
                #expect(try run("show", "--raw", id).output == content)
                #expect(try run("show", "--report", id).text.contains("Eicar"))
                #expect(try run("release", "--force", id).status == 0)
            }
            #expect(
                hop.deliveries.count == 3
                    && hop.deliveries.allSatisfy { $0.content.suffix(content.count) == content[...] })
            let whole = try run("fsck")
            #expect(whole.status == 0 && whole.lines.count == 3 && whole.lines[0] == "3 messages are whole", "\(whole)")

            // The old key is gone: what needs it says so, and stays.
            #expect(try set(second).contains("reloaded"))
            let locked = try run("fsck")
            #expect(locked.status == 1 && locked.lines[0] == "2 messages are whole", "\(locked)")
            for arguments in [["show", "--raw", old], ["release", "--force", "--to", "a@b", old], ["requeue", old]] {
                let refused = try runTool(
                    Programs.path("mailreeve"), ["quarantine", arguments[0], "--config", config] + arguments[1...])
                #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
                #expect(refused.errorText.contains("\(old) is encrypted with key "), "\(refused)")
            }
            #expect(try run("list").lines.count == 3 && hop.deliveries.count == 3)
            // A key that cannot be used changes nothing, and keeps nobody's mail in the clear.
            #expect(chmod(first, 0o644) == 0)
            #expect(try set(first).contains("others could read or change it"))
            #expect(try run("list").status == 1)
            let kept = try keep()
            #expect(try set(second, []).contains("reloaded"))
            #expect(try run("show", "--raw", kept).output == content)
            #expect(try run("delete", old).status == 0 && gateway.quarantined.count == 3)
        }
    }
}
