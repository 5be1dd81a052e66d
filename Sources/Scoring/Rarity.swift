/// What a token weighs in the vector of a message by how many of the learnt messages have it. The way on which all mail of a site
/// comes, and fields that every program writes, tell nothing apart and take the room of what does. The weight is the square root
/// of the inverse document frequency (Sparck Jones 1972) as a share of the highest that there is: 1 for a token of one message
/// alone, next to 0 for one that all of them have. Where it is heeded, a token without a weight in the machine has none here: what
/// is new in a message takes nothing from what is known of its class. Among the classes of a view it counts: relays that
/// nobody knows leave their share to what the way says without names, which is all that is known of it.
struct Rarity: Sendable {
    /// Numbers whose logarithms lie ready: one for each token of each message would be felt.
    private static let ready = 4096
    private static let logarithms: [Float] = (0..<ready).map { Float(Exponential.logarithm(Double($0))) }

    private let most: Float

    /// - Parameter messages: that were learnt.
    init(messages: Int) {
        most = Self.logarithm(messages + 1)
    }

    /// The weight, 0...1, of a token that was so often in learnt messages.
    func weight(_ counts: FisherMethod.Counts) -> Float {
        let count = max(1, Int(counts.spam) + Int(counts.ham))
        return most > 0 ? (max(0, most - Self.logarithm(count)) / most).squareRoot() : 0
    }

    private static func logarithm(_ count: Int) -> Float {
        count < ready ? logarithms[count] : Float(Exponential.logarithm(Double(count)))
    }
}
