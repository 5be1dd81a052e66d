internal import Antivirus
internal import Glibc
internal import InspectionLink
internal import Linux
internal import Magic

/// What a forked worker is: a closed sandbox around a loop that inspects one message after the other.
enum WorkerProcess {
    private static let socketNumber: Int32 = 3

    /// Takes over a process right after `fork(2)`.
    /// - Parameters:
    ///   - socket: descriptor of the worker's end.
    ///   - parent: the zygote.
    ///   - number: the gateway's number for this worker; its directory is named after it.
    static func run(
        socket: Int32, parent: Int32, number: Int, settings: Configure, support: SandboxSupport, engine: ClamAVEngine?,
        rules: RuleSet?, banned: BannedStage?, magic: MagicDatabase?
    ) -> Never {
        let lastWords = dup(2)
        let report: Descriptor
        let link: PacketSocket
        do throws(SystemError) {
            try ProcessLimits.dieWithParent(parent)
            ProcessLimits.keepMemory()
            try keepOnly(socket, lastWords)
            link = PacketSocket(Descriptor(owning: socketNumber))
            report = try Descriptor.memory("mailreeve-report")
            let null = try Descriptor.open("/dev/null", O_WRONLY)
            try check("dup2") { dup2(null.raw, 2) }
            try WorkerSandbox(
                directory: "\(settings.workspace)/w\(number)", support: support, memory: settings.workerMemory,
                fileSize: settings.workerFileSize
            ).enter()
        } catch {
            ExitStatus.end(.sandbox, "worker \(number): \(error)", to: keptWords)
        }
        close(keptWords)
        serve(
            link, report,
            Inspection(
                engine: engine, rules: rules, banned: banned, magic: magic, mark: EngineMarkFile(report),
                reportSize: settings.workerFileSize, passwords: settings.passwords,
                cachesScans: settings.clamav?.cachesScans ?? false))
    }

    /// Where the copy of standard error lies until the sandbox is closed.
    private static let keptWords = socketNumber + 1

    private static func keepOnly(_ socket: Int32, _ words: Int32) throws(SystemError) {
        // Neither number may be overwritten before it was copied: both go above everything first.
        let high = try check("dup") { fcntl(socket, F_DUPFD, 100) }
        let highWords = try check("dup") { fcntl(words, F_DUPFD, 100) }
        try check("dup2") { dup2(high, socketNumber) }
        try check("dup2") { dup2(highWords, keptWords) }
        try ProcessLimits.closeDescriptors(from: keptWords + 1)
    }

    private static func serve(_ link: PacketSocket, _ report: Descriptor, _ inspection: Inspection) -> Never {
        var inspection = inspection
        do {
            try link.send(WorkerEvent.hello.encoded(), descriptors: [report.raw])
            while let (record, descriptors) = try link.receive() {
                let request = try Inspect(record)
                let wantsParts = request.context.partsLimit > 0
                guard descriptors.count == (wantsParts ? 2 : 1), let message = descriptors.first,
                    message.isSealed || message.isUnlinkedReadOnlyFile, isPlainName(request.workspace)
                else { ExitStatus.end(.protocolError) }
                // Nobody reads more of the file than the mark before the next report is whole.
                try report.write(EngineMark.record(isAtWork: false).span, at: 0)
                let bytes = inspection.inspect(
                    try Mapping(message), request, parts: wantsParts ? descriptors[1] : nil)
                try report.replaceContent(bytes)
                try link.send(WorkerEvent.done(request: request.request, reportLength: bytes.count).encoded())
            }
        } catch is RecordError {
            ExitStatus.end(.protocolError)
        } catch {
            ExitStatus.end(.system)
        }
        ExitStatus.end(.done)
    }

    /// A name of one directory, not a path.
    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(0x2F) && !name.utf8.contains(0)
    }
}
