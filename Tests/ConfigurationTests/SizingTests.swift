import Configuration
import Testing

@Suite struct SizingTests {
    private func sized(_ workers: Int) -> Settings {
        var settings = Settings()
        settings.limits.messageSize = 10 * 1_048_576
        settings.workspace.expansion = 2
        settings.inspector.workers = workers
        return settings
    }

    @Test func theEstimateIsSizeTimesExpansionTimesWorkers() {
        let needed = 10 * 1_048_576 * 3 * 5 * 7 / 8
        let sizing = WorkspaceSizing(sized(5), processors: 2, tmpfsBytes: needed)
        #expect(sizing.needed == needed)
        #expect(sizing.fits)
        #expect(
            sizing.line == "workspace: 10 MiB x (1 + 2) x 5 workers x 7/8 = 131.25 MiB; "
                + "/run/mailreeve/workspace has 131.25 MiB")
        #expect(!WorkspaceSizing(sized(5), processors: 2, tmpfsBytes: needed - 1).fits)
    }

    @Test func processorsStandInForNoNumberOfWorkers() {
        #expect(
            WorkspaceSizing(sized(0), processors: 4, tmpfsBytes: nil).line
                == "workspace: 10 MiB x (1 + 2) x 4 workers x 7/8 = 105.00 MiB; the size of /run/mailreeve/workspace is not known"
        )
    }

    /// Scanners that are programs read copies.
    @Test func programsCount() {
        let loaded = read(
            "limits: {message_size: 10 MiB}\ninspector: {workers: 1}\nscanners:\n"
                + "  - {name: a, kind: command, programs: [/bin/true], arguments: ['{}'], concurrency: 2}\n"
                + "  - {name: b, kind: clamd, addresses: ['127.0.0.1:3310']}\n")
        #expect(loaded.problems.isEmpty, "\(loaded.problems)")
        let sizing = WorkspaceSizing(loaded.settings, processors: 2, tmpfsBytes: nil)
        #expect(
            sizing.line.hasPrefix(
                "workspace: 10 MiB x (1 + 2) x 1 workers x 7/8 + 10 MiB x (1 + 2) x 2 for scanners = 86.25 MiB; "),
            "\(sizing.line)")
    }

    @Test func tooSmallIsAWarningAtAKeyOfTheFile() {
        let loaded = read("limits: {message_size: 10 MiB}\ninspector: {workers: 5}\nunpacking: {workspace: 64 MiB}")
        let small = WorkspaceSizing(loaded.settings, processors: 2, tmpfsBytes: 64 * 1_048_576)
        #expect(
            small.problems(in: loaded).map(\.description) == [
                "f:1:24: warning: the workspace may need 131.25 MiB but "
                    + "/run/mailreeve/workspace has 64.00 MiB: enlarge the tmpfs, or lower limits.message_size, "
                    + "inspector.workers or concurrency of scanners"
            ])
        #expect(WorkspaceSizing(loaded.settings, processors: 2, tmpfsBytes: nil).problems(in: loaded).isEmpty)
    }

    @Test func lessThanOneMessageMayWriteIsAWarning() {
        let loaded = read("limits: {message_size: 1 MiB}\nunpacking: {workspace: 65 MiB}")
        func problems(_ mebibytes: Int) -> [String] {
            WorkspaceSizing(loaded.settings, processors: 2, tmpfsBytes: mebibytes * 1_048_576)
                .problems(in: loaded).map(\.description)
        }
        #expect(
            problems(64) == [
                "f:2:24: warning: one message may write 65.00 MiB but /run/mailreeve/workspace has 64.00 MiB: mail that "
                    + "unpacks to more gets 452 each time it is tried; enlarge the tmpfs, or lower unpacking.workspace"
            ])
        #expect(problems(65).isEmpty)
    }

    @Test func hugeSettingsDoNotOverflow() {
        var settings = sized(1024)
        settings.limits.messageSize = .max
        #expect(WorkspaceSizing(settings, processors: 1, tmpfsBytes: 1).needed == Int.max / 8)
    }
}
