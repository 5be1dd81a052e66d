import Gateway
import Glibc
import Linux
import Synchronization

/// The end of a command that a person (Ctrl-C), a service manager or the end of a session asks for.
final class Interruption: Sendable {
    private let noted = Atomic<Int32>(0)

    /// The signal that was noted; nil before.
    var signal: Int32? {
        let number = noted.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// From now on SIGINT, SIGTERM and SIGHUP remove the workspace and end the process. One that it was started to ignore, as nohup(1)
    /// does, stays ignored.
    /// - Parameter isPatient: the first signal is noted only, so that what has begun can come to its end; the second ends the process.
    func watch(_ workspace: PrivateDirectory, isPatient: Bool = false) throws(SystemError) {
        try watchSignals([SIGINT, SIGTERM, SIGHUP].filter { !isIgnored($0) }) { number in
            if isPatient, self.noted.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged {
                return
            }
            workspace.remove()
            _exit(128 + number)
        }
    }
}
