import Glibc
import TestSupport

extension RetryingClient {
    /// Sends by several sessions while the gateway is killed at random instants, each a moment after mail was accepted, and started
    /// again.
    /// - Parameter dead: what has to hold while it is down.
    /// - Returns: what became of the messages when the client stopped behind the last start.
    func run(
        sessions: Int, seconds: Double, kills: Int, seed: UInt64, of gateway: GatewayProcess,
        dead: () throws -> Void = {}
    ) throws -> Result {
        var random = SeededGenerator(seed: seed)
        let run = Promise { try self.run(sessions: sessions, seconds: seconds) }
        for _ in 0..<kills {
            let before = accepted
            try poll("mail to be kept") { accepted > before + 2 }
            usleep(UInt32.random(in: 0..<60_000, using: &random))
            gateway.killHard()
            try dead()
            try gateway.restart()
        }
        stop()
        return try run.get()
    }
}
