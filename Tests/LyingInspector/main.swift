import Glibc
import InspectionLink
import Linux

// lying-inspector: an inspector that keeps to the contract of the zygote and whose workers break that of workers, in the
// way that the database path in its settings asks for. See `Lie` for the list.

/// The whole program. Throws when the gateway closes its end in the middle.
func run() throws {
    let control = PacketSocket(Descriptor(owning: 3))
    guard let (first, files) = try control.receive(), case .configure(let settings) = try ZygoteRequest(first) else {
        exit(65)
    }
    let (asked, once, isOfficial) = Lie.asked(by: settings.clamav?.database)
    switch asked {
    case .failed:
        try control.send(ZygoteEvent.failed("the database is broken, as asked").encoded())
        exit(1)
    case .neverReady:
        while try control.receive() != nil {}
    default:
        var rules = 0
        if let file = files.first { rules = try RuleTables(try file.read(at: 0, count: try file.size())).number }
        if asked == .ruleGeneration { rules += 1000 }
        let ready = Ready(
            signatures: 1, engineVersion: "ClamAV 0", databaseVersion: isOfficial ? 27_500 : 0, databaseTime: 0,
            landlockABI: 0, rules: rules)
        try control.send(ZygoteEvent.ready(ready).encoded())
        var zygote = LyingZygote(control: control, lie: asked, once: once)
        try zygote.serve()
    }
}

do {
    try run()
} catch {
    exit(74)
}
