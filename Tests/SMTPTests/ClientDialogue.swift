import MailModel
import SMTP
import Testing

/// Plays a next hop for a `ClientSession`: octets of the peer are fed, actions are written down.
struct ClientDialogue {
    var session: ClientSession
    /// All actions, adjacent output joined.
    var actions: [ClientSession.Action] = []

    init(lmtp: Bool = false, tls: ClientSession.TLS = .none, sendXForward: Bool = true) {
        var settings = ClientSession.Settings(heloName: "gw.example", lmtp: lmtp)
        settings.tls = tls
        settings.sendXForward = sendXForward
        session = ClientSession(settings: settings)
    }

    mutating func event(_ body: (inout ClientSession, inout [ClientSession.Action]) -> Void) {
        var new: [ClientSession.Action] = []
        body(&session, &new)
        for action in new {
            if case .send(let more) = action, case .send(let before)? = actions.last {
                actions[actions.count - 1] = .send(before + more)
            } else {
                actions.append(action)
            }
        }
    }

    mutating func feed(_ bytes: [UInt8]) { event { $0.receive(bytes.span, &$1) } }

    /// What happened since the last call, output as text.
    mutating func take() -> [String] {
        defer { actions = [] }
        return actions.map { action in
            switch action {
            case .send(let bytes): String(decoding: bytes, as: UTF8.self)
            case .startTLS: "startTLS"
            case .ready: "ready"
            case .goAhead(let replies): "goAhead " + Self.text(replies)
            case .refused(let replies): "refused " + Self.text(replies)
            case .finished(let replies): "finished " + Self.text(replies)
            case .failed(let failure):
                "failed \(failure.kind) risk=\(failure.messageAtRisk) "
                    + failure.recipientReplies.map { $0?.summary ?? "?" }.joined(separator: "|")
            case .close: "close"
            }
        }
    }

    static func text(_ replies: [Reply]) -> String { replies.map(\.summary).joined(separator: "|") }
}

/// One exchange: what the owner or the peer does, and what must come of it.
enum Turn {
    case connected
    case peer(String)
    case begin(ClientTransaction)
    case commit(String)
    case abort, reset, quit, tlsEstablished, connectionLost, timedOut
}

/// Plays the turns with the peer's octets whole, one by one, and split at each position; all runs must do `expected`.
func playClient(
    _ make: () -> ClientDialogue, _ turns: [(Turn, [String])], sourceLocation: SourceLocation = #_sourceLocation
) {
    var longest = 1
    for case (.peer(let text), _) in turns { longest = max(longest, text.utf8.count) }
    for position in 0...longest {
        var dialogue = make()
        for (number, (turn, expected)) in turns.enumerated() {
            switch turn {
            case .connected: dialogue.event { $0.connected(&$1) }
            case .peer(let text):
                let bytes = Array(text.utf8)
                if position == 0 {
                    for byte in bytes { dialogue.feed([byte]) }
                } else {
                    dialogue.feed(Array(bytes.prefix(position)))
                    if bytes.count > position { dialogue.feed(Array(bytes.dropFirst(position))) }
                }
            case .begin(let transaction): dialogue.event { $0.begin(transaction, &$1) }
            case .commit(let body):
                var stuffer = DotStuffer()
                var wire: [UInt8] = []
                stuffer.stuff(Array(body.utf8).span, into: &wire)
                dialogue.event { $0.commit(after: stuffer, &$1) }
            case .abort: dialogue.event { $0.abort(&$1) }
            case .reset: dialogue.event { $0.reset(&$1) }
            case .quit: dialogue.event { $0.quit(&$1) }
            case .tlsEstablished: dialogue.event { $0.tlsEstablished(&$1) }
            case .connectionLost: dialogue.event { $0.connectionLost(&$1) }
            case .timedOut: dialogue.event { $0.timedOut(&$1) }
            }
            let happened = dialogue.take()
            if happened != expected {
                Issue.record(
                    "turn \(number), split \(position): \(happened) instead of \(expected)",
                    sourceLocation: sourceLocation)
                return
            }
        }
    }
}
