internal import Bytes

/// What the way of a message says without any of its names: whether the domains of sender and relays are the same, and how
/// the relay that handed it over is named. It holds for senders and networks that nobody has learnt.
struct OriginFacts: Sendable {
    /// Where domains are named.
    enum Place: Int, CaseIterable {
        /// `From:`.
        case from
        /// `Reply-To:`.
        case reply
        /// Names that relays found for the addresses of others.
        case relay
        /// What relays called themselves.
        case greeting
    }

    /// How a relay is named.
    enum Trait: Int {
        /// No name was found for its address.
        case nameless
        /// Its name holds its address.
        case namedByAddress
        /// It has another name.
        case named
        /// It greeted with an address.
        case greetsByAddress
        /// It greeted with a name that is no domain.
        case greetsWithoutDomain
        /// It greeted with the name that was found.
        case greetsByName
        /// It greeted with another.
        case greetsOtherwise
    }

    /// Domains of one place that count.
    private static let limit = 32
    private var domains = [[UInt64]](repeating: [], count: Place.allCases.count)
    /// Of the relay that handed the message over: the newest whose address is not local. What older fields say the sender may have
    /// written himself (attack).
    private var traits: [Trait] = []

    /// Takes what stands behind each `@` of a field.
    mutating func add(addresses: Span<UInt8>, at place: Place) {
        var index = 0
        while let at = addresses.firstIndex(of: 0x40, from: index) {
            var end = at + 1
            while end < addresses.count, ReceivedFrom.isHost(addresses[end]) { end += 1 }
            add(addresses.extracting(at + 1..<end), at: place)
            index = end
        }
    }

    /// Takes a `Received:` field; the newest comes first.
    mutating func add(received value: Span<UInt8>) {
        guard let relay = ReceivedFrom(value) else { return }
        if let greeting = relay.greeting { add(value.extracting(greeting), at: .greeting) }
        for name in relay.names { add(value.extracting(name), at: .relay) }
        if traits.isEmpty { traits = Self.traits(of: relay, in: value) }
    }

    private mutating func add(_ host: Span<UInt8>, at place: Place) {
        guard domains[place.rawValue].count < Self.limit, let domain = Self.domain(of: host) else { return }
        domains[place.rawValue].append(domain)
    }

    /// For each two places that name domains whether one is the same, then how the relay is named.
    var facts: [OriginFact] {
        var facts: [OriginFact] = []
        for first in Place.allCases where !domains[first.rawValue].isEmpty {
            for second in Place.allCases where second.rawValue > first.rawValue && !domains[second.rawValue].isEmpty {
                let isSame = domains[first.rawValue].contains { domains[second.rawValue].contains($0) }
                facts.append(.agreement(first, second, isSame: isSame))
            }
        }
        return facts + traits.map { .trait($0) }
    }

    private static func traits(of relay: ReceivedFrom, in value: Span<UInt8>) -> [Trait] {
        guard let address = relay.address, !address.isLocal else { return [] }
        var traits: [Trait] = []
        if relay.names.isEmpty {
            traits.append(.nameless)
        } else {
            let isMade = relay.names.contains { address.isHeld(by: value.extracting($0)) }
            traits.append(isMade ? .namedByAddress : .named)
        }
        guard let range = relay.greeting else { return traits }
        let greeting = value.extracting(range)
        if RelayAddress(greeting) != nil {
            traits.append(.greetsByAddress)
        } else if greeting.firstIndex(of: 0x2E) == nil {
            traits.append(.greetsWithoutDomain)
        }
        let isName = relay.names.contains { name in
            name.count == range.count
                && (0..<name.count).allSatisfy {
                    asciiLower(value[name.lowerBound + $0]) == asciiLower(greeting[$0])
                }
        }
        traits.append(isName ? .greetsByName : .greetsOtherwise)
        return traits
    }

    /// The domain that somebody registered: the last two labels, three where countries register below the last two (`co.uk`).
    /// Nil for an address and for a name without a dot.
    private static func domain(of host: Span<UInt8>) -> UInt64? {
        var end = host.count
        while end > 0, host[end - 1] == 0x2E { end -= 1 }
        var dots: [Int] = []
        for index in (0..<end).reversed() where host[index] == 0x2E {
            dots.append(index)
            if dots.count == 3 { break }
        }
        guard let last = dots.first, last > 0, end - last > 2,
            (last + 1..<end).allSatisfy({ asciiLower(host[$0]) >= 0x61 && asciiLower(host[$0]) <= 0x7A })
        else { return nil }
        var start = dots.count > 1 ? dots[1] + 1 : 0
        if end - last == 3, dots.count > 1, isShared(host.extracting(start..<last)) {
            start = dots.count > 2 ? dots[2] + 1 : 0
        }
        var hash = TokenHash()
        for index in start..<end { hash.add(asciiLower(host[index])) }
        return hash.mixed
    }

    /// Labels below which most countries register that have such.
    private static let shared: [StaticString] = [
        "ac", "co", "com", "edu", "go", "gob", "gov", "gr", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc", "sch",
    ]

    private static func isShared(_ label: Span<UInt8>) -> Bool {
        shared.contains { $0.utf8CodeUnitCount == label.count && label.hasPrefix(ignoringCase: $0) }
    }
}
