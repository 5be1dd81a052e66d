internal import Glibc
internal import InspectionLink
internal import Linux
internal import MailModel
internal import Synchronization

/// The driver's side of each generation: how it is started and tested, and how it takes over.
extension PoolDriver {
    /// The serving generation is one that inspects without the engine since that cannot be loaded.
    private var standsIn: Bool { machine.serving.flatMap { zygotes[$0] }.map { !$0.engineFault.isEmpty } ?? false }

    /// Starts the generation that is to take over: beside the one that serves or, where memory holds only one engine, after it.
    func replace(_ settings: InspectorPoolSettings, answer: LoadAnswer?) {
        guard !settings.isReloadedBeside, !standsIn, let serving = machine.serving else {
            return launch(settings, answer: answer)
        }
        successor?.answer?.resume(returning: .failure(InspectorError("overtaken by another reload")))
        successor = (settings, answer)
        perform(machine.retire(serving, now: monotonicNow()))
    }

    /// The generation before has ended, and its memory is free.
    private func startSuccessor() {
        guard let next = successor, zygotes.isEmpty, ending.isEmpty else { return }
        successor = nil
        launch(next.settings, answer: next.answer)
    }

    /// Tries the settings that last worked again, where nothing serves with the engine or is about to, or new signatures were
    /// refused.
    func relaunch() {
        guard let settings, machine.serving == nil || standsIn || retry.triesRefused,
            !loading.values.contains(where: \.engineFault.isEmpty)
        else { return }
        launch(settings, answer: nil)
    }

    /// - Parameter engineFault: why the engine is left out; empty where it is loaded.
    private func launch(_ settings: InspectorPoolSettings, answer: LoadAnswer?, engineFault: String = "") {
        lastGeneration += 1
        let generation = lastGeneration
        do {
            let directory = try workspace.makeGeneration(generation)
            let zygote = try InspectorProcess(path: settings.path, generation: generation, engineFault: engineFault)
            zygotes[generation] = zygote
            loading[generation] = Loading(
                settings: settings, deadline: monotonicNow() + settings.loadDeadline, engineFault: engineFault,
                answer: answer)
            machine.launched(generation)
            var configure = settings.configure
            configure.generation = generation
            configure.workspace = directory
            if !engineFault.isEmpty { configure.clamav = nil }
            var files: [Descriptor] = []
            if let rules = settings.rules {
                let file = try Descriptor.memory("mailreeve-rules")
                try file.write(rules.encoded())
                try file.seal()
                files = [file]
            }
            try zygote.child.socket.send(
                ZygoteRequest.configure(configure).encoded(), descriptors: files.map(\.raw), waiting: false)
        } catch {
            loading[generation] = nil
            let text = "inspector: \(error)"
            if let answer { answer.resume(returning: .failure(InspectorError(text))) } else { log(.error(text)) }
            if let zygote = zygotes[generation] { end(zygote) }
            if answer == nil { retry.notStarted(now: monotonicNow()) }
        }
    }

    /// The generation cannot take over; the one before goes on. Where there is none, one without the engine inspects
    /// everything else until the engine can be loaded.
    func giveUp(_ generation: Int, _ why: String) {
        guard let load = loading.removeValue(forKey: generation) else { return }
        let text = "inspector generation \(generation): \(why)"
        // Its zygote may be gone already.
        let hasEngine = load.settings.configure.clamav != nil && load.engineFault.isEmpty
        if let answer = load.answer {
            answer.resume(returning: .failure(InspectorError(text)))
        } else if !(standsIn || retry.triesRefused) || !refused.hasSuffix(": \(why)") {
            log(.error(machine.serving.map { "\(text); generation \($0) goes on serving" } ?? text))
        }
        if hasEngine || refused.isEmpty { refused = text }
        // There must be another try, with the settings that last worked.
        if settings != nil {
            let serving: GenerationRetry.Serving =
                machine.serving == nil ? .nothing : standsIn ? .withoutEngine : .before
            retry.gaveUp(now: monotonicNow(), serving: serving, isAsked: load.answer != nil)
        }
        if let zygote = zygotes[generation] { end(zygote) }
        // New settings that cannot be used are no reason as long as those before them may be.
        guard hasEngine, load.answer == nil, let settings, machine.serving == nil, loading.isEmpty else { return }
        launch(settings, answer: nil, engineFault: why)
    }

