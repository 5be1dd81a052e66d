import Foundation
import Glibc
import RemoteChecks
import TestSupport

/// clamd from the system's package with a configuration of its own and the shipped test signatures.
final class RealClamd: Sendable {
    let scratch: Scratch
    let port: Int
    let process: RunningProgram

    static var isThere: Bool { access("/usr/sbin/clamd", X_OK) == 0 }

    var unix: ScannerAddress { .unix(path: scratch.path + "/clamd.sock") }
    var tcp: ScannerAddress { .tcp(host: "127.0.0.1", port: port) }

    init(maximum: String = "10M") throws {
        scratch = try Scratch(.memory)
        port = try Ports.free()
        _ = try scratch.directory("database")
        try scratch.copy(Programs.signatures, to: "database/test.ndb")
        try scratch.write(
            "clamd.conf",
            """
            Foreground yes
            DatabaseDirectory \(scratch.path)/database
            TemporaryDirectory \(scratch.path)
            LocalSocket \(scratch.path)/clamd.sock
            LocalSocketMode 666
            TCPSocket \(port)
            TCPAddr 127.0.0.1
            StreamMaxLength \(maximum)
            AlertExceedsMax yes
            AlertEncrypted yes
            ReadTimeout 5

            """)
        process = try RunningProgram("/usr/sbin/clamd", ["--config-file", scratch.path + "/clamd.conf"])
        let path = scratch.path + "/clamd.sock"
        try poll("clamd") { (try? StreamSocket(path: path)) != nil }
    }

    deinit {
        process.signal(SIGCONT)
    }
}
