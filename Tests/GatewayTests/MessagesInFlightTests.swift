import MailModel
import Stores
import Testing

@testable import Gateway
@testable import Relay

/// Tries of one message at one time.
@Suite struct MessagesInFlightTests {
    private static func key(_ octet: UInt8) -> ServedRecipients.Key {
        ServedRecipients.Key(sender: MailPath("s@a"), recipients: [MailPath("r@b")], digest: [octet])
    }

    @Test func aRetryIsOneWhoseEarlierClientHasGone() {
        let flight = MessagesInFlight()
        let clients = (0..<4).map { _ in ClientPresence() }
        #expect(flight.begin(Self.key(1), 1, clients[0]) == .alone)
        #expect(flight.standing(Self.key(1), 1) == .alone)
        #expect(flight.begin(Self.key(1), 2, clients[1]) == .besideOthers)
        #expect(flight.standing(Self.key(1), 1) == .besideOthers && flight.standing(Self.key(1), 2) == .besideOthers)
        // The second client leaves: for the first one, which came before it, nothing follows.
        clients[1].leave()
        #expect(flight.standing(Self.key(1), 1) == .alone && flight.standing(Self.key(1), 2) == .besideOthers)
        #expect(flight.begin(Self.key(1), 3, clients[2]) == .retry)
        #expect(flight.begin(Self.key(2), 3, clients[2]) == .alone)
        clients[0].leave()
        #expect(flight.standing(Self.key(1), 2) == .retry && flight.standing(Self.key(1), 1) == .alone)
        flight.end(Self.key(1), 1)
        #expect(flight.standing(Self.key(1), 2) == .alone && flight.begin(Self.key(1), 4, clients[3]) == .retry)
        flight.end(Self.key(1), 2)
        #expect(flight.begin(Self.key(1), 4, clients[3]) == .alone)
        // Ended twice, or never begun.
        flight.end(Self.key(1), 2)
        flight.end(Self.key(3), 9)
        #expect(flight.standing(Self.key(3), 9) == .alone)
    }
}
