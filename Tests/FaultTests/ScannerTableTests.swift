import Foundation
import Glibc
import TestSupport
import Testing

/// What follows when a scanner has not looked at the whole message: each line of the table in docs/SCANNERS.md, in a gateway with
/// the real clamd.
@Suite(.enabled(if: ClamdProcess.isThere, "clamd is not installed (make test-deps)"))
struct ScannerTableTests {
    /// Who does not look, and why.
    enum Miss: String, CaseIterable {
        case stopped, streamLength = "stream-length", maxSize = "max-size", engine
    }

    /// Who else is there.
    enum Others: String, CaseIterable {
        case nobody, engine, primary, backup
    }

    // Larger than what the scanners here take, with something for those who look to the end.
    private static func mail(_ text: String, engineFails: Bool) -> Mail {
        let lines = String(repeating: String(repeating: "x", count: 70) + "\n", count: 21_000)
        return Mail(text: "\(engineFails ? "X-Report: engine-failed\n" : "")Subject: large\n\n\(lines)\(text)\n")
    }

    private static func stage(
        _ miss: Miss, _ others: Others, _ first: ClamdProcess, _ second: ClamdProcess
    ) throws -> Stage {
        try Stage(inspector: "lying-inspector") {
            $0.settings["clamav.test_database"] = others == .engine ? "/lie/official/dictated" : "/lie/dictated"
            $0.settings["scanning.retry_interval"] = "1"
            switch miss {
            case .stopped, .streamLength: $0.scanners = [first.entry()]
            case .maxSize: $0.scanners = [first.entry(["max_size": "1M"])]
            case .engine: break
            }
            switch others {
            case .nobody, .engine: break
            case .primary: $0.scanners.append(second.entry(["name": "second"]))
            case .backup: $0.scanners.append(second.entry(["name": "second", "backup": "yes"]))
            }
        }
    }

    @Test(arguments: Miss.allCases, Others.allCases)
    func theTable(miss: Miss, others: Others) async throws {
        guard miss != .engine || others != .engine else { return }
        try await Lanes.run {
            let first = try ClamdProcess(streamLimit: miss == .streamLength ? "1M" : "10M")
            let second = try ClamdProcess()
            let stage = try Self.stage(miss, others, first, second)
            if miss == .stopped { first.stop() }
            let name = miss == .engine ? "clamav" : "clamd"
            let reason = miss == .stopped || miss == .engine ? "scanner-failed" : "over-limits"
            let clean = try send(Self.mail("", engineFails: miss == .engine), to: stage.gateway.port)
            if others == .nobody {
                #expect(clean.text.contains("UNCHECKED: \(reason)") && stage.hop.deliveries.isEmpty, "\(clean)")
                #expect(clean.isTemporary == (reason == "scanner-failed"), "\(clean)")
                return
            }
            #expect(clean.code == 250, "\(clean)")
            let added = try #require(stage.hop.deliveries.last).relayed.added
            let mark = added.filter { $0.hasPrefix("X-Mailreeve-Unchecked:") }
            // A failure is made good by a backup; the size is the sender's choice, and is told.
            let isReplaced = others == .backup && reason == "scanner-failed"
            #expect(mark == (isReplaced ? [] : ["X-Mailreeve-Unchecked: \(reason) (\(name))\r\n"]), "\(added)")
            let line = try stage.gateway.log.wait(for: isReplaced ? "Passed CLEAN" : "Passed UNCHECKED")
            #expect(line.contains("scanner \(name): "), "what has not looked is named: \(line)")
            let found = try send(Self.mail(eicar, engineFails: miss == .engine), to: stage.gateway.port)
            guard others != .engine else {
                // The engine here finds nothing: what only the other knows passes marked.
                let added = try #require(stage.hop.deliveries.last).relayed.added
                #expect(found.code == 250 && added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: \(reason)") })
                return
            }
            #expect(found.text.hasSuffix("INFECTED: Eicar-Test-Signature.UNOFFICIAL"), "\(found)")
        }
    }

    /// An engine with test signatures, or those of the site alone, stands in for no scanner.
    @Test func anEngineWithoutOfficialSignaturesStandsInForNobody() async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess(streamLimit: "1M")
            let stage = try Stage {
                $0.settings["clamav.database"] = Programs.package + "/rules/signatures"
                $0.scanners = [clamd.entry()]
            }
            let large = try send(Self.mail("", engineFails: false), to: stage.gateway.port)
            #expect(large.text.contains("UNCHECKED: over-limits"), "\(large)")
            clamd.stop()
            let reply = try send(.clean(1), to: stage.gateway.port)
            #expect(reply.isTemporary && reply.text.contains("UNCHECKED: scanner-failed"), "\(reply)")
        }
    }

    /// Official signatures take the doubt away that a scanner leaves which names its first match alone.
    @Test(arguments: [true, false])
    func officialSignaturesLeaveNoDoubt(isOfficial: Bool) async throws {
        try await Lanes.run {
            let clamd = try ClamdProcess(signatures: "Junk.One:0:*:6a756e6b20776f726473\n")
            let stage = try Stage(inspector: "lying-inspector") {
                $0.settings["clamav.test_database"] = isOfficial ? "/lie/official/honest" : "/lie/honest"
                $0.settings["clamav.virus_name_to_score"] = "[ '^Junk\\. => 1' ]"
                $0.scanners = [clamd.entry(["self_test": "none"])]
            }
            #expect(try send(Mail(text: "Subject: junk\n\njunk words\n"), to: stage.gateway.port).code == 250)
            let added = try #require(stage.hop.deliveries.last).relayed.added
            let isMarked = added.contains { $0.hasPrefix("X-Mailreeve-Unchecked: unsupported") }
            #expect(isMarked != isOfficial, "\(added)")
        }
    }
}
