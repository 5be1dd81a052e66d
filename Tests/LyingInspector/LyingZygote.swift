import Glibc
import InspectionLink
import Linux

/// A zygote that keeps to the contract and forks lying workers.
struct LyingZygote {
    let control: PacketSocket
    let lie: Lie
    /// Only the first worker lies.
    let once: Bool
    private var workers: [Int32: Int] = [:]
    private var forked = 0

    init(control: PacketSocket, lie: Lie, once: Bool) {
        self.control = control
        self.lie = lie
        self.once = once
    }

    /// Serves until the gateway closes the socket.
    mutating func serve() throws {
        while true {
            var polled = pollfd(fd: control.descriptor.raw, events: Int16(POLLIN), revents: 0)
            // A worker's end is looked for now and then: precision is not what this program is for.
            let ready = poll(&polled, 1, 20)
            try reap()
            guard ready > 0 else { continue }
            guard let (record, _) = try control.receive() else { break }
            guard case .fork(let worker) = try ZygoteRequest(record) else { exit(65) }
            if lie == .zygoteExits { exit(1) }
            try forkWorker(worker)
        }
        for pid in workers.keys { kill(pid, SIGKILL) }
    }

    private mutating func reap() throws {
        var status: Int32 = 0
        let pid = waitpid(-1, &status, WNOHANG)
        guard pid > 0, let worker = workers.removeValue(forKey: pid) else { return }
        let signal = status & 0x7F
        let text = signal == 0 ? "exit \(status >> 8 & 0xFF)" : "signal \(signal)"
        try control.send(ZygoteEvent.exited(worker: worker, status: text).encoded())
    }

    private mutating func forkWorker(_ worker: Int) throws {
        let (ours, theirs) = try PacketSocket.pair()
        let lie = once && forked > 0 ? .honest : self.lie
        forked += 1
        let parent = getpid()
        let pid = try check("fork") { fork() }
        if pid == 0 {
            for socket in [control, ours, theirs] { socket.descriptor.abandon() }
            try ProcessLimits.dieWithParent(parent)
            dup2(theirs.descriptor.raw, 3)
            try ProcessLimits.closeDescriptors(from: 4)
            try LyingWorker(link: PacketSocket(Descriptor(owning: 3)), lie: lie).serve()
            _exit(0)
        }
        let handle = try ProcessHandle(child: pid)
        workers[pid] = worker
        try control.send(
            ZygoteEvent.forked(worker: worker, pid: Int(pid)).encoded(),
            descriptors: [ours.descriptor.raw, handle.descriptor.raw])
    }
}
