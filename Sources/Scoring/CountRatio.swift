/// What a token weighs in the vector of a message by how far spam and ham differ in having it: the absolute logarithm of the ratio of
/// the shares that have it, half a message added to each count (the log-count ratio of Wang and Manning, ACL 2012). The way on
/// which all mail of a site comes, and fields that every program writes, tell nothing apart and take the room of what does. Where it is
/// heeded, a token without a weight in the machine has none here: what is new in a message takes nothing from what is known of its
/// class. Among the classes of a view it counts: relays that nobody knows leave their share to what the way says without names, which
/// is all that is known of it.
struct CountRatio: Sendable {
    /// Numbers whose logarithms lie ready: two for each token of each message would be felt.
    private static let ready = 4096
    private static let logarithms: [Float] = (0..<ready).map { Float(Exponential.logarithm(Double($0) + 0.5)) }

    /// The logarithm of the ratio of all messages.
    private let all: Float

    /// - Parameters:
    ///   - spam: spams of the messages in which tokens are counted.
    ///   - ham: hams of them.
    init(spam: Int, ham: Int) {
        // As those of tokens are: what all mail has stays without a weight.
        let most = Int(TokenWeight.mostCounted)
        all = Float(
            Exponential.logarithm(Double(min(spam, most)) + 1) - Exponential.logarithm(Double(min(ham, most)) + 1))
    }

    /// The weight, not negative, of a token that was so often in these messages.
    func weight(_ counts: FisherMethod.Counts) -> Float {
        abs(Self.logarithm(counts.spam) - Self.logarithm(counts.ham) - all)
    }

    private static func logarithm(_ count: UInt32) -> Float {
        count < ready ? logarithms[Int(count)] : Float(Exponential.logarithm(Double(count) + 0.5))
    }
}
