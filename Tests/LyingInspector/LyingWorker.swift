import Glibc
import InspectionLink
import Linux
import MailModel

/// A worker that answers as its lie says.
struct LyingWorker {
    let link: PacketSocket
    let lie: Lie
    let report: Descriptor
    /// The start of the message, for `dictated`.
    var dictation = ""

    private init(link: PacketSocket, lie: Lie, report: Descriptor, dictation: String = "") {
        self.link = link
        self.lie = lie
        self.report = report
        self.dictation = dictation
    }

    init(link: PacketSocket, lie: Lie) throws {
        self.link = link
        self.lie = lie
        switch lie {
        case .reportPipe:
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SystemError("pipe", code: errno) }
            report = Descriptor(owning: ends[0])
        case .reportDirectory: report = try Descriptor.open("/", O_RDONLY | O_DIRECTORY)
        case .reportZero: report = try Descriptor.open("/dev/zero", O_RDWR)
        default: report = try Descriptor.memory("lying-report")
        }
    }

    /// Serves until the gateway closes the socket.
    func serve() throws {
        if lie == .noHello { hang() }
        try link.send(WorkerEvent.hello.encoded(), descriptors: lie == .helloWithoutReport ? [] : [report.raw])
        while let (record, descriptors) = try link.receive() {
            let size = try descriptors.first?.size() ?? 0
            let text = String(decoding: try descriptors.first?.read(at: 0, count: min(size, 4096)) ?? [], as: UTF8.self)
            let request = try Inspect(record)
            if text.contains("Subject: self-test") {
                try pass(request, size, infected: text.contains("-ANTIVIRUS-TEST-FILE!"))
            } else if lie == .dictated {
                try LyingWorker(link: link, lie: .dictated, report: report, dictation: text).sendReport(request, size)
            } else {
                if lie == .partsMapped, descriptors.count == 2 { try map(descriptors[1]) }
                try answer(request, size: size)
            }
        }
    }

    /// Answers the self-test of a new generation as it should be: what cannot pass it never comes to lie to anybody.
    private func pass(_ request: Inspect, _ size: Int, infected: Bool) throws {
        switch lie {
        case .reportPipe, .reportDirectory, .reportZero: try sendReport(request, size)
        default:
            try LyingWorker(link: link, lie: infected ? .infected : .honest, report: report).sendReport(request, size)
        }
    }

    private func hang() -> Never {
        while true { pause() }
    }

    /// Keeps the file for parts mapped for writing, to change it when others read it.
    private func map(_ parts: Descriptor) throws {
        try parts.write([UInt8](repeating: 0x61, count: 4096))
        guard mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, parts.raw, 0) != MAP_FAILED else {
            throw SystemError("mmap", code: errno)
        }
    }

    private func answer(_ request: Inspect, size: Int) throws {
        switch lie {
        case .hang: hang()
        case .exit: _exit(0)
        case .crash: kill(getpid(), SIGKILL)
        case .engineCrash where !request.withoutEngine, .engineHang where !request.withoutEngine, .engineBlamed:
            try report.replaceContent(EngineMark.record(isAtWork: true))
            if lie == .engineHang { hang() }
            kill(getpid(), SIGKILL)
        case .garbage: try link.send(Array("\u{1}nonsense".utf8))
        case .emptyRecord: try link.send([])
        case .oversizedRecord: try link.send([UInt8](repeating: Record.version, count: PacketSocket.maximumRecord + 1))
        case .helloTwice: try link.send(WorkerEvent.hello.encoded(), descriptors: [report.raw])
        default: try sendReport(request, size)
        }
    }

    private func sendReport(_ request: Inspect, _ size: Int) throws {
        let bytes = reportBytes(size)
        // A pipe or a directory takes no report; `Done` claims one all the same.
        if lie != .reportPipe && lie != .reportDirectory && lie != .reportZero { try report.replaceContent(bytes) }
        var length = bytes.count
        var number = request.request
        switch lie {
        case .negativeLength: length = -1
        case .longerThanFile: length += 1
        case .hugeLength: length = Int.max
        case .wrongRequest: number += 1
        default: break
        }
        let done = WorkerEvent.done(request: number, reportLength: length).encoded()
        let extra = lie == .extraDescriptors ? Array(repeating: report.raw, count: 8) : []
        try link.send(done, descriptors: extra)
        if lie == .doneTwice { try link.send(done) }
        if lie == .doneEarly {
            try link.send(WorkerEvent.done(request: number + 1, reportLength: length).encoded())
        }
    }

    private func reportBytes(_ size: Int) -> [UInt8] {
        var report = Report(
            messageSize: lie == .wrongMessageSize ? size + 1 : size,
            parts: [PartDescription(path: "1", declaredType: "text/plain", size: size)],
            completedScanners: ["clamav"])
        let finding = Finding(scanner: "clamav", kind: .virus, name: "Lie.Test", part: 0)
        switch lie {
        case .infected:
            report.findings = [finding]
        case .dictated:
            report.takeDictation(dictation)
        case .partIndex:
            report.findings = [finding]
            report.findings[0].part = 1
        case .controlCharacters:
            report.parts[0].names = ["a\r\nX-Forged: yes", "\u{1B}]0;title\u{7}", "nul\u{0}end"]
            report.parts[0].declaredType = "text/\n250 2.0.0 Ok"
        case .partsUnasked, .partsBeyond: report.materialised = [MaterialisedPart(part: 0, range: 0..<5)]
        case .partsIndex: report.materialised = [MaterialisedPart(part: 1, range: 0..<0)]
        case .longName:
            report.parts[0].names = [String(repeating: "n", count: 1 << 20)]
        case .manyFindings:
            report.findings = Array(repeating: finding, count: ReportLimits().findings + 1)
        case .endlessTimes:
            report.findings = [finding]
            report.timings = Array(repeating: Report.Timing(stage: "a", microseconds: Int.max), count: 2)
        case .manyTimes:
            report.timings = Array(
                repeating: Report.Timing(stage: "a", microseconds: 1), count: ReportLimits().timings + 1)
        default:
            report.firings = forgedFirings(size)
            if lie == .ruleGivenUp {
                report.givenUp = [RuleGivenUp(list: .header, table: 0, line: 2, times: 1, words: "forged")]
            }
        }
        var bytes = report.encoded()
        switch lie {
        case .truncated: bytes.removeLast(bytes.count / 2)
        case .trailing: bytes.append(0)
        case .wrongVersion: bytes[0] = Record.version &+ 1
        case .wrongType: bytes[1] = 22
        case .hugeCount: return partCount(1 << 62, size)
        case .manyParts: return partCount(ReportLimits().entries + 1, size)
        case .unknownWord: return unknownKind(size)
        default: break
        }
        return bytes
    }

    /// Rules that did not fire.
    private func forgedFirings(_ size: Int) -> [RuleFiring] {
        var firing = RuleFiring(list: .header, table: 0, line: 1, range: 0..<0)
        switch lie {
        case .ruleLine: firing.line = 2
        case .ruleTable: firing.table = 1
        case .ruleList: firing.list = .body
        case .ruleGroups: firing.groups = Array(repeating: [], count: ReportLimits().groups + 1)
        case .ruleRange: firing.range = 0..<size + 1
        case .ruleEdit: firing.range = 0..<size
        case .ruleTwice: return [firing, firing]
        case .ruleGeneration: break
        default: return []
        }
        return [firing]
    }

    /// A report that ends after the number of its parts.
    private func partCount(_ count: Int, _ size: Int) -> [UInt8] {
        var out = RecordWriter(type: 41)
        out.put(size)
        out.put(count)
        return out.bytes
    }

    /// A report whose only finding is of a kind that is not in the contract.
    private func unknownKind(_ size: Int) -> [UInt8] {
        var out = RecordWriter(type: 41)
        out.put(size)
        out.put(0)
        out.put(1)
        out.put("clamav")
        out.put("deliver-to")
        return out.bytes
    }
}
