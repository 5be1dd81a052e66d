/// The tokens of one message, each once.
package struct TokenSet: Hashable, Sendable {
    /// Numbers in ascending order; the highest four bits are the `TokenClass`.
    package var tokens: [UInt64] = []
    /// Readable forms by number, where they were asked for; text of strangers: escape before showing.
    package var texts: [UInt64: String] = [:]
    /// Classes whose limit was reached: the message holds more tokens of them.
    package var full: [TokenClass] = []

    package init(tokens: [UInt64] = [], texts: [UInt64: String] = [:], full: [TokenClass] = []) {
        self.tokens = tokens
        self.texts = texts
        self.full = full
    }
}

/// Collects tokens; keeps its memory from message to message.
struct TokenCollector {
    /// Twice the tokens that the limits of all classes allow, so that the table never fills.
    private static let slotBits: UInt64 = 14
    private static let slots = 1 << Int(slotBits)
    private var table = [UInt64](repeating: 0, count: TokenCollector.slots)
    private(set) var tokens: [UInt64] = []
    private var counts = [Int](repeating: 0, count: 16)
    private var texts: [UInt64: String] = [:]
    let keepsTexts: Bool

    init(keepsTexts: Bool) {
        self.keepsTexts = keepsTexts
    }

    func hasRoom(_ tokenClass: TokenClass) -> Bool {
        counts[Int(tokenClass.rawValue)] < tokenClass.limit
    }

    /// True when a token was added.
    func contains(_ tokenClass: TokenClass, _ hash: UInt64) -> Bool {
        let token = tokenClass.token(hash)
        var slot = Self.slot(token)
        while table[slot] != 0 {
            if table[slot] == token { return true }
            slot = (slot + 1) & (Self.slots - 1)
        }
        return false
    }

    private static func slot(_ token: UInt64) -> Int {
        Int(truncatingIfNeeded: (token &* 0x9E37_79B9_7F4A_7C15) >> (64 - slotBits))
    }

    /// Adds a token once. True when it is new.
    @discardableResult
    mutating func add(_ tokenClass: TokenClass, _ hash: UInt64) -> UInt64? {
        guard hasRoom(tokenClass) else { return nil }
        let token = tokenClass.token(hash)
        var slot = Self.slot(token)
        while table[slot] != 0 {
            if table[slot] == token { return nil }
            slot = (slot + 1) & (Self.slots - 1)
        }
        table[slot] = token
        tokens.append(token)
        counts[Int(tokenClass.rawValue)] += 1
        return token
    }

    mutating func describe(_ token: UInt64, _ text: @autoclosure () -> String) {
        if keepsTexts { texts[token] = text() }
    }

    /// The set, and an empty collector.
    mutating func take() -> TokenSet {
        let full = TokenClass.allCases.filter { !hasRoom($0) }
        let set = TokenSet(tokens: SpreadNumbers.sorted(tokens), texts: texts, full: full)
        for index in table.indices { table[index] = 0 }
        tokens.removeAll(keepingCapacity: true)
        for index in counts.indices { counts[index] = 0 }
        texts = [:]
        return set
    }
}
