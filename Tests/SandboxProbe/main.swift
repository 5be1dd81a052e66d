import Glibc
import Linux

// sandbox-probe ABI DIRECTORY
//
// Enters the workers' sandbox, Landlock held to ABI, and tries what a taken-over worker would try, one act after the
// other, each in a child of its own so that a kill is seen. Prints a line for each: `act: ALLOWED`, `act: denied EPERM`,
// `act: killed`. The test suite reads them.

guard CommandLine.arguments.count == 3, let abi = Int(CommandLine.arguments[1]) else {
    print("usage: sandbox-probe ABI DIRECTORY")
    exit(64)
}
let directory = CommandLine.arguments[2]
let sandbox = WorkerSandbox(
    directory: directory, support: SandboxSupport.ofKernel(highestLandlockABI: abi), memory: Acts.memory,
    fileSize: Acts.fileSize)

func name(of code: Int32) -> String {
    switch code {
    case EPERM: "EPERM"
    case EACCES: "EACCES"
    case ENOMEM: "ENOMEM"
    case EFBIG: "EFBIG"
    case EMFILE: "EMFILE"
    default: "errno \(code)"
    }
}

/// The exit status that stands for a sandbox that could not be entered; no errno.
let notEntered: Int32 = 255

for act in Acts.all {
    let pid = fork()
    if pid == 0 {
        do throws(SystemError) {
            try sandbox.enter()
        } catch {
            _exit(notEntered)
        }
        _exit(act.attempt())
    }
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    let signal = status & 0x7F
    let code = status >> 8 & 0xFF
    let outcome =
        switch (signal, code) {
        case (0, 0): "ALLOWED"
        case (0, notEntered): "sandbox not entered"
        case (0, _): "denied \(name(of: code))"
        case (SIGSYS, _): "killed"
        default: "signal \(signal)"
        }
    print("\(act.name): \(outcome)")
}
