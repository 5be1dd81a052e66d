internal import CSandbox
internal import Glibc

/// Signals as events: from now on each of `numbers` is given to `handler` on a thread of its own instead of ending the
/// process. `SIGPIPE` is ignored.
package func watchSignals(_ numbers: [Int32], _ handler: @escaping @Sendable (Int32) -> Void) throws(SystemError) {
    let pair = try PacketSocket.pair()
    let (reader, writer) = (pair.0.descriptor, pair.1.descriptor)
    signal(SIGPIPE, SIG_IGN)
    try startThread {
        // The handler writes to this end for as long as the process lives.
        withExtendedLifetime(writer) {
            var number: UInt8 = 0
            while true {
                let count = Glibc.read(reader.raw, &number, 1)
                if count == 1 { handler(Int32(number)) } else if count == 0 || errno != EINTR { return }
            }
        }
    }
    for number in numbers {
        try check("sigaction \(number)") { csandbox_forward_signal(number, writer.raw) }
    }
}

/// True of a signal that the process ignores: nohup(1) and shells start programs that way.
package func isIgnored(_ number: Int32) -> Bool { csandbox_signal_is_ignored(number) == 1 }
