internal import InspectionLink
internal import Linux

/// A zygote that the gateway started, and what it said of itself.
final class InspectorProcess {
    /// Number of the generation.
    let generation: Int
    let child: Child
    /// Why it inspects without the engine that is wanted; empty where it has what is wanted.
    let engineFault: String
    /// What the zygote answered when it was loaded; nil before.
    var ready: Ready?

    /// Starts the inspector. No secret of the gateway's environment goes to the process that reads hostile bytes.
    init(path: String, generation: Int, engineFault: String = "") throws(SystemError) {
        self.generation = generation
        self.engineFault = engineFault
        child = try Child(path: path, environment: ["LC_ALL=C.UTF-8", "PATH=/nonexistent"])
    }
}

/// The gateway's end of one worker.
final class InspectorWorker {
    let id: WorkerID
    let socket: PacketSocket
    let process: ProcessHandle
    /// The file that the worker writes its reports to; nil before its `hello`.
    var reportFile: Descriptor?
    /// The request that it has, the name of that message's directory, and the file for parts where they are wanted.
    var current: (request: Int, directory: String, parts: Descriptor?)?

    init(id: WorkerID, socket: PacketSocket, process: ProcessHandle) {
        self.id = id
        self.socket = socket
        self.process = process
    }
}
