import Glibc
import Linux

// Started by the gateway for every scanner that is a program: closes a cell around itself, then becomes the scanner. A
// program of its own because the gateway has threads, and between fork and exec a process with threads may do little.
StandardDescriptors.occupy()
guard let (sandbox, command) = ProgramSandbox.parse(Array(CommandLine.arguments.dropFirst())) else {
    _exit(64)
}
let failure = Array("mailreeve-launcher: \(sandbox.run(command))\n".utf8)
_ = write(2, failure, failure.count)
_exit(SandboxedProgram.launchFailed)
