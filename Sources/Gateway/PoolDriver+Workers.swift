internal import Glibc
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Stores

/// The driver's side of each worker: what it is given, and what is believed of its answers.
extension PoolDriver {
    func fork(_ id: WorkerID) {
        do {
            try workspace.makeWorker(id)
            hasRoomForWorkers = true
            try zygotes[id.generation]?.child.socket.send(
                ZygoteRequest.fork(worker: id.number).encoded(), waiting: false)
        } catch  where error.isFull {
            // It is tried every second: one line until it is over.
            if hasRoomForWorkers { log(.error("workspace: no room for another inspector worker: \(error)")) }
            hasRoomForWorkers = false
            perform(machine.workerWithoutRoom(id, now: monotonicNow()))
        } catch {
            log(.error("inspector worker: \(error)"))
            perform(machine.workerBroken(id, now: monotonicNow()))
        }
    }

    /// Ends a worker and clears what it left.
    func kill(_ id: WorkerID) {
        guard let worker = workers.removeValue(forKey: id) else { return }
        // Its directory is removed when its zygote has said that it ended.
        worker.process.signal(SIGKILL)
    }

    func workerEnded(_ id: WorkerID, _ status: String) {
        workspace.removeWorker(id)
        guard workers[id] != nil else { return }
        broken(id, "ended (\(status))", hasEnded: true)
    }

    /// A worker ended on its own or broke the contract.
    /// - Parameter hasEnded: it is no more; one that breaks the contract is not asked what it was doing.
    private func broken(_ id: WorkerID, _ why: String, hasEnded: Bool = false) {
        guard let worker = workers[id] else { return }
        let inEngine = hasEnded && isInEngine(id)
        if worker.current != nil { counts.crashes += 1 }
        log(
            .warning(
                "inspector worker \(id.generation)/\(id.number) replaced: \(why)"
                    + (inEngine ? " while the engine looked at a message" : "")))
        perform(machine.workerBroken(id, inEngine: inEngine, now: monotonicNow()))
        kill(id)
    }

    /// True while the worker has a message and says that the engine has its turn.
    func isInEngine(_ id: WorkerID) -> Bool {
        guard let worker = workers[id], worker.current != nil, let file = worker.reportFile,
            // One that is no file could block the read for ever.
            (try? file.isRegularFile()) == true,
            let record = try? file.read(at: 0, count: EngineMark.length)
        else { return false }
        return EngineMark.isAtWork(record)
    }

    func assign(_ request: Int, to id: WorkerID) {
        guard let worker = workers[id], let limits = (loading[id.generation]?.settings ?? settings)?.limits,
            let subject = pending[request]
        else { return broken(id, "is not there") }
        do {
            let directory = try workspace.makeMessage(id, request: request)
            let parts = subject.context.partsLimit > 0 ? try Descriptor.memory("mailreeve-parts") : nil
            worker.current = (request, directory, parts)
            let record = Inspect(
                request: request, workspace: directory, context: subject.context, limits: limits,
                withoutEngine: subject.engineFailure != nil
            ).encoded()
            let files = [subject.message.descriptor.raw] + (parts.map { [$0.raw] } ?? [])
            try worker.socket.send(record, descriptors: files, waiting: false)
        } catch  where error.isFull && worker.current == nil {
            failWorkspace(request, of: id, error)
        } catch {
            broken(id, "\(error)")
        }
    }

    func readWorker(_ id: WorkerID) {
        guard let worker = workers[id] else { return }
        do {
            guard let (record, descriptors) = try worker.socket.receive(waiting: false) else {
                return broken(id, "closed its socket", hasEnded: true)
            }
            switch try WorkerEvent(record) {
            case .hello:
                guard worker.reportFile == nil, descriptors.count == 1 else { return broken(id, "spoke out of turn") }
                worker.reportFile = descriptors[0]
                perform(machine.workerReady(id, now: monotonicNow()))
            case .done(let request, let length):
                guard let current = worker.current, current.request == request, descriptors.isEmpty else {
                    return broken(id, "spoke out of turn")
                }
                var report = try readReport(worker, length: length, request: request)
                try Self.seal(current.parts, report)
                let keeps = report.isUnremarkable && pending[request]?.engineFailure == nil
                if let missing = missingEngine(request, id.generation) { report.leave(out: missing) }
                // Asked before the worker is given back: its generation may end with its last message.
                let ready = zygotes[id.generation]?.ready
                worker.current = nil
                let isEmpty = workspace.removeMessage(id, name: current.directory)
                perform(machine.workerDone(id, keep: isEmpty && keeps, now: monotonicNow()))
                finish(request, ready, report, current.parts)
            }
        } catch let error as SystemError where error.code == EAGAIN {
            return
        } catch {
            broken(id, "\(error)")
        }
    }

    /// What the verdict has to know of an engine that was wanted and did not look; nil when it did, or none is wanted.
    private func missingEngine(_ request: Int, _ generation: Int) -> Unchecked? {
        let fault = zygotes[generation]?.engineFault ?? ""
        if !fault.isEmpty {
            return Unchecked(.scannerFailed, scanner: MessageWork.engine, detail: "not loaded: \(fault)")
        }
        switch pending[request]?.engineFailure {
        case nil: return nil
        case .deadline: return Unchecked(.deadline, scanner: MessageWork.engine, detail: "the engine took too long")
        case .crashed, .closed, .workspaceFull:
            return Unchecked(
                .scannerCrashed, scanner: MessageWork.engine, detail: "the engine ended the inspection twice")
        }
    }

    /// From here on the worker cannot change the parts any more. A worker that has the file mapped for writing cannot be kept
    /// from it: then sealing fails, and the worker has broken the contract.
    private static func seal(_ parts: Descriptor?, _ report: Report) throws {
        let end = report.materialised.map(\.range.upperBound).max() ?? 0
        guard let parts else {
            if end > 0 { throw RecordError.value("parts that nobody asked for") }
            return
        }
        try parts.seal()
        guard end <= (try parts.size()) else { throw RecordError.value("parts beyond the end of their file") }
    }

    private func readReport(_ worker: InspectorWorker, length: Int, request: Int) throws -> Report {
        guard let file = worker.reportFile, let settings = loading[worker.id.generation]?.settings ?? settings,
            length <= settings.reportSize
        else { throw RecordError.value("a report of \(length) octets") }
        // A file that is no regular one could block the read for ever.
        guard try file.isRegularFile() else { throw RecordError.value("a report that is no file") }
        let record = try file.read(at: 0, count: length)
        guard record.count == length else { throw RecordError.truncated }
        let report = try Report(record)
        guard report.messageSize == pending[request]?.message.count else {
            throw RecordError.value("a report on \(report.messageSize) octets")
        }
        return report
    }
}

extension Report {
    /// Faults of a header block that are nothing out of the ordinary.
    private static let ordinaryFindings = 64

    /// True when the worker that wrote it may read other people's mail: nothing hostile was seen, no limit was met.
    fileprivate var isUnremarkable: Bool {
        unchecked.isEmpty && limitsHit.isEmpty && findings.count <= Self.ordinaryFindings
            && findings.allSatisfy { $0.kind == .badHeader }
            && anomalies.allSatisfy { $0.kind.anomalyClass != .deceptive }
    }

    /// Whatever it says, the engine has not looked.
    fileprivate mutating func leave(out engine: Unchecked) {
        completedScanners.removeAll { $0 == engine.scanner }
        unchecked.append(engine)
    }
}