    private func promote(_ generation: Int) {
        guard let load = loading.removeValue(forKey: generation), let zygote = zygotes[generation],
            let ready = zygote.ready
        else { return }
        inbox.serving.store(generation, ordering: .relaxed)
        var sizes = load.settings.pool
        sizes.workspace = WorkspaceBudget(size: workspace.size, unpacking: load.settings.limits.unpacking)
        perform(machine.promote(generation, settings: sizes, now: monotonicNow()))
        guard zygote.engineFault.isEmpty else {
            return log(.error("inspector generation \(generation) serves WITHOUT THE ENGINE: \(zygote.engineFault)"))
        }
        settings = load.settings
        refused = ""
        retry.served()
        log(
            .info(
                "inspector generation \(generation) serves: \(ready.signatures) signatures, Landlock ABI \(ready.landlockABI)"
            ))
        load.answer?.resume(returning: .success(ready))
    }

    func close(_ generation: Int) {
        if let zygote = zygotes[generation] { end(zygote) }
    }

    /// Ends a zygote and its workers: its socket is closed, and it is killed in case it does not look. What they were doing holds
    /// no worker's place from now on.
    func end(_ zygote: InspectorProcess) {
        zygotes[zygote.generation] = nil
        for id in workers.keys where id.generation == zygote.generation { kill(id) }
        zygote.child.process.signal(SIGKILL)
        ending.append(zygote)
        perform(machine.zygoteGone(zygote.generation, now: monotonicNow()))
    }

    func zygoteEnded(_ pid: Int32) {
        if let index = ending.firstIndex(where: { $0.child.pid == pid }) {
            let zygote = ending.remove(at: index)
            _ = zygote.child.reap()
            workspace.removeGeneration(zygote.generation)
            return startSuccessor()
        }
        guard let zygote = zygotes.values.first(where: { $0.child.pid == pid }) else { return }
        let generation = zygote.generation
        zygotes[generation] = nil
        let status = zygote.child.reap()
        for id in workers.keys where id.generation == generation { kill(id) }
        workspace.removeGeneration(generation)
        if loading[generation] != nil { giveUp(generation, "ended while loading (\(status))") }
        perform(machine.zygoteGone(generation, now: monotonicNow()))
        startSuccessor()
    }

    func readZygote(_ generation: Int) {
        guard let zygote = zygotes[generation] else { return }
        do {
            guard let (record, descriptors) = try zygote.child.socket.receive(waiting: false) else {
                zygote.child.process.signal(SIGKILL)
                return
            }
            switch try ZygoteEvent(record) {
            case .ready(var ready):
                ready.generation = generation
                zygote.ready = ready
                perform(machine.loaded(generation, now: monotonicNow()))
                startSelfTest(generation)
            case .failed(let text):
                giveUp(generation, Escaping.text(text, limit: 1000))
            case .forked(let number, _):
                let id = WorkerID(generation: generation, number: number)
                guard descriptors.count == 2, workers[id] == nil else { throw RecordError.value("fork") }
                let known = machine.contains(id)
                workers[id] = InspectorWorker(
                    id: id, socket: PacketSocket(descriptors[0]), process: ProcessHandle(descriptors[1]))
                if !known { kill(id) }
            case .databaseChanged:
                // Only the one that serves watches for others; one that is loading reads what is there now.
                guard machine.serving == generation, let settings, successor == nil else { return }
                // It may have read the files before they changed. Told once, the change must not be forgotten.
                retry.changed(whileLoading: !loading.isEmpty)
                guard loading.isEmpty else {
                    return log(.info("the signatures have changed while others are loaded"))
                }
                log(.info("the signatures have changed: loading them"))
                replace(settings, answer: nil)
            case .exited(let number, let status):
                workerEnded(WorkerID(generation: generation, number: number), Escaping.text(status, limit: 60))
            }
        } catch let error as SystemError where error.code == EAGAIN {
            return
        } catch {
            log(.error("inspector generation \(generation): \(error)"))
            zygote.child.process.signal(SIGKILL)
        }
    }

    func startSelfTest(_ generation: Int) {
        guard let load = loading[generation] else { return }
        guard load.settings.selfTest, load.engineFault.isEmpty else { return promote(generation) }
        loading[generation]?.testsLeft = 2
        do {
            for infected in [true, false] {
                let message = try SelfTest.message(infected: infected)
                let deadline = load.deadline
                submit(
                    Pending(message: message, origin: .selfTest(generation: generation, infected: infected)),
                    deadline: deadline, generation: generation)
            }
        } catch {
            giveUp(generation, "self-test: \(error)")
        }
    }

    /// - Parameter fault: nil when this half was passed.
    func selfTestAnswered(_ generation: Int, fault: String?) {
        guard loading[generation] != nil else { return }
        if let fault { return giveUp(generation, "self-test failed: \(fault)") }
        loading[generation]?.testsLeft -= 1
        if loading[generation]?.testsLeft == 0 { promote(generation) }
    }
}
