import MailModel
import SMTP
import Testing

/// What a session did, with adjacent output joined, so that runs with different splits can be compared.
enum Event: Equatable {
    case sent(String)
    case begin(Envelope)
    case message([UInt8])
    case end(IntakeFacts)
    case abandoned(ServerSession.AbandonReason)
    case startTLS
    case closed
}

/// Plays a client and the owner of a `ServerSession`.
struct ServerDialogue {
    var session: ServerSession
    var events: [Event] = []
    /// Writes, not joined.
    var writes: [String] = []
    /// The answer to `beginData`; nil accepts.
    var dataRefusal: Reply?
    /// The answer to `endOfData`; nil is 250 for each recipient that expects one.
    var decision: [Reply]?
    /// Do not answer `beginData` and `endOfData`.
    var holdsAnswers = false

    static let ok = Reply(250, EnhancedStatus(2, 0, 0), "Ok: queued")

    init(_ change: (inout ServerSession.Settings) -> Void = { _ in }) {
        var settings = ServerSession.Settings(hostname: "mx.example")
        settings.banner = "ESMTP"
        change(&settings)
        session = ServerSession(settings: settings, client: ClientFacts(address: "192.0.2.1", port: 25))
    }

    mutating func event(_ body: (inout ServerSession, inout [ServerSession.Action]) -> Void) {
        var actions: [ServerSession.Action] = []
        body(&session, &actions)
        carryOut(actions)
    }

    mutating func start() { event { $0.start(&$1) } }

    mutating func feed(_ bytes: [UInt8]) { event { $0.receive(bytes.span, &$1) } }

    mutating func feed(_ text: String) { feed(Array(text.utf8)) }

    mutating func decide(_ replies: [Reply]) { event { $0.decided(replies, &$1) } }

    private mutating func carryOut(_ actions: [ServerSession.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes):
                let text = String(decoding: bytes, as: UTF8.self)
                writes.append(text)
                if case .sent(let before)? = events.last {
                    events[events.count - 1] = .sent(before + text)
                } else {
                    events.append(.sent(text))
                }
            case .beginData(let envelope):
                events.append(.begin(envelope))
                if holdsAnswers { continue }
                let refusal = dataRefusal
                event { session, actions in
                    if let refusal { session.dataRefused(refusal, &actions) } else { session.dataAccepted(&actions) }
                }
            case .body(let bytes):
                if case .message(let before)? = events.last {
                    events[events.count - 1] = .message(before + bytes)
                } else {
                    events.append(.message(bytes))
                }
            case .endOfData(let facts):
                events.append(.end(facts))
                if holdsAnswers { continue }
                let expected = session.client.transmission == .lmtp ? session.recipientCount : 1
                decide(decision ?? Array(repeating: Self.ok, count: expected))
            case .abandonMessage(let reason):
                // How much had come out before depends on the split; none of it counts.
                if case .message? = events.last { events.removeLast() }
                events.append(.abandoned(reason))
            case .startTLS: events.append(.startTLS)
            case .close: events.append(.closed)
            }
        }
    }

    /// All that was sent.
    var output: String {
        events.reduce(into: "") { text, event in
            if case .sent(let more) = event { text += more }
        }
    }

    /// The replies, one line each.
    var lines: [String] {
        output.split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
    }

    var messages: [[UInt8]] {
        events.compactMap { if case .message(let bytes) = $0 { bytes } else { nil } }
    }

    var envelopes: [Envelope] {
        events.compactMap { if case .begin(let envelope) = $0 { envelope } else { nil } }
    }

    var facts: [IntakeFacts] {
        events.compactMap { if case .end(let facts) = $0 { facts } else { nil } }
    }
}

/// Plays the segments (the client waits for replies between them) whole, in single octets, and with one segment split
/// at each position; all must do the same. Returns the first run.
func playEverySplit(
    _ make: () -> ServerDialogue, _ segments: [[UInt8]], sourceLocation: SourceLocation = #_sourceLocation
) -> ServerDialogue {
    var whole = make()
    whole.start()
    for segment in segments { whole.feed(segment) }

    var single = make()
    single.start()
    for segment in segments { for byte in segment { single.feed([byte]) } }
    #expect(single.events == whole.events, "octet by octet", sourceLocation: sourceLocation)

    for (number, segment) in segments.enumerated() where segment.count > 1 {
        for position in 1..<segment.count {
            var split = make()
            split.start()
            for (other, bytes) in segments.enumerated() {
                if other == number {
                    split.feed(Array(bytes[..<position]))
                    split.feed(Array(bytes[position...]))
                } else {
                    split.feed(bytes)
                }
            }
            if split.events != whole.events {
                Issue.record("segment \(number) split at \(position): \(split.events)", sourceLocation: sourceLocation)
                return whole
            }
        }
    }
    return whole
}

func playEverySplit(
    _ make: () -> ServerDialogue, _ segments: [String], sourceLocation: SourceLocation = #_sourceLocation
) -> ServerDialogue {
    playEverySplit(make, segments.map { Array($0.utf8) }, sourceLocation: sourceLocation)
}
